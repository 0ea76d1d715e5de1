"""Looks at a sample of each batch for what the contract does not know.

A second costs the same however many records come in it, and in however many batches: of a few all
are examined, of many a bounded number, spread evenly over their batch and chosen by place. Whatever
the records hold, and whatever goes wrong here, the batch itself goes on.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.compute as pc

from airside.events import Feed
from airside.silver.shapes import Shape, example_of, shape_of, shortened, spots
from airside.warehouse.drift import USUAL_RECORDS

SAMPLE_RECORDS = 256
"""So many records are examined of what arrives in a second, and of a batch …"""
SAMPLE_BYTES = 1 << 19
"""… as long as they are not larger than this together."""
LEAST_RECORDS = 16
"""Of a batch, however many came just before it."""
MAX_SOURCES = 64
MAX_NEW_PATHS = 200
"""Paths outside the contract that are kept of a source."""
MAX_SOURCE_NAME = 120
_BLANKS = " \t\n\v\f\r"


@dataclass(slots=True)
class FieldState:
    """One JSON type at one path, as a source has sent it."""

    expected: str | None
    records: int
    after_records: int
    after_received: int
    last_record: int
    first_seen_us: int
    last_seen_us: int
    example: str


@dataclass(slots=True)
class SourceState:
    """What is known of a source."""

    examined: int
    received: float
    """Estimated: an examined record stands for its share of the batch."""
    first_seen_us: int
    last_seen_us: int
    fields: dict[tuple[str, str], FieldState] = field(default_factory=dict)
    """By path and JSON type."""
    new_paths: set[str] = field(default_factory=set)


@dataclass(slots=True)
class DriftState:
    """All that is known, bounded: see the limits above."""

    sources: dict[str, SourceState] = field(default_factory=dict)
    received: int = 0
    examined: int = 0
    unreadable: int = 0
    untracked: int = 0
    last_arrived_us: int = 0
    """Of the newest record examined."""


@dataclass(slots=True)
class _Group:
    """Records of one source and shape in one sample."""

    document: dict[str, Any]
    """The first of them."""
    first_record: int
    first_received: int
    first_us: int
    records: int = 0
    last_record: int = 0
    last_us: int = 0


@dataclass(frozen=True, slots=True)
class Sample:
    """Some records of a batch."""

    received: int
    """How many records the batch has."""
    chosen: list[tuple[bytes, int]]
    """Payloads and arrivals, in microseconds since the Unix epoch."""


@dataclass(frozen=True, slots=True)
class Looked:
    """What a look has changed."""

    touched: frozenset[str]
    """Sources that sent something."""
    gone: frozenset[str]
    """Sources that have been forgotten to make room."""
    has_news: bool
    """Whether a source, a path or a type was not known before."""


class DriftWatch:
    """Takes samples in, batch by batch.

    Args:
        feed: Says what the contract knows.
        state: What is known already.
    """

    def __init__(self, feed: Feed, state: DriftState) -> None:
        self.state = state
        self._expected = dict.fromkeys(feed.sections, "object") | dict.fromkeys(
            feed.fields, "scalar"
        )
        self._left = float(SAMPLE_RECORDS)
        """So many records may be examined, at …"""
        self._left_us = 0
        """… the latest arrival so far."""

    def choose(self, records: pa.Table) -> Sample:
        """What is to be examined of a batch.

        Args:
            records: As the kernel reads them.
        """
        chosen = list(_sample(records, self._allowed(records)))
        self._left = max(0.0, self._left - len(chosen))
        return Sample(records.num_rows, chosen)

    def look(self, sample: Sample) -> Looked:
        """Examine a batch."""
        state = self.state
        groups: dict[tuple[str, Shape], _Group] = {}
        heard: dict[str, SourceState] = {}
        gone: set[str] = set()
        has_news = False
        state.received += sample.received
        weight = sample.received / max(1, len(sample.chosen))
        for payload, arrived_us in sample.chosen:
            state.examined += 1
            state.last_arrived_us = max(state.last_arrived_us, arrived_us)
            try:
                document = orjson.loads(payload)
            except orjson.JSONDecodeError:
                document = None
            if type(document) is not dict:
                state.unreadable += 1
                continue
            name = _source_name(document)
            source = heard.get(name)
            if source is None:
                source = state.sources.get(name)
                if source is None:
                    source = self._welcome(name, arrived_us, heard, gone)
                    if source is None:
                        state.untracked += 1
                        continue
                    has_news = True
                heard[name] = source
            source.examined += 1
            source.received += weight
            source.last_seen_us = max(source.last_seen_us, arrived_us)
            key = (name, shape_of(document))
            group = groups.get(key)
            if group is None:
                before = int(source.received - weight)
                group = groups[key] = _Group(document, source.examined, before, arrived_us)
            group.records += 1
            group.last_record, group.last_us = source.examined, arrived_us
        for (name, _), group in groups.items():
            has_news |= self._take_in(state.sources[name], group)
        return Looked(frozenset(heard), frozenset(gone - heard.keys()), has_news)

    def _allowed(self, records: pa.Table) -> int:
        """How many of a batch's records may be examined."""
        latest = pc.max(records["arrived_at"]).cast(pa.int64()).as_py()
        if latest is not None and latest > self._left_us:
            earned = SAMPLE_RECORDS * (latest - self._left_us) / 1_000_000
            self._left = min(SAMPLE_RECORDS, self._left + earned)
            self._left_us = latest
        return max(LEAST_RECORDS, int(self._left))

    def _welcome(
        self, name: str, arrived_us: int, heard: dict[str, SourceState], gone: set[str]
    ) -> SourceState | None:
        """Make room for a new source; None where only well-known ones could make it."""
        sources = self.state.sources
        if len(sources) >= MAX_SOURCES:
            passing = [
                (known.last_seen_us, other)
                for other, known in sources.items()
                if known.received < USUAL_RECORDS and other not in heard
            ]
            if not passing:
                return None
            _, oldest = min(passing)
            del sources[oldest]
            gone.add(oldest)
        sources[name] = SourceState(0, 0.0, arrived_us, arrived_us)
        return sources[name]

    def _take_in(self, source: SourceState, group: _Group) -> bool:
        """Count a group's values; says whether one was new."""
        has_news = False
        seen = set()
        for spot in spots(group.document):
            key = (spot.path, spot.json_type)
            if key in seen:  # long paths that begin alike
                continue
            seen.add(key)
            known = source.fields.get(key)
            if known is None:
                expected = self._expected.get(spot.path)
                if expected is None and spot.path not in source.new_paths:
                    if len(source.new_paths) >= MAX_NEW_PATHS:
                        self.state.untracked += group.records
                        continue
                    source.new_paths.add(spot.path)
                has_news = True
                known = source.fields[key] = FieldState(
                    expected,
                    records=0,
                    after_records=group.first_record - 1,
                    after_received=group.first_received,
                    last_record=0,
                    first_seen_us=group.first_us,
                    last_seen_us=group.first_us,
                    example=example_of(spot.value),
                )
            known.records += group.records
            known.after_records = min(known.after_records, group.first_record - 1)
            known.after_received = min(known.after_received, group.first_received)
            known.first_seen_us = min(known.first_seen_us, group.first_us)
            known.last_record = max(known.last_record, group.last_record)
            known.last_seen_us = max(known.last_seen_us, group.last_us)
        return has_news


def _sample(records: pa.Table, most: int) -> Iterator[tuple[bytes, int]]:
    """Payloads and arrivals, in microseconds since the Unix epoch, spread over the batch."""
    rows = records.num_rows
    count = min(rows, most)
    mean_bytes = records.column("payload").nbytes / max(1, rows)
    count = min(count, max(1, int(SAMPLE_BYTES / max(1.0, mean_bytes))))
    indices = [place * rows // count for place in range(count)]
    chosen = records.select(["payload", "arrived_at"]).take(pa.array(indices, pa.int64()))
    arrivals = chosen.column("arrived_at").cast(pa.int64()).to_pylist()
    left = SAMPLE_BYTES
    for payload, arrived_us in zip(chosen.column("payload"), arrivals, strict=True):
        left -= len(payload.as_buffer())
        if left < 0:
            return
        yield payload.as_py(), arrived_us


def _source_name(document: dict[str, Any]) -> str:
    """The source system as silver reads it; empty where a record names none."""
    name = document.get("source_system_id")
    if isinstance(name, str):
        return shortened(name.replace("\0", "").strip(_BLANKS), MAX_SOURCE_NAME)
    if name is None or isinstance(name, dict | list):
        return ""
    return str(orjson.dumps(name), "ascii")
