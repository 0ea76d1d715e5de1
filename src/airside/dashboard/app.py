"""The dashboard's ASGI application: page, API and event stream."""

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator, Callable
from functools import partial
from typing import Any

from fastapi import APIRouter, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, Response
from starlette.routing import Match

from airside import __version__
from airside.dashboard import api_page
from airside.dashboard.backend import Backend, Options
from airside.dashboard.cache import AnswerCache
from airside.dashboard.documentation import complete, documented
from airside.dashboard.ingest import Ingest
from airside.dashboard.leg_routes import LegRoutes
from airside.dashboard.metrics import CONTENT_TYPE, CountRequests, Metrics
from airside.dashboard.operations import Operations
from airside.dashboard.parameters import API
from airside.dashboard.pipeline_routes import PipelineRoutes
from airside.dashboard.problems import (
    Problem,
    on_airside_error,
    on_defect,
    on_http_error,
    on_invalid,
    on_problem,
    problem,
)
from airside.dashboard.producer import Producer
from airside.dashboard.push import EventStream, Hub, Message, keep_alive
from airside.dashboard.replies import HeadAsGet, accepts_gzip, gzipped, reply
from airside.dashboard.rows import dumps, iso
from airside.dashboard.security import Guard
from airside.dashboard.static_files import StaticFiles
from airside.errors import AirsideError


