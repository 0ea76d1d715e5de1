"""Secrets are neither printed nor stored, and what is stored is for its user alone."""

import json
import os
import re
import stat
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from airside.runtime.data_dir import DataDir
from airside.runtime.up import operation
from airside.settings import load
from airside.warehouse.address import Address
from support.calls import Call, call
from support.dashboards import event
from support.waiting import eventually

TOKEN = "planted-token-0123456789"
HOOK = "planted-hook"
PASSWORD = "planted-password"
KEY_ID, KEY, SESSION = "AKIAPLANTEDKEYID", "planted-secret-key", "planted-session"
SECRETS = (TOKEN, HOOK, PASSWORD, KEY_ID, KEY, SESSION)
SERVER = f"postgresql://airside:{PASSWORD}@127.0.0.1:1/airside"
PLANTED = {
    "AIRSIDE_DASHBOARD__TOKEN": TOKEN,
    "AIRSIDE_ALERTS__WEBHOOK_URL": f"http://127.0.0.1:1/{HOOK}",
    "AWS_ACCESS_KEY_ID": KEY_ID,
    "AWS_SECRET_ACCESS_KEY": KEY,
    "AWS_SESSION_TOKEN": SESSION,
    "PGPASSWORD": PASSWORD,
}


@pytest.fixture
def planted(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in PLANTED.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def no_umask() -> Iterator[None]:
    before = os.umask(0)
    yield
    os.umask(before)


def leaks(text: str) -> list[str]:
    return [secret for secret in SECRETS if secret in text]


def stored(root: Path) -> Iterator[tuple[Path, bytes]]:
    for path in sorted(root.rglob("*")):
        if path.is_file():
            yield path, path.read_bytes()


def told(done: Call) -> str:
    return done.out + done.err


@pytest.mark.usefixtures("planted")
def test_a_run_neither_prints_nor_stores_a_secret(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    data = tmp_path / "data"
    where = ("--data-dir", data)
    commands = [
        ("config",),
        ("config", "--json"),
        ("simulate", "--flights", 20, "--events", 60, "--time-compression", "max", *where),
        ("run", "--until-drained", *where),
        ("status", *where),
        ("report", "--json", *where),
        ("refresh", "--warehouse", SERVER, *where),
        ("sql", "SELECT 1", "--warehouse", SERVER, *where),
        ("sql", "SELECT getenv('AIRSIDE_DASHBOARD__TOKEN')", *where),
        ("run", "--until-drained", "--lake", f"s3://{KEY_ID}:{KEY}@bucket/prefix", *where),
        ("backfill", "--source", f"s3://{KEY_ID}:{KEY}@bucket/prefix", *where),
        ("doctor", *where),
    ]
    for command in commands:
        assert leaks(told(call(*command))) == [], command
    settings = {
        "data_dir": data,
        "dashboard.port": 0,
        "silver.window_seconds": 0.1,
        "alerts.every_seconds": 0.1,
        "alerts.silent_minutes": 0.000_1,
    }
    chosen = load(settings).settings
    with (
        operation(DataDir(data), chosen, with_simulator=False, with_dashboard=True) as running,
        httpx.Client(base_url=str(running.dashboard), timeout=60) as client,
    ):
        assert client.get("/api/v1/status").status_code == 401
        assert client.get("/api/v1/status", params={"token": "x" + TOKEN}).status_code == 401
        client.headers["authorization"] = f"Bearer {TOKEN}"
        assert client.post("/api/v1/events", json=[event(n) for n in range(120)]).status_code == 202

        def webhook_fails() -> bool:
            stages = client.get("/api/v1/status").json()["stages"]
            return any(stage["name"] == "webhook" and stage["error"] for stage in stages)

        eventually(webhook_fails)  # it has said that the webhook cannot be reached
        for path in ("status", "alerts", "snapshot", "openapi.json", "drift"):
            assert leaks(client.get(f"/api/v1/{path}").text) == [], path
        assert leaks(client.get("/metrics").text) == []
    assert leaks("".join(capfd.readouterr())) == []
    names = [path.name for path, _ in stored(data)]
    assert {"alerts.db", "warehouse.duckdb", "ledger.db", "stream.db"} <= set(names)
    for path, content in stored(data):
        assert [secret for secret in SECRETS if secret.encode() in content] == [], path


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("AIRSIDE_ALERTS__WEBHOOK_URL", f"ops.example.org/{HOOK}"),
        ("AIRSIDE_ALERTS__WEBHOOK_URL", f"https://[::1/{HOOK}"),
        ("AIRSIDE_ALERTS__WEBHOOK_URL", f"https://ops.example.org:port/{HOOK}"),
        ("AIRSIDE_ALERTS__WEBHOOK_URL", f"https://ops:{HOOK}@ops.example.org/"),
        ("AIRSIDE_ALERTS__WEBHOOK_URL", f"https://ops.example.org/{HOOK} "),
        ("AIRSIDE_ALERTS__WEBHOOK_URL", f"https://ops.example.org/ü/{HOOK}"),
        ("AIRSIDE_DASHBOARD__TOKN", TOKEN),
        ("AIRSIDE_WAREHOUSE__URL", f"airside:{PASSWORD}@host/database"),
        ("AIRSIDE_WAREHOUSE__URL", f"mysql://airside:{PASSWORD}@host/database"),
        ("AIRSIDE_WAREHOUSE__URL", f"postgresql://airside:{PASSWORD}@[host/database"),
        ("AIRSIDE_WAREHOUSE__URL", f"postgresql://airside@host/a/b?password={PASSWORD}"),
        ("AIRSIDE_LAKE__URL", f"s3://{KEY_ID}:{KEY}@bucket/prefix"),
        ("AIRSIDE_STREAM__URL", f"kinesis://{KEY_ID}:{KEY}@stream"),
    ],
)
def test_a_secret_in_the_wrong_form_is_refused_without_repeating_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, variable: str, value: str
) -> None:
    monkeypatch.setenv(variable, value)
    done = call("refresh", "--data-dir", tmp_path)
    assert done.code != 0
    assert leaks(told(done)) == []


