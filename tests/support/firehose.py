"""Files as Amazon Data Firehose writes them."""

import gzip
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

STARTED = datetime(2026, 11, 22, 20, 15, 3, tzinfo=UTC)


def file_name(
    number: int, prefix: str = "{at:%Y/%m/%d/%H/}", at: datetime | None = None, ending: str = ".gz"
) -> str:
    """The name of a delivery, a minute after the one before; the UUIDs are not in order."""
    at = at or STARTED + timedelta(minutes=number)
    tail = uuid.UUID(int=(number * 0x9E3779B97F4A7C15F39CC0605CEDC834) % 2**128)
    return f"{prefix.format(at=at)}stream-1-{at:%Y-%m-%d-%H-%M-%S}-{tail}{ending}"


def gzipped(records: Sequence[bytes], *, members: int = 1, last_newline: bool = True) -> bytes:
    """Records as one file of so many gzip members, which need not end where a record does."""
    lines = b"\n".join(records) + (b"\n" if last_newline else b"")
    size = len(lines) // members + 1
    return b"".join(gzip.compress(lines[at : at + size]) for at in range(0, len(lines), size))
