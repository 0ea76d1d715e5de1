"""What the API answers over a hostile day, read by HTTP as any client does."""

import csv
import io
import json
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from typing import Any
from urllib.parse import quote

import httpx
import pyarrow as pa
import pytest

from airside.dashboard import schemas
from airside.dashboard.filters import Filters
from airside.dashboard.queries import trends
from airside.runtime.data_dir import DataDir
from airside.runtime.readers import open_reader
from support.command import airside_here
from support.dashboards import SCRIPT, prepared, served

API = "/api/v1"
TABLES = {
    "airline-delays": schemas.AirlineDelaysAnswer,
    "live-flights": schemas.LiveFlightsAnswer,
    "movements": schemas.MovementsAnswer,
    "trends": schemas.TrendsAnswer,
    "quarantine": schemas.QuarantineAnswer,
    "quality": schemas.QualityAnswer,
}
MEASURES = ("flights", "departed", "landed", "cancelled", "diverted")


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Any:
    return prepared(tmp_path_factory)


@pytest.fixture(scope="module")
def client(root: Any) -> Iterator[httpx.Client]:
    with served(root) as opened:
        yield opened


def get(client: httpx.Client, path: str, **parameters: Any) -> Any:
    answer = client.get(f"{API}/{path}", params=parameters)
    assert answer.status_code == 200, answer.text
    return answer.json()


def ask(root: Any, sql: str, *parameters: Any) -> list[dict[str, Any]]:
    with open_reader(DataDir(root)) as reader:
        rows: list[dict[str, Any]] = reader.query(sql, parameters).to_pylist()
    return rows


def without_meta(document: dict[str, Any], *more: str) -> dict[str, Any]:
    left_out = {"seq", "at", "watermark", "points", *more}
    return {name: value for name, value in document.items() if name not in left_out}


# --- the same numbers as everywhere else ----------------------------------------------------------


def test_the_answers_are_those_of_the_report(client: httpx.Client, root: Any) -> None:
    report = json.loads(airside_here("report", "--json", "--data-dir", root))
    snapshot = get(client, "snapshot")
    live = get(client, "live-flights", limit=10_000)
    line = get(client, "passengers-vs-turnaround")
    assert get(client, "airline-delays", limit=10_000)["rows"] == report["airline_delays"]
    assert snapshot["airline_delays"] == report["airline_delays"]
    assert snapshot["totals"] == report["totals"]
    assert without_meta(line) == report["passengers_vs_turnaround"]
    assert snapshot["passengers_vs_turnaround"] == report["passengers_vs_turnaround"]
    assert live["watermark"] == snapshot["watermark"] == report["live_flights"]["watermark"]
    assert live["active"] == len(live["rows"]) == report["live_flights"]["active"]
    assert live["by_status"] == snapshot["by_status"] == report["live_flights"]["by_status"]
    flights = snapshot["live"]["flights"]
    assert len({flight.pop("number") for flight in flights}) == len(flights)
    assert flights == live["rows"]


def test_the_account_is_that_of_status(client: httpx.Client, root: Any) -> None:
    status = json.loads(airside_here("status", "--json", "--data-dir", root))
    shown = get(client, "status")
    for name in ("received", "archived", "clean", "quarantined", "duplicates", "reasons"):
        assert shown[name] == status[name]
    assert shown["balanced"] is True
    assert shown["is_running"] is False
    assert {part["name"] for part in shown["storage"] if part["bytes"]} >= {"bronze", "silver"}
    gold = next(stage for stage in shown["stages"] if stage["name"] == "gold")
    assert gold["last_success_at"] is not None


