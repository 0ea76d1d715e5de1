"""Edge cases of the event contract, each against the SQL as the kernel runs it."""

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from copy import deepcopy
from datetime import datetime
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from airside.events import FLIGHT_EVENTS
from airside.events.vocabulary import (
    FLIGHT_STATUSES,
    QUALITY_FLAGS,
    QUARANTINE_REASONS,
    STATUS_SYNONYMS,
)
from airside.silver.kernel import RECORDS, Kernel

SAMPLE: dict[str, Any] = {
    "event_id": "a1b2c3d4-e5f6-4a5b-8c9d-012345abcdef",
    "event_timestamp": "24/Sep/2025 18:15:30",
    "source_system_id": "simulator-v8.0-time-compressed",
    "flight_details": {"flight_icao": "6E1234", "airline_iata": "6E", "tail_number": "VT-ABC"},
    "route_info": {
        "departure_airport_iata": "BOM",
        "arrival_airport_iata": "AMD",
        "departure_gate": "A12",
        "arrival_gate": "C8",
        "scheduled_departure_utc": "2025-09-24T18:00:00",
        "scheduled_arrival_utc": "2025-09-24T19:00:00",
        "actual_departure_utc": "2025-09-24T18:05:00",
        "actual_arrival_utc": None,
    },
    "operational_data": {
        "taxi_time_minutes": 15,
        "turnaround_time_minutes": None,
        "runway_in_use": "27R",
        "passenger_count": 180,
        "baggage_count": 210,
        "security_wait_time_minutes": 25,
        "aircraft_type": "A320",
        "weather_conditions": "Clear",
    },
    "live_telemetry": {
        "location_str": "19.0886;72.8679",
        "altitude_ft": 35000,
        "ground_speed_kts": 455,
        "vertical_speed_fps": None,
        "heading": None,
        "flight_status": " en-route ",
    },
}
MISSING = object()
SECTIONS = {
    field: section
    for section, fields in SAMPLE.items()
    if isinstance(fields, dict)
    for field in fields
}

Read = Callable[[Sequence[bytes]], list[dict[str, Any]]]


@pytest.fixture(scope="module")
def read() -> Iterator[Read]:
    with duckdb.connect(config={"threads": 2}) as connection:
        kernel = Kernel(connection)

        def run(payloads: Sequence[bytes]) -> list[dict[str, Any]]:
            return kernel.to_arrow(table(payloads)).to_pylist()

        yield run


def table(payloads: Sequence[bytes]) -> pa.Table:
    count = len(payloads)
    return pa.table(
        [
            pa.array(["shard-0"] * count, pa.string()),
            pa.array([f"{number:020}" for number in range(count)], pa.string()),
            pa.array([at("2025-09-24T18:15:31")] * count, pa.timestamp("us")),
            pa.array([payload + b"\n" for payload in payloads], pa.binary()),
        ],
        schema=RECORDS,
    )


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def event(**changes: Any) -> bytes:
    """The sample with fields, wherever they stand, set to other values or left out."""
    record = deepcopy(SAMPLE)
    for field, value in changes.items():
        holder = record[SECTIONS[field]] if field in SECTIONS else record
        if value is MISSING:
            del holder[field]
        else:
            holder[field] = value
    return json.dumps(record).encode()


def raw(field: str, literal: str) -> bytes:
    """The sample with a field's value written as given, JSON or not."""
    return event(**{field: "@@"}).replace(b'"@@"', literal.encode())


