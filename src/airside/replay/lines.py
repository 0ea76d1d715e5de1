"""The lines of a file, plain or compressed, two megabytes at a time."""

import zlib
from collections.abc import Callable, Iterator
from io import BufferedIOBase, BufferedReader, RawIOBase
from pathlib import Path
from typing import Any, Protocol

import zstandard

from airside.errors import CorruptDataError

_CHUNK_BYTES = 2 * 1024 * 1024
_COMPRESSED_BYTES = 128 * 1024  # expands to about a chunk
_MAX_LINE_BYTES = 64 * 1024 * 1024  # far over any record; without it one endless line takes it all


class _Decompressor(Protocol):
    """One gzip member or zstd frame on its way out."""

    @property
    def eof(self) -> bool:
        """Whether its end was reached."""

    @property
    def unused_data(self) -> bytes:
        """What follows the end."""

    def decompress(self, data: bytes, /) -> bytes:
        """Feed it the next bytes."""


_GZIP = b"\x1f\x8b"
_DECOMPRESSORS: dict[bytes, Callable[[], _Decompressor]] = {
    _GZIP: lambda: zlib.decompressobj(wbits=31),  # gzip with its checksum
    b"\x28\xb5\x2f\xfd": lambda: zstandard.ZstdDecompressor().decompressobj(),
}
"""What a compressed file begins with → what reads it."""

_DAMAGE = (zstandard.ZstdError, zlib.error, EOFError)


def line_batches(path: Path) -> Iterator[list[bytes]]:
    """Read a file's lines, verbatim, without the LF that ends each.

    The content says whether the file is compressed (gzip, zstd, of one or more members or
    frames), not the name. A carriage return belongs to the line; an empty line is a line.

    Args:
        path: A regular file.

    Yields:
        The lines of about two megabytes, in order; never none.

    Raises:
        CorruptDataError: The compressed data is damaged or cut short, or a line is over 64 MiB;
            the lines before that were given.
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


def opened(path: Path) -> BufferedIOBase:
    """Open a file to be read like a plain one, where it is compressed too.

    Args:
        path: Of any kind: what is not compressed comes as soon as it is written.

    Raises:
        CorruptDataError: While reading: the compressed data is damaged or cut short; what was
            before that was given.
        OSError: The file cannot be read.
    """
    raw = path.open("rb")
    magic = _magic(raw)
    return raw if magic is None else BufferedReader(_Unpacked(path, raw, magic))


class _Unpacked(RawIOBase):
    def __init__(self, path: Path, raw: BufferedReader, magic: bytes) -> None:
        self._raw = raw
        self._chunks = _unpacked(path, raw, magic)
        self._rest = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:  # noqa: ANN401 - whatever can be written to
        while not self._rest:
            chunk = next(self._chunks, None)
            if chunk is None:
                return 0
            self._rest = memoryview(chunk)
        size = min(len(buffer), len(self._rest))
        buffer[:size], self._rest = self._rest[:size], self._rest[size:]
        return size

    def close(self) -> None:
        self._raw.close()
        super().close()


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
    return next((magic for magic in _DECOMPRESSORS if start.startswith(magic)), None)


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as raw:
        magic = _magic(raw)
        if magic is not None:
            yield from _unpacked(path, raw, magic)
            return
        while chunk := raw.read(_CHUNK_BYTES):
            yield chunk


def _unpacked(path: Path, raw: BufferedReader, magic: bytes) -> Iterator[bytes]:
    try:
        yield from _gathered(_decompressed(raw, magic))
    except _DAMAGE as error:
        raise CorruptDataError(
            f"{path}: its compressed data is damaged or cut short ({error}); the lines before "
            "that were given. Get a whole copy of the file"
        ) from error


def _gathered(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """Join pieces to chunks: an archive is made of many small frames."""
    parts: list[bytes] = []
    size = 0
    try:
        for piece in pieces:
            parts.append(piece)
            size += len(piece)
            if size >= _CHUNK_BYTES:
                yield b"".join(parts)
                parts, size = [], 0
    except _DAMAGE:
        yield b"".join(parts)
        raise
    yield b"".join(parts)


def _decompressed(raw: BufferedReader, magic: bytes) -> Iterator[bytes]:
    """Decompress frame by frame: the libraries' readers do not all tell a cut frame from an end."""
    start = _DECOMPRESSORS[magic]
    padding = b"\0" if magic == _GZIP else b""  # tapes and block devices pad what gzip has made
    frame = start()
    is_open = False
    while data := raw.read(_COMPRESSED_BYTES):
        while data := data if is_open else data.lstrip(padding):
            is_open = True
            if chunk := frame.decompress(data):
                yield chunk
            data = b""
            if frame.eof:
                data, frame, is_open = frame.unused_data, start(), False
    if is_open:
        raise EOFError("the last of it has no end")
