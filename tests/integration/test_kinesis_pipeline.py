"""The whole pipeline on Kinesis, as people use it."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import httpx
import pytest

from airside.runtime.data_dir import DataDir
from airside.runtime.serve import serve_data_dir
from airside.settings import load
from support import kinesis
from support.calls import call, refused
from support.contents import archived_lines, warehouse_contents
from support.dashboards import event
from support.faults import Faulty, refuses, takes_only

PRODUCER = Path(__file__).parents[2] / "examples" / "put_flight_events.py"


@pytest.fixture(autouse=True)
def _service(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in kinesis.environment().items():
        monkeypatch.setenv(name, value)


@pytest.fixture(scope="module")
def lines(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """What a messy hub sends in a few hours."""
    path = tmp_path_factory.mktemp("events") / "events.ndjson"
    simulated = ["--events", "900", "--mess", "hostile", "--seed", "5", "--start", "2026-03-01"]
    assert call("simulate", *simulated, "--output", path).code == 0
    return path.read_bytes()


def drained(data: Path, *options: str) -> None:
    done = call("run", "--until-drained", "--data-dir", data, *options)
    assert done.code == 0, done


def account(data: Path) -> dict[str, Any]:
    done = call("status", "--json", "--data-dir", data)
    assert done.code == (0 if done.json["balanced"] else 1)
    document: dict[str, Any] = done.json
    return document


def without_clock(report: dict[str, Any]) -> dict[str, Any]:
    return {name: part for name, part in report.items() if name != "generated_at"}


def test_an_unmodified_producer_gets_the_answers_of_the_embedded_stream(
    lines: bytes, tmp_path: Path
) -> None:
    name = kinesis.create(2)
    sent = subprocess.run(
        [sys.executable, PRODUCER, name], input=lines, capture_output=True, check=True
    )
    assert sent.stdout == b"900 records sent\n"
    drained(tmp_path / "kinesis", "--stream", f"kinesis://{name}")
    assert call("ingest", "-", "--data-dir", tmp_path / "embedded", stdin=lines).code == 0
    drained(tmp_path / "embedded")

    counted = [account(tmp_path / which) for which in ("kinesis", "embedded")]
    for which in counted:
        assert which["balanced"]
        del which["consumers"]
    assert counted[0] == counted[1]
    assert counted[0]["received"] == 900
    reports = [
        call("report", "--json", "--data-dir", tmp_path / which).json
        for which in ("kinesis", "embedded")
    ]
    assert without_clock(reports[0]) == without_clock(reports[1])
    assert reports[0]["totals"]["flights"] > 20
    assert sorted(archived_lines(tmp_path / "kinesis")) == sorted(lines.split(b"\n")[:-1])


@pytest.fixture(scope="module")
def fed(lines: bytes, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, str]]:
    """A directory that has taken records of a stream with three shards in three runs."""
    data = tmp_path_factory.mktemp("fed") / "data"
    with pytest.MonkeyPatch.context() as patch:
        for variable, value in kinesis.environment().items():
            patch.setenv(variable, value)
        url = f"kinesis://{kinesis.create(3)}"
        records = lines.splitlines(keepends=True)
        for part in range(3):
            some = b"".join(records[part * 300 : part * 300 + 300])
            done = call("ingest", "-", "--stream", url, stdin=some)
            assert done.err == f"Put 300 records on {url}.\n"
            # Said once, the directory knows its stream.
            drained(data, *(["--stream", url] if part == 0 else []))
        yield data, url


def test_the_commands_know_a_directory_fed_from_kinesis(fed: tuple[Path, str]) -> None:
    data, _ = fed
    findings = call("doctor", "--json", "--data-dir", data).json["findings"]
    assert [f["state"] for f in findings if f["stage"] in {"stream", "bronze", "silver"}] == [
        "ok"
    ] * 3
    listed = call("quarantine", "list", "--json", "--data-dir", data).json
    assert listed
    shown = call("quarantine", "show", listed[0]["sequence_number"], "--data-dir", data)
    assert listed[0]["sequence_number"].lstrip("0") in shown.out


def test_a_rebuild_from_the_archive_equals_the_live_run(
    fed: tuple[Path, str], tmp_path: Path
) -> None:
    data, url = fed
    live = warehouse_contents(data / "warehouse.duckdb")
    assert len(live["staging.flight_events"]) == account(data)["clean"] > 300
    sequence_numbers = [row[-2] for row in live["staging.flight_events"]]
    assert {len(number) for number in sequence_numbers} == {56}
    new = tmp_path / "new"
    assert call("backfill", "--source", data, "--data-dir", new).code == 0
    assert warehouse_contents(new / "warehouse.duckdb") == live
    assert account(new)["balanced"]
    assert call("backfill", "--data-dir", new).code == 0
    assert warehouse_contents(new / "warehouse.duckdb") == live

    # The new directory goes on from the same stream, where the archive ends.
    more = json.dumps(event(1)).encode() + b"\n"
    assert call("ingest", "-", "--stream", url, stdin=more).code == 0
    drained(new)
    assert account(new)["received"] == 901
    assert account(new)["balanced"]


def test_an_archive_of_kinesis_cannot_go_on_as_an_embedded_stream(
    fed: tuple[Path, str], tmp_path: Path
) -> None:
    data, url = fed
    bare = tmp_path / "bare"
    bare.mkdir()
    (bare / "bronze").symlink_to(data / "bronze")
    said = refused(2, "backfill", "--source", bare, "--data-dir", tmp_path / "one")
    assert "--stream kinesis://NAME" in said
    done = call("backfill", "--source", bare, "--data-dir", tmp_path / "two", "--stream", url)
    assert done.code == 0
    assert account(tmp_path / "two")["clean"] == account(data)["clean"]


def test_a_directory_belongs_to_one_stream(fed: tuple[Path, str], tmp_path: Path) -> None:
    data, url = fed
    for command in (["run", "--until-drained"], ["status"], ["simulate", "--events", "1"]):
        said = refused(2, *command, "--stream", "kinesis://another", "--data-dir", data)
        assert f"holds records of {url}, not of kinesis://another" in said
    embedded = tmp_path / "embedded"
    assert call("ingest", "-", "--data-dir", embedded, stdin=b"{}\n").code == 0
    said = refused(2, "run", "--until-drained", "--stream", url, "--data-dir", embedded)
    assert "its own embedded stream" in said


def test_a_name_that_was_mistyped_does_no_harm(tmp_path: Path) -> None:
    data = tmp_path / "data"
    said = refused(2, "run", "--until-drained", "--stream", "kinesis://nobody", "--data-dir", data)
    assert "there is no stream kinesis://nobody" in said
    assert "aws kinesis create-stream --stream-name nobody" in said
    url = f"kinesis://{kinesis.create(1)}"
    assert call("simulate", "--events", "20", "--stream", url, "--data-dir", data).code == 0
    waiting = account(data)
    assert waiting["balanced"]
    assert waiting["received"] == waiting["awaiting_archive"] == waiting["in_flight"] == 20
    said = refused(2, "run", "--stream", "kafka://x", "--data-dir", tmp_path / "other")
    assert "write for example kinesis://airside" in said


def test_the_account_does_not_balance_where_a_record_is_lost(tmp_path: Path) -> None:
    data = tmp_path / "data"
    url = f"kinesis://{kinesis.create(2)}"
    some = b"".join(json.dumps(event(n)).encode() + b"\n" for n in range(40))
    assert call("ingest", "-", "--stream", url, stdin=some).code == 0
    drained(data, "--stream", url)
    assert account(data)["balanced"]
    with duckdb.connect(str(data / "warehouse.duckdb")) as connection:
        connection.execute("UPDATE staging.batches SET received = received - 1, clean = clean - 1")
    spoilt = account(data)
    assert not spoilt["balanced"]
    assert spoilt["received"] == spoilt["archived"] == 40
    # What waits behind both is counted too, and does not make up for it.
    assert call("ingest", "-", "--stream", url, stdin=some).code == 0
    spoilt = account(data)
    assert spoilt["awaiting_archive"] == spoilt["in_flight"] == 40
    assert not spoilt["balanced"]


def test_what_is_quarantined_can_be_sent_again(tmp_path: Path) -> None:
    data = tmp_path / "data"
    url = f"kinesis://{kinesis.create(1)}"
    assert call("ingest", "-", "--stream", url, stdin=b"not JSON\n").code == 0
    drained(data, "--stream", url)
    again = call("quarantine", "replay", "--data-dir", data)
    assert again.err == f"Put 1 record on {url} again.\n"
    after = account(data)
    assert (after["quarantined"], after["in_flight"], after["received"]) == (1, 1, 2)
    assert after["balanced"]


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[httpx.Client, str, Faulty]]:
    """The dashboard's API on a stream of Kinesis whose client fails when told to."""
    name = kinesis.create(1)
    url = f"kinesis://{name}"
    faulty = Faulty(kinesis.service())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("airside.stream.kinesis.client._service", lambda: faulty)
        patch.setattr("airside.stream.kinesis.stream.time.sleep", lambda _seconds: None)
        data_dir = DataDir(tmp_path_factory.mktemp("door") / "data")
        data_dir.open()
        data_dir.feed_from(url)
        settings = load({"dashboard.port": 0, "dashboard.max_backlog_seconds": 0.5}, {}).settings
        with (
            serve_data_dir(data_dir, settings) as address,
            httpx.Client(base_url=address.url, timeout=30) as client,
        ):
            yield client, name, faulty