def test_the_contracts_sample(read: Read) -> None:
    (row,) = read([event()])

    assert row == {
        "event_id": "a1b2c3d4-e5f6-4a5b-8c9d-012345abcdef",
        "event_at": at("2025-09-24T18:15:30"),
        "source_system_id": "simulator-v8.0-time-compressed",
        "leg_key": "4be4d0bd9150261d67401754da41aab3",
        "flight_icao": "6E1234",
        "airline_iata": "6E",
        "tail_number": "VT-ABC",
        "aircraft_type": "A320",
        "departure_airport_iata": "BOM",
        "arrival_airport_iata": "AMD",
        "departure_gate": "A12",
        "arrival_gate": "C8",
        "scheduled_departure_at": at("2025-09-24T18:00:00"),
        "scheduled_arrival_at": at("2025-09-24T19:00:00"),
        "estimated_departure_at": None,
        "estimated_arrival_at": None,
        "actual_departure_at": at("2025-09-24T18:05:00"),
        "actual_arrival_at": None,
        "departure_delay_minutes": 5.0,
        "arrival_delay_minutes": None,
        "taxi_time_minutes": 15,
        "turnaround_time_minutes": None,
        "passenger_count": 180,
        "baggage_count": 210,
        "security_wait_time_minutes": 25,
        "runway_in_use": "27R",
        "weather_conditions": "Clear",
        "latitude": 19.0886,
        "longitude": 72.8679,
        "altitude_ft": 35000,
        "ground_speed_kts": 455,
        "vertical_speed_fps": None,
        "heading": None,
        "flight_status": "en-route",
        "quality_flags": [],
        "shard_id": "shard-0",
        "sequence_number": "0" * 20,
        "arrived_at": at("2025-09-24T18:15:31"),
        "reason": None,
        "reasons": None,
    }


def test_columns_and_types_are_the_feeds() -> None:
    with duckdb.connect() as connection:
        Kernel(connection).read(table([event(), b"[]"]), into="batch")
        described = connection.execute("DESCRIBE batch").fetchall()

    assert [(name, kind) for name, kind, *_ in described] == [
        *((column.name, column.type) for column in FLIGHT_EVENTS.columns),
        ("reason", "VARCHAR"),
        ("reasons", "VARCHAR[]"),
    ]


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (b"\xff" + event(), "not_utf8"),
        (event()[:-1] + b"\xc3}", "not_utf8"),
        (b'{"a": "\xed\xa0\x80"}', "not_utf8"),  # a surrogate, encoded
        (b'{"a": "\xc0\x80"}', "not_utf8"),  # an overlong U+0000
        (b"", "not_json"),
        (b"   ", "not_json"),
        (event()[:-1], "not_json"),
        (event() + b" {}", "not_json"),
        (event() + b"\x00", "not_json"),
        (b"\x00" + event(), "not_json"),
        (event().replace(b'"', b"'"), "not_json"),
        (event().replace(b"BOM", b"B\x00M"), "not_json"),
        (event().replace(b"BOM", b"B\tM"), "not_json"),
        (b"\xef\xbb\xbf" + event(), "not_json"),
        (event(event_id="@").replace(b"@", rb"\ud800"), "not_json"),
        (b'{"a": 01}', "not_json"),
        (b"[" * 100_000, "not_json"),
        (b"[" * 100_000 + b"]" * 100_000, "not_object"),
        (b"[]", "not_object"),
        (b"42", "not_object"),
        (b"null", "not_object"),
        (b"NaN", "not_object"),
        (b'"{}"', "not_object"),
        (b"[" + event() + b"]", "not_object"),
    ],
)
def test_what_is_no_object_has_that_reason_alone(read: Read, payload: bytes, reason: str) -> None:
    (row,) = read([payload])

    assert (row["reason"], row["reasons"]) == (reason, [reason])


@pytest.mark.parametrize(
    "payload",
    [
        b" \t\r" + event() + b" \r",
        event()[:-1] + b',"x": NaN, "y": -Infinity, "z": inf, "l": [1,2,],}',
        event(event_id="@").replace(b"@", rb"\ud83d\ude00"),
        event()[:-1] + b', "extra": ' + b"[" * 2000 + b"]" * 2000 + b"}",
        event()[:-1] + b', "event_id": null, "live_telemetry": 5}',  # the first of a key counts
        event(event_id="é\u2028\x7f"),
    ],
)
def test_what_the_contract_forgives(read: Read, payload: bytes) -> None:
    assert read([payload])[0]["reason"] is None