def test_an_empty_filter_and_one_that_all_match_agree(client: httpx.Client) -> None:
    """The SQL for filters repeats gold's measures; here the two are held together."""
    always = {"from": "2000-01-01T00:00:00Z"}
    for path in ("airline-delays", "movements"):
        plain = get(client, path, limit=10_000)["rows"]
        filtered = get(client, path, limit=10_000, **always)["rows"]
        assert [row.keys() for row in filtered] == [row.keys() for row in plain]
        for one, other in zip(filtered, plain, strict=True):
            for name, value in other.items():
                is_number = isinstance(value, float)
                assert one[name] == (pytest.approx(value, rel=1e-9) if is_number else value)
    plain = get(client, "passengers-vs-turnaround")
    filtered = get(client, "passengers-vs-turnaround", **always)
    assert plain["points"] == filtered["points"]
    for name in ("n", "r", "slope", "intercept"):
        assert filtered[name] == pytest.approx(plain[name])
    assert len(filtered["by_aircraft_type"]) == len(plain["by_aircraft_type"])


# --- filters --------------------------------------------------------------------------------------


def test_airlines_add_up_to_all(client: httpx.Client) -> None:
    rows = get(client, "airline-delays", limit=10_000)["rows"]
    totals = get(client, "snapshot")["totals"]
    for measure in MEASURES:
        assert sum(row[measure] for row in rows) == totals[measure]
    codes = [row["airline_iata"] for row in rows]
    two = [code for code in codes if code and code.isalnum()][:2]
    chosen = get(client, "airline-delays", airline=two)["rows"]
    assert sorted(row["airline_iata"] for row in chosen) == sorted(two)


def test_a_lower_case_code_is_the_same(client: httpx.Client) -> None:
    upper = get(client, "movements", airline="6E")["rows"]
    assert upper
    assert get(client, "movements", airline="6e")["rows"] == upper


def test_an_airports_arrivals_and_departures_are_all_its_flights(
    client: httpx.Client, root: Any
) -> None:
    hub = get(client, "snapshot")["airport"]["airport_iata"]
    assert hub == "AMD"
    parts = [
        sum(row["flights"] for row in get(client, "airline-delays", limit=999, **chosen)["rows"])
        for chosen in (
            {"airport": hub},
            {"airport": hub, "direction": "arrival"},
            {"airport": hub, "direction": "departure"},
        )
    ]
    assert parts[0] == parts[1] + parts[2] > 0
    (expected,) = ask(
        root, "SELECT count(*) AS n FROM fct_flight_legs WHERE arrival_airport_iata = 'AMD'"
    )
    assert parts[1] == expected["n"]
    assert (
        sum(r["flights"] for r in get(client, "airline-delays", direction="arrival")["rows"])
        == (parts[1])
    ), "a direction alone is the hub's"


def test_a_window_selects_by_scheduled_departure(client: httpx.Client, root: Any) -> None:
    window = {"from": "2026-03-01T01:00:00Z", "to": "2026-03-01T07:30:00+05:30"}
    rows = get(client, "airline-delays", limit=999, **window)["rows"]
    (expected,) = ask(
        root,
        "SELECT count(*) AS n FROM fct_flight_legs WHERE scheduled_departure_at >= '2026-03-01 "
        "01:00:00' AND scheduled_departure_at < '2026-03-01 02:00:00'",
    )
    assert sum(row["flights"] for row in rows) == expected["n"] > 0


def test_live_flights_are_filtered_like_the_rest(client: httpx.Client) -> None:
    rows = get(client, "live-flights", limit=10_000)["rows"]
    wanted = [row for row in rows if row["flight_status"] in {"en-route", "landed"}]
    answer = get(client, "live-flights", limit=10_000, status=["en-route", "landed"])
    assert answer["rows"] == wanted
    assert answer["active"] == sum(answer["by_status"].values()) == len(wanted) > 0


def test_a_flight_is_followed_by_every_figure(client: httpx.Client) -> None:
    (row,) = get(client, "live-flights", limit=1)["rows"]
    wanted = {"flight": row["flight_icao"].lower()}
    assert {one["flight_icao"] for one in get(client, "live-flights", **wanted)["rows"]} == {
        row["flight_icao"]
    }
    (airline,) = get(client, "airline-delays", **wanted)["rows"]
    assert airline["airline_iata"] == row["airline_iata"]
    legs = airline["flights"]
    ends = get(client, "movements", **wanted)["rows"]
    assert sum(end["departing_flights"] for end in ends) == legs
    assert get(client, "kpis", **wanted)["kpis"]["active_flights"]["value"] >= 1
    assert get(client, "passengers-vs-turnaround", **wanted)["n"] <= legs
    assert get(client, "delay-pairs", **wanted)["n"] <= legs
    assert sum(hour["flights"] for hour in get(client, "trends", **wanted)["rows"]) == legs
    assert get(client, "airline-delays", flight="NOSUCH")["rows"] == []


