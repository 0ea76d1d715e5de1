"""The warehouse of this process, asked again only when there is something new in it."""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence

import pyarrow as pa

from airside.warehouse import Reader

_MAX_ANSWERS = 64
_MAX_BYTES = 1_000_000
_MAX_AGE_SECONDS = 60.0


class RememberingReader:
    """Gives the same small answer to the same question until something has been loaded.

    A page that is open, the live view and the alerts ask the same things every second, and while
    nothing happens the answers are the same too. Whoever writes to the warehouse says so by
    `forget`; what is written behind its back is seen after a minute.

    Args:
        reader: Whom to ask. Its tables must not depend on the time of the question.
        monotonic: Seconds on a clock that never goes back.
    """

    def __init__(self, reader: Reader, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._reader = reader
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._answers: OrderedDict[tuple[str, str], tuple[float, pa.Table]] = OrderedDict()
        self._generation = 0

    def query(self, sql: str, parameters: Sequence[object] = ()) -> pa.Table:
        """Run one read-only statement, or recall what it gave.

        Raises:
            AirsideError: As the reader behind it.
        """
        question = (sql, repr(list(parameters)))
        now = self._monotonic()
        with self._lock:
            asked_at, answer = self._answers.get(question, (now, None))
            generation = self._generation
        if answer is not None and now - asked_at < _MAX_AGE_SECONDS:
            return answer
        answer = self._reader.query(sql, parameters)
        with self._lock:
            # what was loaded meanwhile may or may not be in it
            if generation == self._generation and answer.nbytes <= _MAX_BYTES:
                self._answers[question] = (now, answer)
                self._answers.move_to_end(question)
                while len(self._answers) > _MAX_ANSWERS:
                    self._answers.popitem(last=False)
        return answer

    def forget(self) -> None:
        """Something has been loaded: every question is a new one."""
        with self._lock:
            self._generation += 1
            self._answers.clear()
