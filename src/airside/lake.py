"""The lake: files that are there whole or not at all.

A file is written under a temporary name, flushed to disk and renamed, so that a reader never sees
a part of one, and writing it again under the same name changes nothing. `.partial` files that a
crash leaves behind are never read and are swept at the next start.
"""

import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Protocol

from airside.errors import CorruptDataError, RetryableError

_PARTIAL = ".partial"


class Lake(Protocol):
    """A tree of immutable files, named by relative paths with forward slashes."""

    def publish(self, name: str) -> AbstractContextManager[Path]:
        """Give a local path to write; on a clean exit the file appears under `name`, whole.

        Raises:
            RetryableError: The file cannot be written now, for instance on a full disk.
        """

    def names(self, prefix: str, suffix: str = "") -> list[str]:
        """The names of the files below a folder, sorted."""

    def read(self, name: str) -> bytes:
        """A file's bytes.

        Raises:
            CorruptDataError: There is no such file.
        """

    def size(self, name: str) -> int:
        """A file's size in bytes."""

    def delete(self, name: str) -> None:
        """Remove a file; one that is not there is no error."""


class LocalLake:
    """A lake in a local folder; see `Lake` for what each method promises."""

    def __init__(self, root: Path) -> None:
        self._root = root

    @contextmanager
    def publish(self, name: str) -> Iterator[Path]:
        """Write a file atomically and durably."""
        target = self._root / name
        partial = target.with_name(target.name + _PARTIAL)
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            yield partial
            _flush(partial)
            partial.replace(target)
            _flush(target.parent)
        except OSError as error:
            raise RetryableError(
                f"{target} cannot be written ({error.strerror or error}); free disk space or "
                "check the permissions, then try again"
            ) from error
        finally:
            partial.unlink(missing_ok=True)

    def names(self, prefix: str, suffix: str = "") -> list[str]:
        """The names of the files below a folder, sorted."""
        return sorted(
            path.relative_to(self._root).as_posix()
            for path in (self._root / prefix).rglob(f"*{suffix}")
            if path.is_file() and not path.name.endswith(_PARTIAL)
        )

    def read(self, name: str) -> bytes:
        """A file's bytes."""
        try:
            return (self._root / name).read_bytes()
        except FileNotFoundError as error:
            raise CorruptDataError(
                f"{self._root / name} is missing; restore it from a copy of the archive"
            ) from error

    def size(self, name: str) -> int:
        """A file's size in bytes."""
        return (self._root / name).stat().st_size

    def delete(self, name: str) -> None:
        """Remove a file."""
        (self._root / name).unlink(missing_ok=True)

    def sweep(self) -> None:
        """Remove what a crash left half written."""
        for path in self._root.rglob(f"*{_PARTIAL}"):
            path.unlink(missing_ok=True)


def _flush(path: Path) -> None:
    """Make a file's bytes, or a folder's names, survive a power cut."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
