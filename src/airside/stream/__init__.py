"""The stream: where records wait, in order, for the consumers that read them side by side.

The terms are Kinesis': a stream has shards, a record on a shard has a sequence number, a consumer
keeps a checkpoint. `Stream` is the protocol, `EmbeddedStream` its default on one machine.
"""

from airside.stream.embedded import EmbeddedStream
from airside.stream.frame import Frame, Run, frames_to_arrow, of_one_day, pack, unpack
from airside.stream.horizon import Horizon
from airside.stream.lines import lines
from airside.stream.patience import Patience
from airside.stream.position import Position, SequenceRange
from airside.stream.producer import Producer, fills_a_put
from airside.stream.protocol import (
    MAX_RECORD_BYTES,
    Backlog,
    PartlyPutError,
    RecordTooLargeError,
    Stream,
    StreamFullError,
)
from airside.stream.range_file import RangeFile, files_by_shard, hour_folder, in_force
from airside.stream.waiting import Waiting

__all__ = [
    "MAX_RECORD_BYTES",
    "Backlog",
    "EmbeddedStream",
    "Frame",
    "Horizon",
    "PartlyPutError",
    "Patience",
    "Position",
    "Producer",
    "RangeFile",
    "RecordTooLargeError",
    "Run",
    "SequenceRange",
    "Stream",
    "StreamFullError",
    "Waiting",
    "files_by_shard",
    "fills_a_put",
    "frames_to_arrow",
    "hour_folder",
    "in_force",
    "lines",
    "of_one_day",
    "pack",
    "unpack",
]
