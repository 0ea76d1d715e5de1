"""Records out of a file that holds one a line."""

from collections.abc import Callable, Iterator
from io import BufferedIOBase

from airside.stream.protocol import MAX_RECORD_BYTES

_CHUNK_BYTES = 256 * 1024


def lines(
    file: BufferedIOBase, refused: Callable[[int, int], None], max_bytes: int = MAX_RECORD_BYTES
) -> Iterator[list[bytes]]:
    """Give the lines that are not too large for a record, without ever holding one that is.

    Args:
        file: Lines ended by LF; the last may lack it.
        refused: Told the line's number and size where it is too large.
        max_bytes: The largest record that is taken.

    Yields:
        Lines as they come: those of one read, which on a pipe is what has been written by then.
    """
    number = 0
    begun, size = b"", 0  # of the line whose end has not come; what is too large is let go of
    while chunk := file.read1(_CHUNK_BYTES):
        *ended, rest = chunk.split(b"\n")
        whole = []
        for end in ended:
            number += 1
            if size + len(end) > max_bytes:
                refused(number, size + len(end) + 1)
            else:
                whole.append(begun + end)
            begun, size = b"", 0
        if whole:
            yield whole
        size += len(rest)
        begun = begun + rest if size <= max_bytes else b""
    if size > max_bytes:
        refused(number + 1, size)
    elif size:
        yield [begun]