def test_a_warehouse_s_address_shows_no_secret() -> None:
    address = Address.parse(f"{SERVER}?sslpassword={KEY}")
    assert leaks(f"{address} {address!r}") == []


@pytest.mark.usefixtures("no_umask")
def test_what_is_stored_is_for_its_user_alone_whatever_the_umask(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRSIDE_GOLD__TURNAROUND_CUTOFF_MINUTES", "170")  # dbt writes files too
    data = tmp_path / "data"
    data.mkdir(mode=0o777)
    lines = tmp_path / "lines"
    lines.write_text("".join(json.dumps(event(n)) + "\n" for n in range(20)))
    for command in (("ingest", lines), ("run", "--until-drained"), ("compact",), ("backfill",)):
        done = call(*command, "--data-dir", data)
        assert done.code == 0, done.err
    found = [data, *data.rglob("*")]
    assert {"bronze", "silver", "gold", "work", "warehouse.duckdb", "ledger.db"} <= {
        path.name for path in found
    }
    open_to_others = [
        f"{path.relative_to(data)} {oct(path.stat().st_mode)}"
        for path in found
        if stat.S_IMODE(path.stat().st_mode) & 0o077
    ]
    assert open_to_others == []
    assert os.umask(0) == 0  # a command in a process that goes on leaves it as it was


def test_the_doctor_minds_a_directory_that_everybody_may_enter(tmp_path: Path) -> None:
    data = tmp_path / "data"
    DataDir(data).open()
    assert re.search(r"data directory +ok", call("doctor", "--data-dir", data).out)
    data.chmod(0o755)
    found = call("doctor", "--json", "--data-dir", data).json
    (told,) = [stage for stage in found["findings"] if stage["stage"] == "data directory"]
    assert told["state"] == "warning"
    assert "every user of this machine may enter it" in told["finding"]
    assert told["next_step"] == f"chmod o= {data}"
