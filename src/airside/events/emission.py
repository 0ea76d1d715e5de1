"""What a source (simulator, replay) hands to whatever puts records on a stream."""

from typing import NamedTuple


class Emission(NamedTuple):
    """One record and the instant at which its source sends it."""

    due_us: int
    """Microseconds since the Unix epoch on the source's own clock; pacing follows it."""

    payload: bytes
    """The record, verbatim: one JSON object in UTF-8, or whatever a broken producer sent."""