def test_all_reasons_that_apply_are_kept_in_order(read: Read) -> None:
    (empty, flight, none) = read([b"{}", event(flight_icao=" ", flight_status="taxiing"), event()])

    assert empty["reasons"] == list(QUARANTINE_REASONS[3:])
    assert empty["reason"] == QUARANTINE_REASONS[3]
    assert flight["reasons"] == ["missing_flight", "bad_status"]
    assert none["reasons"] is None


def test_a_quarantined_row_claims_nothing(read: Read) -> None:
    (row,) = read([event(flight_status="taxiing", heading=-1)])
    kept = ("shard_id", "sequence_number", "arrived_at", "reason", "reasons")

    assert {name: row[name] for name in row if name not in kept and row[name] is not None} == {}
    assert all(row[name] is not None for name in kept)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"event_id": MISSING}, "missing_event_id"),
        ({"event_id": None}, "missing_event_id"),
        ({"event_id": " \t\n\v\f\r\0 "}, "missing_event_id"),
        ({"event_id": {"a": 1}}, "missing_event_id"),
        ({"event_id": ["a"]}, "missing_event_id"),
        ({"flight_details": "6E1234"}, "missing_flight"),
        ({"flight_details": [{"flight_icao": "6E1234"}]}, "missing_flight"),
        ({"flight_icao": {}}, "missing_flight"),
        ({"route_info": None}, "bad_route"),
        ({"departure_airport_iata": "B0M"}, "bad_route"),
        ({"departure_airport_iata": "BOMX"}, "bad_route"),
        ({"arrival_airport_iata": "ÄMD"}, "bad_route"),
        ({"arrival_airport_iata": "A MD"}, "bad_route"),
        ({"arrival_airport_iata": ["AMD"]}, "bad_route"),
        ({"arrival_airport_iata": 123}, "bad_route"),
        ({"scheduled_departure_utc": None}, "bad_schedule"),
        ({"scheduled_arrival_utc": "2025-09-24T18:00:00"}, "bad_schedule"),
        ({"scheduled_arrival_utc": "2025-09-24T20:00:00+05:30"}, "bad_schedule"),
        ({"scheduled_arrival_utc": "24/Sep/2025 19:00:00"}, "bad_schedule"),
        ({"scheduled_arrival_utc": 1758740400}, "bad_schedule"),
        ({"flight_status": "en_route"}, "bad_status"),
        ({"flight_status": ""}, "bad_status"),
        ({"flight_status": ["landed"]}, "bad_status"),
        ({"live_telemetry": "landed"}, "bad_status"),
    ],
)
def test_single_fatal_faults(read: Read, changes: dict[str, Any], reason: str) -> None:
    assert read([event(**changes)])[0]["reason"] == reason


