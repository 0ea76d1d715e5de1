import json
import re

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from airside.events.vocabulary import QUARANTINE_REASONS
from airside.silver.explain import MAX_DETAIL_CHARS, explain


@pytest.mark.parametrize(
    ("payload", "reason", "detail"),
    [
        (b'{"a": "\xff"}\n', "not_utf8", "byte 0xff at offset 7 is not UTF-8"),
        (b"\n", "not_json", "the record is empty"),
        (b" \t\r\n", "not_json", "the record is empty"),
        (
            b'{"a": 1\n',
            "not_json",
            "not JSON at byte 7, at the end: unexpected end of data",
        ),
        (
            b"{'a': 1}\n",
            "not_json",
            "not JSON at byte 1, before `'a': 1}`: unexpected character, expected a string key",
        ),
        # What the contract forgives is not the fault, and bytes count, not characters.
        (
            '{"é": NaN, "b": -inf, "c": [1,], "d": tru}\n'.encode(),
            "not_json",
            "not JSON at byte 39, before `tru}`: invalid literal, expected 'true'",
        ),
        (b"[]\n", "not_object", "$ is an array"),
        (b" null\n", "not_object", "$ is null"),
        (b'"{}"\n', "not_object", "$ is a string"),
        (b"-inf\n", "not_object", "$ is a number"),
        (b"true\n", "not_object", "$ is a boolean"),
        (b"{}\n", "missing_event_id", "$.event_id is missing"),
        (b'{"event_id": null}\n', "missing_event_id", "$.event_id is null"),
        (b'{"event_id": " "}\n', "missing_event_id", '$.event_id " " is blank'),
        (b'{"event_id": []}\n', "missing_event_id", "$.event_id is an array"),
        (b"{}\n", "missing_flight", "$.flight_details is missing"),
        (b'{"flight_details": 5}\n', "missing_flight", "$.flight_details is a number"),
        (
            b'{"flight_details": {}, "flight_details": {"flight_icao": 1}}\n',
            "missing_flight",
            "$.flight_details.flight_icao is missing",
        ),
        (
            b'{"event_timestamp": 12.50}\n',
            "bad_event_timestamp",
            (
                "$.event_timestamp 12.50 is no instant from 2000 to 2099 as ISO 8601 with a `T`,"
                " Unix seconds or milliseconds, or dd/Mon/yyyy hh:mm:ss"
            ),
        ),
        (
            b'{"route_info": {"departure_airport_iata": "bom", "arrival_airport_iata": "B0M"}}\n',
            "bad_route",
            '$.route_info.arrival_airport_iata "B0M" is not three letters',
        ),
        (
            b'{"live_telemetry": {"flight_status": "taxi\\u001bing"},}\n',
            "bad_status",
            (
                '$.live_telemetry.flight_status "taxi\\u001bing" is none of scheduled, boarding,'
                " departing, en-route, landed, diverted, cancelled"
            ),
        ),
    ],
)
def test_details(payload: bytes, reason: str, detail: str) -> None:
    assert explain(payload, [reason]) == detail


def schedule(departure: object, arrival: object) -> bytes:
    return json.dumps(
        {
            "route_info": {
                "scheduled_departure_utc": departure,
                "scheduled_arrival_utc": arrival,
            }
        }
    ).encode()


def test_a_schedule_names_the_time_that_is_wrong() -> None:
    good, bad = "2025-09-24T18:00:00", "2025-09-24 19:00:00"

    assert explain(schedule(good, bad), ["bad_schedule"]) == (
        f'$.route_info.scheduled_arrival_utc "{bad}" is no ISO 8601 time from 2000 to 2099'
    )
    assert explain(schedule(None, good), ["bad_schedule"]) == (
        "$.route_info.scheduled_departure_utc is null"
    )
    assert explain(schedule(good, "2025-09-24T19:00:00+05:30"), ["bad_schedule"]) == (
        '$.route_info.scheduled_arrival_utc "2025-09-24T19:00:00+05:30" is not after'
        f' $.route_info.scheduled_departure_utc "{good}"'
    )


def test_every_reason_gets_a_clause() -> None:
    reasons = ["missing_event_id", "bad_status"]

    assert explain(b"{}", reasons) == "$.event_id is missing; $.live_telemetry is missing"


def test_long_values_and_details_are_shortened() -> None:
    long = explain(
        json.dumps({"live_telemetry": {"flight_status": "x" * 5000}}).encode(), ["bad_status"]
    )
    deep = explain(schedule("é" * 900, "\0" * 900), ["bad_schedule"] * 9)

    assert re.search(r'"x{30,100}… is none of', long)
    assert len(deep) == MAX_DETAIL_CHARS
    assert deep.endswith("…")


@settings(deadline=None)  # a busy machine is no failure
@given(
    payload=st.one_of(
        st.binary(),
        st.text().map(str.encode),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
            lambda inner: (
                st.lists(inner, max_size=3)
                | st.dictionaries(
                    st.sampled_from(
                        ["event_id", "route_info", "live_telemetry", "scheduled_arrival_utc"]
                    ),
                    inner,
                    max_size=3,
                )
            ),
        ).map(lambda value: json.dumps(value).encode()),
    ),
    reasons=st.lists(st.sampled_from(QUARANTINE_REASONS), min_size=1, max_size=4),
)
@example(payload=b"[" * 200_000, reasons=["not_json"])
@example(payload=b"[" * 200_000 + b"]" * 200_000, reasons=["not_object"])
@example(payload=b'{"x":' + b"[" * 200_000 + b"]" * 200_000 + b"}", reasons=["missing_event_id"])
@example(payload=b'{"event_id":' + b"9" * 10_000 + b"}", reasons=["bad_event_timestamp"])
@example(payload=b'"' + b'\\"' * 300_000, reasons=["not_json"])
@example(payload=b'{"a":"' + b'\\"' * 300_000, reasons=["bad_status"])
@example(
    payload=schedule("9999-12-31T23:59:59-23:59", "0001-01-01T00:00:00+23:59"),
    reasons=["bad_schedule"],
)
def test_it_never_raises_and_is_one_line(payload: bytes, reasons: list[str]) -> None:
    detail = explain(payload, reasons)

    assert detail
    assert len(detail) <= MAX_DETAIL_CHARS
    assert detail.isprintable()
    assert detail == explain(payload, reasons)
