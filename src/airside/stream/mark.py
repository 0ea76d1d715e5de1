"""How far a stream has come, kept beside its file: it tells what was lost from what never was.

SQLite drops the tail of a write-ahead log that does not fit its checksums, and says nothing. That
is right for a put that a power cut has torn before it was durable, and wrong for records whose
producer was told that they are safe; in the log, the two look the same. So each put, once it is
durable, leaves its last sequence numbers in a small file of its own, and a stream that ends before
its mark has lost records.

The mark is written after the commit and is not flushed: a power cut may leave an older one, which
proves less, but none is ever ahead of what was durable. One that cannot be read proves nothing.
"""

import contextlib
import json
import os
import zlib
from collections.abc import Mapping
from pathlib import Path


def mark_of(stream: Path) -> Path:
    """Where the mark of a stream's file is."""
    return stream.with_name(stream.name + "-mark")


def write_mark(stream: Path, ends: Mapping[str, int]) -> None:
    """Note shard → the last sequence number that is durable, as far as that can be noted."""
    # Numbers of one width: a shorter mark would leave the end of the one before it.
    text = json.dumps({shard: f"{last:020}" for shard, last in ends.items()}, sort_keys=True)
    line = f"{zlib.crc32(text.encode()):08x} {text}\n".encode()
    with contextlib.suppress(OSError):  # the records are safe without it
        descriptor = os.open(mark_of(stream), os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            os.pwrite(descriptor, line, 0)
        finally:
            os.close(descriptor)


def read_mark(stream: Path) -> dict[str, int]:
    """Shard → the last sequence number that was durable; empty where that is not known."""
    try:
        line, _, _ = mark_of(stream).read_bytes().partition(b"\n")
        checksum, _, text = line.partition(b" ")
        if int(checksum, 16) != zlib.crc32(text):
            return {}
        return {shard: int(last) for shard, last in json.loads(text).items()}
    except (OSError, ValueError):
        return {}
