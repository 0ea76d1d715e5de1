"""Routes of the Operations and Trends pages: figures over flights."""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any, TypeVar

import pyarrow as pa
from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from airside.dashboard.backend import Backend, Document
from airside.dashboard.board import count_by_status
from airside.dashboard.cache import AnswerCache
from airside.dashboard.documentation import documented
from airside.dashboard.filters import Filters
from airside.dashboard.parameters import (
    API,
    FilterQuery,
    Format,
    FormatQuery,
    LimitQuery,
    OffsetQuery,
)
from airside.dashboard.producer import Producer
from airside.dashboard.queries import kpis, reports, trends
from airside.dashboard.queries.legs import LEG_COLUMNS
from airside.dashboard.replies import reply, reply_table
from airside.dashboard.rows import documents, dumps, to_table

_BOARD_COLUMNS = (*LEG_COLUMNS[:3], "airline_name", *LEG_COLUMNS[3:])
T = TypeVar("T")


class Operations:
    """Answers from gold and the live board; gold's are kept until it has taken new batches in."""

    def __init__(self, backend: Backend, producer: Producer, cache: AnswerCache) -> None:
        self._backend = backend
        self._producer = producer
        self._cache = cache
        self.router = APIRouter(prefix=API, tags=["operations"])
        for path, endpoint in (
            ("/kpis", self.kpis),
            ("/airline-delays", self.airline_delays),
            ("/passengers-vs-turnaround", self.passengers_vs_turnaround),
            ("/delay-pairs", self.delay_pairs),
            ("/live-flights", self.live_flights),
            ("/movements", self.movements),
            ("/trends", self.trends),
        ):
            self.router.add_api_route(path, endpoint, **documented(path))

    def kpis(self, request: Request, where: FilterQuery) -> Response:
        """The figures on the tiles, each with what it rests on and its last 24 hours."""
        where = where.at_hub(self._producer.hub)
        meta = self._producer.meta()
        if where.is_empty:
            tiles = self._producer.part("kpis")
        else:
            watermark = self._producer.watermark
            figures = None
            if self._producer.is_built and watermark is not None:
                figures = self._ask(
                    ("kpis", where),
                    lambda: kpis.settled(
                        self._backend.reader, where, watermark, liveness=self._producer.liveness
                    ),
                )
            tiles = kpis.tiles(figures, self._producer.live_figures(where.matches))
        return reply(request, dumps({**meta, "kpis": tiles}))

    def airline_delays(
        self,
        request: Request,
        where: FilterQuery,
        form: FormatQuery,
        limit: LimitQuery = None,
        offset: OffsetQuery = 0,
    ) -> Response:
        """Which airlines have the most significant delays, worst mean departure delay first."""
        where = where.at_hub(self._producer.hub)

        def ask() -> pa.Table:
            if not where.is_empty:
                return reports.airline_delays(self._backend.reader, where)
            rows = self._backend.answers.airline_delays(self._backend.reader)
            return to_table(rows, list(rows[0]) if rows else ["airline_iata"])

        return self._table(
            request, ("airline-delays", where), ask, form=form, limit=limit, offset=offset
        )

    def passengers_vs_turnaround(
        self, request: Request, where: FilterQuery, form: FormatQuery
    ) -> Response:
        """How passengers relate to turnaround time: the line, by aircraft type, and the points."""
        where = where.at_hub(self._producer.hub)
        reader = self._backend.reader

        def ask() -> tuple[Document, pa.Table]:
            line = (
                self._backend.answers.passengers_vs_turnaround(reader)
                if where.is_empty
                else reports.passengers_vs_turnaround(reader, where)
            )
            return line, reports.turnaround_points(reader, where)

        return self._scatter(request, "passengers-vs-turnaround", where, ask, form)

    def delay_pairs(self, request: Request, where: FilterQuery, form: FormatQuery) -> Response:
        """Arrival delay against departure delay: the line and the points."""
        where = where.at_hub(self._producer.hub)
        reader = self._backend.reader

        def ask() -> tuple[Document, pa.Table]:
            return reports.delay_line(reader, where), reports.delay_points(reader, where)

        return self._scatter(request, "delay-pairs", where, ask, form)

    def live_flights(
        self,
        request: Request,
        where: FilterQuery,
        form: FormatQuery,
        limit: LimitQuery = None,
        offset: OffsetQuery = 0,
    ) -> Response:
        """All active flights as they are now, by scheduled departure."""
        where = where.at_hub(self._producer.hub)
        meta = self._producer.meta()
        rows = [row for row in self._producer.flights() if where.matches(row)]
        more = {"active": len(rows), "by_status": count_by_status(rows)}
        table = to_table(rows, _BOARD_COLUMNS)
        return reply_table(
            request,
            table,
            name="live-flights",
            meta=meta,
            form=form,
            limit=limit,
            offset=offset,
            more=more,
        )

    def movements(
        self,
        request: Request,
        where: FilterQuery,
        form: FormatQuery,
        limit: LimitQuery = None,
        offset: OffsetQuery = 0,
    ) -> Response:
        """Departures and arrivals by airport, most movements first."""
        where = where.at_hub(self._producer.hub)
        return self._table(
            request,
            ("movements", where),
            lambda: reports.movements(self._backend.reader, where),
            form=form,
            limit=limit,
            offset=offset,
        )

    def trends(  # noqa: PLR0917 - the framework fills them in by name
        self,
        request: Request,
        where: FilterQuery,
        form: FormatQuery,
        by: Annotated[
            trends.By, Query(description="Buckets; without a window 48 hours, 30 days, 60 days")
        ] = "hour",
        group: Annotated[trends.GroupBy, Query(description="A row for each group")] = "none",
        top: Annotated[int, Query(ge=1, le=100, description="The largest groups only")] = 10,
        limit: LimitQuery = None,
        offset: OffsetQuery = 0,
    ) -> Response:
        """Delay, punctuality, movements, passengers, security wait and turnaround over time."""
        where = where.at_hub(self._producer.hub)
        watermark = self._producer.watermark
        zone = "UTC"
        if by == "hour_of_day":
            zone = (self._producer.part("airport") or {}).get("timezone") or "UTC"

        def ask() -> pa.Table:
            assert watermark is not None  # noqa: S101 - `_table` asks only where there is data
            return trends.trends(
                self._backend.reader,
                where,
                by=by,
                group_by=group,
                top=top,
                zone=zone,
                watermark=watermark,
            )

        return self._table(
            request,
            ("trends", where, by, group, top, zone, _hour(watermark)),
            ask,
            form=form,
            limit=limit,
            offset=offset,
            more={"by": by, "group_by": group, "zone": zone},
        )

    def _ask(self, key: tuple[Any, ...], ask: Callable[[], T]) -> T:
        return self._cache.get(self._producer.version.gold, key, ask)

    def _table(
        self,
        request: Request,
        key: tuple[Any, ...],
        ask: Callable[[], pa.Table],
        *,
        form: Format,
        limit: int | None,
        offset: int,
        more: Document | None = None,
    ) -> Response:
        meta = self._producer.meta()
        is_ready = self._producer.is_built and self._producer.watermark is not None
        table = self._ask(key, ask) if is_ready else to_table([], [])
        return reply_table(
            request,
            table,
            name=key[0],
            meta=meta,
            form=form,
            limit=limit,
            offset=offset,
            more=more,
        )

    def _scatter(
        self,
        request: Request,
        name: str,
        where: Filters,
        ask: Callable[[], tuple[Document, pa.Table]],
        form: Format,
    ) -> Response:
        meta = self._producer.meta()
        if self._producer.is_built:
            line, points = self._ask((name, where), ask)
        else:
            empty = "passengers_vs_turnaround" if "passengers" in name else "delay_pairs"
            line, points = self._producer.part(empty), to_table([], ["leg_key"])
        if form != "json":
            return reply_table(
                request, points, name=name, meta=meta, form=form, limit=None, offset=0
            )
        return reply(request, dumps({**meta, **line, "points": documents(points)}))


def _hour(watermark: datetime | None) -> datetime | None:
    return watermark and watermark.replace(minute=0, second=0, microsecond=0)
