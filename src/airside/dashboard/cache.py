"""Answers to filtered questions, each asked of the warehouse once for each state of the data."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from typing import Any, TypeVar

import pyarrow as pa

from airside.dashboard.problems import Problem

T = TypeVar("T")
_WAIT_SECONDS = 30.0
_MAX_KEPT_BYTES = 1024 * 1024


class AnswerCache:
    """Keeps the newest answers; of equal questions at one time only one is asked.

    Args:
        max_answers: So many are kept, all of one state of the data.
        max_running: So many questions run at once; others wait for their turn.
    """

    def __init__(self, max_answers: int = 256, max_running: int = 4) -> None:
        self._answers: OrderedDict[Hashable, Future[Any]] = OrderedDict()
        self._version: Hashable = None
        self._max_answers = max_answers
        self._lock = threading.Lock()
        self._running = threading.BoundedSemaphore(max_running)

    def get(self, version: Hashable, key: Hashable, ask: Callable[[], T]) -> T:
        """The answer for a key; `ask` makes it where it is not there yet.

        Args:
            version: Of the data. Nobody asks about an earlier one again.
            key: The question and its parameters.
            ask: Asks the warehouse; an error it raises is not kept, nor a table beyond 1 MiB.
        """
        with self._lock:
            if version != self._version:
                self._answers.clear()
                self._version = version
            future: Future[T] | None = self._answers.get(key)
            if future is not None:
                self._answers.move_to_end(key)
            else:
                mine: Future[T] = Future()
                self._answers[key] = mine
                while len(self._answers) > self._max_answers:
                    self._answers.popitem(last=False)
        if future is not None:
            return self._result(future)
        try:
            with self._turn():
                answer = ask()
        except BaseException as error:
            self._forget(key, mine)
            mine.set_exception(error)
            raise
        if isinstance(answer, pa.Table) and answer.nbytes > _MAX_KEPT_BYTES:
            self._forget(key, mine)
        mine.set_result(answer)
        return answer

    def _forget(self, key: Hashable, future: Future[Any]) -> None:
        with self._lock:
            if self._answers.get(key) is future:
                del self._answers[key]

    @contextmanager
    def _turn(self) -> Iterator[None]:
        if not self._running.acquire(timeout=_WAIT_SECONDS):
            raise Problem(503, "too many questions are being answered; ask again", retry_after=5)
        try:
            yield
        finally:
            self._running.release()

    def _result(self, future: Future[T]) -> T:
        try:
            return future.result(timeout=_WAIT_SECONDS)
        except TimeoutError:
            raise Problem(503, "the answer takes too long; ask again", retry_after=5) from None
