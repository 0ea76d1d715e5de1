"""How badly the source behaves, as named rates."""

from dataclasses import dataclass, fields

from airside.errors import UsageError


@dataclass(frozen=True, slots=True)
class MessRates:
    """What goes wrong on the way, each as a share of all messages (0 to 1).

    The source's own habits (three forms of the event time, odd case and padding of the status,
    nulls in heading and vertical speed) are no mess: they are there at every level.
    """

    duplicates: float = 0.0
    """Sent again, byte for byte, seconds later: a retry."""
    late: float = 0.0
    """Arriving minutes late, up to `late_minutes`."""
    out_of_order: float = 0.0
    """Overtaken by the next messages of the same leg."""
    malformed: float = 0.0
    """Beyond use: the contract's nine fatal reasons, evenly. Half are sent again, repaired."""
    drifted: float = 0.0
    """Usable, but not as agreed: other types, other spellings, offsets, missing sections."""
    estimates: float = 0.0
    """An expected time sent as the actual one, before the flight leaves or lands."""
    late_minutes: int = 30
    """The latest that a late message arrives."""

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if field.name == "late_minutes":
                if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= 720:
                    raise UsageError(
                        f"mess.late_minutes is {value!r}: expected whole minutes from 1 to 720."
                    )
            elif isinstance(value, bool) or not isinstance(value, int | float):
                raise UsageError(f"mess.{field.name} is {value!r}: expected a number from 0 to 1.")
            elif not 0 <= value <= 1:
                raise UsageError(f"mess.{field.name} is {value!r}: expected a share from 0 to 1.")
        one_fate = self.late + self.out_of_order + self.malformed + self.drifted
        if one_fate > 1:
            raise UsageError(
                f"the mess rates late, out_of_order, malformed and drifted add up to {one_fate:g}:"
                " expected at most 1, as a message meets one of them. Lower one."
            )


MESS_PRESETS = {
    "none": MessRates(),
    "typical": MessRates(
        duplicates=0.01,
        late=0.01,
        out_of_order=0.02,
        malformed=0.005,
        drifted=0.01,
        estimates=0.05,
    ),
    "hostile": MessRates(
        duplicates=0.05,
        late=0.05,
        out_of_order=0.10,
        malformed=0.10,
        drifted=0.15,
        estimates=0.30,
        late_minutes=120,
    ),
}
"""The levels of `--mess`."""
