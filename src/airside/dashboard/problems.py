"""Errors as RFC 9457 problem documents: what was seen, what was expected, what to do next."""

import logging
from typing import Any

from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from airside.dashboard.rows import dumps
from airside.errors import AirsideError, RetryableError, UsageError

_LOG = logging.getLogger(__name__)
PROBLEM_JSON = "application/problem+json"

_TITLES = {
    400: "Bad request",
    401: "Token needed",
    403: "Not allowed",
    404: "Not found",
    405: "Method not allowed",
    406: "No such format",
    408: "Request came too slowly",
    411: "Length needed",
    413: "Body too large",
    415: "Unsupported content type",
    421: "Unknown host",
    422: "Parameter not understood",
    429: "Too many records are waiting",
    500: "Defect in the server",
    501: "Not offered here",
    503: "Not available now",
}


class Problem(Exception):  # noqa: N818 - the RFC's own word
    """An answer that is not the one that was asked for."""

    def __init__(self, status: int, detail: str, *, retry_after: int | None = None) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.headers = {} if retry_after is None else {"retry-after": str(retry_after)}

    def response(self) -> Response:
        """The problem as a response."""
        return problem(self.status, self.detail, headers=self.headers)


def problem(
    status: int,
    detail: str,
    *,
    headers: dict[str, str] | None = None,
    errors: list[dict[str, str]] | None = None,
) -> Response:
    """A problem document."""
    document: dict[str, Any] = {
        "type": "about:blank",
        "title": _TITLES.get(status, "Problem"),
        "status": status,
        "detail": detail,
    }
    if errors:
        document["errors"] = errors
    return Response(dumps(document), status, headers=headers, media_type=PROBLEM_JSON)


async def on_problem(_request: Request, error: Exception) -> Response:
    """Answer a `Problem`."""
    assert isinstance(error, Problem)  # noqa: S101 - registered for it
    return error.response()


async def on_airside_error(_request: Request, error: Exception) -> Response:
    """Answer an error of Airside that a request ran into."""
    assert isinstance(error, AirsideError)  # noqa: S101 - registered for it
    if isinstance(error, UsageError):  # of our own SQL, for no request brings any
        _LOG.error("a question was refused: %s", error)
        return problem(500, "a question of the server's own was refused; its output says more")
    retry = {"retry-after": "5"} if isinstance(error, RetryableError) else None
    return problem(503, str(error), headers=retry)


async def on_http_error(_request: Request, error: Exception) -> Response:
    """Answer what the framework refuses: unknown paths and methods."""
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for it
    detail = {
        404: "nothing is here; /docs lists what there is",
        405: "this address does not take this method; /docs lists those it takes",
    }.get(error.status_code, str(error.detail))
    return problem(error.status_code, detail, headers=dict(error.headers or {}))


async def on_invalid(_request: Request, error: Exception) -> Response:
    """Answer parameters that do not fit."""
    assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for it
    errors = [
        {
            "parameter": ".".join(str(part) for part in found["loc"][1:]) or str(found["loc"][0]),
            "message": _printable(found["msg"]),
        }
        for found in error.errors()
    ]
    detail = "; ".join(f"{found['parameter']}: {found['message']}" for found in errors[:5])
    return problem(422, detail, errors=errors)


async def on_defect(_request: Request, error: Exception) -> Response:
    """Answer what should not have happened, without its inner life."""
    return problem(500, f"{type(error).__name__}; the server's own output says more")


def _printable(text: str) -> str:
    return text.encode("utf-8", errors="replace").decode()
