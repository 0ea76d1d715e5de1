import threading
from concurrent.futures import ThreadPoolExecutor

import pyarrow as pa
import pytest

from airside.dashboard.cache import AnswerCache
from airside.dashboard.problems import Problem


def test_equal_questions_at_one_time_are_asked_once() -> None:
    cache = AnswerCache()
    asked = 0
    together, go = threading.Barrier(9), threading.Event()

    def ask() -> int:
        nonlocal asked
        asked += 1
        go.wait(30)
        return 42

    def get() -> int:
        together.wait(30)
        return cache.get(1, "question", ask)

    with ThreadPoolExecutor(8) as pool:
        futures = [pool.submit(get) for _ in range(8)]
        together.wait(30)
        go.set()
        assert [future.result() for future in futures] == [42] * 8
    assert asked == 1


def test_another_version_is_another_question_and_the_old_ones_go() -> None:
    cache = AnswerCache()
    assert cache.get(1, "delays", lambda: "old") == "old"
    assert cache.get(1, "delays", lambda: "newer") == "old"
    assert cache.get(2, "delays", lambda: "new") == "new"
    assert cache.get(1, "delays", lambda: "asked again") == "asked again"


def test_a_large_table_is_given_and_not_kept() -> None:
    cache = AnswerCache()
    large = pa.table({"at": pa.nulls(200_000, pa.int64())})
    small = large.slice(0, 10)
    for table, is_kept in ((small, True), (large, False)):
        assert cache.get(1, table.num_rows, lambda table=table: table) is table
        again = cache.get(1, table.num_rows, lambda: small.slice(0, 1))
        assert (again is table) == is_kept


def test_an_error_is_told_and_not_kept() -> None:
    cache = AnswerCache()

    def fail() -> int:
        raise Problem(503, "not now")

    with pytest.raises(Problem, match="not now"):
        cache.get(1, "question", fail)
    assert cache.get(1, "question", lambda: 1) == 1


def test_only_the_newest_answers_are_kept() -> None:
    cache = AnswerCache(max_answers=2)
    for number in (1, 2, 1, 3):
        cache.get(1, number, lambda number=number: number)
    assert cache.get(1, 1, lambda: -1) == 1, "used lately"
    assert cache.get(1, 2, lambda: -2) == -2


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
        list(pool.map(lambda number: cache.get(1, number, ask), range(16)))
    assert most <= 2
