"""Answers to filtered questions, each asked of the warehouse once for each state of the data."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from typing import Any, TypeVar

from airside.dashboard.problems import Problem

T = TypeVar("T")
_WAIT_SECONDS = 30.0


class AnswerCache:
    """Keeps the newest answers; of equal questions at one time only one is asked.

    Args:
        max_answers: So many are kept.
        max_running: So many questions run at once; others wait for their turn.
    """

    def __init__(self, max_answers: int = 256, max_running: int = 4) -> None:
        self._answers: OrderedDict[Hashable, Future[Any]] = OrderedDict()
        self._max_answers = max_answers
        self._lock = threading.Lock()
        self._running = threading.BoundedSemaphore(max_running)
        self.hits = 0
        self.misses = 0

    def get(self, key: Hashable, ask: Callable[[], T]) -> T:
        """The answer for a key; `ask` makes it where it is not there yet.

        Args:
            key: The question, its parameters and the data's version.
            ask: Asks the warehouse; an error it raises is not kept.
        """
        with self._lock:
            future: Future[T] | None = self._answers.get(key)
            if future is not None:
                self._answers.move_to_end(key)
                self.hits += 1
            else:
                self.misses += 1
                mine: Future[T] = Future()
                self._answers[key] = mine
                while len(self._answers) > self._max_answers:
                    self._answers.popitem(last=False)
        if future is not None:
            return self._result(future)
        try:
            with self._turn():
                mine.set_result(ask())
        except BaseException as error:
            with self._lock:
                if self._answers.get(key) is mine:
                    del self._answers[key]
            mine.set_exception(error)
            raise
        return mine.result()

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