TIMES = {
    "2025-09-24T18:15:30": "2025-09-24T18:15:30",
    "2025-09-24T18:15:30Z": "2025-09-24T18:15:30",
    "2025-09-24T18:15": "2025-09-24T18:15:00",
    "2025-09-24T18:15Z": "2025-09-24T18:15:00",
    "2025-09-24T18:15+05": "2025-09-24T13:15:00",
    "2025-09-24T18:15:30+05:30": "2025-09-24T12:45:30",
    "2025-09-24T18:15:30-0530": "2025-09-24T23:45:30",
    "2025-09-24T18:15:30+23:59": "2025-09-23T18:16:30",
    "2025-09-24T18:15:30-23:59": "2025-09-25T18:14:30",
    "2025-09-24T18:15:30.1234567Z": "2025-09-24T18:15:30.123456",
    "2025-09-24T18:15:30.9999999": "2025-09-24T18:15:30.999999",
    "2025-09-24T18:15:30.5+01": "2025-09-24T17:15:30.500000",
    "2025-09-24T18:15:30." + "1" * 300: "2025-09-24T18:15:30.111111",
    " \t2025-09-24T18:15:30\r\n": "2025-09-24T18:15:30",
    "2025-09-\x0024T18:15:30": "2025-09-24T18:15:30",
    "2000-01-01T00:00:00": "2000-01-01T00:00:00",
    "2099-12-31T23:59:59.999999": "2099-12-31T23:59:59.999999",
    "2100-01-01T00:59:59.999999+01:00": "2099-12-31T23:59:59.999999",
    "1999-12-31T23:00:00-01:00": "2000-01-01T00:00:00",
    "2024-02-29T00:00:00": "2024-02-29T00:00:00",
}
NO_TIMES = [
    "2025-09-24",
    "2025-09-24 18:15:30",
    "2025-09-24t18:15:30",
    "2025-09-24T18:15:30z",
    "2025-09-24T24:00:00",
    "2025-09-24T23:59:60",
    "2025-09-24T18",
    "2025-09-24T18:15:30.",
    "2025-09-24T18:15.5",
    "2025-09-24T18:15:30+24:00",
    "2025-09-24T18:15:30+05:60",
    "2025-09-24T18:15:30+5",
    "2025-09-24T18:15:30+053",
    "2025-09-24T18:15:30 Z",
    "2025-09-24T18:15:30UTC",
    "2025-09-24T18:15:30ZZ",
    "2025-9-24T18:15:30",
    "2025-09-24T18:15:3",
    "2025-09-24T18:15:3 ",
    "2025-09-24T18:15:3\t",
    "2025-09-24T18:15:3Z",
    " 2025-09-4T18:15:30",
    "2025-09-24T8:15:30Z",
    "+2025-09-24T18:15:30",
    "2025-02-29T00:00:00",
    "2025-13-01T00:00:00",
    "2025-00-01T00:00:00",
    "0000-01-01T00:00:00",
    "1999-12-31T23:59:59.999999",
    "2000-01-01T00:00:00+00:01",
    "2100-01-01T00:00:00",
    "2099-12-31T23:59:59-01:00",
    "\u0662\u0660\u0662\u0665-09-24T18:15:30",
    "2025-09-24T18:15:30\u00a0",
    "Tuesday",
    "T",
    "true",
]


def test_times(read: Read) -> None:
    for row, expected in zip(
        read([event(event_timestamp=text) for text in TIMES]), TIMES.values(), strict=True
    ):
        assert row["event_at"] == at(expected)
    for row, expected in zip(
        read(
            [
                event(
                    scheduled_departure_utc=text,
                    scheduled_arrival_utc="2099-12-31T23:59:59.9999999Z",
                    actual_departure_utc=None,
                )
                for text in TIMES
                if "2099-12-31T23:59:59" not in TIMES[text]
            ]
        ),
        [text for text in TIMES.values() if "2099-12-31T23:59:59" not in text],
        strict=True,
    ):
        assert row["scheduled_departure_at"] == at(expected)


@pytest.mark.parametrize("text", [*NO_TIMES, "24/Sep/2025 18:15:30", 1758737730])
def test_no_times(read: Read, text: str | int) -> None:
    scheduled, actual = read(
        [event(scheduled_departure_utc=text), event(actual_departure_utc=text)]
    )

    assert scheduled["reasons"] == ["bad_schedule"]
    assert actual["reason"] is None
    assert actual["actual_departure_at"] is None
    assert actual["quality_flags"] == ["bad_actual_departure"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("4/sEP/2025 18:15:30", "2025-09-04T18:15:30"),
        (" 04/Sep/2025 18:15:30 ", "2025-09-04T18:15:30"),
        ("29/FEB/2024 00:00:00", "2024-02-29T00:00:00"),
        ("01/oct/2025 23:59:59", "2025-10-01T23:59:59"),
        (1758737730, "2025-09-24T18:15:30"),
        ("1758737730", "2025-09-24T18:15:30"),
        (" 0001758737730\0\t", "2025-09-24T18:15:30"),
        (1758737730123, "2025-09-24T18:15:30.123000"),
        ("0" * 500 + "1758737730123", "2025-09-24T18:15:30.123000"),
        (946684800, "2000-01-01T00:00:00"),
        (4102444799, "2099-12-31T23:59:59"),
        (946684800000, "2000-01-01T00:00:00"),
        (4102444799999, "2099-12-31T23:59:59.999000"),
    ],
)
def test_event_timestamps(read: Read, text: str | int, expected: str) -> None:
    assert read([event(event_timestamp=text)])[0]["event_at"] == at(expected)