def test_pages_are_slices_of_the_whole(client: httpx.Client) -> None:
    whole = get(client, "movements", limit=10_000)
    page = get(client, "movements", limit=3, offset=2)
    assert page["rows"] == whole["rows"][2:5]
    assert page["total"] == whole["total"] == len(whole["rows"])
    assert get(client, "movements", limit=3, offset=10_000)["rows"] == []


def test_tiles_say_what_they_rest_on(client: httpx.Client, root: Any) -> None:
    kpis = get(client, "kpis")["kpis"]
    assert kpis == get(client, "snapshot")["kpis"]
    live = get(client, "live-flights", limit=10_000)["rows"]
    moving = [
        row["passenger_count"]
        for row in live
        if row["flight_status"] in {"departing", "en-route"} and row["passenger_count"] is not None
    ]
    assert kpis["active_flights"]["value"] == len(live)
    assert kpis["passengers_in_motion"]["value"] == sum(moving) > 0
    assert kpis["passengers_in_motion"]["n"] == len(moving)
    (legs,) = ask(
        root,
        """
        SELECT
            count(*) FILTER (departure_delay_minutes < 15 AND NOT is_cancelled) AS on_time,
            count(*) FILTER (is_departed OR is_cancelled) AS n,
            avg(departure_delay_minutes) AS mean
        FROM fct_flight_legs, rpt_watermark
        WHERE scheduled_departure_at BETWEEN watermark_at - INTERVAL 24 HOUR AND watermark_at
        """,
    )
    assert kpis["d15"]["n"] == legs["n"] > 0
    assert kpis["d15"]["value"] == pytest.approx(legs["on_time"] / legs["n"])
    assert kpis["mean_departure_delay_minutes"]["value"] == pytest.approx(legs["mean"])
    for tile in kpis.values():
        assert len(tile["trend"]) == 24
        assert tile["definition"].endswith(".")
    flights = [point["value"] for point in kpis["flights_today"]["trend"]]
    assert sum(flights) > 0


def test_tiles_follow_the_filters(client: httpx.Client) -> None:
    kpis = get(client, "kpis", airline="6E")["kpis"]
    rows = get(client, "live-flights", limit=10_000, airline="6E")["rows"]
    assert kpis["active_flights"]["value"] == len(rows) > 0
    nothing = get(client, "kpis", airline="ZZ")["kpis"]
    assert nothing["active_flights"]["value"] == 0
    assert nothing["d15"] == kpis["d15"] | {
        "value": None,
        "n": 0,
        "trend": [point | {"value": None} for point in kpis["d15"]["trend"]],
    }, "null is not zero"


# --- trends ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("by", ["hour", "day", "hour_of_day"])
@pytest.mark.parametrize("group", ["none", "airline", "airport"])
def test_every_leg_is_in_one_bucket(client: httpx.Client, root: Any, by: str, group: str) -> None:
    window = {"from": "2026-02-01T00:00:00Z", "to": "2026-04-01T00:00:00Z"}
    answer = get(client, "trends", by=by, group=group, top=100, limit=10_000, **window)
    (legs,) = ask(
        root,
        "SELECT count(*) AS legs, count(actual_departure_at) AS departures,"
        " count(actual_arrival_at) AS arrivals FROM fct_flight_legs"
        " WHERE scheduled_departure_at BETWEEN '2026-02-01' AND '2026-04-01'",
    )
    ends = 2 if group == "airport" else 1
    assert sum(row["flights"] for row in answer["rows"]) == ends * legs["legs"]
    assert sum(row["departures"] for row in answer["rows"]) == legs["departures"]
    assert sum(row["arrivals"] for row in answer["rows"]) == legs["arrivals"]
    buckets = [(row["at"], row["hour"]) for row in answer["rows"]]
    assert [bucket[0] is None for bucket in buckets] == [by == "hour_of_day"] * len(buckets)
    assert answer["zone"] == ("Asia/Kolkata" if by == "hour_of_day" else "UTC")
    if group == "none":
        assert len(set(buckets)) == len(buckets)
        assert buckets == sorted(buckets)


