"""The data directory: what lies where, whose it is, and who owns it now."""

import contextlib
import errno
import fcntl
import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from airside import __version__
from airside.errors import CorruptDataError, RetryableError, TerminalError, UsageError
from airside.runtime.migrations import FORMAT_VERSION, MIGRATIONS, OLDEST_VERSION

Tell = Callable[[str], None]
"""Told a sentence for people."""
_MARKER = "airside.json"
_FULL = (errno.ENOSPC, errno.EDQUOT)
_SHORT = (errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EAGAIN, errno.EINTR)
"""The system is short of something for now."""


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
    def alerts(self) -> Path:
        """The alerts, and what is still to be told of them."""
        return self.root / "alerts.db"

    @property
    def socket(self) -> Path:
        """Where a running pipeline answers questions."""
        return self.root / "airside.sock"

    @property
    def work(self) -> Path:
        """What can be made again: dbt's compiled models and logs."""
        return self.root / "work"

    @property
    def stream_url(self) -> str | None:
        """The stream that the directory is fed from; None is the embedded one inside it.

        Raises:
            UsageError, CorruptDataError, TerminalError: As `check`.
        """
        url = self._marker().get("stream")
        return None if url is None else str(url)

    @property
    def marked_stream_url(self) -> str | None:
        """As `stream_url`; None also where the directory is not one of Airside's."""
        return self.stream_url if (self.root / _MARKER).exists() else None

    @property
    def has_stream(self) -> bool:
        """Whether there is a data directory here that has been fed."""
        if not (self.root / _MARKER).exists():
            return False
        return self.stream_url is not None or self.stream.exists()

    def feed_from(self, url: str | None) -> None:
        """Feed the directory from a stream; without an address, from whichever it is fed now.

        Raises:
            UsageError: It holds records of another stream.
        """
        bound = self.stream_url
        if url is None or url == bound:
            return
        if any(path.exists() for path in (self.stream, self.ledger, self.warehouse)):
            raise UsageError(
                f"{self.root} holds records of {bound or 'its own embedded stream'}, not of {url}; "
                "choose another directory with --data-dir, or leave out --stream and stream.url"
            )
        self._mark(stream=url)

    def open(self, tell: Tell = lambda _text: None) -> None:
        """Make the directory, or check that it is one of Airside's; an older one is upgraded.

        Args:
            tell: Told what an upgrade does.

        Raises:
            UsageError: It cannot be written, or holds something else.
            RetryableError: The disk is full, or another process runs on an older directory.
            CorruptDataError, TerminalError: As `check`.
        """
        try:
            self.root.mkdir(parents=True, exist_ok=True, mode=0o700)
            entries = {entry.name for entry in self.root.iterdir()}
            if _MARKER not in entries:
                entries = {name for name in entries if not _is_harmless(name)}
                if entries:
                    raise UsageError(
                        f"{self.root} is not empty and not a data directory of Airside (no "
                        f"{_MARKER} in it, but {min(entries)}); choose another with "
                        "--data-dir"
                    )
                with contextlib.suppress(PermissionError):  # another user's, lent to us
                    self.root.chmod(0o700)
                self._mark()
            if not os.access(self.root, os.W_OK | os.X_OK):
                raise PermissionError(13, "Permission denied")
        except OSError as error:
            if error.errno in _FULL:
                raise self._full(error) from error
            raise UsageError(
                f"the data directory {self.root} cannot be used ({error.strerror}); choose another "
                "with --data-dir, or mend its permissions"
            ) from error
        self.upgrade(tell)
        self.check()

    def upgrade(self, tell: Tell = lambda _text: None) -> None:
        """Bring a directory of an older format up to date, in steps; nothing on one of today's.

        One that is cut off goes on with the step that it was at.

        Args:
            tell: Told before each step what it does.

        Raises:
            RetryableError: Another process runs on it, or the disk is full.
            UsageError, CorruptDataError, TerminalError: As `check`.
        """
        if self._version() == FORMAT_VERSION:
            return
        with self.owned():
            version = self._version()  # it may have been done while the lock was waited for
            for step in MIGRATIONS:
                if step.to_version > version:
                    tell(
                        f"Upgrading {self.root} from format {step.to_version - 1} to "
                        f"{step.to_version}: {step.what}."
                    )
                    step.run(self)
                    self._mark(format_version=step.to_version)

    def check(self) -> None:
        """Check that the directory exists, is of this format and has its stream; make nothing.

        Raises:
            UsageError: There is no data directory, or it cannot be read.
            CorruptDataError: The marker cannot be understood, or the stream has gone.
            TerminalError: Another version of Airside wrote it, older or newer.
        """
        version = self._version()
        if version < FORMAT_VERSION:
            raise TerminalError(
                f"{self.root} has format version {version}, of an older Airside, and this one "
                f"({__version__}) reads {FORMAT_VERSION}; upgrade it with "
                f"`airside run --until-drained --data-dir {self.root}`"
            )
        is_embedded = self.stream_url is None
        if (
            is_embedded
            and not self.stream.exists()
            and (self.ledger.exists() or self.warehouse.exists())
        ):
            # A new stream would number its records from 1 again, and they would pass for known.
            raise CorruptDataError(
                f"{self.stream} is missing; restore it from a copy, or make a new directory of "
                f"what the archive has with `airside backfill --source {self.root} --data-dir NEW`"
            )

    def _version(self) -> int:
        """The directory's format, today's or an older one."""
        return int(self._marker()["format_version"])

    def _marker(self) -> dict[str, Any]:
        """What the directory says of itself, in a format that is understood."""
        marker = self.root / _MARKER
        try:
            found: dict[str, Any] = json.loads(marker.read_text(encoding="utf-8"))
            version = found["format_version"]
            if type(version) is not int or version < OLDEST_VERSION:
                raise ValueError(version)  # noqa: TRY301 - told the same way
        except FileNotFoundError:
            raise self.holds_nothing() from None
        except OSError as error:
            raise UsageError(
                f"{marker} cannot be read ({error.strerror}); name another directory with "
                "--data-dir, or mend its permissions"
            ) from error
        except (ValueError, KeyError, TypeError) as error:
            raise CorruptDataError(
                f"{marker} is damaged; write this into it again: "
                f'{{"format_version": {OLDEST_VERSION}}}'
            ) from error
        if version > FORMAT_VERSION:
            raise TerminalError(
                f"{self.root} has format version {version}, of a newer Airside, and this one "
                f"({__version__}) reads up to {FORMAT_VERSION}; run the version that wrote it, or "
                f"rebuild from a copy of {self.root / 'bronze'} in a folder of its own with "
                "`airside backfill --source FOLDER --data-dir NEW`"
            )
        return found

    @property
    def lake_url(self) -> str | None:
        """Where the directory's lake is, once that has been settled; None is the directory itself.

        Raises:
            UsageError, CorruptDataError: As `check`.
        """
        url = self._marker().get("lake")
        return url if isinstance(url, str) else None

    def remember_lake(self, url: str | None) -> None:
        """Settle where the directory's lake is."""
        self._mark(lake=url)

    def holds_nothing(self) -> UsageError:
        """The error where there is nothing to look at yet."""
        return UsageError(
            f"{self.root} holds no data of Airside yet; start with `airside up`, or name another "
            "directory with --data-dir"
        )

    @contextmanager
    def owned(self) -> Iterator[None]:
        """Own the directory: one process at a time runs stages on it.

        The kernel gives the lock back when the process ends, however it ends.

        Raises:
            RetryableError: Another process owns it, the disk is full, or the system is short of
                something.
            UsageError: It cannot be written, or its file system knows no locks.
        """
        with self._locked(
            "airside.lock",
            lambda owner: (
                f"another Airside (process {owner}) is running on {self.root}; stop it, or choose "
                "another directory with --data-dir"
            ),
        ):
            yield

    @contextmanager
    def merging(self) -> Iterator[None]:
        """Merge files as the only process of the directory that does; raises as `owned`."""
        said = f"the files of {self.root} are being merged already; try again in a minute"
        with self._locked("compact.lock", lambda _owner: said):
            yield

    @contextmanager
    def handing_over(self) -> Iterator[None]:
        """Hand batches over as the only process of the directory that does; raises as `owned`."""
        said = f"another refresh is running on {self.root}; try again when it has ended"
        with self._locked("handoff.lock", lambda _owner: said):
            yield

    @contextmanager
    def replaying(self) -> Iterator[None]:
        """Replay the quarantine as the only process that does; raises as `check` and as `owned`.

        A second one would put what the first has not noted down yet.
        """
        self.check()  # the lock's file makes no directory of what is none
        with self._locked(
            "replay.lock",
            lambda owner: (
                f"another replay of the quarantine (process {owner}) is running on {self.root}; "
                "try again when it has ended"
            ),
        ):
            yield

    @contextmanager
    def _locked(self, name: str, in_use: Callable[[str], str]) -> Iterator[None]:
        """Hold the lock on a file, in which the process writes its number.

        Args:
            name: The file's; made where it is missing.
            in_use: Says what to tell where another process, of that number, holds it.
        """
        path = self.root / name
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            if error.errno in _FULL:
                raise self._full(error) from error
            if error.errno in _SHORT:
                raise RetryableError(
                    f"{path} cannot be opened ({error.strerror}); let the process open more files "
                    "(`ulimit -n`) and have memory to spare, then try again"
                ) from error
            raise UsageError(
                f"{path} cannot be opened ({error.strerror}); mend the directory's permissions"
            ) from error
        try:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                owner = os.pread(descriptor, 32, 0).decode(errors="replace").strip() or "unknown"
                raise RetryableError(in_use(owner)) from None
            except OSError as error:
                raise UsageError(
                    f"{path} cannot be locked ({error.strerror}); choose a directory on a local "
                    "file system with --data-dir"
                ) from error
            with contextlib.suppress(OSError):  # the lock holds on a full disk too
                os.ftruncate(descriptor, 0)
                os.pwrite(descriptor, str(os.getpid()).encode(), 0)
            yield
        finally:
            with contextlib.suppress(OSError):
                os.close(descriptor)

    def _full(self, error: OSError) -> RetryableError:
        return RetryableError(
            f"the data directory {self.root} cannot be written ({error.strerror}); free disk space,"
            " then try again"
        )

    def _mark(self, **settled: str | int | None) -> None:
        """Write the marker; what it says already stays unless it is settled anew."""
        path = self.root / _MARKER
        document = self._marker() if path.exists() else {"format_version": FORMAT_VERSION}
        document |= settled
        partial = self.root / f".{_MARKER}.{os.getpid()}"
        known = {name: value for name, value in document.items() if value is not None}
        with partial.open("w", encoding="utf-8") as file:
            file.write(json.dumps(known) + "\n")
            file.flush()
            os.fsync(file.fileno())  # or a power cut may leave an empty one in its place
        partial.replace(path)


def _is_harmless(name: str) -> bool:
    """Whether a directory that holds this may become ours: a new disk's, or one just begun."""
    return name == "lost+found" or name.startswith(f".{_MARKER}.")
