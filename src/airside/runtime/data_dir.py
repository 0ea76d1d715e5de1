"""The data directory: what lies where, whose it is, and who owns it now."""

import contextlib
import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from airside import __version__
from airside.errors import RetryableError, TerminalError, UsageError

FORMAT_VERSION = 1
_MARKER = "airside.json"


@dataclass(frozen=True, slots=True)
class DataDir:
    """The paths of one data directory."""

    root: Path

    @property
    def stream(self) -> Path:
        """The embedded stream."""
        return self.root / "stream.db"

    @property
    def ledger(self) -> Path:
        """The ledger."""
        return self.root / "ledger.db"

    @property
    def warehouse(self) -> Path:
        """The DuckDB file."""
        return self.root / "warehouse.duckdb"

    @property
    def socket(self) -> Path:
        """Where a running pipeline answers questions."""
        return self.root / "airside.sock"

    @property
    def work(self) -> Path:
        """What can be made again: dbt's compiled models and logs."""
        return self.root / "work"

    def open(self) -> None:
        """Make the directory, or check that it is one of Airside's and of this format.

        Raises:
            UsageError: It cannot be written, or holds something else.
            TerminalError: Another version of Airside wrote it.
        """
        try:
            self.root.mkdir(parents=True, exist_ok=True, mode=0o700)
            entries = [entry.name for entry in self.root.iterdir()]
            if _MARKER not in entries:
                if entries:
                    raise UsageError(
                        f"{self.root} is not empty and not a data directory of Airside (no "
                        f"{_MARKER} in it, but {min(entries)}); choose another with "
                        "--data-dir"
                    )
                self._mark()
            if not os.access(self.root, os.W_OK | os.X_OK):
                raise PermissionError(13, "Permission denied")
        except OSError as error:
            raise UsageError(
                f"the data directory {self.root} cannot be used ({error.strerror}); choose another "
                "with --data-dir, or mend its permissions"
            ) from error
        self.check()

    def check(self) -> None:
        """Check that the directory exists and is of this format, and make nothing.

        Raises:
            UsageError: There is no data directory.
            TerminalError: Another version of Airside wrote it.
        """
        marker = self.root / _MARKER
        try:
            version = json.loads(marker.read_text(encoding="utf-8"))["format_version"]
        except FileNotFoundError:
            raise UsageError(
                f"{self.root} holds no data of Airside yet; start with `airside up`, or name "
                "another directory with --data-dir"
            ) from None
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise TerminalError(
                f"{marker} cannot be read ({error}); restore it: "
                f'{{"format_version": {FORMAT_VERSION}}}'
            ) from error
        if version != FORMAT_VERSION:
            raise TerminalError(
                f"{self.root} has format version {version}, this Airside ({__version__}) reads "
                f"{FORMAT_VERSION}; run the version that wrote it, or rebuild into a new directory "
                f"with `airside backfill --source {self.root}`"
            )

    @contextmanager
    def owned(self) -> Iterator[None]:
        """Own the directory: one process at a time runs stages on it.

        The kernel gives the lock back when the process ends, however it ends.

        Raises:
            RetryableError: Another process owns it.
        """
        path = self.root / "airside.lock"
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise UsageError(
                f"{path} cannot be opened ({error.strerror}); mend the directory's permissions"
            ) from error
        try:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                owner = os.pread(descriptor, 32, 0).decode(errors="replace").strip() or "unknown"
                raise RetryableError(
                    f"another Airside (process {owner}) is running on {self.root}; stop it, or "
                    "choose another directory with --data-dir"
                ) from None
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, str(os.getpid()).encode(), 0)
            yield
        finally:
            with contextlib.suppress(OSError):
                os.close(descriptor)

    def _mark(self) -> None:
        partial = self.root / f".{_MARKER}.{os.getpid()}"
        partial.write_text(json.dumps({"format_version": FORMAT_VERSION}) + "\n", encoding="utf-8")
        partial.replace(self.root / _MARKER)
