"""The lines of a file, plain or compressed, a few megabytes at a time."""

import gzip
import zlib
from collections.abc import Iterator
from io import BufferedReader
from pathlib import Path

import zstandard

from airside.errors import CorruptDataError

_CHUNK_BYTES = 4 * 1024 * 1024
_ZSTD_INPUT_BYTES = 128 * 1024  # expands to a chunk or so
_MAX_LINE_BYTES = 64 * 1024 * 1024  # far over any record; without it one endless line takes it all

_GZIP_MAGIC = b"\x1f\x8b"
_ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"


def line_batches(path: Path) -> Iterator[list[bytes]]:
    """Read a file's lines, verbatim, without the LF that ends each.

    The content says whether the file is compressed (gzip, zstd, of one or more members or
    frames), not the name. A carriage return belongs to the line; an empty line is a line.

    Args:
        path: A regular file.

    Yields:
        The lines of about four megabytes, in order; never none.

    Raises:
        CorruptDataError: The compressed data is damaged or cut short, or a line is over 64 MiB;
            all whole lines before it were given.
        OSError: The file cannot be read.
    """
    rest = b""
    done = 0
    for chunk in _chunks(path):
        *lines, rest = (rest + chunk).split(b"\n")
        if lines:
            yield lines
            done += len(lines)
        if len(rest) > _MAX_LINE_BYTES:
            raise CorruptDataError(
                f"{path}: line {done + 1:,} is over {_MAX_LINE_BYTES // 1024**2} MiB; expected one "
                "JSON object a line, each ended by a line feed: look at it with "
                f"`sed -n {done + 1}p {path} | head -c 1000`"
            )
    if rest:
        yield [rest]


def count_lines(path: Path) -> int | None:
    """Count the lines that `line_batches` gives; None for a compressed file, to spare the work."""
    with path.open("rb") as raw:
        if _magic(raw):
            return None
        lines, last = 0, b"\n"
        while chunk := raw.read(_CHUNK_BYTES):
            lines += chunk.count(b"\n")
            last = chunk[-1:]
        return lines + (last != b"\n")


def _magic(raw: BufferedReader) -> bytes | None:
    start = raw.peek(4)
    return next((magic for magic in (_GZIP_MAGIC, _ZSTD_MAGIC) if start.startswith(magic)), None)


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as raw:
        magic = _magic(raw)
        try:
            if magic == _ZSTD_MAGIC:
                yield from _unzstd(raw)
            elif magic == _GZIP_MAGIC:
                with gzip.open(raw) as unzipped:
                    while chunk := unzipped.read(_CHUNK_BYTES):
                        yield chunk
            else:
                while chunk := raw.read(_CHUNK_BYTES):
                    yield chunk
        except (zstandard.ZstdError, gzip.BadGzipFile, zlib.error, EOFError) as error:
            raise CorruptDataError(
                f"{path}: its compressed data is damaged or cut short ({error}); what was readable "
                "was given. Get a whole copy of the file"
            ) from error


def _unzstd(raw: BufferedReader) -> Iterator[bytes]:
    """Decompress frame by frame: the library's reader does not tell a cut frame from an end."""
    decompressor = zstandard.ZstdDecompressor()
    frame = decompressor.decompressobj()
    pending = 0  # bytes of the frame so far
    while data := raw.read(_ZSTD_INPUT_BYTES):
        while data:
            pending += len(data)
            if chunk := frame.decompress(data):
                yield chunk
            data = b""
            if frame.eof:
                data, pending = frame.unused_data, 0
                frame = decompressor.decompressobj()
    if pending:
        raise EOFError("the last frame has no end")
