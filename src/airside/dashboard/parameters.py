"""Query parameters that several endpoints take."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Literal

from fastapi import Depends, Query, Request

from airside.dashboard.filters import Direction, Filters, airline_codes, utc
from airside.dashboard.problems import Problem

Format = Literal["json", "csv", "arrow"]
Status = Literal[
    "scheduled", "boarding", "departing", "en-route", "landed", "diverted", "cancelled"
]
Airport = Annotated[str, Query(min_length=1, max_length=8, pattern=r"^[0-9A-Za-z]+$")]
Text = Annotated[str, Query(min_length=1, max_length=256, pattern=r"^[^\x00]+$")]
"""What the contract takes as it comes, an airline `N/A` for one."""

API = "/api/v1"
STREAM = f"{API}/stream"
MAX_LIMIT = 100_000
_MAX_VALUES = 100
_MEDIA_TYPES: dict[str, Format] = {
    "text/csv": "csv",
    "application/vnd.apache.arrow.stream": "arrow",
    "application/json": "json",
    "application/*": "json",
    "*/*": "json",
}


def filters(  # noqa: PLR0917 - the framework fills them in by name
    airline: Annotated[
        list[Text],
        Query(
            max_length=_MAX_VALUES,
            description="IATA codes; `none`, in lower case, is flights without airline",
        ),
    ] = [],  # noqa: B006 - FastAPI copies it
    airport: Annotated[
        list[Airport],
        Query(
            max_length=_MAX_VALUES,
            description="IATA codes of either end; in trends and movements only that end counts",
        ),
    ] = [],  # noqa: B006
    direction: Annotated[
        Direction | None,
        Query(description="Only this end: of `airport`, or of the hub where there is none"),
    ] = None,
    status: Annotated[
        list[Status], Query(max_length=_MAX_VALUES, description="Latest status")
    ] = [],  # noqa: B006
    flight: Annotated[
        list[Text],
        Query(max_length=_MAX_VALUES, description="Flight designators, as the flights have them"),
    ] = [],  # noqa: B006
    since: Annotated[
        datetime | None,
        Query(alias="from", description="Scheduled to depart at or after it (event time, UTC)"),
    ] = None,
    until: Annotated[
        datetime | None, Query(alias="to", description="Scheduled to depart before it")
    ] = None,
) -> Filters:
    """Which flights are meant: within a parameter any value, across parameters all."""
    try:
        bounds = [None if instant is None else utc(instant) for instant in (since, until)]
    except OverflowError:
        raise Problem(422, "from, to: expected an instant in the years 1 to 9999") from None
    return Filters(
        airlines=airline_codes(airline),
        airports=_codes(airport),
        direction=direction,
        statuses=tuple(sorted(set(status))),
        flights=_codes(flight),
        since=bounds[0],
        until=bounds[1],
    )


def chosen_format(
    request: Request,
    format: Annotated[  # noqa: A002 - the parameter's public name
        Format | None, Query(description="Instead of the Accept header")
    ] = None,
) -> Format:
    """JSON unless `format` or the Accept header says otherwise."""
    if format is not None:
        return format
    accept = request.headers.get("accept", "*/*")
    wanted = [_parse_accept(part) for part in accept.split(",")]
    for _, media_type in sorted(wanted, key=lambda pair: -pair[0]):
        if media_type in _MEDIA_TYPES:
            return _MEDIA_TYPES[media_type]
    return "json"


FilterQuery = Annotated[Filters, Depends(filters)]
FormatQuery = Annotated[Format, Depends(chosen_format)]
LimitQuery = Annotated[
    int | None,
    Query(ge=1, le=MAX_LIMIT, description="Rows of a page [JSON: 1,000; CSV and Arrow: 100,000]"),
]
OffsetQuery = Annotated[int, Query(ge=0, le=10**9, description="Rows before the page")]


def _codes(values: Sequence[str]) -> tuple[str, ...]:
    return tuple(sorted({value.strip().upper() for value in values}))


def _parse_accept(part: str) -> tuple[float, str]:
    media_type, *parameters = (piece.strip().lower() for piece in part.split(";"))
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "q":
            try:
                return float(value), media_type
            except ValueError:
                return 0.0, media_type
    return 1.0, media_type
