"""Routes of one leg: its state, its timeline, and the records behind it."""

from typing import Annotated

import pyarrow as pa
from fastapi import APIRouter, Path, Query, Request
from starlette.responses import Response

from airside.dashboard.backend import Backend, Document
from airside.dashboard.documentation import documented
from airside.dashboard.parameters import API, FormatQuery, OffsetQuery
from airside.dashboard.problems import Problem
from airside.dashboard.producer import Producer
from airside.dashboard.queries import legs, records
from airside.dashboard.replies import reply, reply_table
from airside.dashboard.rows import dumps, to_table

LegKey = Annotated[str, Path(pattern="^[0-9a-f]{32}$", description="32 hexadecimal digits")]
_MAX_EVENTS = 10_000
_MAX_RECORDS = 200


class LegRoutes:
    """Answers about one leg, as fresh as the live board where it is active."""

    def __init__(self, backend: Backend, producer: Producer) -> None:
        self._backend = backend
        self._producer = producer
        self.router = APIRouter(prefix=API, tags=["operations"])
        for path, endpoint in (
            ("/legs/{leg_key}", self.leg),
            ("/legs/{leg_key}/records", self.raw_records),
        ):
            self.router.add_api_route(path, endpoint, **documented(path))

    def leg(
        self,
        request: Request,
        leg_key: LegKey,
        limit: Annotated[int, Query(ge=1, le=_MAX_EVENTS, description="The newest events")] = 1_000,
    ) -> Response:
        """One leg: its state, its turnaround, and the timeline of its events."""
        meta = self._producer.meta()
        reader = self._backend.reader
        found = self._find(leg_key)
        ends = [found[f"{side}_airport_iata"] for side in ("departure", "arrival")]
        airports = legs.airports(reader, ends) if self._producer.is_built else {}
        scheduled = found["scheduled_departure_at"]
        timeline = legs.timeline(reader, leg_key, scheduled, limit)
        document = {
            **meta,
            "leg": found,
            "departure_airport": airports.get(ends[0]),
            "arrival_airport": airports.get(ends[1]),
            "turnaround": legs.turnaround(reader, leg_key, scheduled),
            **timeline._asdict(),
        }
        return reply(request, dumps(document))

    def raw_records(
        self,
        request: Request,
        leg_key: LegKey,
        form: FormatQuery,
        limit: Annotated[int, Query(ge=1, le=_MAX_RECORDS)] = 50,
        offset: OffsetQuery = 0,
    ) -> Response:
        """The records behind a leg, verbatim, newest first: from the archive or the stream."""
        leg = self._find(leg_key)
        total, rows = records.locations(
            self._backend.reader, leg_key, leg["scheduled_departure_at"], limit, offset
        )
        found = self._backend.raw_records(
            [(row["shard_id"], row["sequence_number"]) for row in rows]
        )
        for row in rows:
            payload, origin = found.get((row["shard_id"], row["sequence_number"]), (None, None))
            row["payload"], row["origin"] = records.as_text(payload), origin
        table = (
            pa.Table.from_pylist(rows)
            if rows
            else to_table([], ["shard_id", "sequence_number", "payload"])
        )
        return reply_table(
            request,
            table,
            name=f"records-{leg_key}",
            meta=self._producer.meta(),
            form=form,
            limit=limit,
            offset=offset,
            total=total,
        )

    def _find(self, leg_key: str) -> Document:
        settled = legs.leg(self._backend.reader, leg_key) if self._producer.is_built else None
        live = self._producer.flight(leg_key)
        if settled is None and live is None:
            raise Problem(
                404, f"no leg has the key {leg_key}; live-flights lists those that are active"
            )
        unknown = {"taxi_time_minutes": None, "turnaround_time_minutes": None}
        return {**unknown, **(settled or {}), **(live or {})}
