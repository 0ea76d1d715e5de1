"""A running pipeline answers, and says the same as the files do afterwards."""

import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from oracle.corpus import hostile
from support.calls import call, refused
from support.command import AIRSIDE, clean_environment
from support.waiting import eventually

RECORDS = 1_500
ANSWERS: tuple[tuple[str, ...], ...] = (
    ("report", "--json"),
    ("report",),
    ("sql", "SELECT * FROM rpt_airline_delays ORDER BY ALL", "--json"),
    ("sql", "SELECT * FROM rpt_live_flights ORDER BY ALL", "--csv"),
    ("sql", "SELECT * FROM staging.flight_events ORDER BY sequence_number LIMIT 50"),
    ("quarantine", "list", "--limit", "50"),
    ("quarantine", "list", "--reason", "not_json", "--json"),
)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory that has taken its records, but not looked at them."""
    made = tmp_path_factory.mktemp("running") / "data"
    lines = b"".join(r.replace(b"\n", b" ") + b"\n" for r in hostile(RECORDS, seed=5))
    assert call("ingest", "-", "--data-dir", made, stdin=lines).code == 0
    return made


@pytest.fixture(scope="module")
def started() -> Iterator[list["subprocess.Popen[str]"]]:
    """The pipelines of this module; none outlives it."""
    processes: list[subprocess.Popen[str]] = []
    yield processes
    for process in processes:
        process.kill()
        process.communicate()


@pytest.fixture
def running(data: Path, started: list["subprocess.Popen[str]"]) -> "subprocess.Popen[str]":
    """A pipeline in a process of its own that is through with the records."""
    if not started or started[-1].poll() is not None:
        up = ("up", "--no-simulator", "--no-dashboard", "--quiet", "--window", "100ms")
        process = subprocess.Popen(
            [*AIRSIDE, *up, "--data-dir", str(data)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=clean_environment(AIRSIDE_GOLD__REFRESH_SECONDS="0.5"),
        )
        started.append(process)
        eventually((data / "airside.sock").exists)
        eventually(lambda: is_through(data))
        assert process.poll() is None
    return started[-1]


def answer(*words: str | Path) -> str:
    done = call(*words)
    assert done.code == 0, done
    return done.out


def findings(data: Path) -> dict[str, dict[str, Any]]:
    found = call("doctor", "--data-dir", data, "--json").json["findings"]
    return {finding["stage"]: finding for finding in found}


def is_through(data: Path) -> bool:
    status = call("status", "--data-dir", data, "--json").json
    is_judged = status["received"] == RECORDS and status["in_flight"] == 0
    return is_judged and findings(data)["gold"]["finding"].startswith("0 clean records not")


@pytest.mark.usefixtures("running")
def test_the_account_balances_before_the_archive_is_cut(data: Path) -> None:
    status = call("status", "--data-dir", data, "--json").json
    assert status["balanced"] is True
    assert status["received"] == status["archived"] + status["awaiting_archive"] == RECORDS
    assert status["clean"] + status["quarantined"] + status["duplicates"] == RECORDS
    assert "The account is balanced." in answer("status", "--data-dir", data)


@pytest.mark.usefixtures("running")
def test_the_doctor_finds_a_running_pipeline_well(data: Path) -> None:
    done = call("doctor", "--data-dir", data)
    assert done.code == 0, done.out
    assert "Data flows through every stage." in done.out
    states = {stage: finding["state"] for stage, finding in findings(data).items()}
    assert states.pop("quarantine") == "warning", "a third of the records is refused"
    assert states.pop("data directory") in {"ok", "warning"}
    assert set(states.values()) == {"ok"}


@pytest.mark.usefixtures("running")
class TestNobodyElseMayChangeAnything:
    def test_a_second_pipeline(self, data: Path) -> None:
        for words in (["up", "--no-dashboard"], ["run"], ["backfill"]):
            message = refused(75, *words, "--data-dir", data)
            assert "another Airside (process" in message
            assert "is running on" in message
            assert "--data-dir" in message

    def test_a_statement_that_writes(self, data: Path) -> None:
        before = answer("sql", "SELECT count(*) FROM staging.batches", "--data-dir", data)
        for statement in (
            "DELETE FROM staging.batches",
            "CREATE TABLE mine (a INT)",
            "SELECT 1; DROP TABLE staging.batches",
            "SET threads = 1",
        ):
            assert "only reading is allowed" in refused(2, "sql", statement, "--data-dir", data)
        assert answer("sql", "SELECT count(*) FROM staging.batches", "--data-dir", data) == before

    def test_a_question_that_cannot_be_understood(self, data: Path) -> None:
        done = call("sql", "SELECT nothing FROM nowhere", "--data-dir", data)
        assert (done.code, done.out) == (2, "")
        assert "nowhere" in done.err


def test_stopped_it_says_the_same_and_has_lost_nothing(
    data: Path, running: "subprocess.Popen[str]"
) -> None:
    live = {words: answer(*words, "--data-dir", data) for words in ANSWERS}
    running.send_signal(signal.SIGTERM)
    out, err = running.communicate(timeout=120)
    assert running.returncode == 0, err
    assert "Stopping: finishing what is on the stream." in err
    assert "Traceback" not in err
    assert (
        out.splitlines()[-1]
        .split(" ", 1)[1]
        .startswith(f"{RECORDS:,} received, {RECORDS:,} archived")
    )
    assert not (data / "airside.sock").exists()

    for words, said in live.items():
        assert answer(*words, "--data-dir", data) == said, words
    status = call("status", "--data-dir", data, "--json").json
    assert status["archived"] == status["received"] == RECORDS
    assert status["balanced"] is True
    assert call("doctor", "--data-dir", data).code == 0


def test_a_second_interrupt_ends_at_once_and_costs_nothing(tmp_path: Path) -> None:
    own = tmp_path / "own"
    assert call("ingest", "-", "--data-dir", own, stdin=b"{}\n{}\n").code == 0
    process = subprocess.Popen(
        [*AIRSIDE, "run", "--data-dir", str(own)],
        stderr=subprocess.PIPE,
        text=True,
        env=clean_environment(),
    )
    assert process.stderr is not None
    assert process.stderr.readline() == f"Running on {own}; Ctrl-C stops.\n"
    try:
        eventually(lambda: process.send_signal(signal.SIGINT) or process.poll() is not None)
        assert process.returncode in {0, 130}
        assert "Traceback" not in process.stderr.read()
    finally:
        process.kill()
        process.communicate()
    status = call("status", "--data-dir", own, "--json").json
    assert (status["received"], status["balanced"]) == (2, True)
