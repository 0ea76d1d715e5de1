"""Every spelling the contract allows for an instant."""

from datetime import datetime, timedelta
from random import Random

_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - instants are naive UTC throughout


def iso(instant: datetime, rng: Random) -> str:
    """A random ISO spelling of the same instant, to the microsecond."""
    sign = rng.choice("+-")
    hours, minutes = rng.choice(
        [(0, 0), (5, 30), (1, 0), (12, 45), (23, 59), (rng.randrange(24), 0)]
    )
    colon = rng.choice([":", ""])
    zone = rng.choice(["", "Z", f"{sign}{hours:02}{colon}{minutes:02}"])
    if len(zone) > 1:
        if minutes == 0 and rng.random() < 0.5:
            zone = f"{sign}{hours:02}"
        offset = timedelta(hours=hours, minutes=minutes)
        instant = instant + offset if sign == "+" else instant - offset
    return f"{instant:%Y-%m-%dT%H:%M}{_seconds(instant, rng)}{zone}"


def _seconds(instant: datetime, rng: Random) -> str:
    fraction = f"{instant.microsecond:06}"
    if fraction != "000000":
        beyond = "".join(rng.choices("0123456789", k=rng.choice([0, 0, 1, 3, 9])))
        return f":{instant:%S}.{fraction if beyond else fraction.rstrip('0')}{beyond}"
    if instant.second == 0 and rng.random() < 0.3:
        return ""
    return f":{instant:%S}{rng.choice(['', '', '.0', '.000', '.0000009'])}"


def event_timestamp(instant: datetime, rng: Random) -> str | int:
    """A random spelling of `event_timestamp`; Unix seconds and the day form drop the fraction."""
    match rng.choice(["iso", "seconds", "milliseconds", "day"]):
        case "iso":
            return iso(instant, rng)
        case "seconds":
            number = (instant - _EPOCH) // timedelta(seconds=1)
        case "milliseconds":
            number = (instant - _EPOCH) // timedelta(milliseconds=1)
        case _:
            month = rng.choice([str.upper, str.lower, str.title, str])(f"{instant:%b}")
            day = rng.choice([f"{instant.day}", f"{instant.day:02}"])
            return f"{day}/{month}/{instant:%Y %H:%M:%S}"
    return rng.choice([number, str(number)])