def test_a_window_is_of_each_ends_own_schedule(client: httpx.Client, root: Any) -> None:
    window = {"from": "2026-03-01T01:00:00Z", "to": "2026-03-01T03:00:00Z"}
    rows = get(client, "trends", by="hour", limit=10_000, **window)["rows"]
    assert [row["at"][11:16] for row in rows] == ["01:00", "02:00"]
    for row in rows:
        (expected,) = ask(
            root,
            "SELECT count(actual_departure_at)"
            f" FILTER (date_trunc('hour', scheduled_departure_at) = TIMESTAMP '{row['at'][:-1]}')"
            " AS departures, count(actual_arrival_at)"
            f" FILTER (date_trunc('hour', scheduled_arrival_at) = TIMESTAMP '{row['at'][:-1]}')"
            " AS arrivals FROM fct_flight_legs",
        )
        assert {name: row[name] for name in expected} == expected
        assert expected["arrivals"] > 0


@pytest.mark.parametrize("chosen", [{"airport": ["AMD", "BOM"]}, {"airport": "BOM"}, {}])
def test_a_leg_counts_once_also_where_both_its_ends_are_chosen(
    client: httpx.Client, chosen: dict[str, Any]
) -> None:
    window = {"from": "2026-02-01T00:00:00Z", "to": "2026-04-01T00:00:00Z"}
    rows = get(client, "trends", by="day", group="none", **chosen, **window)["rows"]
    legs = get(client, "airline-delays", limit=10_000, **chosen)["rows"]
    for name in ("flights", "cancelled"):
        assert sum(row[name] for row in rows) == sum(row[name] for row in legs)
    assert legs


@pytest.mark.parametrize("by", ["hour", "day"])
def test_where_no_window_is_chosen_buckets_are_whole(root: Any, by: trends.By) -> None:
    with open_reader(DataDir(root)) as reader:
        begins_amid = datetime(2026, 3, 1, 1, 30) + trends.WINDOWS[by]  # noqa: DTZ001 - event time
        (first, *_) = trends.trends(
            reader, Filters(), by=by, group_by="none", top=1, zone="UTC", watermark=begins_amid
        ).to_pylist()
    (expected,) = ask(
        root,
        "SELECT count(*) AS flights FROM fct_flight_legs"
        f" WHERE date_trunc('{by}', scheduled_departure_at) = TIMESTAMP '{first['at']}'",
    )
    assert first["flights"] == expected["flights"] > 0


def test_an_hour_of_the_day_is_the_hubs(client: httpx.Client, root: Any) -> None:
    rows = get(client, "trends", by="hour_of_day", **{"from": "2026-02-01", "to": "2026-04-01"})
    (expected,) = ask(
        root,
        "SELECT count(*) AS n FROM fct_flight_legs WHERE extract(hour FROM scheduled_departure_at"
        " + INTERVAL '5 hours 30 minutes') = 7"
        " AND scheduled_departure_at BETWEEN '2026-02-01' AND '2026-04-01'",
    )
    (seven,) = [row for row in rows["rows"] if row["hour"] == 7]
    assert seven["flights"] == expected["n"] > 0


