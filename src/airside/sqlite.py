"""What every SQLite file of Airside's is opened and changed by."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic, sleep

from airside.errors import CorruptDataError, RetryableError

_BUSY_SECONDS = 30.0
_BUSY_PAUSE_SECONDS = 0.01
_LOG_BYTES = 67_108_864
"""What a write-ahead log keeps of the disk once it has been merged into its file."""


def connect(path: Path) -> sqlite3.Connection:
    """Open a file, made when missing: commits are durable, and other processes may use it too."""
    db = sqlite3.connect(path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False)
    try:
        _switch_to_log(db)
        db.execute("PRAGMA synchronous = FULL")
        db.execute(f"PRAGMA journal_size_limit = {_LOG_BYTES}")
    except BaseException:
        db.close()
        raise
    return db


def _switch_to_log(db: sqlite3.Connection) -> None:
    """Switch a file to a write-ahead log.

    A new file that others are opening as well is busy, and here SQLite says so at once instead of
    waiting for them.
    """
    until = monotonic() + _BUSY_SECONDS
    while True:
        try:
            db.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or monotonic() > until:
                raise
        else:
            return
        sleep(_BUSY_PAUSE_SECONDS)


@contextmanager
def transaction(db: sqlite3.Connection, kind: str = "IMMEDIATE") -> Iterator[None]:
    """Commit all that is done inside, or none of it."""
    db.execute(f"BEGIN {kind}")
    try:
        yield
        db.execute("COMMIT")
    except BaseException:
        if db.in_transaction:  # a full disk has SQLite roll back by itself
            db.execute("ROLLBACK")
        raise


@contextmanager
def translated_errors(path: Path, *, what: str, cure: str) -> Iterator[None]:
    """Turn SQLite's errors into Airside's.

    Args:
        path: The file.
        what: What it is, such as `a ledger`.
        cure: What to do where it is damaged.
    """
    try:
        yield
    except sqlite3.OperationalError as error:
        # Text that is no UTF-8 is told without a code.
        code = getattr(error, "sqlite_errorcode", None)
        if code == sqlite3.SQLITE_ERROR and "no such" in str(error):  # table, or column
            raise CorruptDataError(
                f"{path} is not {what} of Airside's ({error}); move it away, or choose another "
                "data directory"
            ) from error
        if code in {None, sqlite3.SQLITE_ERROR}:
            raise CorruptDataError(f"{path}: {error}; {cure}") from error
        raise RetryableError(
            f"{path}: {error}; free disk space or check the permissions, then try again"
        ) from error
    except sqlite3.DatabaseError as error:
        raise CorruptDataError(f"{path}: {error}; {cure}") from error
