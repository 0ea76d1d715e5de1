"""The lake in a local folder.

A file is written under a temporary name, flushed to disk and renamed, so that a reader never sees
a part of one, and writing it again under the same name changes nothing. `.partial` files that a
crash leaves behind are never read and are swept at the next start.
"""

import contextlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from airside.errors import CorruptDataError, RetryableError

_PARTIAL = ".partial"


class LocalLake:
    """A lake in a local folder; see `Lake` for what each method promises."""

    def __init__(self, root: Path) -> None:
        self._root = root

    @property
    def url(self) -> str:
        """The folder's absolute path."""
        return str(self._root.absolute())

    def where(self, name: str = "") -> str:
        """A file's path."""
        return str(self._root / name)

    @contextmanager
    def publish(self, name: str) -> Iterator[Path]:
        """Write a file atomically and durably."""
        target = self._root / name
        partial = target.with_name(target.name + _PARTIAL)
        try:
            _make_folder(target.parent)
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
            with contextlib.suppress(OSError):
                partial.unlink(missing_ok=True)

    def sizes(self, prefix: str, suffix: str = "") -> dict[str, int]:
        """The files below a folder, with their sizes."""
        sizes: dict[str, int] = {}
        for name in self.names(prefix, suffix):
            with contextlib.suppress(CorruptDataError):  # gone since it was listed
                sizes[name] = self.size(name)
        return sizes

    def names(self, prefix: str, suffix: str = "") -> list[str]:
        """The names of the files below a folder, sorted."""
        return sorted(
            path.relative_to(self._root).as_posix()
            for path in _files(self._root / prefix, suffix)
            if not path.name.endswith(_PARTIAL)
        )

    def read(self, name: str) -> bytes:
        """A file's bytes."""
        path = self._root / name
        with _errors(path, "read"):
            return path.read_bytes()

    def size(self, name: str) -> int:
        """A file's size in bytes."""
        path = self._root / name
        with _errors(path, "read"):
            return path.stat().st_size

    @contextmanager
    def local(self, name: str) -> Iterator[Path]:
        """The file's own path."""
        self.size(name)
        yield self._root / name

    def delete(self, name: str) -> None:
        """Remove a file."""
        path = self._root / name
        with _errors(path, "removed"):
            path.unlink(missing_ok=True)

    def sweep(self, *prefixes: str) -> None:
        """Remove what a crash left half written below folders."""
        for prefix in prefixes:
            for path in _files(self._root / prefix, _PARTIAL):
                with _errors(path, "removed"):
                    path.unlink(missing_ok=True)


@contextmanager
def _errors(path: Path, done: str) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError as error:
        raise CorruptDataError(f"{path} is missing; restore it from a copy of the lake") from error
    except OSError as error:
        raise RetryableError(
            f"{path} cannot be {done} ({error.strerror or error}); check the permissions and the "
            "disk, then try again"
        ) from error


def _files(folder: Path, suffix: str) -> Iterator[Path]:
    """Every file below a folder, half a one too; none where there is no folder.

    Raises:
        RetryableError: A folder cannot be read: its files must not pass for gone.
    """
    for parent, _, names in os.walk(folder, onerror=_skip_if_gone):
        for name in names:
            path = Path(parent, name)
            with _errors(path, "read"):
                is_one = name.endswith(suffix) and path.is_file()
            if is_one:
                yield path


def _skip_if_gone(error: OSError) -> None:
    if not isinstance(error, FileNotFoundError | NotADirectoryError):
        with _errors(Path(error.filename), "read"):
            raise error


def _make_folder(folder: Path) -> None:
    """Make a folder and those above it, each of which survives a power cut."""
    if not folder.is_dir():
        _make_folder(folder.parent)
        folder.mkdir(exist_ok=True)
        _flush(folder.parent)


def _flush(path: Path) -> None:
    """Make a file's bytes, or a folder's names, survive a power cut."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
