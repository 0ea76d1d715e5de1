"""The airports of the world as reference data."""

from zoneinfo import available_timezones

from airside.events.reference import airports_table


def rows() -> dict[str, dict]:
    return {row["airport_iata"]: row for row in airports_table().to_pylist()}


def test_an_airport_has_its_published_facts() -> None:
    assert rows()["AMD"] == {
        "airport_iata": "AMD",
        "airport_icao": "VAAH",
        "airport_name": "Sardar Vallabhbhai Patel International Airport",
        "city": "Ahmedabad",
        "country": "IN",
        "latitude": 23.0772,
        "longitude": 72.6347,
        "timezone": "Asia/Kolkata",
    }


def test_codes_are_one_row_each_in_order() -> None:
    codes = airports_table()["airport_iata"].to_pylist()
    assert len(codes) > 7_000
    assert codes == sorted(set(codes))
    assert all(len(code) == 3 and code.isascii() and code.isupper() for code in codes)


def test_a_national_code_is_not_taken_for_an_icao_code() -> None:
    codes = [row["airport_icao"] for row in rows().values()]
    assert None in codes
    assert all(len(code) == 4 and code.isalpha() for code in codes if code)


def test_positions_are_on_the_earth_and_zones_exist() -> None:
    for row in rows().values():
        assert -90 <= row["latitude"] <= 90
        assert -180 <= row["longitude"] <= 180
    assert {row["timezone"] for row in rows().values()} <= available_timezones() | {None}
