"""A container that rebuilds its data from a lake answers its health checks meanwhile."""

import socket
import threading
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from airside.lake import open_lake
from airside.runtime import restore
from airside.runtime.data_dir import DataDir
from airside.runtime.meanwhile import answering
from airside.runtime.up import operation
from airside.settings import Settings, load
from oracle.corpus import hostile
from support.calls import call


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    chosen = {
        "data_dir": tmp_path / "data",
        "lake.url": str(tmp_path / "lake"),
        "dashboard.port": free_port(),
    }
    return load(chosen, {}).settings


def test_health_is_well_and_all_else_wants_patience(settings: Settings) -> None:
    with (
        answering(settings.dashboard),
        closing(httpx.Client(base_url=f"http://127.0.0.1:{settings.dashboard.port}")) as client,
    ):
        assert client.get("/healthz").json() == {"status": "ok"}
        assert client.head("/healthz").status_code == 200
        for answer in (
            client.get("/readyz"),
            client.get("/"),
            client.post("/api/v1/events", content=b"{}"),
        ):
            assert answer.status_code == 503
            assert answer.headers["retry-after"] == "10"


def test_up_answers_while_it_rebuilds_and_serves_then(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = b"".join(r.replace(b"\n", b" ") + b"\n" for r in hostile(100, seed=5))
    old = tmp_path / "old"
    assert call("ingest", "-", "--data-dir", old, stdin=lines).code == 0
    lake = str(tmp_path / "lake")
    assert call("run", "--until-drained", "--data-dir", old, "--lake", lake).code == 0
    assert open_lake(lake).names("bronze")
    page = f"http://127.0.0.1:{settings.dashboard.port}"
    seen: list[tuple[int, int]] = []
    made = restore._make

    def watched(*args: object, **options: object) -> None:
        seen.append(
            (
                httpx.get(f"{page}/healthz", timeout=10).status_code,
                httpx.get(f"{page}/readyz", timeout=10).status_code,
            )
        )
        made(*args, **options)  # type: ignore[arg-type] - handed on as they come

    monkeypatch.setattr(restore, "_make", watched)
    with operation(
        DataDir(settings.data_dir),
        settings,
        with_simulator=False,
        with_dashboard=True,
        stopping=threading.Event(),
    ) as running:
        assert running.dashboard == page
        assert httpx.get(f"{page}/healthz", timeout=10).status_code == 200
        assert running.snapshot().account.received == 100
    assert seen == [(200, 503)]
