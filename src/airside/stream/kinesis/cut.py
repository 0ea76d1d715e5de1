"""Makes frames of what GetRecords gives.

A frame holds records that arrived within one second, so that shards can be merged second by second
while compression still has something to work with.
"""

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from airside.errors import TerminalError
from airside.stream.frame import Frame, Run, pack, unpack

SEQUENCE_DIGITS = 56
"""What Kinesis' sequence numbers have; padded to it, their text order is stream order."""
_SECOND_US = 1_000_000
_FRAME_RECORDS = 500
_FRAME_BYTES = 4 * 1024 * 1024


def second_of(frame: Frame) -> int:
    """The second in which a frame's records arrived, since the Unix epoch."""
    return frame.first_arrived_at_us // _SECOND_US


def to_frames(shard_id: str, records: Iterable[Mapping[str, Any]]) -> list[Frame]:
    """Cut consecutive records of a shard into frames.

    Args:
        shard_id: The shard.
        records: As boto3 gives them.
    """
    frames: list[Frame] = []
    runs: list[Run] = []
    payloads: list[bytes] = []
    size = 0

    def end_frame() -> None:
        data, raw_bytes = pack(payloads)
        frames.append(Frame(shard_id, tuple(runs), data, raw_bytes))
        runs.clear()
        payloads.clear()

    for record in records:
        run = Run(_padded(record["SequenceNumber"]), 1, arrival_us(record))
        payload: bytes = record["Data"].removesuffix(b"\n")
        if runs and (
            run.arrived_at_us // _SECOND_US != runs[0].arrived_at_us // _SECOND_US
            or len(runs) == _FRAME_RECORDS
            or size + len(payload) > _FRAME_BYTES
        ):
            end_frame()
            size = 0
        runs.append(run)
        payloads.append(payload)
        size += len(payload)
    if runs:
        end_frame()
    return frames


def records_through(frame: Frame, sequence_number: str) -> int:
    """How many of a frame's records come no later than a sequence number."""
    return bisect_right(frame.runs, sequence_number, key=lambda run: run.first_sequence_number)


def clipped(frame: Frame, sequence_number: str) -> Frame:
    """A frame without the records that come after a sequence number; at least one is left."""
    kept = records_through(frame, sequence_number)
    if kept == len(frame.runs):
        return frame
    data, raw_bytes = pack(unpack(frame).split(b"\n")[:kept])
    return Frame(frame.shard_id, frame.runs[:kept], data, raw_bytes)


def unpadded(sequence_number: str) -> str:
    """A sequence number as Kinesis writes it."""
    return sequence_number.lstrip("0")


def arrival_us(record: Mapping[str, Any]) -> int:
    """When a record arrived, in microseconds since the Unix epoch."""
    arrived_at: datetime = record["ApproximateArrivalTimestamp"]
    # Kinesis gives milliseconds; a float's last digits are noise.
    return round(arrived_at.timestamp() * 1_000) * 1_000


def _padded(sequence_number: str) -> str:
    if len(sequence_number) > SEQUENCE_DIGITS:
        raise TerminalError(
            f"the sequence number {sequence_number} has more than {SEQUENCE_DIGITS} digits; this "
            "release of Airside cannot order such, look for a newer one"
        )
    return sequence_number.zfill(SEQUENCE_DIGITS)
