"""Finding one leg by its key, in a warehouse that has a year of them."""

from datetime import timedelta
from itertools import count

from airside.dashboard.queries import legs
from unit.gold.staged_gold import Noting, Row, StagedGold, at, event


def leg(*, is_sampled: bool) -> Row:
    """An event of a leg that gold's sample has, or has not."""
    flights = (event(flight_icao=f"F{number}") for number in count())
    return next(flight for flight in flights if (flight["leg_key"] < "04") == is_sampled)


def test_an_old_leg_that_a_panel_shows_is_found_by_its_time(staged: StagedGold) -> None:
    shown, other = leg(is_sampled=True), leg(is_sampled=False)
    later = at(0) + timedelta(days=9)
    new = [
        event(flight_icao=f"N{number}", event_at=later, scheduled_departure_at=later)
        for number in range(3)  # three legs make it later
    ]
    staged.load([shown, other, *new])
    staged.gold.refresh()
    for old in (shown, other):
        reader = Noting(staged.warehouse)
        found = legs.leg(reader, old["leg_key"])
        assert found is not None
        assert found["flight_icao"] == old["flight_icao"]
        of_all = [sql for sql in reader.asked if "fct_flight_legs" in sql][1:]
        assert [" AND legs.scheduled_departure_at = " in sql for sql in of_all] == [old is shown]
    assert legs.leg(Noting(staged.warehouse), "0" * 32) is None
