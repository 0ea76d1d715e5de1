"""`/metrics`, for Prometheus."""

import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import datetime

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.gc_collector import GCCollector
from prometheus_client.platform_collector import PlatformCollector
from prometheus_client.process_collector import ProcessCollector
from prometheus_client.registry import Collector
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from airside.dashboard.backend import Backend
from airside.dashboard.ingest import Ingest
from airside.dashboard.parameters import STREAM
from airside.dashboard.producer import Producer
from airside.dashboard.push import Hub
from airside.errors import AirsideError

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - the watermark is UTC without a zone


class Metrics:
    """All metrics of one server, in a registry of their own."""

    def __init__(self, backend: Backend, producer: Producer, hub: Hub, ingest: Ingest) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)
        GCCollector(registry=self.registry)
        self.registry.register(_State(backend, producer, hub, ingest))
        self.requests = Counter(
            "airside_http_requests",
            "Requests",
            ["method", "route", "status"],
            registry=self.registry,
        )
        self.seconds = Histogram(
            "airside_http_request_seconds",
            "Time to the end of the answer",
            ["route"],
            registry=self.registry,
        )

    def render(self) -> bytes:
        """The text that Prometheus reads."""
        return generate_latest(self.registry)


class CountRequests:
    """Counts requests by route, never by path: a path is whatever somebody types."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Count one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        status = 500
        began = time.perf_counter()

        async def watch(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, watch)
        finally:
            route = getattr(scope.get("route"), "path", "other")
            method = scope["method"] if scope["method"] in _METHODS else "other"
            self._metrics.requests.labels(method, route, str(status)).inc()
            if route != STREAM:
                self._metrics.seconds.labels(route).observe(time.perf_counter() - began)


_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class _State(Collector):
    """What the pipeline and the page stand at, read when Prometheus asks."""

    def __init__(self, backend: Backend, producer: Producer, hub: Hub, ingest: Ingest) -> None:
        self._backend = backend
        self._producer = producer
        self._hub = hub
        self._ingest = ingest

    def describe(self) -> Iterable[Metric]:
        """Nothing before the first scrape: the pipeline may not be known yet."""
        return []

    def collect(self) -> Iterable[Metric]:
        """Read all."""
        yield from self._dashboard()
        with suppress(AirsideError):  # what cannot be read now must not hide all else
            yield from self._stored()
            yield from self._kept()
        pipeline = self._producer.part("pipeline")
        if pipeline is None:
            return
        counts: list[tuple[str, str, Callable[[], float]]] = [
            ("received", "Records that the stream took", lambda: pipeline["received"]),
            ("archived", "Records in the archive", lambda: pipeline["archived"]),
        ]
        for name, text, value in counts:
            yield CounterMetricFamily(f"airside_records_{name}", text, value=value())
        verdicts = CounterMetricFamily(
            "airside_records_judged", "Records by verdict", labels=["verdict"]
        )
        for verdict in ("clean", "quarantined", "duplicates"):
            verdicts.add_metric([verdict], pipeline[verdict])
        yield verdicts
        reasons = CounterMetricFamily(
            "airside_records_quarantined", "Records by reason", labels=["reason"]
        )
        for reason, records in pipeline["reasons"].items():
            reasons.add_metric([reason], records)
        yield reasons
        lag = GaugeMetricFamily(
            "airside_consumer_lag_records", "Records behind a consumer", labels=["consumer"]
        )
        age = GaugeMetricFamily(
            "airside_consumer_iterator_age_seconds",
            "How long the oldest unread record has waited",
            labels=["consumer"],
        )
        for name, consumer in pipeline["consumers"].items():
            lag.add_metric([name], consumer["lag_records"])
            age.add_metric([name], consumer["iterator_age_seconds"])
        yield lag
        yield age
        yield GaugeMetricFamily(
            "airside_balanced", "1 where every record is accounted for", int(pipeline["balanced"])
        )
        failing = GaugeMetricFamily(
            "airside_stage_failures", "Failures of a stage in a row", labels=["stage"]
        )
        for stage in pipeline["stages"]:
            failing.add_metric([stage["name"]], stage["failures"])
        yield failing
        with suppress(AirsideError):  # told by its own route
            yield from self._schema_drift()

    def _schema_drift(self) -> Iterable[Metric]:
        figures, _ = self._backend.drift()
        findings = GaugeMetricFamily(
            "airside_schema_drift_findings",
            "Paths at which a source departs from the contract, or from its own past",
            labels=["kind"],
        )
        for kind in ("new_field", "changed_type", "missing_field"):
            findings.add_metric([kind], figures[f"{kind}s"])
        yield findings
        yield GaugeMetricFamily(
            "airside_schema_drift_changes", "Those of them that are new", figures["changes"]
        )
        yield CounterMetricFamily(
            "airside_schema_drift_examined_records",
            "Records examined for schema drift",
            value=figures["examined"],
        )

    def _stored(self) -> Iterable[Metric]:
        """What lies on the disk, and what may."""
        sizes = GaugeMetricFamily(
            "airside_storage_bytes", "Bytes that a part of the data takes", labels=["part"]
        )
        files = GaugeMetricFamily("airside_storage_files", "Files of a part", labels=["part"])
        limits = GaugeMetricFamily(
            "airside_storage_limit_bytes", "Bytes that a part may take", labels=["part"]
        )
        for part in self._backend.storage():
            sizes.add_metric([part["name"]], part["bytes"])
            files.add_metric([part["name"]], part["files"])
            if part["limit_bytes"] is not None:
                limits.add_metric([part["name"]], part["limit_bytes"])
        return sizes, files, limits

    def _kept(self) -> Iterable[Metric]:
        """What would grow for ever, and what keeps it from doing so."""
        numbers = GaugeMetricFamily(
            "airside_kept", "How much is kept of what would grow for ever", labels=["kind"]
        )
        limits = GaugeMetricFamily(
            "airside_kept_limit", "How much of it is kept at most", labels=["kind"]
        )
        for kept in self._backend.kept():
            numbers.add_metric([kept.name], kept.number)
            if kept.limit is not None:
                limits.add_metric([kept.name], kept.limit)
        return numbers, limits

    def _dashboard(self) -> Iterable[Metric]:
        kpis = self._producer.part("kpis")
        yield GaugeMetricFamily(
            "airside_active_flights", "Active flights", kpis["active_flights"]["value"] or 0
        )
        yield GaugeMetricFamily("airside_viewers", "Open event streams", len(self._hub))
        yield CounterMetricFamily(
            "airside_viewers_resynchronised",
            "Viewers that were too slow and started over",
            self._hub.resynchronised,
        )
        yield CounterMetricFamily(
            "airside_pushed_bytes", "Bytes sent on event streams", self._hub.sent_bytes
        )
        yield GaugeMetricFamily(
            "airside_update_seconds", "What the last update took", self._producer.update_seconds
        )
        yield CounterMetricFamily(
            "airside_http_accepted_records", "Records taken by POST", self._ingest.accepted
        )
        if self._producer.watermark is not None:
            yield GaugeMetricFamily(
                "airside_watermark_timestamp_seconds",
                "Now in event time",
                (self._producer.watermark - _EPOCH).total_seconds(),
            )
