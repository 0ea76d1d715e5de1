"""Airports of the world, from the package airportsdata (MIT)."""

from functools import cache

import airportsdata
import pyarrow as pa

_SCHEMA = pa.schema(
    [
        pa.field("airport_iata", pa.string(), nullable=False),
        ("airport_icao", pa.string()),
        ("airport_name", pa.string()),
        ("city", pa.string()),
        ("country", pa.string()),
        ("latitude", pa.float64()),
        ("longitude", pa.float64()),
        ("timezone", pa.string()),
    ]
)


@cache
def airports_table() -> pa.Table:
    """Every airport that has an IATA code, about 7,900, one row each, by code.

    Returns:
        `airport_iata`, `airport_icao` (null where it has only a national code), `airport_name`,
        `city`, `country` (ISO 3166-1 alpha-2, and XK for Kosovo), `latitude` and `longitude` in
        degrees, `timezone` (name in the tz database). What the package leaves blank is null.
    """
    rows = [
        {
            "airport_iata": iata,
            # the package falls back on national codes such as 00AK, which hold digits
            "airport_icao": airport["icao"] if airport["icao"].isalpha() else None,
            "airport_name": airport["name"] or None,
            "city": airport["city"] or None,
            "country": airport["country"] or None,
            "latitude": airport["lat"],
            "longitude": airport["lon"],
            "timezone": airport["tz"] or None,
        }
        for iata, airport in sorted(airportsdata.load("IATA").items())
    ]
    return pa.Table.from_pylist(rows, schema=_SCHEMA)