@pytest.mark.parametrize(
    "text",
    [
        *NO_TIMES,
        None,
        "",
        "24/Sept/2025 18:15:30",
        "24/September/2025 18:15:30",
        "24/Foo/2025 18:15:30",
        "31/Sep/2025 18:15:30",
        "00/Sep/2025 18:15:30",
        "124/Sep/2025 18:15:30",
        "24/09/2025 18:15:30",
        "24/Sep/25 18:15:30",
        "24/Sep/1999 18:15:30",
        "24/Sep/2100 18:15:30",
        "24/Sep/2025  18:15:30",
        "24/Sep/2025  8:15:30",
        "24/Sep/2025 8:15:30",
        "24/Sep/2025 18:15",
        "24/Sep/2025 24:00:00",
        "24/Sep/2025 23:59:60",
        "24/Sep/2025 18:15:30Z",
        "24/Sep/2025T18:15:30",
        "24/ Sep/2025 18:15:30",
        "1758737730.0",
        1758737730.5,
        1e10,
        "+1758737730",
        -1758737730,
        "1_758_737_730",
        "0x68d4375a",
        0,
        946684799,
        4102444800,
        99999999999,
        100000000000,
        946684799999,
        4102444800000,
        "9" * 18,
        "9" * 19,
        "9" * 400,
        "\u0661\u0667\u0665\u0668\u0667\u0663\u0667\u0667\u0663\u0660",
        True,
        {"a": 1},
        [1758737730],
    ],
)
def test_no_event_timestamps(read: Read, text: object) -> None:
    assert read([event(event_timestamp=text)])[0]["reasons"] == ["bad_event_timestamp"]


@pytest.mark.parametrize(
    ("literal", "expected"),
    [
        ("180", 180),
        ('"180"', 180),
        ('" +180 "', 180),
        ('"1\\u000080"', 180),
        ('"\\t180\\u000b"', 180),
        ('"00000000000000000180"', 180),
        ("-0", 0),
        ('"-0"', 0),
        ('"-000"', 0),
        ("2147483647", 2147483647),
        ("null", None),
        ('" \\t\\u0000"', None),
    ],
)
def test_integers(read: Read, literal: str, expected: int | None) -> None:
    for row in read([raw("passenger_count", literal), raw("altitude_ft", literal)]):
        assert row["reason"] is None
        assert row["quality_flags"] == []
    passengers, altitude = read([raw("passenger_count", literal), raw("altitude_ft", literal)])
    assert passengers["passenger_count"] == expected
    assert altitude["altitude_ft"] == expected


@pytest.mark.parametrize(
    "literal",
    [
        "12.7",
        "180.0",
        "1e2",
        '"1e2"',
        "true",
        "false",
        "NaN",
        "-inf",
        "2147483648",
        "-2147483649",
        "99999999999999999999999999",
        '"' + "9" * 400 + '"',
        '"0x1F"',
        '"1_000"',
        '"1,000"',
        '"1 0"',
        '"- 5"',
        '"--5"',
        '"+"',
        '"-"',
        '"180\\u00a0"',
        '"\\uff11\\uff18\\uff10"',
        '"full"',
        "{}",
        "[180]",
        '{"n": 180}',
    ],
)
def test_bad_integers(read: Read, literal: str) -> None:
    passengers, altitude = read([raw("passenger_count", literal), raw("altitude_ft", literal)])

    assert (passengers["passenger_count"], passengers["quality_flags"]) == (
        None,
        ["bad_passenger_count"],
    )
    assert (altitude["altitude_ft"], altitude["quality_flags"]) == (None, ["bad_altitude_ft"])