class Dashboard:
    """One dashboard: its application, and the parts that outlive a request.

    Args:
        backend: Where the data comes from.
        options: How it behaves.
    """

    def __init__(self, backend: Backend, options: Options) -> None:
        self._backend = backend
        self._options = options
        self.producer = Producer(backend, options)
        self.hub = Hub(options.max_viewers)
        self.cache = AnswerCache()
        self.ingest = Ingest(backend, options, self._overload)
        self.metrics = Metrics(backend, self.producer, self.hub, self.ingest)
        self._static = StaticFiles(options.static)
        self._compressed: tuple[bytes, bytes] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self.started = threading.Event()
        """Set once the application serves."""
        self.app = self._make_app()

    def close_streams(self) -> None:
        """Say good-bye to all viewers; any thread may call it."""
        bye = Message.of("bye", {"at": iso(self._backend.clock())})
        if self._loop is not None:
            with contextlib.suppress(RuntimeError):  # the loop has ended
                self._loop.call_soon_threadsafe(self.hub.close, bye)

    def _overload(self) -> str | None:
        """Why no further records are taken; None while they are."""
        pipeline, options = self.producer.part("pipeline"), self._options
        if pipeline is None:
            return None
        waiting = pipeline["in_flight"]
        if waiting > options.max_backlog_records:
            return f"{waiting:,} records wait, more than {options.max_backlog_records:,}"
        seconds = pipeline["consumers"]["silver"]["iterator_age_seconds"]
        if not self._backend.counts_backlog and seconds > options.max_backlog_seconds:
            return (
                f"records wait for {seconds:,.0f} s, more than {options.max_backlog_seconds:,.0f} s"
            )
        return None

    def _make_app(self) -> FastAPI:
        app = FastAPI(
            title="Airside",
            version=__version__,
            summary="Real-time airport operations: flights, delays, turnarounds, and the account "
            "of every record",
            docs_url=None,
            redoc_url=None,
            lifespan=self._lifespan,
        )
        for kind, handler in (
            (Problem, on_problem),
            (AirsideError, on_airside_error),
            (HTTPException, on_http_error),
            (RequestValidationError, on_invalid),
            (Exception, on_defect),
        ):
            app.add_exception_handler(kind, handler)
        api = APIRouter(prefix=API)
        for path, endpoint in (("/snapshot", self.snapshot), ("/stream", self.stream)):
            api.add_api_route(path, endpoint, tags=["live"], **documented(path))
        api.add_api_route(
            "/events", self.events, methods=["POST"], tags=["ingest"], **documented("/events")
        )
        operations = Operations(self._backend, self.producer, self.cache)
        records = PipelineRoutes(self._backend, self.producer, self.cache, self.hub)
        legs = LegRoutes(self._backend, self.producer)
        for router in (api, operations.router, legs.router, records.router):
            app.include_router(router)
        health: tuple[tuple[str, Callable[..., Any]], ...] = (
            ("/healthz", self.healthz),
            ("/readyz", self.readyz),
            ("/metrics", self.metrics_text),
        )
        for path, serve in health:
            app.add_api_route(path, serve, tags=["health"], **documented(path))
        app.add_api_route("/docs", self.docs, include_in_schema=False)
        app.add_api_route("/docs.js", self.docs_script, include_in_schema=False)
        app.add_api_route(
            API + "/{path:path}",
            self.unknown,
            methods=["GET", "POST", "PUT", "PATCH", "DELETE"],
            include_in_schema=False,
        )
        app.add_api_route("/{path:path}", self.page, include_in_schema=False)
        app.add_middleware(CountRequests, metrics=self.metrics)
        app.add_middleware(HeadAsGet)
        app.add_middleware(
            Guard, token=self._options.token, allowed_hosts=self._options.allowed_hosts
        )
        describe = app.openapi

        def openapi() -> dict[str, Any]:
            return app.openapi_schema or complete(describe())

        app.openapi = openapi  # type: ignore[method-assign]  # FastAPI's own way to extend it
        return app

    @contextlib.asynccontextmanager
    async def _lifespan(self, _app: FastAPI) -> AsyncIterator[None]:
        loop = self._loop = asyncio.get_running_loop()

        def publish(seq: int, message: Message, resync: Message) -> None:
            with contextlib.suppress(RuntimeError):  # the loop has ended
                loop.call_soon_threadsafe(partial(self.hub.broadcast, message, resync, seq=seq))

        self.producer.start(publish)
        heartbeat = asyncio.create_task(
            keep_alive(self.hub, self.producer.stamp, self._options.heartbeat_seconds)
        )
        self.started.set()
        yield
        heartbeat.cancel()
        await asyncio.to_thread(self.producer.stop)

    # --- routes --------------------------------------------------------------------------------

    def snapshot(self, request: Request) -> Response:
        """Everything unfiltered that the Operations page shows, at one moment."""
        if not self.producer.wait(_FIRST_LOOK_SECONDS):
            raise Problem(
                503, self.producer.error or "the data has not been read yet", retry_after=1
            )
        body = self.producer.snapshot()
        if not accepts_gzip(request):
            return reply(request, body)
        kept = self._compressed
        if kept is None or kept[0] is not body:
            kept = self._compressed = (body, gzipped(body))
        headers = {
            "content-encoding": "gzip",
            "cache-control": "no-store",
            "vary": "Accept-Encoding",
        }
        return Response(kept[1], headers=headers, media_type="application/json")

    async def stream(self, request: Request) -> Response:
        """Server-sent events: `hello`, then `delta`, `heartbeat`, `resync` and `bye`."""
        if self.hub.is_full:
            raise Problem(
                503,
                f"{len(self.hub):,} viewers are connected, as many as dashboard.max_viewers allows",
                retry_after=10,
            )
        hello = {**self.producer.stamp(), "heartbeat_seconds": self._options.heartbeat_seconds}
        return EventStream(self.hub, Message.of("hello", hello), compressed=accepts_gzip(request))

    async def events(self, request: Request) -> Response:
        """Put records on the stream: one a line, or a JSON array. All are durable, or none.

        Only a 503 on Kinesis may come after some; it says how many.
        """
        return await self.ingest.handle(request)

    async def healthz(self) -> Response:
        """Whether the server lives."""
        return Response(dumps({"status": "ok"}), media_type="application/json")

    async def readyz(self) -> Response:
        """Whether the server has data to show and can read more."""
        if self.producer.error is not None or self.producer.part("pipeline") is None:
            return problem(
                503, self.producer.error or "the data has not been read yet", headers=_SOON
            )
        return Response(dumps({"status": "ready"}), media_type="application/json")

    def metrics_text(self, request: Request) -> Response:
        """Metrics in Prometheus' text format."""
        return reply(request, self.metrics.render(), CONTENT_TYPE)

    async def docs(self) -> Response:
        """The API for people."""
        policy = {"content-security-policy": api_page.CONTENT_SECURITY_POLICY}
        return HTMLResponse(api_page.HTML, headers={**_FRESH, **policy})

    async def docs_script(self) -> Response:
        """What starts that page."""
        return Response(api_page.SCRIPT, media_type="text/javascript", headers=_FRESH)

    async def unknown(self, request: Request, path: str) -> Response:  # noqa: ARG002 - the route has it
        """Answer what the API does not have, rather than the page."""
        scope = dict(request.scope)
        takes_another = any(
            route.matches(scope)[0] is Match.PARTIAL for route in request.app.routes
        )
        raise HTTPException(405 if takes_another else 404)

    def page(self, request: Request) -> Response:
        """The page and what belongs to it."""
        return self._static.respond(request)


_FIRST_LOOK_SECONDS = 5.0
_FRESH = {"cache-control": "no-cache"}
_SOON = {"retry-after": "1"}
