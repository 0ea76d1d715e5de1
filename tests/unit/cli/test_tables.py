"""What the tables of the answers say about themselves."""

from airside.cli.tables import DELAYS_NOTE


def test_the_note_tells_which_flights_count_as_late_in_which_share() -> None:
    """A diverted flight may have departed on time; see the contract's definition of D15 and A15."""
    assert "cancelled flights count as late, in A15 diverted ones too" in DELAYS_NOTE
