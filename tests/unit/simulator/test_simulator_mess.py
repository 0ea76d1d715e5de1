"""What the levels of mess do, judged by the contract's second reading."""

from dataclasses import fields, replace
from pathlib import Path

import pytest

from airside.errors import UsageError
from airside.simulator import MESS_PRESETS, MessRates, Simulator, SimulatorConfig, mess_preset
from airside.simulator.faults import DRIFTED, MALFORMED
from oracle import FLAGS, REASONS, read_record

CONFIG = SimulatorConfig(flights_per_day=120, days=1)


def payloads(config: SimulatorConfig) -> list[bytes]:
    return [emission.payload for emission in Simulator(config).emissions()]


@pytest.fixture(scope="module")
def clean() -> list[bytes]:
    return payloads(CONFIG)


@pytest.fixture(scope="module")
def hostile() -> list[bytes]:
    return payloads(replace(CONFIG, mess=MESS_PRESETS["hostile"]))


def test_without_mess_every_record_is_clean_and_unflagged(clean: list[bytes]) -> None:
    verdicts = [read_record(payload) for payload in clean[::5]]
    assert not [verdict for verdict in verdicts if verdict.reason]
    assert all(verdict.row is not None and not verdict.row["quality_flags"] for verdict in verdicts)
    ids = [verdict.row["event_id"] for verdict in verdicts if verdict.row]
    assert len(set(ids)) == len(ids)


def test_hostile_covers_every_reason_and_flag(hostile: list[bytes]) -> None:
    verdicts = [read_record(payload) for payload in hostile[::2]]
    assert {verdict.reason for verdict in verdicts if verdict.reason} == set(REASONS)
    flags = {flag for verdict in verdicts if verdict.row for flag in verdict.row["quality_flags"]}
    assert flags == set(FLAGS)


def test_no_record_breaks_a_file_of_one_a_line(hostile: list[bytes]) -> None:
    assert all(payload and b"\n" not in payload for payload in hostile)


@pytest.mark.parametrize("reason", MALFORMED)
def test_each_fault_has_the_reason_of_its_name(reason: str, clean: list[bytes]) -> None:
    for place, payload in enumerate(clean[::211]):
        assert read_record(MALFORMED[reason](payload, place)).reason == reason


@pytest.mark.parametrize("name", DRIFTED)
def test_each_drift_is_survived(name: str, clean: list[bytes]) -> None:
    drifted = [DRIFTED[name](payload, place) for place, payload in enumerate(clean[::211])]
    assert all(read_record(payload).row is not None for payload in drifted)
    assert any(payload not in clean for payload in drifted)


def test_duplicates_are_sent_again_byte_for_byte(clean: list[bytes]) -> None:
    sent = payloads(replace(CONFIG, mess=MessRates(duplicates=0.04)))
    assert set(sent) == set(clean)
    assert len(sent) / len(clean) - 1 == pytest.approx(0.04, abs=0.006)


def test_the_rate_of_malformed_is_met(clean: list[bytes]) -> None:
    sent = payloads(replace(CONFIG, mess=MessRates(malformed=0.06)))
    whole = set(clean)
    broken = sum(payload not in whole for payload in sent)
    assert broken / len(clean) == pytest.approx(0.06, abs=0.008)


def test_half_of_the_malformed_come_again_repaired(clean: list[bytes]) -> None:
    sent = payloads(replace(CONFIG, mess=MessRates(malformed=0.2)))
    whole = set(clean)
    repaired = sum(payload in whole for payload in sent) - 0.8 * len(clean)
    assert repaired / (0.2 * len(clean)) == pytest.approx(0.5, abs=0.06)


def test_late_and_out_of_order_lose_nothing(clean: list[bytes]) -> None:
    mess = MessRates(late=0.05, out_of_order=0.1, late_minutes=30)
    sent = list(Simulator(replace(CONFIG, mess=mess)).emissions())
    order = {payload: place for place, payload in enumerate(clean)}
    assert {emission.payload for emission in sent} <= set(order)
    assert (
        len(clean) - len(sent) < 0.05 * 35 * 30
    )  # the last minutes' late ones fall behind the end
    overtaken, furthest = 0, -1
    for emission in sent:
        place = order[emission.payload]
        overtaken += place < furthest
        furthest = max(furthest, place)
    assert overtaken / len(sent) == pytest.approx(0.15, abs=0.02)


def test_estimates_become_estimates() -> None:
    sent = payloads(replace(CONFIG, flights_per_day=20, mess=MessRates(estimates=1.0)))
    rows = [row for row in (read_record(payload).row for payload in sent) if row]
    by_status = {
        status: [row for row in rows if row["flight_status"] == status]
        for status in ("boarding", "en-route")
    }
    for row in by_status["boarding"]:
        assert row["quality_flags"] == ["departure_in_future"]
        assert row["estimated_departure_at"] > row["event_at"]
        assert row["actual_departure_at"] is None
    for row in by_status["en-route"]:
        assert row["quality_flags"] == ["arrival_in_future"]
        assert row["actual_arrival_at"] is None
    assert by_status["boarding"]
    assert by_status["en-route"]


def test_presets_get_worse() -> None:
    none, typical, hostile = (MESS_PRESETS[name] for name in ("none", "typical", "hostile"))
    for field in fields(MessRates):
        if field.name != "late_minutes":
            values = [getattr(level, field.name) for level in (none, typical, hostile)]
            assert values[0] == 0 < values[1] < values[2]


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"duplicates": 1.5}, "mess.duplicates is 1.5: expected a share from 0 to 1"),
        ({"late": -0.1}, "mess.late is -0.1"),
        ({"drifted": "much"}, "mess.drifted is 'much': expected a number"),
        ({"late_minutes": 0}, "mess.late_minutes is 0: expected whole minutes from 1 to 720"),
        ({"malformed": 0.6, "late": 0.6}, "add up to 1.2"),
    ],
)
def test_rates_out_of_range_are_refused(values: dict[str, float], says: str) -> None:
    with pytest.raises(UsageError, match=says):
        MessRates(**values)  # type: ignore[arg-type]  # one of the values is wrong on purpose


def test_an_unknown_level_is_refused() -> None:
    assert mess_preset("hostile") is MESS_PRESETS["hostile"]
    with pytest.raises(UsageError, match=r"expected none, typical, hostile\. Did you mean typical"):
        mess_preset("typicle")


def test_the_documented_rates_are_the_rates() -> None:
    page = Path(__file__).parents[3] / "docs" / "simulator.md"
    table = page.read_text().split("<!-- rates -->")[1].split("\n\n")[0]
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in table.splitlines()[3:]]
    documented = {row[0].strip("`"): tuple(map(float, row[1:4])) for row in rows}
    levels = [MESS_PRESETS[name] for name in ("none", "typical", "hostile")]
    assert documented == {
        field.name: tuple(getattr(level, field.name) for level in levels)
        for field in fields(MessRates)
    }
