"""The quarantine: what was refused, why, and a way back."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from airside.errors import UsageError
from airside.events.vocabulary import QUARANTINE_REASONS
from airside.ledger import Ledger
from airside.stream import Patience, Stream, fills_a_put
from airside.warehouse import Reader

_STAGE = "quarantine replay"
_PAGE_BYTES = 32 * 1024 * 1024
"""Of a reason's records on a shard that are held in memory at a time …"""
_ROW_BYTES = 100
"""… each of which takes so much beside its payload."""
_PAGES = """
SELECT shard_id, max(sequence_number) AS last, count(*) AS records
FROM (
    SELECT
        shard_id,
        sequence_number,
        sum(octet_length(payload) + ?) OVER (PARTITION BY shard_id ORDER BY sequence_number)
        // ? AS page
    FROM staging.quarantine
    WHERE reason = ?
) AS sized
GROUP BY shard_id, page
ORDER BY shard_id, page
"""
# Beyond the horizon of duplicates, an event that its producer has sent again since, or that a
# replay of an older version has put, would count twice.
_PAGE = r"""
WITH texts AS (
    SELECT sequence_number, payload, TRY(decode(payload)) AS text
    FROM staging.quarantine
    WHERE reason = ? AND shard_id = ? AND sequence_number > ? AND sequence_number <= ?
), due AS (
    SELECT
        sequence_number,
        payload,
        trim(
            replace(
                json_extract_string(CASE WHEN json_valid(text) THEN text END, '$.event_id'),
                chr(0),
                ''
            ),
            e' \t\n\x0b\f\r'
        ) AS event_id
    FROM texts
)
SELECT sequence_number, payload
FROM due ANTI JOIN staging.flight_events AS accepted USING (event_id)
ORDER BY sequence_number
"""


@dataclass(frozen=True, slots=True)
class Replayed:
    """What became of the quarantined records."""

    put: int
    left_out: int
    """An earlier replay has put them, or their event has been accepted since."""


def listed(reader: Reader, *, reason: str | None = None, limit: int = 20) -> list[dict[str, Any]]:
    """The newest quarantined records, newest first.

    Returns:
        `shard_id`, `sequence_number`, `arrived_at`, `reason`, `reasons`, `detail`, `payload`.

    Raises:
        UsageError: The contract has no such reason.
    """
    where, parameters = _where(reason)
    rows: list[dict[str, Any]] = reader.query(
        "SELECT shard_id, sequence_number, arrived_at, reason, reasons, detail, payload"
        f" FROM staging.quarantine {where}"
        " ORDER BY arrived_at DESC, shard_id DESC, sequence_number DESC LIMIT ?",
        [*parameters, limit],
    ).to_pylist()
    return rows


def find(reader: Reader, sequence_number: str) -> dict[str, Any]:
    """One quarantined record by its sequence number; leading zeros may be left out.

    Raises:
        UsageError: There is none.
    """
    rows = reader.query(
        "SELECT shard_id, sequence_number, arrived_at, reason, reasons, detail, payload"
        " FROM staging.quarantine WHERE ltrim(sequence_number, '0') = ltrim(?, '0')"
        " ORDER BY shard_id LIMIT 1",
        [sequence_number],
    ).to_pylist()
    if not rows:
        raise UsageError(
            f"no quarantined record has the sequence number {sequence_number}; `airside quarantine "
            "list` shows those there are"
        )
    found: dict[str, Any] = rows[0]
    return found


def replay(
    reader: Reader,
    stream: Stream,
    ledger: Ledger,
    patience: Patience,
    *,
    reason: str | None = None,
) -> Replayed:
    """Put quarantined records on the stream again, verbatim: by reason and shard, oldest first.

    They are judged anew under the rules in force; each is a new record with a new verdict, and the
    old verdict stays in the quarantine's history. How far each reason has come is written down
    after each put. So a replay that is cut off goes on with the next one, and what the last put
    held comes twice at most: the second is found to be a duplicate, or is refused again.

    What is due is settled before the first put: a pipeline that runs may refuse what was put for
    another reason while the replay goes on, and that is for the next one.

    Args:
        reader: Holds the quarantine, and the events that have been accepted.
        stream: Where the records go.
        ledger: Keeps how far earlier replays have come.
        patience: How to wait where the stream is full. Its `wait` never says stop.
        reason: Only records with this reason.

    Raises:
        UsageError: The contract has no such reason.
        StreamFullError: There was no room for too long; what was put stays put.
    """
    _where(reason)
    due = {
        name: reader.query(_PAGES, [_ROW_BYTES, _PAGE_BYTES, name]).to_pylist()
        for name in (QUARANTINE_REASONS if reason is None else (reason,))
    }
    found = put = 0
    for name, pages in due.items():
        stage = f"{_STAGE} {name}"
        reached = ledger.position(stage)
        for page in pages:
            shard_id, last = page["shard_id"], page["last"]
            found += page["records"]
            after = reached.get(shard_id, "")
            if last <= after:
                continue
            rows = reader.query(_PAGE, [name, shard_id, after, last])
            for through, payloads in _puts(rows):
                patience.put(stream, payloads)
                put += len(payloads)
                ledger.note(stage, {shard_id: through})
            reached[shard_id] = last
            ledger.note(stage, {shard_id: last})
    return Replayed(put, found - put)


def replayed_reasons(ledger: Ledger) -> list[str]:
    """The reasons whose records have been put again."""
    return [name for name in QUARANTINE_REASONS if ledger.position(f"{_STAGE} {name}")]


def _puts(rows: pa.Table) -> Iterator[tuple[str, list[bytes]]]:
    """Cut rows into puts of bounded size; gives the last sequence number with each."""
    payloads: list[bytes] = []
    size = 0
    through = ""
    for row in rows.to_pylist():
        through = row["sequence_number"]
        payloads.append(row["payload"])
        size += len(row["payload"])
        if fills_a_put(len(payloads), size):
            yield through, payloads
            payloads, size = [], 0
    if payloads:
        yield through, payloads


def _where(reason: str | None) -> tuple[str, list[object]]:
    if reason is None:
        return "", []
    if reason not in QUARANTINE_REASONS:
        raise UsageError(f"no reason is {reason!r}; they are {', '.join(QUARANTINE_REASONS)}")
    return "WHERE reason = ?", [reason]
