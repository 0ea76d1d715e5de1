"""Every command, used as a user would, one after the other on one data directory."""

import csv
import gzip
import io
import json
import random
import re
import subprocess
import sys
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import zstandard

from airside.errors import RetryableError
from airside.events.vocabulary import QUARANTINE_REASONS
from airside.lake import LocalLake
from airside.runtime.compaction import compact
from airside.runtime.up import Operation, Snapshot
from airside.stream import MAX_RECORD_BYTES, EmbeddedStream, frames_to_arrow
from support.calls import call
from support.command import clean_environment
from support.contents import archived_lines, lake_contents, warehouse_contents

HOUR_US = 3_600_000_000


@pytest.fixture(name="data")
def _data(answered: Path) -> Path:
    return answered


def answer(*arguments: str | Path) -> Any:
    done = call(*arguments, "--json")
    assert done.code == 0, done
    assert not done.err
    return done.json


def test_the_report_says_the_same_to_people_and_programs(data: Path) -> None:
    report = answer("report", "--data-dir", data)
    assert report["airline_delays"]
    text = call("report", "--data-dir", data).out
    assert "Which airlines have the most significant delays?" in text
    delays, _ = text.split("\n\n", 1)
    rows = {line.split()[0]: line.split() for line in delays.splitlines()}
    for airline in report["airline_delays"]:
        row = rows[airline["airline_iata"] or "unknown"]
        assert row[1] == f"{airline['flights']:,}"
        mean = airline["mean_departure_delay_minutes"]
        assert row[3] == ("–" if mean is None else f"{mean:,.1f}".replace("-0.0", "0.0"))
    assert rows["all"][1] == f"{report['totals']['flights']:,}"
    live = report["live_flights"]
    assert re.search(
        rf"^ *({'|'.join(live['by_status'])}).*active\n.* {live['active']}$", text, re.MULTILINE
    )


def test_the_account_in_words(data: Path) -> None:
    account = answer("status", "--data-dir", data)
    text = call("status", "--data-dir", data).out
    assert "The account is balanced." in text
    numbers = {int(word.replace(",", "")) for word in re.findall(r"\d[\d,]*", text)}
    assert {account[name] for name in ("received", "archived", "clean", "duplicates")} <= numbers
    assert account["received"] == account["archived"] == 1_500
    assert set(account["reasons"]) <= set(QUARANTINE_REASONS)
    for reason, records in account["reasons"].items():
        assert re.search(rf"^{reason} +{records}$", text, re.MULTILINE)


def test_an_account_that_does_not_balance_is_an_exit_code(own: Path) -> None:
    (own / "warehouse.duckdb").unlink()  # as if it had been restored from an earlier day
    (own / "warehouse.duckdb.wal").unlink(missing_ok=True)
    done = call("ingest", "-", "--data-dir", own, stdin=b"{}\n")
    assert done.code == 0
    status = call("status", "--data-dir", own, "--json")
    assert status.json["in_flight"] == 1_501
    assert status.code == 0, "nothing is judged, everything is in flight: balanced"
    (own / "ledger.db").unlink()
    status = call("status", "--data-dir", own)
    assert status.code == 0, "nothing is archived, everything awaits it: balanced"


QUESTION = (
    "SELECT shard_id, sequence_number, arrived_at, reason, reasons FROM staging.quarantine"
    " ORDER BY ALL"
)


def test_one_question_three_ways(data: Path) -> None:
    documents = answer("sql", QUESTION, "--data-dir", data)
    as_csv = call("sql", QUESTION, "--csv", "--data-dir", data).out
    as_table = call("sql", QUESTION, "--data-dir", data)
    assert len(documents) > 100
    from_csv = list(csv.DictReader(io.StringIO(as_csv)))
    assert [row | {"reasons": json.loads(row["reasons"])} for row in from_csv] == documents
    lines = as_table.out.splitlines()
    assert lines[0].split() == list(documents[0])
    assert [line.split()[1] for line in lines[1:]] == [row["sequence_number"] for row in documents]
    assert as_table.err == f"({len(documents)} rows)\n"


