"""From a wall clock in a zone to UTC, a column at a time.

Every local time gets exactly one reading, the one that `datetime` gives it with `fold=0` (PEP 495):

- A time that exists twice (the fold in autumn) is the first of the two.
- A time that does not exist (the gap in spring) is read with the offset before the gap, so
  02:30 on the night of the change is 03:30 after it.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray


def local_to_utc(local: NDArray[np.datetime64], zone: str) -> NDArray[np.datetime64]:
    """Read wall-clock times of one zone as UTC instants.

    Args:
        local: `datetime64[us]` as a clock on the wall shows them, none missing, any order.
        zone: A name in the tz database.

    Returns:
        `datetime64[us]` in UTC, in the same order.

    Raises:
        zoneinfo.ZoneInfoNotFoundError: The zone is not in the tz database.
    """
    if not len(local):
        return local
    # a day on each side, as no offset is longer
    first = local.min().astype("datetime64[D]").item() - timedelta(days=1)
    last = local.max().astype("datetime64[D]").item() + timedelta(days=2)
    stretches = list(_stretches(ZoneInfo(zone), _midnight(first), _midnight(last)))
    starts = np.array([start for start, _ in stretches], dtype="datetime64[us]")
    offsets = np.array([offset for _, offset in stretches], dtype="timedelta64[us]")
    utc: NDArray[np.datetime64] = local - offsets[np.searchsorted(starts, local, side="right") - 1]
    return utc


def _midnight(day: datetime) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def _stretches(
    zone: ZoneInfo, day: datetime, end: datetime
) -> Iterator[tuple[datetime, timedelta]]:
    """Cut the zone's wall clock into stretches of one offset: each with its first local time."""
    offset = _offset(zone, day)
    yield day.replace(tzinfo=None) - timedelta(days=1), offset
    while day < end:
        next_day = day + timedelta(days=1)
        after = _offset(zone, next_day)
        if after != offset:
            change = _change(zone, day, next_day).replace(tzinfo=None)
            # A gap opens at the old offset's clock and closes at the new one's, a fold the other
            # way round: either way the later of the two is where the new offset starts to count.
            yield change + max(offset, after), after
            offset = after
        day = next_day


def _change(zone: ZoneInfo, before: datetime, after: datetime) -> datetime:
    """Find the minute in which the offset changes, by halving: at most one change a day."""
    old = _offset(zone, before)
    minute = timedelta(minutes=1)
    while after - before > minute:
        middle = before + (after - before) // (2 * minute) * minute
        if _offset(zone, middle) == old:
            before = middle
        else:
            after = middle
    return after


def _offset(zone: ZoneInfo, instant: datetime) -> timedelta:
    return instant.astimezone(zone).replace(tzinfo=UTC) - instant