@pytest.mark.parametrize(
    "field",
    [
        "taxi_time_minutes",
        "turnaround_time_minutes",
        "passenger_count",
        "baggage_count",
        "security_wait_time_minutes",
        "ground_speed_kts",
        "heading",
    ],
)
def test_counts_are_not_negative(read: Read, field: str) -> None:
    for row in read([event(**{field: -1}), event(**{field: "-1"})]):
        assert (row[field], row["quality_flags"]) == (None, [f"bad_{field}"])


@pytest.mark.parametrize("field", ["altitude_ft", "vertical_speed_fps"])
def test_heights_and_climbs_may_be_negative(read: Read, field: str) -> None:
    for row in read([event(**{field: -2147483648}), event(**{field: " -2147483648"})]):
        assert (row[field], row["quality_flags"]) == (-2147483648, [])


def test_heading_ends_at_360(read: Read) -> None:
    north, beyond = read([event(heading=360), event(heading=361)])

    assert (north["heading"], north["quality_flags"]) == (360, [])
    assert (beyond["heading"], beyond["quality_flags"]) == (None, ["bad_heading"])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("19.0886;72.8679", (19.0886, 72.8679)),
        (" +19.0886 ; -72.8679 ", (19.0886, -72.8679)),
        ("-90;180", (-90.0, 180.0)),
        ("90.000;-180.000", (90.0, -180.0)),
        ("\t0;0\n", (0.0, 0.0)),
        ("1\x009.5;7\x002", (19.5, 72.0)),
        ("007.50;1", (7.5, 1.0)),
        ("0.1234567890123456789;1", (0.12345678901234568, 1.0)),
        (None, (None, None)),
        (" ", (None, None)),
    ],
)
def test_locations(read: Read, text: str | None, expected: tuple[float | None, ...]) -> None:
    (row,) = read([event(location_str=text)])

    assert (row["latitude"], row["longitude"]) == expected
    assert row["quality_flags"] == []


@pytest.mark.parametrize(
    "text",
    [
        "90.0001;0",
        "0;-180.0001",
        "19.0886,72.8679",
        "19.0886",
        "19.0886;",
        ";72.8679",
        "19.0886;72.8679;0",
        "1e1;5",
        "NaN;5",
        "inf;5",
        "0x1;5",
        "1_0;5",
        "- 19;72",
        "19 0;72",
        "19.0N;72.8E",
        "9" * 400 + ";5",
        "\u0661;5",
        19.0,
        True,
        [19.0, 72.8],
        {"lat": 19.0},
    ],
)
def test_bad_locations(read: Read, text: object) -> None:
    (row,) = read([event(location_str=text)])

    assert (row["latitude"], row["longitude"]) == (None, None)
    assert row["quality_flags"] == ["bad_location"]


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("scheduled", "scheduled"),
        ("BOARDING", "boarding"),
        (" Departing", "departing"),
        ("En Route", "en-route"),
        ("EnRoute\t", "en-route"),
        ("airborne", "en-route"),
        ("active", "en-route"),
        ("arr\x00ived", "landed"),
        ("landed", "landed"),
        ("DIVERTED ", "diverted"),
        ("cancelled", "cancelled"),
        ("Canceled", "cancelled"),
    ],
)
def test_statuses(read: Read, status: str, expected: str) -> None:
    assert read([event(flight_status=status)])[0]["flight_status"] == expected


