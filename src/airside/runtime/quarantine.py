"""The quarantine: what was refused, why, and a way back."""

from collections.abc import Iterator
from typing import Any

from airside.errors import UsageError
from airside.events.vocabulary import QUARANTINE_REASONS
from airside.stream import Patience, Stream
from airside.warehouse import Reader

_PAGE = 5_000


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


def replay(reader: Reader, stream: Stream, patience: Patience, *, reason: str | None = None) -> int:
    """Put quarantined records on the stream again, verbatim, oldest first.

    They are judged anew under the rules in force; each is a new record with a new verdict, and the
    old verdict stays in the quarantine's history.

    Returns:
        How many were put.
    """
    total = 0
    for payloads in _pages(reader, reason):
        patience.put(stream, payloads)
        total += len(payloads)
    return total


def _pages(reader: Reader, reason: str | None) -> Iterator[list[bytes]]:
    """Give the payloads that are there now, a page at a time."""
    where, parameters = _where(reason)
    (newest,) = reader.query("SELECT max(batch_id) FROM staging.quarantine").to_pydict().values()
    order = "ORDER BY arrived_at, shard_id, sequence_number"
    offset = 0
    while True:
        page = reader.query(
            f"SELECT payload FROM (FROM staging.quarantine {where})"
            f" WHERE batch_id <= ? {order} LIMIT {_PAGE} OFFSET ?",
            [*parameters, newest[0], offset],
        )
        if not page.num_rows:
            return
        yield page.column("payload").to_pylist()
        offset += page.num_rows


def _where(reason: str | None) -> tuple[str, list[object]]:
    if reason is None:
        return "", []
    if reason not in QUARANTINE_REASONS:
        raise UsageError(f"no reason is {reason!r}; they are {', '.join(QUARANTINE_REASONS)}")
    return "WHERE reason = ?", [reason]