def test_a_long_answer_is_cut_in_the_table_alone(data: Path) -> None:
    question = "FROM staging.flight_events"
    shown = call("sql", question, "--limit", "5", "--data-dir", data)
    total = len(answer("sql", question, "--data-dir", data))
    assert total > 5
    assert len(shown.out.splitlines()) == 6
    assert "(the first 5 rows; --limit N" in shown.err
    whole = call("sql", question, "--limit", str(total), "--data-dir", data)
    assert whole.err == f"({total:,} rows)\n"


FAULTY = (
    "SELECT CASE WHEN range < 5000000 THEN range ELSE error('beyond') END AS n FROM range(9000000)"
)


def test_rows_that_a_table_does_not_show_are_not_looked_for(data: Path) -> None:
    shown = call("sql", FAULTY, "--data-dir", data)
    assert shown.code == 0
    assert shown.out.split() == ["n", *map(str, range(1_000))]
    for way in ("--csv", "--json"):
        whole = call("sql", FAULTY, way, "--data-dir", data)
        assert (whole.code, whole.out) == (2, "")
        assert "beyond" in whole.err


@pytest.mark.parametrize("way", ["--json", "--csv", None])
def test_payloads_that_are_no_text_can_be_printed(data: Path, way: str | None) -> None:
    question = "SELECT payload FROM staging.quarantine WHERE reason = 'not_utf8'"
    done = call("sql", question, *([way] if way else []), "--data-dir", data)
    assert done.code == 0
    assert r"\x" in done.out


def test_a_refused_record_is_listed_shown_and_sent_again(own: Path) -> None:
    listed = answer("quarantine", "list", "--limit", "3", "--data-dir", own)
    assert len(listed) == 3
    assert [row["arrived_at"] for row in listed] == sorted(
        (row["arrived_at"] for row in listed), reverse=True
    )
    number = listed[0]["sequence_number"].lstrip("0")
    text = call("quarantine", "list", "--data-dir", own)
    assert re.search(rf"^ *{number}  .*{listed[0]['reason']}", text.out, re.MULTILINE)
    assert answer("quarantine", "show", number, "--data-dir", own) == listed[0]
    shown = call("quarantine", "show", number, "--data-dir", own)
    assert re.search(rf"^reason +{listed[0]['reason']}$", shown.out, re.MULTILINE)

    before = answer("status", "--data-dir", own)
    reason = listed[0]["reason"]
    again = call("quarantine", "replay", "--reason", reason, "--data-dir", own)
    count, left_out = (
        int(found[1]) if (found := re.search(rf"{said} (\d+) record", again.err)) else 0
        for said in ("Put", "Left out")
    )
    assert count + left_out == before["reasons"][reason]
    assert count > 0
    assert call("run", "--until-drained", "--data-dir", own).code == 0
    after = answer("status", "--data-dir", own)
    assert after["reasons"] == before["reasons"] | {reason: left_out + 2 * count}
    assert after["received"] == after["archived"] == before["received"] + count
    assert after["balanced"]


def test_compaction_leaves_the_current_hour_alone_and_loses_nothing(own: Path) -> None:
    for part in range(2):
        record = b'{"part": %d}\n' % part
        assert call("ingest", "-", "--data-dir", own, stdin=record).code == 0
        assert call("run", "--until-drained", "--data-dir", own).code == 0
    lines, rows = sorted(archived_lines(own)), lake_contents(own)
    tables = warehouse_contents(own / "warehouse.duckdb")
    newest = answer(
        "sql", "SELECT max(arrived_at) AS at FROM staging.quarantine", "--data-dir", own
    )

    at = f"SELECT epoch_us(TIMESTAMP '{newest[0]['at'].removesuffix('Z')}') AS us"
    arrived_us = answer("sql", at, "--data-dir", own)[0]["us"]
    merged = compact(LocalLake(own), lambda: arrived_us + HOUR_US)
    read, written = merged["bronze"]
    assert read > written >= 1
    assert sorted(archived_lines(own)) == lines
    assert lake_contents(own) == rows
    assert compact(LocalLake(own), lambda: arrived_us + HOUR_US)["bronze"] == (0, 0)

    assert call("backfill", "--data-dir", own).code == 0
    assert warehouse_contents(own / "warehouse.duckdb") == tables
    said = call("compact", "--data-dir", own)
    assert (said.code, said.out) == (0, "")
    assert said.err == "".join(
        f"{zone}: nothing to merge\n" for zone in ("bronze", "silver", "quarantine")
    )


