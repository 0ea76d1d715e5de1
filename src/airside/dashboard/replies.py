"""Answers in the format that was asked for."""

import zlib
from collections.abc import Mapping
from typing import Any

import pyarrow as pa
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from airside.dashboard.parameters import MAX_LIMIT, STREAM, Format
from airside.dashboard.rows import documents, dumps, to_arrow, to_csv

_MIN_COMPRESSED = 1_000
_COMPRESSION_LEVEL = 4
_JSON_LIMIT = 1_000
_MEDIA_TYPES = {
    "csv": "text/csv; charset=utf-8; header=present",
    "arrow": "application/vnd.apache.arrow.stream",
}


class HeadAsGet:
    """Has HEAD answered as GET is; the server, which knows what was asked, leaves out the body."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on; a stream has no end that could be waited for."""
        if scope["type"] == "http" and scope["method"] == "HEAD" and scope["path"] != STREAM:
            scope = {**scope, "method": "GET"}
        await self._app(scope, receive, send)


def accepts_gzip(request: Request) -> bool:
    """Whether the client takes gzip."""
    for part in request.headers.get("accept-encoding", "").lower().split(","):
        coding, _, quality = part.strip().partition(";")
        if coding in {"gzip", "*"}:
            return quality.replace(" ", "") not in {"q=0", "q=0.0", "q=0.00", "q=0.000"}
    return False


def gzipped(body: bytes) -> bytes:
    """A body as gzip, fast rather than small."""
    compressor = zlib.compressobj(_COMPRESSION_LEVEL, zlib.DEFLATED, zlib.MAX_WBITS | 16)
    return compressor.compress(body) + compressor.flush()


def reply(
    request: Request,
    body: bytes,
    media_type: str = "application/json",
    headers: Mapping[str, str] | None = None,
) -> Response:
    """A body, compressed where that pays and the client takes it."""
    sent = {"cache-control": "no-store", "vary": "Accept, Accept-Encoding", **(headers or {})}
    if len(body) >= _MIN_COMPRESSED and accepts_gzip(request):
        body = gzipped(body)
        sent["content-encoding"] = "gzip"
    return Response(body, headers=sent, media_type=media_type)


def reply_table(
    request: Request,
    table: pa.Table,
    *,
    name: str,
    meta: Mapping[str, Any],
    form: Format,
    limit: int | None,
    offset: int,
    total: int | None = None,
    more: Mapping[str, Any] | None = None,
) -> Response:
    """A page of a table.

    Args:
        request: The request.
        table: All rows; or the page alone, where `total` says how many there are.
        name: Of the file, for CSV and Arrow.
        meta: `Meta` of the API.
        form: The format.
        limit: Rows of the page; None takes the format's default.
        offset: Rows before the page.
        total: Rows on all pages, where `table` is one of them.
        more: Further properties of the JSON document.
    """
    limit = limit or (_JSON_LIMIT if form == "json" else MAX_LIMIT)
    page = table if total is not None else table.slice(offset, limit)
    if form == "json":
        document = {
            **meta,
            **(more or {}),
            "total": table.num_rows if total is None else total,
            "limit": limit,
            "offset": offset,
            "rows": documents(page),
        }
        return reply(request, dumps(document))
    body = to_csv(page) if form == "csv" else to_arrow(page)
    suffix = "csv" if form == "csv" else "arrows"
    disposition = {"content-disposition": f'attachment; filename="{name}.{suffix}"'}
    return reply(request, body, _MEDIA_TYPES[form], disposition)
