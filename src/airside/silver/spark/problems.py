"""Errors that come back through Spark, as what they were when they set out."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from airside import errors
from airside.errors import AirsideError, RetryableError

_OURS = re.compile(rf"{re.escape(errors.__name__)}\.(\w+Error): (.+)")
_CAUSE = re.compile(r"^(?:Caused by: )?([\w.$]+(?:Exception|Error): .+)$", re.MULTILINE)
_SHOWN_CHARS = 300


@contextmanager
def translated_errors() -> Iterator[None]:
    """Turn what Spark raises into Airside's errors.

    A worker's error arrives as text inside Spark's own, with both languages' stack traces.

    Raises:
        AirsideError: What a worker raised; or, for anything else that went wrong in Spark, a
            `RetryableError` with its last cause.
    """
    from py4j.protocol import Py4JError  # noqa: PLC0415 - of an extra, and slow to import
    from pyspark.errors import PySparkException  # noqa: PLC0415

    try:
        yield
    except (PySparkException, Py4JError) as error:
        text = str(error)
        if found := _OURS.search(text):
            kind = getattr(errors, found[1], None)
            if isinstance(kind, type) and issubclass(kind, AirsideError):
                raise kind(found[2]) from error
        causes = _CAUSE.findall(text) or [text.splitlines()[0] if text else type(error).__name__]
        raise RetryableError(
            f"Spark could not finish: {causes[-1][:_SHOWN_CHARS]}; see its log for the whole "
            "story, then run again: what is published stays, the rest is done anew"
        ) from error
