"""The write-ahead log of a damaged stream: kept from SQLite, and read without its checksums.

Where one page of the log is damaged, SQLite takes it for the end: what lies behind is dropped when
the file is next closed, though all of it was durable. So the log is given a second name as soon as
the loss is noticed, and its pages are laid over a copy of the file, the damaged one among them: the
checksum of each frame of records tells later which are whole.

Format: https://www.sqlite.org/fileformat2.html#the_write_ahead_log
"""

import contextlib
import os
import shutil
import struct
from pathlib import Path

_HEADER = struct.Struct(">8I")
_FRAME = struct.Struct(">6I")
_PAGE = struct.Struct(">I")
_PAGES_AT = 28
"""Where a database says how many pages it has."""


def log_of(stream: Path) -> Path:
    """The log's own name."""
    return stream.with_name(stream.name + "-wal")


def kept_log_of(stream: Path) -> Path:
    """The name under which a damaged log is kept."""
    return stream.with_name(stream.name + "-wal-kept")


def keep_log(stream: Path) -> None:
    """Keep the log from being dropped when the file is closed; the first one that is kept stays."""
    with contextlib.suppress(OSError):
        os.link(log_of(stream), kept_log_of(stream))


def laid_over(stream: Path, scratch: Path) -> Path:
    """A copy of a stream's file with all pages of its log in place.

    Args:
        stream: The damaged file.
        scratch: A folder with room for a copy.

    Returns:
        The copy; or the file itself where there is no log.
    """
    logs = [path for path in (kept_log_of(stream), log_of(stream)) if _is_log(path)]
    if not logs or not stream.exists():
        return stream
    copy = scratch / stream.name
    shutil.copyfile(stream, copy)
    with copy.open("r+b") as file:
        for log in logs:
            content = log.read_bytes()
            size = _HEADER.unpack_from(content)[2]
            salts = content[16:24]
            starts = range(_HEADER.size, len(content) - _FRAME.size - size + 1, _FRAME.size + size)
            most = file.seek(0, os.SEEK_END) // size + len(starts)
            for start in starts:
                (page,) = _PAGE.unpack_from(content, start)
                # A damaged head of a page could name any, and a log begun anew has old ones behind.
                if content[start + 8 : start + 16] == salts and 0 < page <= most:
                    file.seek((page - 1) * size)
                    file.write(content[start + _FRAME.size : start + _FRAME.size + size])
            # A last put without its end speaks of pages that did not come: they are empty ones.
            file.seek(_PAGES_AT)
            (pages,) = _PAGE.unpack(file.read(_PAGE.size))
            if file.seek(0, os.SEEK_END) < pages * size <= most * size:
                file.truncate(pages * size)
    return copy


def _is_log(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            header = file.read(_HEADER.size)
    except OSError:
        return False
    if len(header) < _HEADER.size:
        return False
    magic, _, size = _HEADER.unpack(header)[:3]
    is_size: bool = 512 <= size <= 65_536 and size & (size - 1) == 0
    return is_size and magic in {0x377F0682, 0x377F0683}
