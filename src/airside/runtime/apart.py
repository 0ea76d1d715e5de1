"""Pieces of work that do not wait for each other's success."""

from collections.abc import Callable, Mapping
from typing import TypeVar

from airside.errors import AirsideError

T = TypeVar("T")


def apart(steps: Mapping[str, Callable[[], T]]) -> tuple[dict[str, T], AirsideError | None]:
    """Do every piece, in order, whichever of them fail.

    Returns:
        Name → what it gave, of those that did not fail; and the first error.
    """
    done: dict[str, T] = {}
    first: AirsideError | None = None
    for name, step in steps.items():
        try:
            done[name] = step()
        except AirsideError as error:
            first = first or error
    return done, first
