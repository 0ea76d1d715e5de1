"""The messages of a stretch of simulated time: put in order, given their whims, written out."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from airside.simulator.chance import Hashes, mix
from airside.simulator.mess import MessRates
from airside.simulator.script import Kind
from airside.simulator.tracks import Positions
from airside.simulator.wording import (
    MESSAGE,
    NULL,
    STATUSES,
    Clockface,
    Wording,
    status_variants,
)

ODD_STATUS_PERMILLE = 200
NULL_PERMILLE = 100
"""The source's habits: odd case and padding of the status; heading, vertical speed missing."""

LATE, OUT_OF_ORDER, MALFORMED, DRIFTED = 1, 2, 3, 4
FATE, DUPLICATED, ESTIMATED = 7, 8, 16
"""The mess that meets a message: one fate in the low bits, and two flags."""

_TRANSMISSION_US = 900_000
"""A message is sent within this many microseconds of its event."""

_VARIANTS = [status_variants(STATUSES[kind]) for kind in Kind]
_STATUS_TEXTS = [text for variants in _VARIANTS for text in variants]
_VARIANT_COUNT = len(_VARIANTS[0])
_STEEPEST = 200
_VERTICAL_TEXTS = [b"%d" % feet for feet in range(-_STEEPEST, _STEEPEST + 1)] + [NULL]
_HEADING_TEXTS = [b"%d" % degrees for degrees in range(361)] + [NULL]
_KEY_STEP = np.uint64(0xD1342543DE82EF95)
_SUFFIX_STEP = np.uint64(0x5851F42D4C95)
_SUFFIX_MASK = np.uint64((1 << 48) - 1)

Integers = NDArray[np.int64]


class Track(NamedTuple):
    """What the messages of a flight in the air have in common."""

    wording: Wording
    middle: bytes
    kind: Kind


@dataclass(slots=True)
class Ground:
    """Messages of flights on the ground, one element a message in each list."""

    tracks: list[Track] = field(default_factory=list)
    seconds: list[int] = field(default_factory=list)
    places: list[tuple[float, float, int, int]] = field(default_factory=list)
    """Latitude, longitude, altitude, ground speed."""

    def add(self, track: Track, second: int, place: tuple[float, float, int, int]) -> None:
        """Add a message about an event at this instant."""
        self.tracks.append(track)
        self.seconds.append(second)
        self.places.append(place)


class Message(NamedTuple):
    """One message, written out, and what is to happen to it."""

    due_us: int
    payload: bytes
    mess: int
    vary: int
    track: Track


