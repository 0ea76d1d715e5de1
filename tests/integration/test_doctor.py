"""For each stage a way to break it: the doctor names that stage first, why, and what to do."""

import re
import shlex
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from airside.bronze import Archive, ArchiveReader, remove_before
from airside.errors import RetryableError
from airside.events import FLIGHT_EVENTS
from airside.gold import Gold
from airside.lake import LocalLake
from airside.runtime import doctor, patient
from airside.runtime.clocks import wall_clock
from airside.runtime.data_dir import DataDir
from airside.runtime.pipeline import open_pipeline
from airside.settings import Settings
from oracle.sample import SAMPLE
from support.calls import call


def examined(data: Path) -> dict[str, Any]:
    """What the doctor says to a program; and that it says the same to people."""
    done = call("doctor", "--json", "--data-dir", data)
    found: dict[str, Any] = done.json
    assert done.code == (1 if found["stops_at"] else 0)
    assert not done.err
    for finding in found["findings"]:
        if finding["state"] == "ok":
            assert finding["cause"] is finding["next_step"] is None
        else:
            assert finding["cause"], finding
            assert finding["next_step"], finding

    text = call("doctor", "--data-dir", data).out
    if found["stops_at"]:
        (first, *_) = [f for f in found["findings"] if f["state"] == "stopped"]
        assert first["stage"] == found["stops_at"]
        assert f"Data stops at: {first['stage']}\n" in text
        assert f"Likely cause: {first['cause']}\nNext: {first['next_step']}\n" in text
    else:
        assert text.endswith("Data flows through every stage.\n")
    return found


def first_stop(data: Path) -> dict[str, Any]:
    found = examined(data)
    (first, *_) = [f for f in found["findings"] if f["state"] == "stopped"]
    return dict(first)


def test_a_healthy_one(answered: Path) -> None:
    found = examined(answered)
    assert found["stops_at"] is None
    stages = [finding["stage"] for finding in found["findings"]]
    assert stages == [
        "data directory",
        "stream",
        "bronze",
        "warehouse",
        "silver",
        "quarantine",
        "schema drift",
        "gold",
    ]
    by_stage = {finding["stage"]: finding for finding in found["findings"]}
    assert by_stage["stream"]["finding"].startswith("1,500 records received")
    assert by_stage["bronze"]["finding"] == "1,500 records archived, 0 waiting"
    assert by_stage["quarantine"]["state"] == "warning", "these records are hostile"