@pytest.mark.parametrize("group", ["none", "airport"])
def test_trends_say_what_they_rest_on(client: httpx.Client, root: Any, group: str) -> None:
    window = {"from": "2026-02-01T00:00:00Z", "to": "2026-04-01T00:00:00Z"}
    rows = get(client, "trends", by="day", group=group, top=100, limit=10_000, **window)["rows"]
    (legs,) = ask(
        root,
        """
        SELECT
            count(*) FILTER (is_departed OR is_cancelled) AS d15_n,
            count(*) FILTER (departure_delay_minutes < 15 AND NOT is_cancelled) AS on_time_out,
            count(*) FILTER (is_landed OR is_cancelled OR is_diverted) AS a15_n,
            count(*) FILTER (
                arrival_delay_minutes < 15 AND NOT is_cancelled AND NOT is_diverted
            ) AS on_time_in,
            count(passenger_count) FILTER (is_departed) AS departed,
            count(passenger_count) FILTER (is_landed) AS landed
        FROM fct_flight_legs
        WHERE scheduled_departure_at BETWEEN '2026-02-01' AND '2026-04-01'
        """,
    )
    for name, on_time in (("d15", "on_time_out"), ("a15", "on_time_in")):
        assert sum(row[f"{name}_n"] for row in rows) == legs[f"{name}_n"] > 0
        hits = sum((row[name] or 0) * row[f"{name}_n"] for row in rows)
        assert hits == pytest.approx(legs[on_time])
        assert {row[name] is None for row in rows if row[f"{name}_n"] == 0} <= {True}
    both_ends = legs["landed"] if group == "airport" else 0
    assert sum(row["passengers_n"] for row in rows) == legs["departed"] + both_ends


def test_only_the_largest_groups_are_given(client: httpx.Client) -> None:
    rows = get(client, "trends", group="airline", top=2)["rows"]
    assert len({row["group"] for row in rows}) == 2


# --- legs and records -----------------------------------------------------------------------------


def test_a_leg_has_its_timeline_and_the_records_behind_it(client: httpx.Client) -> None:
    row = max(get(client, "live-flights", limit=10_000)["rows"], key=lambda row: row["events"])
    answer = get(client, f"legs/{row['leg_key']}", limit=10_000)
    leg = answer["leg"]
    assert {name: leg[name] for name in row} == row
    events = answer["events"]
    assert answer["total_events"] == len(events) == row["events"]
    assert [event["event_at"] for event in events] == sorted(event["event_at"] for event in events)
    last = {change["field"]: change["to"] for event in events for change in event["changes"]}
    assert last["flight_status"] == leg["flight_status"]
    assert last["tail_number"] == leg["tail_number"]
    first = {change["field"] for change in events[0]["changes"] if change["from"] is None}
    assert "flight_status" in first
    assert answer["departure_airport"]["airport_iata"] == leg["departure_airport_iata"]

    records = get(client, f"legs/{row['leg_key']}/records", limit=200)
    assert records["total"] == row["events"]
    assert all(record["origin"] == "archive" for record in records["rows"])
    by_id = {event["event_id"]: event for event in events}
    for record in records["rows"]:
        assert record["event_id"] in record["payload"]
        assert record["event_id"] in by_id


def test_the_newest_events_are_kept_where_there_are_too_many(client: httpx.Client) -> None:
    row = max(get(client, "live-flights", limit=10_000)["rows"], key=lambda row: row["events"])
    answer = get(client, f"legs/{row['leg_key']}", limit=2)
    assert len(answer["events"]) == 2
    assert answer["total_events"] == row["events"] > 2


def test_an_unknown_leg_is_not_found(client: httpx.Client) -> None:
    for path in ("legs/" + "0" * 32, "legs/" + "0" * 32 + "/records"):
        answer = client.get(f"{API}/{path}")
        assert answer.status_code == 404
        assert "0" * 32 in answer.json()["detail"]


def test_samples_of_the_quarantine_are_text(client: httpx.Client) -> None:
    status = get(client, "status")
    whole = get(client, "quarantine", limit=1_000)
    assert whole["total"] == status["quarantined"] > 0
    for reason, records in status["reasons"].items():
        rows = get(client, "quarantine", reason=reason, limit=1_000)
        assert rows["total"] == records
        assert {row["reason"] for row in rows["rows"]} == {reason}
        assert all(reason in row["reasons"] for row in rows["rows"])
    assert SCRIPT in next(row["payload"] for row in whole["rows"] if SCRIPT in row["payload"])


