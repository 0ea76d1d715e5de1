"""Records out of a file that holds one a line."""

from collections.abc import Callable, Iterator
from typing import BinaryIO

from airside.stream.protocol import MAX_RECORD_BYTES


def lines(
    file: BinaryIO, refused: Callable[[int, int], None], max_bytes: int = MAX_RECORD_BYTES
) -> Iterator[bytes]:
    """Give the lines that are not too large for a record, without ever holding one that is.

    Args:
        file: Lines ended by LF; the last may lack it.
        refused: Told the line's number and size where it is too large.
        max_bytes: The largest record that is taken.
    """
    number = 0
    while line := file.readline(max_bytes + 1):
        number += 1
        size = len(line)
        while not line.endswith(b"\n") and (more := file.readline(max_bytes + 1)):
            size += len(more)
            line = more if size > max_bytes + 1 else line + more
        if size - line.endswith(b"\n") > max_bytes:
            refused(number, size)
        else:
            yield line.removesuffix(b"\n")
