"""Which sources can be replayed, and the one that a name means."""

from collections.abc import Callable
from difflib import get_close_matches
from pathlib import Path

from airside.errors import UsageError
from airside.replay.ndjson import NdjsonFile
from airside.replay.nycflights13 import NycFlights13
from airside.replay.source import Source

DATA_SETS: dict[str, Callable[[], Source]] = {NycFlights13.name: NycFlights13}
"""The sources that have a name of their own."""


def open_source(name: str) -> Source:
    """Open what a user wants to replay.

    Args:
        name: A data set's name, or the path of a file of NDJSON (`.ndjson`, `.gz`, `.zst`). A file
            that is called like a data set is meant by `./name`.

    Returns:
        The source; nothing is read yet.

    Raises:
        UsageError: It is neither, or the file may not be read.
    """
    if data_set := DATA_SETS.get(name):
        return data_set()
    path = Path(name).expanduser()
    if path.exists():
        return NdjsonFile(path)
    raise UsageError(
        f"nothing to replay is called {name!r}{_suggestion(name, path)}; replay takes a data set "
        f"({', '.join(sorted(DATA_SETS))}) or the path of a file of NDJSON, which may be "
        "compressed with gzip or zstd"
    )


def _suggestion(name: str, path: Path) -> str:
    if close := get_close_matches(name.lower(), DATA_SETS, n=1, cutoff=0.5):
        return f" (did you mean {close[0]!r}?)"
    try:
        neighbours = {other.name: other for other in path.parent.iterdir() if other.is_file()}
    except OSError:
        return f" (there is no folder {str(path.parent)!r})"
    if close := get_close_matches(path.name, neighbours, n=1):
        return f" (did you mean {str(neighbours[close[0]])!r}?)"
    return ""
