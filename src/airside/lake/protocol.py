"""What every lake promises, wherever its files are."""

from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol


class Lake(Protocol):
    """A tree of immutable files, named by relative paths with forward slashes.

    A file appears whole, under its name, or not at all; writing it again under the same name
    replaces it whole. Every method may be called from any thread.

    Every method raises `RetryableError` for what may pass, such as a full disk or a network that
    is down, and `TerminalError` where somebody has to change something first, such as a permission.
    """

    @property
    def url(self) -> str:
        """Where the lake is: an absolute path or `s3://bucket/prefix`; `open_lake` takes it."""

    def where(self, name: str = "") -> str:
        """A file's whole address, for messages."""

    def publish(self, name: str) -> AbstractContextManager[Path]:
        """Give a local path to write; on a clean exit the file appears under `name`, whole."""

    def sizes(self, prefix: str, suffix: str = "") -> dict[str, int]:
        """The files below a folder: name → size in bytes, sorted by name."""

    def names(self, prefix: str, suffix: str = "") -> list[str]:
        """The names of the files below a folder, sorted."""

    def read(self, name: str) -> bytes:
        """A file's bytes.

        Raises:
            CorruptDataError: There is no such file.
        """

    def size(self, name: str) -> int:
        """A file's size in bytes.

        Raises:
            CorruptDataError: There is no such file.
        """

    def local(self, name: str) -> AbstractContextManager[Path]:
        """Give a local path to read a file from, until the block ends.

        Raises:
            CorruptDataError: There is no such file.
        """

    def delete(self, name: str) -> None:
        """Remove a file; one that is not there is no error."""

    def sweep(self, *prefixes: str) -> None:
        """Remove what a crash left half written below folders; for the one that writes there."""
