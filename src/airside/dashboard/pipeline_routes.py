"""Routes of the Pipeline page: where the records are, and what was found wrong with them."""

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from airside import __version__
from airside.dashboard.backend import Backend
from airside.dashboard.cache import AnswerCache
from airside.dashboard.documentation import documented
from airside.dashboard.parameters import API, MAX_LIMIT, FormatQuery, LimitQuery, OffsetQuery
from airside.dashboard.producer import Producer
from airside.dashboard.push import Hub
from airside.dashboard.queries import records
from airside.dashboard.replies import reply, reply_table
from airside.dashboard.rows import dumps, to_table
from airside.dashboard.schemas import Alert, DriftFinding

Reason = Literal[
    "not_utf8",
    "not_json",
    "not_object",
    "missing_event_id",
    "bad_event_timestamp",
    "missing_flight",
    "bad_route",
    "bad_schedule",
    "bad_status",
]


class PipelineRoutes:
    """Answers about records rather than flights."""

    def __init__(self, backend: Backend, producer: Producer, cache: AnswerCache, hub: Hub) -> None:
        self._backend = backend
        self._producer = producer
        self._cache = cache
        self._hub = hub
        self.router = APIRouter(prefix=API, tags=["pipeline"])
        for path, endpoint in (
            ("/status", self.status),
            ("/quarantine", self.quarantine),
            ("/quality", self.quality),
            ("/alerts", self.alerts),
            ("/drift", self.drift),
        ):
            self.router.add_api_route(path, endpoint, **documented(path))

    def status(self, request: Request) -> Response:
        """The account of every record, lag and throughput, stages, storage, recent failures."""
        document = {
            **self._producer.meta(),
            **self._backend.pipeline(),
            "storage": self._backend.storage(),
            "recent_failures": self._backend.failures(),
            "viewers": len(self._hub),
            "version": __version__,
        }
        return reply(request, dumps(document))

    def quarantine(
        self,
        request: Request,
        form: FormatQuery,
        reason: Annotated[Reason | None, Query(description="Only this reason")] = None,
        limit: Annotated[
            int,
            Query(
                ge=1,
                le=MAX_LIMIT,
                description="Rows of a page; at most 1,000 in JSON, 10,000 in CSV and Arrow",
            ),
        ] = 100,
        offset: OffsetQuery = 0,
    ) -> Response:
        """Records that were refused, newest first, with why and the first 64 KiB of each."""
        limit = min(limit, 10_000 if form != "json" else 1_000)
        total, page = records.quarantined(self._backend.reader, reason, limit, offset)
        return reply_table(
            request,
            page,
            name="quarantine",
            meta=self._producer.meta(),
            form=form,
            limit=limit,
            offset=offset,
            total=total,
        )

    def quality(
        self,
        request: Request,
        form: FormatQuery,
        by: Annotated[
            records.By, Query(description="Each day of arrival, or all together")
        ] = "day",
        limit: LimitQuery = None,
        offset: OffsetQuery = 0,
    ) -> Response:
        """Verdicts, reasons and flags by day of arrival, or of all days."""
        meta = self._producer.meta()
        table = to_table([], [])
        if self._producer.is_built:
            table = self._cache.get(
                self._producer.version.gold,
                ("quality", by),
                lambda: records.quality(self._backend.reader, by),
            )
        return reply_table(
            request,
            table,
            name="quality",
            meta=meta,
            form=form,
            limit=limit,
            offset=offset,
        )

    def alerts(
        self,
        request: Request,
        form: FormatQuery,
        limit: LimitQuery = None,
        offset: OffsetQuery = 0,
    ) -> Response:
        """What is beyond its limit now, then what was, newest first."""
        return reply_table(
            request,
            to_table(self._backend.alerts(), list(Alert.model_fields)),
            name="alerts",
            meta=self._producer.meta(),
            form=form,
            limit=limit,
            offset=offset,
        )

    def drift(
        self,
        request: Request,
        form: FormatQuery,
        limit: LimitQuery = None,
        offset: OffsetQuery = 0,
    ) -> Response:
        """Fields and types that the contract does not know, or that a source no longer sends."""
        figures, findings = self._backend.drift()
        return reply_table(
            request,
            to_table(findings, list(DriftFinding.model_fields)),
            name="drift",
            meta=self._producer.meta(),
            form=form,
            limit=limit,
            offset=offset,
            more=figures,
        )
