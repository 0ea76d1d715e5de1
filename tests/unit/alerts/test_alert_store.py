"""Alerts begin, go on, end and are told, over restarts too."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from airside.alerts import AlertStore, Finding
from airside.alerts.rules import Heard
from airside.errors import CorruptDataError

SECOND = 1_000_000
DAY = 86_400 * SECOND


def late(airline: str, minutes: float = 70.0) -> Finding:
    return Finding("airline_delay", airline, minutes, 60.0, "minutes", f"{airline} is late")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[AlertStore]:
    store = AlertStore(tmp_path / "alerts.db")
    yield store
    store.close()


def states(store: AlertStore) -> list[tuple[str, str]]:
    return [(item.alert.subject, item.state) for item in store.untold()]


def test_an_alert_begins_once_however_often_it_is_seen(store: AlertStore) -> None:
    store.update([late("6E", 70)], 1 * SECOND, telling=True)
    store.update([late("6E", 90)], 2 * SECOND, telling=True)

    (alert,) = store.firing()
    assert (alert.began_at_us, alert.seen_at_us, alert.value) == (1 * SECOND, 2 * SECOND, 90)
    assert states(store) == [("6E", "began")]


def test_an_alert_ends_when_it_has_not_been_seen_for_a_while(store: AlertStore) -> None:
    store.update([late("6E"), late("AI")], 0, telling=True)
    store.update([late("AI")], 59 * SECOND, telling=True)
    assert {alert.subject for alert in store.firing()} == {"6E", "AI"}

    store.update([late("AI")], 60 * SECOND, telling=True)

    assert [alert.subject for alert in store.firing()] == ["AI"]
    assert [(a.subject, a.ended_at_us) for a in store.ended(10)] == [("6E", 60 * SECOND)]
    assert states(store) == [("6E", "began"), ("AI", "began"), ("6E", "ended")]


def test_a_value_that_hovers_about_its_limit_is_one_alert(store: AlertStore) -> None:
    for second in range(0, 600, 10):
        seen = [late("6E")] if second % 20 == 0 else []
        store.update(seen, second * SECOND, telling=True)
    assert len(store.firing()) == 1
    assert store.ended(10) == []


def test_what_comes_back_after_its_end_is_a_new_alert(store: AlertStore) -> None:
    store.update([late("6E")], 0, telling=True)
    store.update([], 100 * SECOND, telling=True)
    store.update([late("6E")], 200 * SECOND, telling=True)
    assert [alert.began_at_us for alert in store.firing()] == [200 * SECOND]
    assert len(store.ended(10)) == 1


def test_a_restart_goes_on_where_it_was(tmp_path: Path) -> None:
    path = tmp_path / "alerts.db"
    before = AlertStore(path)
    before.update([late("6E")], 0, telling=True)
    before.hear(7, [Heard("radar", 99, 5), Heard("rader", 1, 5)])
    before.hear(8, [Heard("radar", 1, 6)])
    before.close()

    after = AlertStore(path)
    after.update([late("6E")], 10 * SECOND, telling=True)
    assert [alert.began_at_us for alert in after.firing()] == [0]
    assert states(after) == [("6E", "began")]
    assert (after.batch_id(), after.sources()) == (8, {"radar": 6})
    after.close()


def test_nothing_waits_to_be_told_where_nobody_wants_to_know(store: AlertStore) -> None:
    store.update([late("6E")], 0, telling=False)
    store.update([], 100 * SECOND, telling=False)
    assert store.untold() == []


def test_what_could_not_be_told_is_due_again_later(store: AlertStore) -> None:
    store.update([late("6E")], 0, telling=True)
    (item,) = store.untold(0)
    store.not_told(item, "it answers 500", 5 * SECOND)
    assert store.untold(4 * SECOND) == []
    (again,) = store.untold(5 * SECOND)
    assert (again.attempts, again.error) == (1, "it answers 500")
    store.told(again)
    assert store.untold() == []


def test_an_end_waits_for_its_beginning(store: AlertStore) -> None:
    store.update([late("6E"), late("AI")], 0, telling=True)
    for item in store.untold(0):
        store.not_told(item, "no route to host", 600 * SECOND)
    store.update([late("AI")], 100 * SECOND, telling=True)

    def due(seconds: int) -> list[tuple[str, str]]:
        return [(item.alert.subject, item.state) for item in store.untold(seconds * SECOND)]

    assert due(100) == []
    assert due(600) == [("6E", "began"), ("AI", "began"), ("6E", "ended")]
    store.told(store.untold()[0])
    assert due(100) == [("6E", "ended")]


def test_the_store_does_not_grow_for_ever(store: AlertStore) -> None:
    for number in range(1_500):
        store.update([late(f"A{number}")], number * 100 * SECOND, telling=True)
    store.hear(1, [Heard("gone", 100, 0), Heard("here", 100, 2 * DAY)])
    store.update([], 2 * DAY, telling=True)
    store.update([], 4 * DAY, telling=True)
    assert store.untold() == []
    store.update([], 4 * DAY, telling=True)
    assert len(store.ended(10_000)) <= 1_000
    assert store.sources() == {}


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "alerts.db"
    path.write_bytes(b"not a database, whatever its name says" * 100)
    with pytest.raises(CorruptDataError, match=r"alerts\.db.*move it away"):
        AlertStore(path)


def test_of_what_could_not_begin_to_be_told_the_end_is_not_told_either(store: AlertStore) -> None:
    """Whoever hears of an end alone would look for the incident that it closes."""
    store.update([late("6E"), late("AI"), late("QP")], 0, telling=True)
    (first, *_) = store.untold()
    store.told(first)
    store.update([late("AI")], 100 * SECOND, telling=True)
    assert states(store) == [("AI", "began"), ("QP", "began"), ("6E", "ended"), ("QP", "ended")]

    for second in range(20):  # no longer for a day, though the end of QP is younger
        store.update([late("AI")], DAY + (second + 10) * SECOND, telling=True)
    assert states(store) == [("6E", "ended")]
    store.update([], 2 * DAY, telling=True)
    assert store.firing() == []
    assert states(store) == []

    store.update([late("AI")], 3 * DAY, telling=True)
    store.update([], 3 * DAY + 100 * SECOND, telling=True)
    assert states(store) == [("AI", "began"), ("AI", "ended")]


def test_what_was_told_to_begin_is_told_to_end_however_late(store: AlertStore) -> None:
    store.update([late("6E")], 0, telling=True)
    (item,) = store.untold()
    store.told(item)
    store.update([late("6E")], 3 * DAY, telling=True)
    store.update([], 4 * DAY, telling=True)
    assert states(store) == [("6E", "ended")]


def test_what_began_while_nobody_wanted_to_know_is_not_told_to_end(store: AlertStore) -> None:
    store.update([late("6E")], 0, telling=False)
    store.update([late("6E")], 10 * SECOND, telling=True)
    store.update([], 100 * SECOND, telling=True)
    assert states(store) == []


@pytest.mark.parametrize("ahead", [DAY // 2, 900 * DAY])
def test_what_began_and_ended_while_the_clock_was_ahead_is_told(
    store: AlertStore, ahead: int
) -> None:
    store.update([late("6E"), late("AI")], ahead, telling=True)
    for item in store.untold(ahead):
        store.not_told(item, "no route to host", ahead + 600 * SECOND)
    store.update([late("AI")], ahead + 60 * SECOND, telling=True)

    store.update([late("AI")], 0, telling=True)  # it is put right
    told = [(item.alert.subject, item.state) for item in store.untold(0)]
    assert told == [("6E", "began"), ("6E", "ended"), ("AI", "began")]

    store.update([late("AI")], 2 * DAY, telling=True)
    assert states(store) == [], "for a day, as ever"


def test_a_patience_that_is_as_long_as_it_may_be_is_kept(store: AlertStore) -> None:
    store.update([late("6E")], 0, telling=True)
    (item,) = store.untold(0)
    store.not_told(item, "no route to host", 600 * SECOND)
    store.update([late("6E")], 0, telling=True)
    assert store.untold(599 * SECOND) == []