SIMULATE = ("simulate", "--seed", "7", "--airport", "FRA", "--mess", "none")
FROM = ("--start", "2026-03-01")


def test_the_same_seed_gives_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a", "b"):
        done = call(*SIMULATE, *FROM, "--events", "300", "--output", tmp_path / name)
        assert done.code == 0
        assert done.err == f"Wrote 300 records to {tmp_path / name}.\n"
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    to_stdout = call(*SIMULATE, *FROM, "--events", "300", "--output", "-")
    assert to_stdout.out.encode() == (tmp_path / "a").read_bytes()
    assert to_stdout.err == "Wrote 300 records to stdout.\n"


def test_a_simulation_goes_on_where_it_was(tmp_path: Path) -> None:
    data, whole = tmp_path / "data", tmp_path / "whole"
    onto = ("--time-compression", "max", "--data-dir", data)
    assert call(*SIMULATE, *FROM, "--events", "400", *onto).code == 0
    assert call(*SIMULATE, "--events", "300", *onto).code == 0
    assert call(*SIMULATE, *FROM, "--events", "700", "--output", whole).code == 0

    stream = EmbeddedStream(data / "stream.db", clock=lambda: 0)
    (rows,) = [frames_to_arrow(stream.read({}, max_records=1_000, max_bytes=1 << 30))]
    stream.close()
    assert b"".join(rows.column("payload").to_pylist()) == whole.read_bytes()


def test_files_are_read_as_they_are(tmp_path: Path) -> None:
    data, packed = tmp_path / "data", tmp_path / "records.ndjson.gz"
    long = b"x" * (MAX_RECORD_BYTES + 1)
    packed.write_bytes(gzip.compress(b"{}\n" + long + b"\n\nno newline at the end"))
    done = call("ingest", packed, "--data-dir", data)
    assert done.code == 1
    assert f"line 2 has {len(long) + 1:,} bytes" in done.err
    assert "Put 3 records on the stream" in done.err
    assert answer("status", "--data-dir", data)["received"] == 3


@pytest.mark.parametrize("compress", [gzip.compress, zstandard.compress])
def test_a_damaged_file_is_told_and_what_was_whole_is_put(
    tmp_path: Path, compress: Callable[[bytes], bytes]
) -> None:
    data, packed = tmp_path / "data", tmp_path / "records"
    noise = random.Random(7).randbytes(5_000_000).hex().encode()
    packed.write_bytes(compress(b"{}\n[]\n") + compress(noise)[:-9])
    done = call("ingest", packed, "--data-dir", data)
    assert done.code == 65
    assert "records: its compressed data is damaged or cut short" in done.err
    assert "Get a whole copy of the file" in done.err
    assert answer("status", "--data-dir", data)["received"] == 2


def test_replaying_a_file(tmp_path: Path) -> None:
    path, data = tmp_path / "day.ndjson", tmp_path / "data"
    assert call("simulate", "--events", "200", "--output", path).code == 0
    done = call("replay", path, "--speed", "max", "--data-dir", data)
    assert (done.code, done.err) == (0, f"Put 200 records on the stream of {data}.\n")
    assert answer("status", "--data-dir", data)["received"] == 200


def test_where_each_setting_comes_from(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "airside.toml").write_text("[gold]\nrefresh_seconds = 9\n")
    monkeypatch.setenv("AIRSIDE_SILVER__WINDOW_SECONDS", "7")
    rows = {row["name"]: row for row in answer("config", "--data-dir", "elsewhere")}
    assert rows["gold.refresh_seconds"]["value"] == 9
    assert rows["gold.refresh_seconds"]["origin"] == "airside.toml"
    assert rows["silver.window_seconds"]["origin"] == "AIRSIDE_SILVER__WINDOW_SECONDS"
    assert rows["data_dir"]["origin"] == "command line"
    assert rows["simulator.seed"]["origin"] == "default"
    text = call("config").out
    assert re.search(r"^gold.refresh_seconds +9(\.0)? +airside.toml +How often", text, re.MULTILINE)
    assert not list(tmp_path.glob("elsewhere*")), "looking makes nothing"


