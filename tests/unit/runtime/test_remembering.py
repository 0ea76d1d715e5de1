from collections.abc import Callable

import pyarrow as pa

from airside.runtime.remembering import RememberingReader


class Source:
    """Answers with a number that grows with each question."""

    def __init__(self, rows: int = 1) -> None:
        self.asked = 0
        self.meanwhile: Callable[[], None] = lambda: None
        self._rows = rows

    def query(self, sql: str, parameters: tuple[object, ...] = ()) -> pa.Table:  # noqa: ARG002 - a reader's
        self.asked += 1
        self.meanwhile()
        return pa.table({"n": pa.array([self.asked] * self._rows, pa.int64())})


def value(table: pa.Table) -> int:
    found: int = table["n"][0].as_py()
    return found


def test_the_same_question_is_asked_again_only_after_something_has_been_loaded() -> None:
    source = Source()
    reader = RememberingReader(source, monotonic=lambda: 0.0)
    assert [value(reader.query("one")) for _ in range(3)] == [1, 1, 1]
    assert value(reader.query("one", ["other parameters"])) == 2
    assert value(reader.query("one")) == 1
    reader.forget()
    assert value(reader.query("one")) == 3


def test_an_answer_that_was_overtaken_by_a_load_is_not_kept() -> None:
    source = Source()
    reader = RememberingReader(source, monotonic=lambda: 0.0)
    source.meanwhile = reader.forget
    assert value(reader.query("one")) == 1
    assert value(reader.query("one")) == 2


def test_answers_grow_old() -> None:
    source = Source()
    now = 0.0
    reader = RememberingReader(source, monotonic=lambda: now)
    reader.query("one")
    now = 59.0
    assert value(reader.query("one")) == 1
    now = 61.0
    assert value(reader.query("one")) == 2


def test_memory_is_bounded() -> None:
    large = Source(rows=200_000)
    reader = RememberingReader(large, monotonic=lambda: 0.0)
    assert [value(reader.query("all")) for _ in range(2)] == [1, 2], "too large to be kept"
    many = Source()
    reader = RememberingReader(many, monotonic=lambda: 0.0)
    for number in range(1_000):
        reader.query(f"SELECT {number}")
    many.asked = 0
    for number in range(1_000):
        reader.query(f"SELECT {number}")
    assert many.asked > 900