def test_quality_adds_up_to_the_account(client: httpx.Client) -> None:
    rows = get(client, "quality", limit=10_000)["rows"]
    status = get(client, "status")
    verdicts = {row["name"]: 0 for row in rows if row["kind"] == "verdict"}
    for row in rows:
        if row["kind"] == "verdict":
            verdicts[row["name"]] += row["records"]
    assert verdicts["clean"] == status["clean"]
    assert verdicts["quarantined"] == status["quarantined"]
    total = get(client, "quality", by="total")["rows"]
    assert {row["arrived_date"] for row in total} == {None}
    counted: Counter[tuple[str, str]] = Counter()
    for row in rows:
        counted[row["kind"], row["name"]] += row["records"]
    assert {(row["kind"], row["name"]): row["records"] for row in total} == counted
    received = status["clean"] + status["quarantined"] + status["duplicates"]
    for row in total:
        assert row["received"] == received
        assert row["share_of_received"] == pytest.approx(row["records"] / received)


# --- formats --------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", sorted(TABLES))
def test_a_table_is_the_same_in_every_format(client: httpx.Client, path: str) -> None:
    document = client.get(f"{API}/{path}", params={"limit": 500}).json()
    TABLES[path].model_validate(document)
    rows = document["rows"]
    assert rows
    text = client.get(f"{API}/{path}", params={"limit": 500, "format": "csv"})
    assert text.headers["content-type"].startswith("text/csv")
    assert f'filename="{path}.csv"' in text.headers["content-disposition"]
    read = list(csv.DictReader(io.StringIO(text.text, newline="")))
    assert [list(row) for row in read] == [list(row) for row in rows]
    arrow = client.get(
        f"{API}/{path}",
        params={"limit": 500},
        headers={"accept": "application/vnd.apache.arrow.stream"},
    )
    table = pa.ipc.open_stream(arrow.content).read_all()
    assert table.num_rows == len(rows)
    assert table.column_names == list(rows[0])


@pytest.mark.parametrize("path", ["passengers-vs-turnaround", "delay-pairs"])
def test_a_chart_gives_its_points(client: httpx.Client, path: str) -> None:
    points = get(client, path)["points"]
    text = client.get(f"{API}/{path}", headers={"accept": "text/csv"}).text
    assert len(list(csv.DictReader(io.StringIO(text)))) == len(points) > 0
    assert points == get(client, path)["points"], "the same sample each time"


def test_snapshot_leg_and_status_have_their_shapes(client: httpx.Client) -> None:
    snapshot = get(client, "snapshot")
    schemas.Snapshot.model_validate(snapshot)
    key = snapshot["live"]["flights"][0]["leg_key"]
    schemas.LegAnswer.model_validate(get(client, f"legs/{key}"))
    schemas.RecordsAnswer.model_validate(get(client, f"legs/{key}/records"))
    schemas.StatusAnswer.model_validate(get(client, "status"))
    schemas.KpisAnswer.model_validate(get(client, "kpis"))
    schemas.PassengersVsTurnaroundAnswer.model_validate(get(client, "passengers-vs-turnaround"))
    schemas.DelayPairsAnswer.model_validate(get(client, "delay-pairs"))


def test_answers_are_compressed_for_those_who_take_it(client: httpx.Client) -> None:
    path = f"{API}/live-flights"
    small = client.get(path, headers={"accept-encoding": "gzip"})
    large = client.get(path, headers={"accept-encoding": "identity"})
    refused = client.get(path, headers={"accept-encoding": "gzip;q=0"})
    assert small.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in large.headers
    assert "content-encoding" not in refused.headers
    assert small.json()["rows"] == large.json()["rows"]


# --- hostile text ---------------------------------------------------------------------------------


def test_scripts_travel_as_text_and_nothing_is_html(client: httpx.Client) -> None:
    upper = SCRIPT.upper()
    rows = get(client, "live-flights", limit=10_000)["rows"]
    (row,) = [row for row in rows if row["flight_icao"] == upper]
    assert row["airline_iata"] == row["tail_number"] == row["aircraft_type"] == upper
    assert row["weather_conditions"] == SCRIPT
    leg = client.get(f"{API}/legs/{row['leg_key']}")
    assert leg.headers["content-type"] == "application/json"
    assert leg.headers["x-content-type-options"] == "nosniff"
    assert leg.json()["events"][0]["source_system_id"] == SCRIPT


