"""The whole pipeline on Kinesis, as people use it."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import httpx
import pytest

from airside.runtime.data_dir import DataDir
from airside.runtime.serve import serve_data_dir
from airside.settings import load
from support import kinesis
from support.calls import call, copied, refused
from support.contents import archived_lines, warehouse_contents
from support.dashboards import event
from support.faults import Faulty, refuses, takes_only
from support.streams import read_all, records

HALF = 450
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


class Fed(NamedTuple):
    """A directory fed from Kinesis, and how it looked at first: tests put more on its stream."""

    data: Path
    url: str
    account: dict[str, Any]
    findings: list[dict[str, Any]]


@pytest.fixture(scope="module")
def fed(lines: bytes, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fed]:
    """A directory that took half of its records from a stranger's producer, half from our own."""
    data = tmp_path_factory.mktemp("fed") / "data"
    with pytest.MonkeyPatch.context() as patch:
        for variable, value in kinesis.environment().items():
            patch.setenv(variable, value)
        name = kinesis.create(3)
        url = f"kinesis://{name}"
        every = lines.splitlines(keepends=True)
        sent = subprocess.run(
            [sys.executable, PRODUCER, name],
            input=b"".join(every[:HALF]),
            capture_output=True,
            check=True,
        )
        assert sent.stdout == f"{HALF} records sent\n".encode()
        drained(data, "--stream", url)
        done = call("ingest", "-", "--stream", url, stdin=b"".join(every[HALF:]))
        assert done.err == f"Put {HALF} records on {url}.\n"
        drained(data)  # said once, the directory knows its stream
        findings = call("doctor", "--json", "--data-dir", data).json["findings"]
        yield Fed(data, url, account(data), findings)


def test_the_answers_are_those_of_the_embedded_stream(
    fed: Fed, lines: bytes, tmp_path: Path
) -> None:
    embedded = tmp_path / "embedded"
    assert call("ingest", "-", "--data-dir", embedded, stdin=lines).code == 0
    drained(embedded)
    counted = account(embedded)
    assert counted["balanced"]
    assert counted["received"] == 2 * HALF
    del counted["consumers"], counted["drift"]  # samples, by batch
    assert {name: fed.account[name] for name in counted} == counted
    reports = [call("report", "--json", "--data-dir", which).json for which in (fed.data, embedded)]
    assert without_clock(reports[0]) == without_clock(reports[1])
    assert reports[0]["totals"]["flights"] > 20
    assert sorted(archived_lines(fed.data)) == sorted(lines.split(b"\n")[:-1])


def test_the_commands_know_a_directory_fed_from_kinesis(fed: Fed) -> None:
    states = {finding["stage"]: finding["state"] for finding in fed.findings}
    assert {states[stage] for stage in ("stream", "bronze", "silver")} == {"ok"}
    data = fed.data
    listed = call("quarantine", "list", "--json", "--data-dir", data).json
    assert listed
    shown = call("quarantine", "show", listed[0]["sequence_number"], "--data-dir", data)
    assert listed[0]["sequence_number"].lstrip("0") in shown.out


def test_a_rebuild_from_the_archive_equals_the_live_run(fed: Fed, tmp_path: Path) -> None:
    data = fed.data
    live = warehouse_contents(data / "warehouse.duckdb")
    assert len(live["staging.flight_events"]) == fed.account["clean"] > 300
    sequence_numbers = [row[-2] for row in live["staging.flight_events"]]
    assert {len(number) for number in sequence_numbers} == {56}
    new = tmp_path / "new"
    assert call("backfill", "--source", data, "--data-dir", new).code == 0
    assert warehouse_contents(new / "warehouse.duckdb") == live
    assert account(new)["balanced"]

    # The new directory goes on from the same stream, where the archive ends.
    waiting = account(new)["in_flight"]
    more = json.dumps(event(1)).encode() + b"\n"
    assert call("ingest", "-", "--stream", fed.url, stdin=more).code == 0
    assert account(new)["in_flight"] == waiting + 1
    drained(new)
    after = account(new)
    assert after["balanced"]
    assert (after["received"], after["in_flight"]) == (2 * HALF + waiting + 1, 0)
    grown = warehouse_contents(new / "warehouse.duckdb")
    assert call("backfill", "--data-dir", new).code == 0
    assert warehouse_contents(new / "warehouse.duckdb") == grown


def test_an_archive_of_kinesis_cannot_go_on_as_an_embedded_stream(fed: Fed, tmp_path: Path) -> None:
    bare = tmp_path / "bare"
    bare.mkdir()
    (bare / "bronze").symlink_to(fed.data / "bronze")
    said = refused(2, "backfill", "--source", bare, "--data-dir", tmp_path / "one")
    assert "--stream kinesis://NAME" in said


def test_a_directory_belongs_to_one_stream(fed: Fed, tmp_path: Path) -> None:
    data, url = fed.data, fed.url
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


def test_the_account_does_not_balance_where_a_record_is_lost(fed: Fed, tmp_path: Path) -> None:
    data = copied(fed.data, tmp_path)
    before = account(data)
    assert before["balanced"]
    with duckdb.connect(str(data / "warehouse.duckdb")) as connection:
        connection.execute(
            "UPDATE staging.batches SET received = received - 1, clean = clean - 1"
            " WHERE batch_id = (SELECT max(batch_id) FROM staging.batches)"
        )
    spoilt = account(data)
    assert not spoilt["balanced"]
    assert spoilt["received"] == before["received"]
    # What waits behind both is counted too, and does not make up for it.
    some = b"".join(json.dumps(event(n)).encode() + b"\n" for n in range(40))
    assert call("ingest", "-", "--data-dir", data, stdin=some).code == 0
    later = account(data)
    assert later["in_flight"] == spoilt["in_flight"] + 40
    assert later["awaiting_archive"] == spoilt["awaiting_archive"] + 40
    assert not later["balanced"]


def test_what_is_quarantined_can_be_sent_again(fed: Fed, tmp_path: Path) -> None:
    data = copied(fed.data, tmp_path)
    before = account(data)
    again = call("quarantine", "replay", "--reason", "not_json", "--data-dir", data)
    assert again.err == f"Put {before['reasons']['not_json']} records on {fed.url} again.\n"
    after = account(data)
    assert after["in_flight"] - before["in_flight"] == before["reasons"]["not_json"]
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
        client, name, _ = door
        some = [json.dumps(event(n)).encode() for n in range(3)]
        sent = client.post(
            "/api/v1/events",
            content=b"\n".join(some),
            headers={"content-type": "application/x-ndjson"},
        )
        assert (sent.status_code, sent.json()) == (202, {"accepted": 3})
        stream = kinesis.open_stream(name)
        taken = [record.payload for record in records(read_all(stream))]
        assert set(some) <= set(taken)

        large = b'"%s"' % (b"x" * stream.max_record_bytes)
        headers = {"content-type": "application/json"}
        sent = client.post("/api/v1/events", content=b"[%s]" % large, headers=headers)
        assert sent.status_code == 413
        assert f"{stream.max_record_bytes:,}" in sent.json()["detail"]
        assert len(records(read_all(stream))) == len(taken)

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
