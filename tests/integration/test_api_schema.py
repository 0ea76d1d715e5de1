"""schemathesis against the OpenAPI document: no server error, and answers as they are written."""

from collections.abc import Iterator

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import CHECKS
from schemathesis.generation import GenerationMode

from support.dashboards import prepared, served

PATHS = (
    "/api/v1/snapshot",
    "/api/v1/kpis",
    "/api/v1/airline-delays",
    "/api/v1/passengers-vs-turnaround",
    "/api/v1/delay-pairs",
    "/api/v1/live-flights",
    "/api/v1/movements",
    "/api/v1/trends",
    "/api/v1/legs/{leg_key}",
    "/api/v1/legs/{leg_key}/records",
    "/api/v1/status",
    "/api/v1/quarantine",
    "/api/v1/quality",
    "/api/v1/alerts",
    "/api/v1/drift",
    "/healthz",
    "/readyz",
    "/metrics",
)
WITHOUT_PARAMETERS = {"/api/v1/snapshot", "/api/v1/status", "/healthz", "/readyz", "/metrics"}
ELSEWHERE = {"/api/v1/stream", "/api/v1/events"}
"""One never ends; what is posted to the other would stay in data that other tests read."""
WANTED = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_schema_conformance",
    "response_headers_conformance",
)


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    with served(prepared(tmp_path_factory)) as opened:
        yield opened


@pytest.fixture(scope="module")
def document(client: httpx.Client) -> schemathesis.BaseSchema:
    return schemathesis.openapi.from_url(f"{client.base_url}/openapi.json")


def test_every_path_is_tried(client: httpx.Client) -> None:
    documented = client.get("/openapi.json").json()["paths"]
    assert set(documented) == {*PATHS, *ELSEWHERE}


@pytest.mark.parametrize(
    ("path", "mode"),
    [
        *((path, GenerationMode.POSITIVE) for path in PATHS),
        *((path, GenerationMode.NEGATIVE) for path in PATHS if path not in WITHOUT_PARAMETERS),
    ],
)
def test_answers_are_as_documented(
    document: schemathesis.BaseSchema, path: str, mode: GenerationMode
) -> None:
    checks = CHECKS.get_by_names(WANTED)

    @settings(
        max_examples=8,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(document[path]["GET"].as_strategy(generation_mode=mode))
    def answers(case: schemathesis.Case) -> None:
        case.call_and_validate(checks=checks)

    answers()