class TestTheDataDirectory:
    def test_there_is_none(self, tmp_path: Path) -> None:
        found = first_stop(tmp_path / "nowhere")
        assert found["stage"] == "data directory"
        assert "holds no data of Airside yet" in found["cause"]
        assert "airside up" in found["next_step"]

    def test_its_marker_is_damaged(self, own: Path) -> None:
        (own / "airside.json").write_text("")
        found = first_stop(own)
        assert found["stage"] == "data directory"
        assert found["next_step"].endswith('again: {"format_version": 1}')

    def test_the_disk_is_nearly_full(self, answered: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(doctor, "_LOW_DISK_BYTES", 2**62)
        (finding, *_) = examined(answered)["findings"]
        assert finding["state"] == "warning"
        assert finding["cause"] == "the disk is nearly full; stages wait while it is"

    def test_a_backfill_was_cut_off(self, own: Path) -> None:
        (own / "rebuild").mkdir()
        (finding, *_) = examined(own)["findings"]
        assert finding["state"] == "warning"
        assert finding["next_step"].startswith(f"airside backfill --data-dir {own}")


class TestTheStream:
    def test_nothing_has_come(self, tmp_path: Path) -> None:
        data = tmp_path / "with blanks"
        assert call("ingest", "-", "--data-dir", data).code == 0
        found = first_stop(data)
        assert found["stage"] == "stream"
        assert found["finding"] == "no record has arrived"
        assert found["next_step"] == f"airside simulate --data-dir '{data}'"

    def test_it_is_damaged(self, own: Path) -> None:
        (own / "stream.db").write_bytes(b"no database" * 1_000)
        found = first_stop(own)
        assert found["stage"] == "stream"
        assert found["next_step"] == f"airside backfill --source {own} --data-dir NEW"

    def test_what_waits_on_it_is_damaged(self, own: Path) -> None:
        assert call("ingest", "-", "--data-dir", own, stdin=b"needle" * 20_000).code == 0
        with closing(sqlite3.connect(own / "stream.db", isolation_level=None)) as stream:
            stream.execute(
                "UPDATE frames SET data = zeroblob(length(data))"
                " WHERE frame_id = (SELECT max(frame_id) FROM frames)"
            )
        assert first_stop(own)["stage"] == "stream"

    def test_it_has_gone(self, own: Path) -> None:
        (own / "stream.db").unlink()
        found = first_stop(own)
        assert "stream.db is missing" in found["cause"]
        assert f"airside backfill --source {own}" in found["next_step"]

    def test_the_producers_have_stopped(self, answered: Path) -> None:
        an_hour_later = doctor.examine(
            DataDir(answered), lambda: newest_us(answered) + 3_600_000_000
        )
        stream = an_hour_later[1]
        assert (stream.stage, stream.state) == ("stream", "warning")
        assert stream.finding.endswith("the last one 60 minutes ago")
        now = doctor.examine(DataDir(answered), lambda: newest_us(answered))
        assert now[1].state == "ok"


class TestBronze:
    def test_nothing_runs(self, own: Path) -> None:
        assert call("ingest", "-", "--data-dir", own, stdin=b"{}\n").code == 0
        found = first_stop(own)
        assert found["stage"] == "bronze"
        assert found["finding"] == "1,500 records archived, 1 waiting"
        assert found["cause"] == "no pipeline is running"
        assert found["next_step"] == f"airside run --data-dir {own}"

    def test_following_that_advice_helps(self, own: Path) -> None:
        assert call("ingest", "-", "--data-dir", own, stdin=b"{}\n").code == 0
        _, *words = first_stop(own)["next_step"].split()
        assert call(*words, "--until-drained").code == 0
        assert examined(own)["stops_at"] is None

    @pytest.mark.parametrize("suffix", [".zst", ".index.json"])
    def test_files_have_gone(self, suffix: str, own: Path) -> None:
        for path in own.glob(f"bronze/**/*{suffix}"):
            path.unlink()
        found = first_stop(own)
        assert found["stage"] == "bronze"
        assert found["cause"] == "files were deleted from bronze/"
        assert found["next_step"] == "restore bronze/ from a copy"

    def test_its_oldest_file_has_gone(self, own: Path) -> None:
        run = ("run", "--until-drained", "--data-dir", own)
        assert call("ingest", "-", "--data-dir", own, stdin=b"{}\n").code == 0
        assert call(*run).code == 0
        first, second = sorted(own.glob("bronze/**/*.zst"), key=lambda path: path.name)
        first.unlink()
        found = first_stop(own)
        assert found["stage"] == "bronze"
        assert found["finding"].endswith("the oldest files are missing")
        stops = [
            finding["cause"]
            for finding in call("doctor", "--deep", "--json", "--data-dir", own).json["findings"]
            if finding["stage"] == "archive, every byte"
        ]
        assert stops == [f"the file before {second.relative_to(own)} is missing"]
        assert call("backfill", "--data-dir", own).code == 0
        assert first.exists()
        assert call("doctor", "--deep", "--data-dir", own).code == 0

    def test_retention_has_removed_its_oldest_file(self, own: Path) -> None:
        assert call("ingest", "-", "--data-dir", own, stdin=b"{}\n").code == 0
        assert call("run", "--until-drained", "--data-dir", own).code == 0
        archive = Archive(LocalLake(own), FLIGHT_EVENTS)
        a_year_on = wall_clock() + 365 * 86_400_000_000
        end = ArchiveReader(archive).end()
        assert remove_before(archive, arrived_before_us=a_year_on, through=end) == 1_500
        assert call("doctor", "--deep", "--data-dir", own).code == 0

    @pytest.mark.parametrize("listing", [".zst", ".index.json"])
    def test_its_oldest_file_goes_while_it_is_looked_at(
        self, own: Path, monkeypatch: pytest.MonkeyPatch, listing: str
    ) -> None:
        """As by upkeep, once the files are listed, or their indexes are and none has been read."""
        assert call("ingest", "-", "--data-dir", own, stdin=b"{}\n").code == 0
        assert call("run", "--until-drained", "--data-dir", own).code == 0
        archive = Archive(LocalLake(own), FLIGHT_EVENTS)
        names = LocalLake.names
        listed: list[str] = []

        def meanwhile(lake: LocalLake, prefix: str, suffix: str = "") -> list[str]:
            found = names(lake, prefix, suffix)
            if suffix.endswith(listing) and not listed:
                listed.append(suffix)
                with monkeypatch.context() as patch:
                    patch.setattr(LocalLake, "names", names)
                    end = ArchiveReader(archive).end()
                    a_year_on = wall_clock() + 365 * 86_400_000_000
                    assert remove_before(archive, arrived_before_us=a_year_on, through=end)
            return found

        monkeypatch.setattr(LocalLake, "names", meanwhile)
        assert call("doctor", "--data-dir", own).code == 0
        assert listed

    def test_it_cannot_write(self, own: Path) -> None:
        assert call("ingest", "-", "--data-dir", own, stdin=b"{}\n").code == 0
        (own / "bronze").rename(own / "kept")
        (own / "bronze").write_text("a file in the way")
        with pipeline(own) as running, pytest.raises(RetryableError):
            running.archiver.run_once(flush=True)
        (own / "bronze").unlink()
        (own / "kept").rename(own / "bronze")
        found = first_stop(own)
        assert found["stage"] == "bronze"
        assert "cannot be written" in found["cause"]
        assert found["next_step"].endswith(f"then airside run --data-dir {own}")

    def test_the_ledger_is_damaged(self, own: Path) -> None:
        (own / "ledger.db").write_bytes(b"no database" * 1_000)
        found = first_stop(own)
        assert found["stage"] == "bronze"
        assert "ledger.db" in found["cause"]
        assert found["next_step"] == f"airside backfill --source {own} --data-dir NEW"


class TestSilver:
    def test_the_warehouse_is_damaged(self, own: Path) -> None:
        (own / "warehouse.duckdb").write_bytes(b"no database" * 1_000)
        found = first_stop(own)
        assert found["stage"] == "warehouse"
        assert found["next_step"] == f"airside backfill --data-dir {own}"

    def test_nothing_runs(self, own: Path) -> None:
        assert call("ingest", "-", "--data-dir", own, stdin=b"{}\n").code == 0
        with pipeline(own) as running:
            running.archiver.run_once(flush=True)
        found = first_stop(own)
        assert found["stage"] == "silver"
        assert found["cause"] == "no pipeline is running"

    def test_it_cannot_write(self, own: Path) -> None:
        line = SAMPLE.replace("\n", " ").encode() + b"\n"
        assert call("ingest", "-", "--data-dir", own, stdin=line).code == 0
        (own / "silver").rename(own / "kept")
        (own / "silver").write_text("a file in the way")
        with pipeline(own) as running:
            running.archiver.run_once(flush=True)
            with pytest.raises(RetryableError):
                running.silver.run_once()
        found = first_stop(own)
        assert found["stage"] == "silver"
        assert "cannot be written" in found["cause"]

    def test_stores_of_two_directories_are_mixed(self, own: Path, tmp_path: Path) -> None:
        other = tmp_path / "other"
        assert call("ingest", "-", "--data-dir", other, stdin=b"{}\n" * 2_000).code == 0
        with pipeline(other) as running:
            running.archiver.run_once(flush=True)
        for name in ("stream.db", "ledger.db", "bronze"):
            target = own / name
            target.rename(own / f"old-{name}")
            (other / name).rename(target)
        found = first_stop(own)
        assert found["stage"] == "silver"
        assert "the account does not balance" in found["finding"]
        assert found["next_step"].startswith(f"airside backfill --data-dir {own}")
        status = call("status", "--data-dir", own)
        assert status.code == 1
        assert "NOT BALANCED" in status.out


class TestQuarantine:
    def test_every_record_is_refused(self, tmp_path: Path) -> None:
        data = tmp_path / "data"
        assert call("ingest", "-", "--data-dir", data, stdin=b"{}\nno json\n{}\n").code == 0
        with pipeline(data) as running:
            running.archiver.run_once(flush=True)
            running.silver.run_once()
        found = first_stop(data)
        assert found["stage"] == "quarantine"
        assert found["finding"] == "100.0% of all records are refused"
        assert "most often by missing_event_id" in found["cause"]
        _, *words = found["next_step"].split()
        assert "missing_event_id" in call(*words).out


class TestGold:
    def test_it_has_not_been_built(self, own: Path) -> None:
        line = SAMPLE.replace("\n", " ").encode() + b"\n"
        assert call("ingest", "-", "--data-dir", own, stdin=line).code == 0
        with pipeline(own) as running:
            running.archiver.run_once(flush=True)
            running.silver.run_once()
        found = first_stop(own)
        assert found["stage"] == "gold"
        assert found["finding"] == "1 clean records not in the star schema yet"
        assert found["next_step"] == f"airside run --data-dir {own}"

    def test_it_cannot_be_built(self, own: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        def fails(_gold: Gold) -> None:
            raise RetryableError("gold: no room for fct_flight_legs; free disk space")

        monkeypatch.setattr(Gold, "refresh", fails)
        with pipeline(own) as running, pytest.raises(RetryableError):
            running.refresh()
        found = first_stop(own)
        assert found["stage"] == "gold"
        assert found["cause"] == "gold: no room for fct_flight_legs"
        assert found["next_step"].startswith("free disk space; then airside run")

        monkeypatch.undo()
        assert call("run", "--until-drained", "--data-dir", own).code == 0
        assert examined(own)["stops_at"] is None


def test_every_check_says_which_stage_it_is_of(answered: Path) -> None:
    for stage, check in doctor._CHECKS:
        one = patient.Patient(DataDir(answered), lambda: 0)
        with one.stack:
            assert check(one).stage == stage


def pipeline(data: Path) -> Any:
    return open_pipeline(DataDir(data), Settings())


def newest_us(data: Path) -> int:
    question = "SELECT epoch_us(max(last_arrived_at)) AS us FROM staging.batches"
    us: int = call("sql", question, "--json", "--data-dir", data).json[0]["us"]
    return us


def test_damage_is_named_before_what_may_come_of_it(tmp_path: Path, answered: Path) -> None:
    data = tmp_path / "data"
    shutil.copytree(answered, data)
    with closing(sqlite3.connect(data / "ledger.db")) as ledger, ledger:
        ledger.execute("UPDATE totals SET total = total - 1 WHERE name = 'records'")
    damaged = data / "alerts.db"
    damaged.write_bytes(b"\0" * 8_192)
    findings = call("doctor", "--deep", "--json", "--data-dir", data).json["findings"]
    first, second, *_ = [finding for finding in findings if finding["state"] == "stopped"]
    assert str(damaged) in first["cause"]
    assert "does not balance" in second["finding"]


def test_the_cure_of_a_damaged_file_of_gold_is_one(tmp_path: Path, answered: Path) -> None:
    data = tmp_path / "data"
    shutil.copytree(answered, data)
    run = ("run", "--until-drained", "--data-dir", data)
    assert call(*run).code == 0
    damaged = data / "gold" / "dim_airports.parquet"
    content = damaged.read_bytes()
    damaged.write_bytes(b"\0" * len(content))
    assert call(*run).code == 0
    finding = next(
        finding
        for finding in call("doctor", "--deep", "--json", "--data-dir", data).json["findings"]
        if finding["state"] == "stopped"
    )
    assert "dim_airports.parquet cannot be read" in finding["cause"]
    assert finding["next_step"].startswith("move it away")
    damaged.unlink()
    command = re.search(r"airside run .*(?= writes)", finding["next_step"])
    assert command is not None, finding
    assert call(*shlex.split(command[0])[1:]).code == 0
    assert call("doctor", "--deep", "--data-dir", data).code == 0
    assert pq.read_table(damaged).num_rows > 0


def test_files_of_gold_that_are_gone_or_cut_short_are_written_again(
    tmp_path: Path, answered: Path
) -> None:
    data = tmp_path / "data"
    shutil.copytree(answered, data)
    run = ("run", "--until-drained", "--data-dir", data)
    assert call(*run).code == 0
    gone, short = (data / "gold" / f"{table}.parquet" for table in ("dim_dates", "dim_airports"))
    content = gone.read_bytes(), short.read_bytes()
    gone.unlink()
    short.write_bytes(content[1][:100])
    assert call(*run).code == 0
    assert (gone.read_bytes(), short.read_bytes()) == content
