"""`POST /api/v1/events`: records from a request's body onto the stream."""

import asyncio
import threading
import zlib
from collections.abc import Callable

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from airside.dashboard.backend import Backend, Options, Put
from airside.dashboard.problems import Problem
from airside.dashboard.rows import dumps
from airside.errors import RetryableError
from airside.stream import PartlyPutError, StreamFullError

NDJSON_TYPES = frozenset(
    {"application/x-ndjson", "application/ndjson", "application/jsonl", "application/jsonlines"}
)
JSON_TYPE = "application/json"
MAX_AT_ONCE = 8
BODY_SECONDS = 30.0
"""A body must be here after so long."""
_FULL_SECONDS = 5
_DRAIN_FACTOR = 16
_DRAIN_SECONDS = 10.0


class Ingest:
    """Takes bodies, a few at a time, so that memory stays bounded.

    Args:
        backend: Puts the records, and knows how far behind silver is.
        options: The limits.
        overload: Why no further records are taken just now; None while they are.
    """

    def __init__(
        self, backend: Backend, options: Options, overload: Callable[[], str | None]
    ) -> None:
        self._backend = backend
        self._options = options
        self._overload = overload
        self._lock = threading.Lock()
        self._at_once = 0
        self.accepted = 0
        """Records put on the stream, since the start."""

    async def handle(self, request: Request) -> Response:
        """Answer 202 once every record of the body is durable, or a problem and none is.

        On Kinesis a problem may come after some have been put; it says how many.

        Raises:
            Problem: The body or the moment does not suit.
        """
        put = self._backend.put
        if put is None:
            raise Problem(
                501,
                f"this dashboard reads {self._backend.warehouse} alone and has no stream to put "
                "events on; send them to the pipeline that feeds it",
            )
        media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if media_type not in NDJSON_TYPES and media_type != JSON_TYPE:
            raise Problem(
                415,
                f"content type {media_type[:100]!r}: send application/x-ndjson (a record a line) "
                "or application/json (an array of records)",
            )
        encoding = request.headers.get("content-encoding", "identity").strip().lower()
        if encoding not in {"identity", "gzip", ""}:
            raise Problem(415, f"content encoding {encoding[:100]!r}: send gzip, or none")
        overload = self._overload()
        if overload is not None:
            raise Problem(429, f"{overload}; send these again later", retry_after=5)
        if self._at_once >= MAX_AT_ONCE:
            raise Problem(429, f"{MAX_AT_ONCE} bodies are being taken already", retry_after=1)
        self._at_once += 1
        try:
            body = await self._body(request, is_gzip=encoding == "gzip")
            accepted = await run_in_threadpool(self._put, put, body, media_type)
        finally:
            self._at_once -= 1
        return Response(dumps({"accepted": accepted}), 202, media_type="application/json")

    async def _body(self, request: Request, *, is_gzip: bool) -> bytes:
        limit = self._options.max_body_bytes
        declared = request.headers.get("content-length", "")
        if declared.isdecimal() and int(declared) > limit:
            await self._refuse_size(request)
        taken = bytearray()
        inflate = _Inflate(limit) if is_gzip else None
        received = 0
        try:
            async with asyncio.timeout(BODY_SECONDS):
                async for chunk in request.stream():
                    received += len(chunk)
                    taken += inflate(chunk) if inflate else chunk
                    if received > limit or len(taken) > limit:
                        await self._refuse_size(request)
        except TimeoutError:
            raise Problem(
                408, f"the body was not here after {BODY_SECONDS:.0f} s; nothing was taken"
            ) from None
        except ClientDisconnect:
            raise Problem(400, "the connection ended within the body; nothing was taken") from None
        if inflate is not None:
            inflate.finish()
        return bytes(taken)

    async def _refuse_size(self, request: Request) -> None:
        # A client that is still sending reads no answer, so let it send for a while; one that
        # asked first (Expect: 100-continue) does not send at all.
        if "expect" not in request.headers:
            left = self._options.max_body_bytes * _DRAIN_FACTOR
            try:
                async with asyncio.timeout(_DRAIN_SECONDS):
                    async for chunk in request.stream():
                        left -= len(chunk)
                        if left < 0:
                            break
            except (TimeoutError, ClientDisconnect, RuntimeError):
                pass
        raise Problem(
            413,
            f"the body has more than {self._options.max_body_bytes:,} bytes (also once "
            "decompressed); send fewer records at a time, or raise dashboard.max_body_bytes",
        )

    def _put(self, put: Put, body: bytes, media_type: str) -> int:
        records = _lines(body) if media_type in NDJSON_TYPES else _elements(body)
        for number, record in enumerate(records, 1):
            if len(record) > self._backend.max_record_bytes:
                raise Problem(
                    413,
                    f"record {number:,} has {len(record):,} bytes, more than a record may have "
                    f"({self._backend.max_record_bytes:,}); nothing was taken",
                )
        try:
            with self._lock:
                put(records)
                self.accepted += len(records)
        except PartlyPutError as error:
            self.accepted += error.taken
            raise Problem(503, str(error), retry_after=5) from error
        except StreamFullError as error:
            raise Problem(429, f"{error}; nothing was taken", retry_after=_FULL_SECONDS) from error
        except RetryableError as error:
            raise Problem(503, f"{error}; nothing was taken", retry_after=5) from error
        return len(records)


class _Inflate:
    """Decompresses gzip a chunk at a time, and stops where it becomes too much."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._produced = 0
        self._decompressor = zlib.decompressobj(zlib.MAX_WBITS | 16)

    def __call__(self, chunk: bytes) -> bytes:
        taken = bytearray()
        try:
            while chunk and self._produced <= self._limit:
                if self._decompressor.eof:  # gzip files may follow one another
                    self._decompressor = zlib.decompressobj(zlib.MAX_WBITS | 16)
                data = self._decompressor.decompress(chunk, self._limit + 1 - self._produced)
                self._produced += len(data)
                taken += data
                chunk = self._decompressor.unconsumed_tail or self._decompressor.unused_data
        except zlib.error as error:
            raise Problem(
                400,
                f"the body is not gzip, as its content-encoding says ({error}); nothing was taken",
            ) from error
        return bytes(taken)

    def finish(self) -> None:
        """The body has ended.

        Raises:
            Problem: In the middle of a gzip file.
        """
        if not self._decompressor.eof:
            raise Problem(400, "the gzip body is cut off; nothing was taken")


def _lines(body: bytes) -> list[bytes]:
    """Every line is a record, verbatim, whatever it holds."""
    lines = body.split(b"\n")
    if not lines[-1]:
        lines.pop()
    return lines


def _elements(body: bytes) -> list[bytes]:
    """The bytes of each element of a JSON array."""
    try:
        body.decode()  # msgspec does not look into strings that it only hands on
        return [bytes(raw) for raw in msgspec.json.decode(body, type=list[msgspec.Raw])]
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Problem(
            400,
            f"the body is not a JSON array of records ({error}); malformed records can be sent as "
            "application/x-ndjson, to be kept in the quarantine",
        ) from error
