"""Whose a lake elsewhere is: one data directory at a time writes to it.

A lake outlives its directory, and a new one goes on where the old one ended. Should the old process
still run, as in a deployment that starts the new task before it stops the old one, both would write
the same records in files of different cuts. So a new directory first puts its name into the lake,
and who writes looks before each file whether the name is still its own. The old process ends then.
What it has begun to upload at that moment may still appear: the width of one request.
"""

import json
import uuid
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from airside.errors import CorruptDataError, TerminalError
from airside.lake import Lake
from airside.ledger import Ledger

_NAME = "owner.json"
_STAGE = "lake"


class OwnedLake:
    """A lake that refuses to write once another directory has taken it over; see `Lake`."""

    def __init__(self, lake: Lake, owner: str) -> None:
        self._lake = lake
        self._owner = owner

    @property
    def url(self) -> str:
        """The lake's."""
        return self._lake.url

    def where(self, name: str = "") -> str:
        """The lake's."""
        return self._lake.where(name)

    @contextmanager
    def publish(self, name: str) -> Iterator[Path]:
        """Write a file atomically, if the lake is still the directory's."""
        with self._lake.publish(name) as path:
            yield path
            self._check()

    def sizes(self, prefix: str, suffix: str = "") -> dict[str, int]:
        """The lake's."""
        return self._lake.sizes(prefix, suffix)

    def names(self, prefix: str, suffix: str = "") -> list[str]:
        """The lake's."""
        return self._lake.names(prefix, suffix)

    def read(self, name: str) -> bytes:
        """The lake's."""
        return self._lake.read(name)

    def size(self, name: str) -> int:
        """The lake's."""
        return self._lake.size(name)

    def local(self, name: str) -> AbstractContextManager[Path]:
        """The lake's."""
        return self._lake.local(name)

    def delete(self, name: str) -> None:
        """Remove a file, if the lake is still the directory's."""
        self._check()
        self._lake.delete(name)

    def sweep(self, *prefixes: str) -> None:
        """The lake's."""
        self._lake.sweep(*prefixes)

    def _check(self) -> None:
        owner = _owner(self._lake)
        if owner not in {None, self._owner}:
            raise TerminalError(
                f"another data directory has taken over {self._lake.url}; if this one is the right "
                f"one, stop the other and delete {self._lake.where(_NAME)}, else start with an "
                "empty --data-dir, which goes on where the lake ends"
            )


def take(lake: Lake, ledger: Ledger) -> OwnedLake:
    """Own a lake: a new directory takes it over, one that has owned it must own it still.

    Args:
        lake: One that is not in the directory itself.
        ledger: The directory's, which remembers its name.

    Raises:
        TerminalError: Another directory has taken it over since.
    """
    owner = ledger.position(_STAGE).get("owner")
    if owner is None:
        owner = uuid.uuid4().hex
        _sign(lake, owner)
        ledger.note(_STAGE, {"owner": owner})
    elif _owner(lake) is None:  # somebody has removed the name, to have this one go on
        _sign(lake, owner)
    owned = OwnedLake(lake, owner)
    owned._check()  # noqa: SLF001 - of this very module
    return owned


def _sign(lake: Lake, owner: str) -> None:
    with lake.publish(_NAME) as path:
        path.write_text(json.dumps({"owner": owner}) + "\n", encoding="utf-8")


def _owner(lake: Lake) -> str | None:
    try:
        document = json.loads(lake.read(_NAME))
    except (CorruptDataError, ValueError):  # it is not there, or is not ours
        return None
    return str(document.get("owner")) if isinstance(document, dict) else None