def test_up_runs_for_a_while_and_goes_on_where_it_was(tmp_path: Path) -> None:
    data = tmp_path / "data"
    up = (
        "up",
        "--quiet",
        "--no-dashboard",
        "--for",
        "2s",
        "--time-compression",
        "600",
        "--data-dir",
        data,
    )
    seen = []
    for _ in range(2):
        done = call(*up)
        assert done.code == 0, done.err
        assert "Stopping: finishing what is on the stream." in done.err
        last = done.out.splitlines()[-1]
        assert " 0 in flight, balanced; " in last
        seen.append(answer("status", "--data-dir", data))
        watermark = answer("report", "--data-dir", data)["live_flights"]["watermark"]
        seen[-1]["watermark"] = watermark
    first, second = seen
    assert 0 < first["received"] < second["received"]
    assert first["watermark"] < second["watermark"]
    assert second["archived"] == second["received"]
    assert second["duplicates"] < 0.1 * second["received"], "it does not start its day again"


def test_up_goes_on_while_nobody_can_tell_how_it_goes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    look, looks = Operation.snapshot, count()

    def snapshot(operation: Operation) -> Snapshot:
        if next(looks) < 2:
            raise RetryableError("Kinesis cannot be reached")
        return look(operation)

    monkeypatch.setattr(Operation, "snapshot", snapshot)
    up = ("up", "--quiet", "--no-dashboard", "--for", "4s", "--data-dir", tmp_path / "data")
    done = call(*up)
    assert done.code == 0, done.err
    assert done.err.count("How it goes cannot be told now: Kinesis cannot be reached") == 1
    assert " 0 in flight, balanced; " in done.out.splitlines()[-1]


def test_up_prints_an_object_a_line_for_logs(tmp_path: Path) -> None:
    done = call("up", "--json", "--no-dashboard", "--for", "2s", "--data-dir", tmp_path / "data")
    assert done.code == 0, done.err
    lines = [json.loads(line) for line in done.out.splitlines()]
    assert len(lines) >= 2
    assert (
        lines[-1]["received"]
        == lines[-1]["clean"] + lines[-1]["quarantined"] + (lines[-1]["duplicates"])
    )
    assert lines[-1]["balanced"]
    assert lines[-1]["problems"] == []


def test_run_says_what_it_did(own: Path) -> None:
    done = call("run", "--for", "200ms", "--data-dir", own)
    assert done.code == 0
    assert f"Running on {own}; Ctrl-C stops.\n1,500 records received: " in done.err
    assert done.err.endswith(" 0 in flight.\n")


def test_a_new_directory_says_that_it_knows_nothing_yet(tmp_path: Path) -> None:
    data = tmp_path / "data"
    assert call("ingest", "-", "--data-dir", data, stdin=b"").code == 0
    report = call("report", "--data-dir", data)
    assert (report.code, report.out) == (
        0,
        "No flight is known yet; `airside doctor` says where the data stops.\n",
    )
    assert answer("report", "--data-dir", data)["airline_delays"] == []
    assert answer("status", "--data-dir", data)["balanced"] is True
    assert answer("quarantine", "list", "--data-dir", data) == []
    assert call("quarantine", "list", "--data-dir", data).out == "No record is in quarantine.\n"


def test_help_needs_no_data() -> None:
    assert call("--version").out.startswith("airside, version ")
    for words in ([], ["--help"], ["-h"]):
        text = call(*words)
        assert "Commands:" in text.out + text.err


def test_a_process_that_stays_loads_neither_pandas_nor_dbt(tmp_path: Path) -> None:
    """What dbt says of a new warehouse came with the package, for the default settings."""
    new = str(tmp_path / "d")
    words = ["up", "--no-simulator", "--for", "1s", "--port", "0", "--data-dir", new]
    script = f"""
import contextlib, importlib.util, sys
from airside.cli import main
with contextlib.suppress(SystemExit):
    main({words!r})
assert importlib.util.find_spec("pandas") and "airside.gold" in sys.modules
assert not {{"dbt", "pandas"}} & set(sys.modules)
"""
    subprocess.run([sys.executable, "-c", script], check=True, env=clean_environment())


def test_a_command_that_only_asks_loads_no_web_framework() -> None:
    script = """
import sys
from airside.cli import answers
assert "airside.dashboard" in sys.modules
assert not {"fastapi", "starlette", "uvicorn"} & set(sys.modules)
"""
    subprocess.run([sys.executable, "-c", script], check=True)
