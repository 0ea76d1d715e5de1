"""Settings of the whole suite."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import settings

from support.contents import explained

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from support.postgres import Postgres
    from support.s3 import S3

# No deadline: a busy machine is no failure. In CI the same examples every time: a run that fails
# there fails here.
settings.register_profile("airside", deadline=None, derandomize="CI" in os.environ)
settings.load_profile("airside")


_LONG = ("chaos", "golden", "recovery")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the folders of long tests, or one worker waits at the end for the other's last."""
    items.sort(key=lambda item: not any(part in _LONG for part in item.path.parts))


def pytest_assertrepr_compare(op: str, left: Any, right: Any) -> list[str] | None:
    """Show how two warehouses differ; aligning thousands of rows would take many minutes."""
    return explained(left, right) if op == "==" else None


@pytest.fixture(scope="session", autouse=True)
def _dbt_reads_its_project_once() -> Iterator[None]:
    """What dbt reads of it depends on settings and kind of database, not on the directory."""
    from airside.gold.dbt_process import DbtProcess  # noqa: PLC0415 - most tests need no such thing

    known: dict[tuple[object, ...], Any] = {}
    parse = DbtProcess._parsed

    def parsed(self: DbtProcess) -> Any:
        profile = self._database.profile
        name = profile.get("dbname") or Path(profile["path"]).stem
        key = (profile["type"], name, self._variables)
        if key not in known:
            known[key] = parse(self)
        return known[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(DbtProcess, "_parsed", parsed)
        yield


@pytest.fixture(scope="session")
def s3_endpoint() -> "Iterator[S3]":
    """S3 on a port of its own."""
    from support.s3 import s3_server  # noqa: PLC0415 - most tests need no such server

    with s3_server() as server:
        yield server


@pytest.fixture
def s3(s3_endpoint: "S3", monkeypatch: pytest.MonkeyPatch) -> "S3":
    """S3, as the SDK in this process and its children finds it."""
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    for name, value in s3_endpoint.environment.items():
        monkeypatch.setenv(name, value)
    return s3_endpoint


@pytest.fixture(scope="session")
def postgres_server() -> "Iterator[Postgres]":
    """A real PostgreSQL, started when the first test needs it."""
    from support.postgres import running  # noqa: PLC0415 - most tests need no such server

    with running() as server:
        yield server


@pytest.fixture
def postgres(postgres_server: "Postgres") -> str:
    """The URL of an empty database."""
    return postgres_server.new_database()


@pytest.fixture(scope="session")
def spark() -> "Iterator[SparkSession]":
    """Spark, started once in a process."""
    from support.spark import spark_session  # noqa: PLC0415 - most tests need no such thing

    yield from spark_session()