def test_an_airline_can_be_chosen_whatever_its_name_is(client: httpx.Client) -> None:
    whole = get(client, "airline-delays", limit=10_000)["rows"]
    assert SCRIPT.upper() in {row["airline_iata"] for row in whole}
    for row in whole:
        chosen = get(client, "airline-delays", airline=row["airline_iata"] or "none")["rows"]
        assert chosen == [row]


@pytest.mark.parametrize("value", ["\x00", "x" * 5_000])
def test_a_name_has_bounds(client: httpx.Client, value: str) -> None:
    for name in ("airline", "flight"):
        assert client.get(f"{API}/live-flights", params={name: value}).status_code == 422


@pytest.mark.parametrize("value", [SCRIPT, "' OR 1=1 --", "../../etc/passwd", "\x00", "x" * 5_000])
def test_no_parameter_reaches_further_than_its_kind(client: httpx.Client, value: str) -> None:
    for name in ("airport", "status", "direction", "from", "limit", "format"):
        answer = client.get(f"{API}/live-flights", params={name: value})
        assert answer.status_code == 422
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["errors"]
    answer = client.get(f"{API}/legs/{quote(value, safe='')}")
    assert answer.status_code in {404, 422}


# --- health, metrics, documents -------------------------------------------------------------------


def test_health_and_metrics(client: httpx.Client) -> None:
    assert client.get("/healthz").json() == {"status": "ok"}
    assert client.get("/readyz").json() == {"status": "ready"}
    status = get(client, "status")
    text = client.get("/metrics").text
    assert f"airside_records_received_total {float(status['received'])}" in text
    assert f'airside_records_judged_total{{verdict="clean"}} {float(status["clean"])}' in text
    assert "airside_balanced 1.0" in text
    stored = {part["name"]: part for part in status["storage"]}
    assert f'airside_storage_files{{part="silver"}} {float(stored["silver"]["files"])}' in text
    assert 'airside_storage_limit_bytes{part="stream"} 1e+10' in text
    assert f'airside_kept{{kind="staging_rows"}} {float(status["clean"])}' in text
    assert 'airside_kept_limit{kind="dedupe_ids"} 6e+06' in text
    assert 'airside_http_requests_total{method="GET",route="/api/v1/status",status="200"}' in text


def test_metrics_do_not_grow_with_what_people_type(client: httpx.Client) -> None:
    for number in range(20):
        client.get(f"/typed/{number}")
        client.get(f"{API}/typed/{number}")
        client.request(f"TYPED{number}", "/")
    assert "typed" not in client.get("/metrics").text.lower()


def test_the_documentation_needs_nothing_from_outside(client: httpx.Client) -> None:
    page = client.get("/docs")
    assert page.status_code == 200
    assert "http://" not in page.text
    assert "https://" not in page.text
    assert "<script>" not in page.text, "no script within the page"
    assert client.get("/docs.js").headers["content-type"].startswith("text/javascript")
    document = client.get("/openapi.json").json()
    assert f"{API}/live-flights" in document["paths"]


@pytest.mark.parametrize("path", [f"{API}/", f"{API}/nothing", f"{API}/sql"])
def test_what_is_not_there_is_a_problem(client: httpx.Client, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 404
    assert answer.json()["title"] == "Not found"


def test_a_wrong_method_is_a_problem(client: httpx.Client) -> None:
    for method, path in (
        ("DELETE", "snapshot"),
        ("GET", "events"),
        ("HEAD", "events"),
        ("HEAD", "stream"),
        ("POST", "live-flights"),
    ):
        answer = client.request(method, f"{API}/{path}")
        assert answer.status_code == 405, (method, path)
        assert answer.headers["content-type"] == "application/problem+json"


def test_head_is_answered_as_get_is_without_a_body(client: httpx.Client) -> None:
    for path in ("/", "/healthz", "/readyz", "/metrics", "/docs", f"{API}/kpis", f"{API}/nothing"):
        asked, head = client.get(path), client.head(path)
        assert (head.status_code, head.content) == (asked.status_code, b""), path
        assert head.headers["content-type"] == asked.headers["content-type"]