def test_the_vocabulary_and_the_sql_agree(read: Read) -> None:
    words = {status: status for status in FLIGHT_STATUSES} | STATUS_SYNONYMS
    rows = read([event(flight_status=word) for word in words])

    assert [row["flight_status"] for row in rows] == list(words.values())


@pytest.mark.parametrize(
    "field",
    [
        "flight_icao",
        "airline_iata",
        "tail_number",
        "departure_gate",
        "arrival_gate",
        "runway_in_use",
        "aircraft_type",
    ],
)
def test_codes_are_trimmed_and_upper_cased(read: Read, field: str) -> None:
    plain, ended, padded, escaped, bracket, number = read(
        [
            event(**{field: "ab1"}),
            event(**{field: "ab1 "}),
            event(**{field: "  ab 1 "}),
            event(**{field: "\x00\x0b\fab1\r\n\t\x00 "}),
            event(**{field: "{ab1] "}),
            event(**{field: 17}),
        ]
    )

    assert [row[field] for row in (plain, ended, padded, escaped, bracket, number)] == [
        "AB1",
        "AB1",
        "AB 1",
        "AB1",
        "{AB1]",
        "17",
    ]


@pytest.mark.parametrize("field", ["source_system_id", "weather_conditions", "tail_number"])
@pytest.mark.parametrize(
    ("literal", "expected"),
    [
        ('"x y"', "x y"),
        ('"\\u00a0x"', "\u00a0x"),
        ('"\\u2028x\\u001f"', "\u2028x\x1f"),
        ('"[x]"', "[x]"),
        ('"{\\"x\\": 1}"', '{"x": 1}'),
        ('"|x"', "|x"),
        ('"\\\\x"', "\\x"),
        ('"\\\\"', "\\"),
        ('"~"', "~"),
        ("true", "true"),
        ("1.50", "1.5"),
        ("NaN", "NaN"),
        ("{}", None),
        ("[]", None),
        ('["x"]', None),
        ('{"x": "\\n"}', None),
        ('""', None),
        ('"\\u0000"', None),
        ("null", None),
    ],
)
def test_texts(read: Read, field: str, literal: str, expected: str | None) -> None:
    (row,) = read([raw(field, literal)])
    if field == "tail_number" and expected is not None:
        expected = expected.upper()

    assert (row[field], row["quality_flags"]) == (expected, [])


def test_numbers_are_ids_too(read: Read) -> None:
    rows = read([event(event_id=17), event(event_id=True), raw("event_id", '" 17\\n"')])

    assert [row["event_id"] for row in rows] == ["17", "true", "17"]


@pytest.mark.parametrize(
    ("section", "flags"),
    [
        (MISSING, ["missing_operational_data"]),
        (None, ["missing_operational_data"]),
        ("none", ["missing_operational_data"]),
        ([], ["missing_operational_data"]),
        ({}, []),
        ({"passenger_count": None}, []),
        ({"passenger_count": "full"}, ["bad_passenger_count"]),
        ({"weather_conditions": {}}, []),
    ],
)
def test_missing_operational_data(read: Read, section: object, flags: list[str]) -> None:
    assert read([event(operational_data=section)])[0]["quality_flags"] == flags


def test_an_actual_time_after_the_event_is_an_estimate(read: Read) -> None:
    (row,) = read(
        [
            event(
                event_timestamp="2025-09-24T18:04:59.999999Z",
                actual_departure_utc="2025-09-24T18:05:00",
                actual_arrival_utc="2025-09-24T18:05:00",
            )
        ]
    )

    assert (row["actual_departure_at"], row["actual_arrival_at"]) == (None, None)
    assert row["estimated_departure_at"] == at("2025-09-24T18:05:00")
    assert row["estimated_arrival_at"] == at("2025-09-24T18:05:00")
    assert (row["departure_delay_minutes"], row["arrival_delay_minutes"]) == (None, None)
    assert row["quality_flags"] == ["arrival_in_future", "departure_in_future"]