class TestTheDoor:
    def test_records_are_on_kinesis_when_the_answer_comes(
        self, door: tuple[httpx.Client, str, Faulty]
    ) -> None:
        client, name, faulty = door
        some = [json.dumps(event(n)).encode() for n in range(3)]
        sent = client.post(
            "/api/v1/events",
            content=b"\n".join(some),
            headers={"content-type": "application/x-ndjson"},
        )
        assert (sent.status_code, sent.json()) == (202, {"accepted": 3})
        stream = kinesis.open_stream(name)
        waiting = stream.backlog({}).records
        assert waiting == 3

        large = b'"%s"' % (b"x" * stream.max_record_bytes)
        headers = {"content-type": "application/json"}
        sent = client.post("/api/v1/events", content=b"[%s]" % large, headers=headers)
        assert sent.status_code == 413
        assert f"{stream.max_record_bytes:,}" in sent.json()["detail"]
        assert stream.backlog({}).records == 3
        del faulty

    def test_what_was_taken_in_part_is_said(self, door: tuple[httpx.Client, str, Faulty]) -> None:
        client, _, faulty = door
        faulty.then("put_records", takes_only(0), *[takes_only()] * 9)
        headers = {"content-type": "application/json"}
        sent = client.post("/api/v1/events", content=b"[1, 2, 3]", headers=headers)
        assert sent.status_code == 503
        assert "1 of 3 records were put" in sent.json()["detail"]
        assert "nothing was taken" not in sent.json()["detail"]
        faulty.then("put_records", *[refuses("ProvisionedThroughputExceededException")] * 10)
        sent = client.post("/api/v1/events", content=b"[1, 2, 3]", headers=headers)
        assert sent.status_code == 503
        assert "nothing was taken" in sent.json()["detail"]

    def test_the_door_closes_when_records_wait_too_long(
        self, door: tuple[httpx.Client, str, Faulty]
    ) -> None:
        client, _, _ = door
        headers = {"content-type": "application/json"}
        answers = []
        while not answers or answers[-1].status_code == 202:
            answers.append(client.post("/api/v1/events", content=b"[1]", headers=headers))
            assert len(answers) < 2_000
        assert answers[-1].status_code == 429
        assert "records wait for" in answers[-1].json()["detail"]
