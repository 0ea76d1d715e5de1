"""A file of records, one a line, replayed verbatim and in its own order."""

from collections.abc import Iterator
from contextlib import suppress
from functools import cached_property
from itertools import accumulate
from pathlib import Path

import duckdb
import pyarrow as pa

from airside.errors import CorruptDataError, UsageError
from airside.events import Emission
from airside.events.times import event_timestamp_us
from airside.replay.lines import count_lines, line_batches

# DuckDB judges what is JSON and extracts from it, so that a line is due by the very time that the
# pipeline will read in it, whatever its mess.
_TIMES = """
SELECT CASE WHEN json_valid(line) THEN json_extract_string(line, '$.event_timestamp') END AS text
FROM lines
"""


class NdjsonFile:
    """The replay source that a file is.

    Every line is a record, whatever it holds. It is due at its `event_timestamp`, but never before
    the line above it: a file that is out of order is replayed out of order. A line whose time
    cannot be read is due with the line above; at the top, with the first time that can be read.

    Args:
        path: A file of NDJSON, plain or compressed with gzip or zstd.

    Raises:
        UsageError: There is no such file, or it may not be read.
    """

    def __init__(self, path: Path) -> None:
        if not path.is_file():
            what = "is a folder" if path.is_dir() else "is not a regular file"
            raise UsageError(
                f"{path} {what}; replay reads a file: name one, or pipe records to "
                "`airside ingest -`"
            )
        try:
            path.open("rb").close()
        except OSError as error:
            raise UsageError(
                f"{path} cannot be read ({error.strerror}); check who may read it: `ls -l {path}`"
            ) from error
        self.name = str(path)
        self._path = path

    @cached_property
    def total(self) -> int | None:
        """How many lines the file has; None where it is compressed."""
        return count_lines(self._path)

    def emissions(self) -> Iterator[Emission]:
        """Every line from the first on, with `due_us` never falling.

        Raises:
            CorruptDataError: The compressed data is damaged or cut short, or a line has no end;
                the lines before that were given.
        """
        with duckdb.connect(config={"threads": 1}) as connection:
            due_us = self._first_time(connection)
            for lines in line_batches(self._path):
                times = (due_us if at is None else at for at in _times(connection, lines))
                dues = list(accumulate(times, max, initial=due_us))[1:]
                yield from map(Emission, dues, lines)
                due_us = dues[-1]

    def _first_time(self, connection: duckdb.DuckDBPyConnection) -> int:
        """The first time that can be read, 0 where none can.

        Reads the top of the file twice rather than hold back lines until a time is found.
        """
        with suppress(CorruptDataError):  # told when the replay has come to it
            for lines in line_batches(self._path):
                for at in _times(connection, lines):
                    if at is not None:
                        return at
        return 0


def _times(connection: duckdb.DuckDBPyConnection, lines: list[bytes]) -> list[int | None]:
    connection.register("lines", pa.table({"line": _as_text(lines)}))
    texts = connection.sql(_TIMES).to_arrow_table()["text"].to_pylist()
    return [event_timestamp_us(text) for text in texts]


def _as_text(lines: list[bytes]) -> pa.Array:
    """The lines as text; those that are not UTF-8 are null, as they have no time to read."""
    try:
        return pa.array(lines, pa.binary()).cast(pa.string())
    except pa.ArrowInvalid:
        return pa.array([_decoded(line) for line in lines], pa.string())


def _decoded(line: bytes) -> str | None:
    try:
        return line.decode()
    except UnicodeDecodeError:
        return None