def test_an_actual_time_at_the_event_is_actual(read: Read) -> None:
    (row,) = read(
        [
            event(
                event_timestamp="2025-09-24T18:05:00Z",
                actual_departure_utc="2025-09-24T18:05:00",
                actual_arrival_utc="2025-09-24T18:05:00",
            )
        ]
    )

    assert row["actual_departure_at"] == row["actual_arrival_at"] == at("2025-09-24T18:05:00")
    assert (row["departure_delay_minutes"], row["arrival_delay_minutes"]) == (5.0, -55.0)
    assert row["quality_flags"] == []


def test_an_arrival_before_the_departure_is_dropped(read: Read) -> None:
    before, estimated = read(
        [
            event(actual_arrival_utc="2025-09-24T18:04:59"),
            # The departure is an estimate, so there is nothing for the arrival to precede.
            event(event_timestamp="2025-09-24T18:04:30Z", actual_arrival_utc="2025-09-24T18:04:00"),
        ]
    )

    assert before["actual_arrival_at"] is None
    assert before["actual_departure_at"] == at("2025-09-24T18:05:00")
    assert before["arrival_delay_minutes"] is None
    assert before["quality_flags"] == ["arrival_before_departure"]
    assert estimated["actual_arrival_at"] == at("2025-09-24T18:04:00")
    assert estimated["quality_flags"] == ["departure_in_future"]


def test_delays_are_exact(read: Read) -> None:
    (row,) = read(
        [
            event(
                scheduled_departure_utc="2025-09-24T18:00:00.000001",
                actual_departure_utc="2025-09-24T18:00:00",
            )
        ]
    )

    assert row["departure_delay_minutes"] == -1 / 60_000_000


def test_all_flags_at_once_are_sorted(read: Read) -> None:
    first, second = read(
        [
            event(
                operational_data=dict.fromkeys(SAMPLE["operational_data"], -1),
                **dict.fromkeys(SAMPLE["live_telemetry"], "?") | {"flight_status": "landed"},
                actual_departure_utc="soon",
                actual_arrival_utc="later",
            ),
            event(
                event_timestamp="2025-09-24T18:15:30Z",
                actual_departure_utc="2025-09-24T18:05:00",
                actual_arrival_utc="2025-09-24T18:04:00",
                operational_data=MISSING,
            ),
        ]
    )

    seen = {*first["quality_flags"], *second["quality_flags"]}
    assert first["quality_flags"] == sorted(first["quality_flags"])
    assert second["quality_flags"] == ["arrival_before_departure", "missing_operational_data"]
    assert seen | {"arrival_in_future", "departure_in_future"} == set(QUALITY_FLAGS)


def test_leg_key_writes_microseconds(read: Read) -> None:
    whole, cut = read(
        [
            event(scheduled_departure_utc="2025-09-24T23:30:00+05:30", flight_icao=" 6e1234"),
            event(scheduled_departure_utc="2025-09-24T18:00:00.0000019Z"),
        ]
    )

    assert whole["leg_key"] == "4be4d0bd9150261d67401754da41aab3"
    natural = b"6E1234|BOM|2025-09-24T18:00:00.000001Z"
    assert cut["leg_key"] == hashlib.md5(natural, usedforsecurity=False).hexdigest()


def test_one_row_per_record_whatever_surrounds_it(read: Read) -> None:
    """Verdicts do not depend on which records share a vector, a batch or a thread."""
    payloads = [
        event(),
        b"\xff",
        b"{",
        b"[]",
        event(flight_status="?"),
        event(heading="?"),
        event(event_id="a\x00\t"),
        event(event_id=[]),
        event(scheduled_departure_utc="2025-09-24T18:00+00"),
    ]
    alone = [read([payload])[0]["reason"] for payload in payloads]
    many = read(payloads * 3000)

    assert len(many) == len(payloads) * 3000
    by_number = sorted(many, key=lambda row: row["sequence_number"])
    assert [row["reason"] for row in by_number] == alone * 3000
