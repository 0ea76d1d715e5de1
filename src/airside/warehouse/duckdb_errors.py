"""DuckDB's errors about its file, the disk and memory, in Airside's words."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from airside.errors import AirsideError, CorruptDataError, RetryableError, TerminalError


class GivenUpError(RetryableError):
    """DuckDB has given a database up: only a new process can go on with it.

    It does so where it cannot end a merge of the log, for want of disk or memory. Nothing that was
    committed is lost.
    """


@contextmanager
def translated_errors(path: Path) -> Iterator[None]:
    """Turn DuckDB's errors about the file, the disk and memory into Airside's."""
    try:
        yield
    except duckdb.Error as error:
        translated = _translated(path, error)
        if translated is None:
            raise
        raise translated from error


def is_damage(error: duckdb.Error) -> bool:
    """Whether an error is about the database itself, and not about what it was asked."""
    broken = (duckdb.FatalException, duckdb.InternalException, duckdb.SerializationException)
    # A block that fails its checksum is reported as an error of no particular class.
    # So is a log that was altered; one that ends too early is only shorter, and read as that.
    is_checksum = type(error) is duckdb.Error and _is_of_damage(str(error))
    return is_checksum or isinstance(error, broken)


def interrupted(path: Path) -> RetryableError:
    """The error where the database was closed before it had answered."""
    return RetryableError(f"{path} was closed before the answer was ready; ask again")


def _translated(path: Path, error: duckdb.Error) -> AirsideError | None:
    text = str(error)
    if isinstance(error, duckdb.FatalException):
        return _given_up(path, text)
    if isinstance(error, duckdb.InterruptException):
        return interrupted(path)
    if isinstance(error, duckdb.OutOfMemoryException):
        return RetryableError(
            f"{path}: {_first_line(text)}; raise `warehouse.memory_limit`, or free disk space for "
            "temporary files"
        )
    if _is_of_writing(text):  # a commit that cannot is told as a transaction's error
        return _not_written(path, text)
    if isinstance(error, duckdb.IOException):
        return _not_read(path, text)
    return _damaged(path, text) if is_damage(error) else None


def _given_up(path: Path, text: str) -> AirsideError:
    """What to say of the error that made DuckDB give up, and of the later ones, which quote it."""
    _, _, quoted = text.partition("Original error: ")
    cause = _first_line(quoted.strip('"') or text)
    if _is_of_damage(cause):
        return _damaged(path, cause)
    if _is_of_writing(cause):
        next_step = "free disk space, then start again"
    elif "memory" in cause.lower():
        next_step = "raise `warehouse.memory_limit`, then start again"
    else:
        next_step = (
            "start again; if it comes again, move the file aside and rebuild it from the archive "
            "with `airside backfill`"
        )
    return GivenUpError(
        f"{path}: DuckDB has given the database up ({cause}) and answers again only in a new "
        f"process; what was committed is safe: {next_step}"
    )


def _not_written(path: Path, text: str) -> RetryableError:
    if "No space left" in text:
        return RetryableError(
            f"{path}: the disk is full ({_first_line(text)}); free space, then start again"
        )
    return RetryableError(
        f"{path} cannot be written ({_first_line(text)}); check the disk, then start again"
    )


def _not_read(path: Path, text: str) -> AirsideError:
    if "Too many open files" in text:
        return RetryableError(
            f"{_first_line(text)}: the process may open no more; raise the limit (`ulimit -n`)"
        )
    if "Could not set lock" in text:
        return TerminalError(
            f"{path} is open in another process, and it does not answer on its socket; stop that "
            f"process, or wait until it has started ({_first_line(text)})"
        )
    return CorruptDataError(
        f"{path} cannot be read ({_first_line(text)}); move it aside and rebuild it from the "
        "archive with `airside backfill`"
    )


def _damaged(path: Path, text: str) -> CorruptDataError:
    return CorruptDataError(
        f"{path}: {_first_line(text)}; start again; if it stays, move the file aside and rebuild "
        "it from the archive with `airside backfill`"
    )


def _is_of_writing(text: str) -> bool:
    return "No space left" in text or "could not write" in text.lower()


def _is_of_damage(text: str) -> bool:
    return "Corrupt database file" in text or "Failure while replaying WAL" in text


def _first_line(text: str) -> str:
    return text.strip().splitlines()[0]
