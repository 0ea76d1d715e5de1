"""The oracle over a stream: duplicates, and what the hostile corpus holds."""

from collections import Counter
from datetime import datetime, timedelta

import pytest

import oracle
from oracle.corpus import hostile
from oracle.sample import SAMPLE

START = datetime(2025, 9, 24)  # noqa: DTZ001 - instants are naive UTC
DAY = timedelta(hours=24)
TICK = timedelta(microseconds=1)
OTHER = SAMPLE.replace("a1b2c3d4", "other").encode()
BAD = SAMPLE.replace("en-route", "lost").encode()


def run(*arrivals: tuple[timedelta, bytes], **limits: int) -> oracle.Outcome:
    return oracle.run(
        (("0", f"{n:020}", START + after, payload) for n, (after, payload) in enumerate(arrivals)),
        **limits,
    )


@pytest.mark.parametrize(
    ("gaps", "accepted"),
    [
        ([timedelta()], 1),
        ([DAY], 1),
        ([DAY + TICK], 2),
        ([DAY - TICK, DAY + TICK], 2),  # a duplicate does not prolong the horizon
        ([DAY + TICK, DAY * 2], 2),  # an id accepted again counts from then on
    ],
)
def test_an_id_is_a_duplicate_within_the_horizon(gaps: list[timedelta], accepted: int) -> None:
    sample = SAMPLE.encode()

    outcome = run((timedelta(), sample), *((gap, sample) for gap in gaps))

    assert len(outcome.clean) == accepted
    assert len(outcome.duplicates) == 1 + len(gaps) - accepted


def test_only_the_latest_ids_are_remembered() -> None:
    now, sample = timedelta(), SAMPLE.encode()

    assert len(run((now, sample), (now, OTHER), (now, sample), max_ids=2).clean) == 2
    assert len(run((now, sample), (now, OTHER), (now, sample), max_ids=1).clean) == 3


def test_a_quarantined_record_blocks_no_good_one_and_is_no_duplicate() -> None:
    outcome = run((timedelta(), BAD), (timedelta(), SAMPLE.encode()), (timedelta(), BAD))

    assert [row["sequence_number"][-1] for row in outcome.clean] == ["1"]
    assert [record.reason for record in outcome.quarantined] == ["bad_status"] * 2
    assert not outcome.duplicates


def test_the_first_in_stream_order_wins() -> None:
    records = [
        ("1", "00", START, SAMPLE.encode()),
        ("0", "02", START, SAMPLE.replace("VT-ABC", "VT-TWO").encode()),
        ("0", "01", START, SAMPLE.replace("VT-ABC", "VT-ONE").encode()),
    ]

    assert [row["tail_number"] for row in oracle.run(records).clean] == ["VT-ONE"]


@pytest.fixture(scope="module", name="outcome")
def hostile_outcome() -> oracle.Outcome:
    payloads = hostile(10_000, seed=1)
    return run(*((timedelta(milliseconds=n), payload) for n, payload in enumerate(payloads)))


def test_the_corpus_is_the_same_for_the_same_seed() -> None:
    assert hostile(500, seed=1) == hostile(500, seed=1)
    assert hostile(500, seed=1) != hostile(500, seed=2)
    assert [len(hostile(n, seed=1)) for n in (0, 1, 7)] == [0, 1, 7]


def test_the_corpus_reaches_every_verdict_reason_and_flag_often(outcome: oracle.Outcome) -> None:
    first = Counter(record.reason for record in outcome.quarantined)
    alone = Counter(r.reason for r in outcome.quarantined if len(r.reasons) == 1)
    flags = Counter(flag for row in outcome.clean for flag in row["quality_flags"])
    lonely = Counter(
        row["quality_flags"][0] for row in outcome.clean if len(row["quality_flags"]) == 1
    )

    verdicts = [outcome.clean, outcome.quarantined, outcome.duplicates]
    assert sum(map(len, verdicts)) == 10_000
    assert all(len(records) > 400 for records in verdicts)
    for counts, names in ((first, oracle.REASONS), (alone, oracle.REASONS), (flags, oracle.FLAGS)):
        assert {name: counts[name] for name in names if counts[name] < 50} == {}
    assert {name for name in oracle.FLAGS if lonely[name] < 20} == set()
    assert sum(len(record.reasons) > 2 for record in outcome.quarantined) > 50
    assert sum(len(row["quality_flags"]) > 2 for row in outcome.clean) > 50


def test_the_corpus_gives_gold_something_to_say(outcome: oracle.Outcome) -> None:
    gold = oracle.gold(outcome.clean)

    airlines = [a for a in gold.airline_delays.values() if a["landed"] >= 40 and a["cancelled"]]
    assert len(airlines) >= 6
    assert gold.airline_delays[None]["landed"] >= 40
    assert all(0.2 < airline["d15"] < 1 and 0.2 < airline["a15"] < 1 for airline in airlines)
    kinds = gold.passengers_vs_turnaround["by_aircraft_type"]
    assert sum(kind["n"] > 50 for kind in kinds.values()) >= 5
    assert kinds["C208"]["n"] > 50
    assert kinds["C208"]["r"] is None
    assert 0.3 < gold.passengers_vs_turnaround["r"] < 1
    turnarounds = gold.turnarounds.values()
    assert sum(t["reported_minutes"] is None for t in turnarounds) > 100
    assert sum(t["derived_minutes"] is None for t in turnarounds) > 100
    assert gold.watermark is not None
    assert gold.watermark.date() == datetime(2025, 9, 24).date()  # noqa: DTZ001
    assert set(gold.by_status) == {"scheduled", "boarding", "departing", "en-route", "landed"}


def test_the_corpus_has_late_events_and_arrivals_before_departures(outcome: oracle.Outcome) -> None:
    legs = oracle.gold(outcome.clean).legs
    latest: dict[str, datetime] = {}
    late = 0
    for row in outcome.clean:
        key, event_at = row["leg_key"], row["event_at"]
        late += event_at < latest.get(key, event_at)
        latest[key] = max(event_at, latest.get(key, event_at))
    arrived = {row["leg_key"] for row in outcome.clean if row["actual_arrival_at"]}
    assert late > 200
    assert sum(legs[key]["actual_arrival_at"] is None for key in arrived) > 10