def write(
    ground: Ground,
    positions: Positions,
    tracks: list[Track],
    rates: MessRates,
    *,
    since_second: int,
    after_us: int,
) -> Iterator[Message]:
    """Write the messages in the order in which they are due.

    Args:
        ground: messages from the ground.
        positions: reports from the air.
        tracks: the flight of each of the reports.
        rates: how much of them meets a mess.
        since_second: messages of earlier events are left out.
        after_us: messages due by then, which nothing happens to, are left out.
    """
    whole = ground.tracks + tracks
    if not whole:
        return
    places = np.array(ground.places, dtype=np.float64).reshape(-1, 4).T
    seconds = np.concatenate((np.array(ground.seconds, dtype=np.int64), positions.seconds))
    keys = np.array([track.wording.key for track in whole], dtype=np.uint64)
    kinds = np.array([track.kind for track in whole], dtype=np.int64)
    epochs = np.array([track.wording.epoch for track in whole], dtype=np.int64)
    # second and kind tell a flight's messages apart; an odd factor keeps them so
    serials = ((seconds - epochs) * 16 + kinds).astype(np.uint64)
    suffixes = (serials * _SUFFIX_STEP + keys) & _SUFFIX_MASK
    whims = mix(keys + serials * _KEY_STEP)
    mess, vary = _mess(whims, rates)

    due = seconds * 1_000_000 + _share(whims, 32, _TRANSMISSION_US)
    order = np.lexsort((suffixes, due))
    ranks = np.arange(len(order))
    due = np.maximum.accumulate(due[order] - ranks) + ranks  # no two at the same microsecond
    kept = (seconds[order] >= since_second) & ((due > after_us) | (mess[order] > 0))
    order, due = order[kept], due[kept]
    whims = whims[order]

    on_ground = np.zeros(len(ground.tracks), dtype=np.int64)
    parked = (keys[: len(on_ground)] % np.uint64(360)).astype(np.int64)
    vertical = np.concatenate((on_ground, positions.vertical_speed_fps))[order]
    vertical = np.clip(vertical, -_STEEPEST, _STEEPEST) + _STEEPEST
    vertical[_share(whims, 10, 1_000) < NULL_PERMILLE] = len(_VERTICAL_TEXTS) - 1
    heading = np.concatenate((parked, positions.heading))[order]
    heading[_share(whims, 20, 1_000) < NULL_PERMILLE] = len(_HEADING_TEXTS) - 1
    odd = np.where(
        _share(whims, 44, 1_000) < ODD_STATUS_PERMILLE,
        1 + _share(whims, 50, _VARIANT_COUNT - 1),
        0,
    )
    statuses = kinds[order] * _VARIANT_COUNT + odd

    faces: dict[int, Clockface] = {}
    for track, at, second, suffix, way, lat, lon, feet, knots, fps, degrees, status, met, by in zip(
        [whole[index] for index in order.tolist()],
        due.tolist(),
        seconds[order].tolist(),
        suffixes[order].tolist(),
        (whims % np.uint64(3)).tolist(),
        np.concatenate((places[0], positions.latitude))[order].tolist(),
        np.concatenate((places[1], positions.longitude))[order].tolist(),
        np.concatenate((places[2].astype(np.int64), positions.altitude_ft))[order].tolist(),
        np.concatenate((places[3].astype(np.int64), positions.ground_speed_kts))[order].tolist(),
        vertical.tolist(),
        heading.tolist(),
        statuses.tolist(),
        mess[order].tolist(),
        vary[order].tolist(),
        strict=True,
    ):
        minute = second // 60
        face = faces.get(minute)
        if face is None:
            face = faces[minute] = Clockface(minute * 60)
        payload = MESSAGE % (
            track.wording.prefix,
            suffix,
            face.written(second, way),
            track.middle,
            lat,
            lon,
            feet,
            knots,
            _VERTICAL_TEXTS[fps],
            _HEADING_TEXTS[degrees],
            _STATUS_TEXTS[status],
        )
        yield Message(at, payload, met, by, track)


def _share(hashes: Hashes, bit: int, parts: int) -> Integers:
    """From each hash, from this bit on, a number from 0 up to `parts`, evenly."""
    bits = mix(hashes + np.uint64(bit))
    return (bits % np.uint64(parts)).astype(np.int64)


def _mess(whims: Hashes, rates: MessRates) -> tuple[Integers, Hashes]:
    """What happens to each message, and a number to vary it by."""
    mess = np.zeros(len(whims), dtype=np.int64)
    vary = mix(whims ^ np.uint64(0x5EED))
    share = (vary >> np.uint64(11)).astype(np.float64) / (1 << 53)
    below = 0.0
    for fate, rate in (
        (LATE, rates.late),
        (OUT_OF_ORDER, rates.out_of_order),
        (MALFORMED, rates.malformed),
        (DRIFTED, rates.drifted),
    ):
        mess[(share >= below) & (share < below + rate)] = fate
        below += rate
    vary = mix(vary)
    mess[(vary >> np.uint64(11)).astype(np.float64) / (1 << 53) < rates.duplicates] |= DUPLICATED
    vary = mix(vary)
    mess[(vary >> np.uint64(11)).astype(np.float64) / (1 << 53) < rates.estimates] |= ESTIMATED
    return mess, mix(vary) >> np.uint64(1)
