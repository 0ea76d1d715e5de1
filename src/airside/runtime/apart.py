"""Pieces of work that do not wait for each other's success."""

from collections.abc import Callable, Mapping
from typing import TypeVar

from airside.errors import AirsideError, RetryableError

T = TypeVar("T")


def apart(
    steps: Mapping[str, Callable[[], T]],
) -> tuple[dict[str, T], dict[str, AirsideError]]:
    """Do every piece, in order, whichever of them fail.

    Returns:
        Name → what it gave, of those that did not fail; and name → error, of the others.
    """
    done: dict[str, T] = {}
    failed: dict[str, AirsideError] = {}
    for name, step in steps.items():
        try:
            done[name] = step()
        except AirsideError as error:
            failed[name] = error
        except OSError as error:
            failed[name] = of_the_system(error)
            failed[name].__cause__ = error
    return done, failed


def of_the_system(error: OSError) -> RetryableError:
    """What to say where the operating system refused something, and no library said what for.

    That is no defect: it has run out of open files or memory, mostly, and that passes.
    """
    said = error.strerror or str(error)
    what = f"{error.filename} cannot be used ({said})" if error.filename else said
    return RetryableError(
        f"{what}; see that there are memory and disk to spare, that the process may open more "
        "files (`ulimit -n`) and that permissions allow it; it is tried again"
    )
