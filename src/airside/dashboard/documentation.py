"""What the OpenAPI document says of each route, beside its parameters."""

from typing import Any

from pydantic import BaseModel

from airside.dashboard import schemas
from airside.dashboard.problems import PROBLEM_JSON

_TABLES: dict[str, type[BaseModel]] = {
    "/airline-delays": schemas.AirlineDelaysAnswer,
    "/passengers-vs-turnaround": schemas.PassengersVsTurnaroundAnswer,
    "/delay-pairs": schemas.DelayPairsAnswer,
    "/live-flights": schemas.LiveFlightsAnswer,
    "/movements": schemas.MovementsAnswer,
    "/trends": schemas.TrendsAnswer,
    "/quarantine": schemas.QuarantineAnswer,
    "/quality": schemas.QualityAnswer,
    "/alerts": schemas.AlertsAnswer,
    "/drift": schemas.DriftAnswer,
    "/legs/{leg_key}/records": schemas.RecordsAnswer,
}
_DOCUMENTS: dict[str, type[BaseModel]] = {
    "/kpis": schemas.KpisAnswer,
    "/legs/{leg_key}": schemas.LegAnswer,
    "/status": schemas.StatusAnswer,
    "/snapshot": schemas.Snapshot,
    "/healthz": schemas.State,
    "/readyz": schemas.State,
}
_BINARY = {"schema": {"type": "string", "format": "binary"}}
_TEXT = {"schema": {"type": "string"}}
_PROBLEMS = {
    400: "The body cannot be read",
    401: "The token is missing or wrong",
    403: "A page of another site sent it",
    404: "There is no such thing",
    408: "The body came too slowly",
    413: "The body or a record is too large",
    415: "The body's type or encoding is not one of those that are taken",
    421: "The server is not known by this name",
    422: "A parameter does not fit",
    429: "Too much is waiting; try again after Retry-After seconds",
    501: "It has no stream to put events on",
    503: "Not now; try again after Retry-After seconds",
}
_EVENTS_BODY = {
    "requestBody": {
        "required": True,
        "description": "Records of the event contract: one a line, verbatim, or a JSON array. "
        "May be compressed (`Content-Encoding: gzip`).",
        "content": {
            "application/x-ndjson": {"schema": {"type": "string"}},
            "application/json": {"schema": {"type": "array", "items": {}}},
        },
    }
}


def documented(path: str) -> dict[str, Any]:
    """Arguments for adding a route: its answers, each with its model and format."""
    if path == "/events":
        responses = {
            202: {"model": schemas.Accepted, "description": "All are durable"},
            **_problems(400, 401, 403, 408, 413, 415, 421, 429, 501, 503),
        }
        return {"responses": responses, "status_code": 202, "openapi_extra": _EVENTS_BODY}
    if path == "/stream":
        content: dict[str, Any] = {"text/event-stream": _TEXT}
        return {"responses": {200: {"content": content}, **_problems(401, 421, 503)}}
    if path == "/metrics":
        return {"responses": {200: {"content": {"text/plain": _TEXT}}, **_problems(401, 421)}}
    problems = [401, 421, 503]
    if path not in {"/healthz", "/readyz", "/snapshot", "/status"}:
        problems.append(422)
    if path.startswith("/legs/"):
        problems.append(404)
    if path == "/healthz":
        problems = [421]
    model = _TABLES.get(path) or _DOCUMENTS[path]
    answer: dict[str, Any] = {"model": model, "description": "As asked"}
    if path in _TABLES:
        answer["content"] = {
            "text/csv": _TEXT,
            "application/vnd.apache.arrow.stream": _BINARY,
        }
    return {"responses": {200: answer, **_problems(*problems)}}


def _problems(*statuses: int) -> dict[int, dict[str, Any]]:
    reference = {"schema": {"$ref": "#/components/schemas/Problem"}}
    return {
        status: {"description": _PROBLEMS[status], "content": {PROBLEM_JSON: reference}}
        for status in statuses
    }


def complete(document: dict[str, Any]) -> dict[str, Any]:
    """Add what the framework does not know: the form of problems, and the two ways to the token."""
    components = document.setdefault("components", {})
    components.setdefault("schemas", {})["Problem"] = schemas.Problem.model_json_schema(
        ref_template="#/components/schemas/{model}"
    )
    nested = components["schemas"]["Problem"].pop("$defs", {})
    components["schemas"] |= nested
    for name in ("HTTPValidationError", "ValidationError"):
        components["schemas"].pop(name, None)
    components["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
    document["security"] = [{}, {"token": []}]
    return document
