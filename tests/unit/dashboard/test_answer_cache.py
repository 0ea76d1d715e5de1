import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from airside.dashboard.cache import AnswerCache
from airside.dashboard.problems import Problem


def test_equal_questions_at_one_time_are_asked_once() -> None:
    cache = AnswerCache()
    asked = 0
    go = threading.Event()

    def ask() -> int:
        nonlocal asked
        asked += 1
        go.wait(30)
        return 42

    with ThreadPoolExecutor(8) as pool:
        futures = [pool.submit(cache.get, "question", ask) for _ in range(8)]
        while cache.hits < 7:
            threading.Event().wait(0.001)
        go.set()
        assert [future.result() for future in futures] == [42] * 8
    assert asked == 1


def test_another_version_is_another_question() -> None:
    cache = AnswerCache()
    assert cache.get(("delays", 1), lambda: "old") == "old"
    assert cache.get(("delays", 2), lambda: "new") == "new"
    assert cache.get(("delays", 1), lambda: "newer") == "old"


def test_an_error_is_told_and_not_kept() -> None:
    cache = AnswerCache()

    def fail() -> int:
        raise Problem(503, "not now")

    with pytest.raises(Problem, match="not now"):
        cache.get("question", fail)
    assert cache.get("question", lambda: 1) == 1


def test_only_the_newest_answers_are_kept() -> None:
    cache = AnswerCache(max_answers=2)
    for number in (1, 2, 1, 3):
        cache.get(number, lambda number=number: number)
    assert cache.get(1, lambda: -1) == 1, "used lately"
    assert cache.get(2, lambda: -2) == -2


def test_no_more_questions_run_at_once_than_allowed() -> None:
    cache = AnswerCache(max_running=2)
    running = most = 0
    lock = threading.Lock()

    def ask() -> None:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        threading.Event().wait(0.005)
        with lock:
            running -= 1

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: cache.get(number, ask), range(16)))
    assert most <= 2
