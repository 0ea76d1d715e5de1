"""Whatever goes wrong: one clear line, the right exit code, no trace, and nothing lost."""

import os
import re
import resource
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from airside.runtime.clocks import wall_clock
from airside.stream import EmbeddedStream
from support.calls import call, refused
from support.command import AIRSIDE, airside, clean_environment
from support.contents import warehouse_contents

ASKING = (
    ("report",),
    ("status",),
    ("sql", "SELECT 1"),
    ("quarantine", "list"),
    ("quarantine", "show", "1"),
    ("quarantine", "replay"),
    ("compact",),
    ("backfill",),
)
WRITING = (
    ("up", "--quiet", "--no-dashboard", "--for", "1s"),
    ("run", "--until-drained"),
    ("ingest", "-"),
    ("simulate", "--events", "1"),
)


class TestTheDataDirectory:
    @pytest.mark.parametrize("words", ASKING, ids=" ".join)
    def test_asking_one_that_is_not_there_makes_nothing(
        self, words: tuple[str, ...], tmp_path: Path
    ) -> None:
        for data in (tmp_path / "nowhere", tmp_path):
            message = refused(2, *words, "--data-dir", data)
            assert f"{data} holds no data of Airside yet; start with `airside up`" in message
        assert not list(tmp_path.iterdir())

    @pytest.mark.parametrize("words", WRITING, ids=" ".join)
    def test_a_foreign_one_is_left_alone(self, words: tuple[str, ...], tmp_path: Path) -> None:
        (tmp_path / "thesis.tex").write_text("mine")
        message = refused(2, *words, "--data-dir", tmp_path)
        assert "not a data directory of Airside" in message
        assert "thesis.tex" in message
        assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]

    @pytest.mark.parametrize("words", WRITING, ids=" ".join)
    def test_one_that_cannot_be_made(self, words: tuple[str, ...], tmp_path: Path) -> None:
        (tmp_path / "file").write_text("mine")
        unwritable = "/proc/airside" if sys.platform == "linux" else "/dev/null/airside"
        for data in (unwritable, tmp_path / "file" / "data"):
            message = refused(2, *words, "--data-dir", data)
            assert f"the data directory {data} cannot be used" in message
            assert "--data-dir" in message

    @pytest.mark.skipif(os.geteuid() == 0, reason="permission bits do not bind root")
    def test_one_of_somebody_else(self, own: Path) -> None:
        own.chmod(0o500)
        try:
            for words in WRITING:
                assert "Permission denied" in refused(2, *words, "--data-dir", own)
        finally:
            own.chmod(0o700)

    def test_a_file_in_its_place(self, tmp_path: Path) -> None:
        (tmp_path / "file").write_text("mine")
        message = refused(2, "up", "--data-dir", tmp_path / "file")
        assert "is a file" in message

    def test_one_of_another_version(self, own: Path) -> None:
        (own / "airside.json").write_text('{"format_version": 99}')
        for words in (*ASKING, *WRITING):
            message = refused(1, *words, "--data-dir", own)
            assert "has format version 99" in message
            assert "--data-dir NEW" in message


class TestTheCall:
    @pytest.mark.parametrize(
        ("words", "said"),
        [
            ("reprot", "No such command 'reprot'. Did you mean 'report'?"),
            ("frobnicate", "No such command 'frobnicate'. See 'airside --help'."),
            ("quarantine lst", "No such command 'lst'. Did you mean 'list'?"),
            ("report --jsn", "No such option '--jsn'. Did you mean '--json'?"),
            ("up --no-simulater", "No such option '--no-simulater'. Did you mean"),
            ("up --for soon", "'soon' is not a length of time; write 30s, 5m or 1h"),
            ("up --time-compression max", "'max' is not a speed; write a factor such as 60"),
            ("up --mess awful", "'awful' is not one of 'none', 'typical', 'hostile'"),
            ("up --flights 1", "1 is not in the range 2<=x<=1000000"),
            ("up --airport XXX", "airport 'XXX' is unknown"),
            ("simulate --rate 5 --time-compression 60", "both set the pace; leave one out"),
            ("simulate --output here.ndjson", "--output needs an end: --events N or --days N"),
            ("simulate --output x --events 1 --rate 5", "--output writes as fast as it goes"),
            ("simulate --output no/where --events 1", "no/where cannot be opened: No such file"),
            ("simulate --events 0", "0 is not in the range x>=1"),
            ("replay nycflights14", "did you mean 'nycflights13'?"),
            ("replay nowhere.ndjson", "nothing to replay is called 'nowhere.ndjson'"),
            ("replay nycflights13 --speed 0", "'0' is not a speed; write a factor such as 60"),
            ("ingest nowhere.ndjson", "nowhere.ndjson cannot be read: No such file"),
            ("ingest", "Missing argument 'FILE'"),
            ("backfill --source nowhere", "there is no folder nowhere; name a data directory"),
            ("quarantine list --reason bad_mood", "no reason is 'bad_mood'; they are not_utf8"),
        ],
    )
    def test_a_wrong_one(
        self, words: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.chdir(tmp_path)
        assert call("ingest", "-", "--data-dir", "data").code == 0
        monkeypatch.setenv("AIRSIDE_DATA_DIR", str(tmp_path / "data"))
        assert said in refused(2, *words.split())
        assert call("status", "--json").json["received"] == 0

    @pytest.mark.parametrize(
        ("toml", "environment", "said"),
        [
            ("[silver]\nwindow = 5", {}, "unknown setting silver.window (airside.toml); did you"),
            ("", {"AIRSIDE_SILVER__WINDOW": "5"}, "unknown setting silver.window (AIRSIDE_SIL"),
            ("[gold]\nrefresh_seconds = -1", {}, "setting gold.refresh_seconds (airside.toml) is"),
            ("", {"AIRSIDE_SILVER__WINDOW_SECONDS": "soon"}, "AIRSIDE_SILVER__WINDOW_SECONDS"),
            ("silver = [", {}, "airside.toml cannot be read"),
            ("", {"AIRSIDE_CONFIG": "nowhere.toml"}, "nowhere.toml cannot be read"),
        ],
    )
    def test_a_wrong_setting(
        self,
        toml: str,
        environment: dict[str, str],
        said: str,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.chdir(tmp_path)
        if toml:
            (tmp_path / "airside.toml").write_text(toml)
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        for words in (["config"], ["up"], ["status"]):
            assert said in refused(2, *words)
        assert not (tmp_path / "airside-data").exists()

    @pytest.mark.parametrize(
        "statement",
        [
            "DELETE FROM staging.batches",
            "INSERT INTO staging.batches SELECT * FROM staging.batches",
            "CREATE TABLE mine AS SELECT 1",
            "COPY staging.batches TO 'stolen.csv'",
            "ATTACH 'other.db'",
            "PRAGMA database_list; DROP TABLE staging.batches",
            "SELECT 1; SELECT 2",
            "",
        ],
    )
    def test_sql_that_does_more_than_ask(
        self, statement: str, answered: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.chdir(tmp_path)
        assert "only reading is allowed" in refused(2, "sql", statement, "--data-dir", answered)
        assert not list(tmp_path.iterdir())

    def test_sql_that_is_none(self, answered: Path) -> None:
        for statement in (
            "SELEKT 1",
            "SELECT * FROM nowhere",
            "SELECT nothing FROM staging.batches",
        ):
            done = call("sql", statement, "--data-dir", answered)
            assert (done.code, done.out) == (2, "")
            assert done.err.startswith("Error: ")
            assert "Traceback" not in done.err

    def test_a_record_that_is_not_in_quarantine(self, answered: Path) -> None:
        message = refused(2, "quarantine", "show", "99999999", "--data-dir", answered)
        assert (
            "no quarantined record has the sequence number 99999999; `airside quarantine" in message
        )


def garbage(path: Path) -> None:
    path.write_bytes(b"This is no database, nor anything else. " * 600)


def truncated(path: Path) -> None:
    """Keep what a file begins with, so that it looks like one of its kind."""
    path.write_bytes(path.read_bytes()[: min(20_000, path.stat().st_size // 2)])


def removed(path: Path) -> None:
    path.unlink()


class TestDamage:
    @pytest.mark.parametrize("spoil", [garbage, removed], ids=lambda spoil: spoil.__name__)
    def test_a_damaged_stream(self, spoil: Callable[[Path], None], own: Path) -> None:
        for name in ("stream.db-wal", "stream.db-shm"):
            (own / name).unlink(missing_ok=True)
        spoil(own / "stream.db")
        left = contents(own)
        for words in (("status",), *WRITING, ("backfill",)):
            assert "stream.db" in refused(65, *words, "--data-dir", own, stdin=b"{}\n")
        assert contents(own) == left, "nothing is made worse"

        new = own.parent / "new"
        done = call("backfill", "--source", own, "--data-dir", new)
        assert done.code == 0
        assert call("status", "--json", "--data-dir", new).json["received"] == 1_500
        assert answers(new) == answers(own)

    def test_a_damaged_ledger(self, own: Path) -> None:
        garbage(own / "ledger.db")
        for words in (("status",), *WRITING[:2], ("backfill",)):
            assert "ledger.db" in refused(65, *words, "--data-dir", own)
        # What came in since the archive was last written is not lost with the ledger.
        assert call("ingest", "-", "--data-dir", own, stdin=b"one\ntwo\n").code == 0
        new = own.parent / "new"
        assert call("backfill", "--source", own, "--data-dir", new).code == 0
        status = call("status", "--json", "--data-dir", new).json
        assert status["received"] == status["archived"] == 1_502
        assert status["balanced"]
        assert status["in_flight"] == 0

    @pytest.mark.parametrize("spoil", [garbage, truncated], ids=lambda spoil: spoil.__name__)
    def test_a_damaged_warehouse(
        self, spoil: Callable[[Path], None], own: Path, answered: Path
    ) -> None:
        spoil(own / "warehouse.duckdb")
        for words in (("report",), ("status",), *WRITING[:2]):
            message = refused(65, *words, "--data-dir", own)
            assert "warehouse.duckdb" in message
            assert "airside backfill" in message
        done = call("ingest", "-", "--data-dir", own, stdin=b"{}\n")
        assert done.code == 0, "ingestion does not need it"
        assert call("backfill", "--data-dir", own).code == 0
        spoilt, whole = answers(own), answers(answered)
        assert len(spoilt.pop("staging.quarantine")) == len(whole.pop("staging.quarantine")) + 1
        assert spoilt == whole

    @pytest.mark.parametrize("spoil", [garbage, truncated, removed], ids=lambda s: s.__name__)
    @pytest.mark.parametrize("suffix", [".zst", ".index.json"])
    def test_a_damaged_archive_is_made_whole_from_the_stream(
        self, suffix: str, spoil: Callable[[Path], None], own: Path, answered: Path
    ) -> None:
        (path, *_) = sorted(own.glob(f"bronze/**/*{suffix}"))
        spoil(path)
        done = call("backfill", "--data-dir", own)
        assert done.code == 0
        assert "has been written again from the stream" in done.err
        assert answers(own) == answers(answered)

    @pytest.mark.parametrize("spoil", [garbage, truncated, removed], ids=lambda s: s.__name__)
    @pytest.mark.parametrize("suffix", [".zst", ".index.json"])
    def test_a_damaged_archive_of_what_has_left_the_stream(
        self, suffix: str, spoil: Callable[[Path], None], own: Path
    ) -> None:
        with closing(EmbeddedStream(own / "stream.db", clock=wall_clock)) as stream:
            assert stream.trim({"shard-000": "9" * 20}, wall_clock() + 1)
        (path, *_) = sorted(own.glob(f"bronze/**/*{suffix}"))
        spoil(path)
        message = refused(65, "backfill", "--data-dir", own)
        assert "copy" in message, "it says what to do"
        assert not list(own.glob("rebuild/old-*")), "what there was is still in its place"
        assert call("report", "--data-dir", own).code == 0
        assert call("status", "--data-dir", own).code == 0

    def test_a_damaged_marker(self, own: Path) -> None:
        garbage(own / "airside.json")
        for words in (*ASKING, *WRITING):
            message = refused(65, *words, "--data-dir", own)
            assert message.endswith('write this into it again: {"format_version": 1}')

    def test_a_stranger_in_the_archive(self, own: Path) -> None:
        (folder, *_) = own.glob("bronze/*/*/*")
        (folder / "copy of monday.ndjson.zst").write_bytes(b"")
        assert "copy of monday" in refused(65, "backfill", "--data-dir", own)


class TestAFullDisk:
    """A limit on the size of files is, to a program, a disk that is full."""

    def test_records_that_do_not_fit_are_not_taken_and_said_to_be(self, tmp_path: Path) -> None:
        data = tmp_path / "data"
        assert call("ingest", "-", "--data-dir", data, stdin=b"{}\n").code == 0
        noise = tmp_path / "noise"
        noise.write_bytes(b"".join(os.urandom(500).hex().encode() + b"\n" for _ in range(3_000)))
        done = limited(200_000, "ingest", str(noise), "--data-dir", str(data))
        assert done.returncode == 75, done.stderr
        assert one_line(done.stderr).startswith(f"Error: {data}/stream.db: ")
        assert "free disk space" in done.stderr
        before = call("status", "--data-dir", data, "--json").json["received"]

        assert call("ingest", noise, "--data-dir", data).code == 0
        after = call("status", "--data-dir", data, "--json").json
        assert after["received"] == before + 3_000
        assert after["balanced"]

    def test_a_run_that_finds_no_room_goes_on_when_there_is(
        self, tmp_path: Path, answered: Path
    ) -> None:
        data = tmp_path / "data"
        data.mkdir()
        for name in ("airside.json", "stream.db"):
            shutil.copyfile(answered / name, data / name)
        done = limited(500_000, "run", "--until-drained", "--data-dir", str(data))
        assert done.returncode == 75, done.stderr
        assert "warehouse.duckdb" in one_line(done.stderr)
        assert call("run", "--until-drained", "--data-dir", data).code == 0
        assert answers(data) == answers(answered)

    def test_output_that_cannot_be_written(self, answered: Path, tmp_path: Path) -> None:
        done = limited(1_000, "simulate", "--events", "50", "--output", str(tmp_path / "x"))
        assert done.returncode == 75
        assert "cannot be written" in one_line(done.stderr)
        if Path("/dev/full").exists():
            with Path("/dev/full").open("wb") as full:
                done = subprocess.run(
                    [*AIRSIDE, "status", "--data-dir", str(answered)],
                    stdout=full,
                    stderr=subprocess.PIPE,
                    text=True,
                    env=clean_environment(),
                    check=False,
                )
            assert done.returncode == 75
            assert one_line(done.stderr) == (
                "Error: No space left on device, while writing the output"
            )


class TestThePipe:
    @pytest.mark.parametrize("words", ["report", "sql FROM(fct_flight_activity) --csv", "status"])
    def test_a_reader_that_goes_away(self, words: str, answered: Path) -> None:
        read, write = os.pipe()
        os.close(read)
        done = subprocess.run(
            [*AIRSIDE, *words.split(), "--data-dir", str(answered)],
            stdout=write,
            stderr=subprocess.PIPE,
            env=clean_environment(),
            check=False,
        )
        os.close(write)
        assert (done.returncode, done.stderr) == (141, b"")

    def test_one_that_was_closed_from_the_start_is_no_defect(self, answered: Path) -> None:
        command = f"{shlex.join(AIRSIDE)} status --data-dir {answered} >&-"
        done = subprocess.run(
            ["sh", "-c", command], capture_output=True, env=clean_environment(), check=False
        )
        assert (done.returncode, done.stderr) == (0, b"")

    def test_up_stops_in_good_order_when_its_reader_goes_away(self, tmp_path: Path) -> None:
        data = tmp_path / "data"
        process = subprocess.Popen(
            [*AIRSIDE, "up", "--quiet", "--no-dashboard", "--data-dir", str(data)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=clean_environment(),
        )
        assert process.stdout is not None
        assert process.stderr is not None
        assert " received" in process.stdout.readline()
        process.stdout.close()
        assert process.wait(timeout=120) == 141
        assert "Traceback" not in process.stderr.read()
        process.stderr.close()
        status = call("status", "--data-dir", data, "--json").json
        assert status["received"] == status["archived"] > 0
        assert status["in_flight"] == 0


def test_no_command_shows_a_trace_of_its_own_accord(tmp_path: Path) -> None:
    """Through the front door once, as a process, for what only a process shows."""
    done = airside("status", "--data-dir", tmp_path)
    assert done.returncode == 2
    assert done.stdout == ""
    assert re.fullmatch(r"Error: .* holds no data of Airside yet; .*\n", done.stderr)


def limited(bytes_a_file: int, *words: str) -> "subprocess.CompletedProcess[str]":
    """Run a command that can make no file larger than so many bytes."""

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (bytes_a_file, bytes_a_file))

    return subprocess.run(
        [*AIRSIDE, *words],
        capture_output=True,
        text=True,
        env=clean_environment(),
        preexec_fn=limit,
        check=False,
        timeout=120,
    )


def one_line(stderr: str) -> str:
    (line,) = stderr.splitlines()
    return line


def contents(data: Path) -> dict[str, bytes]:
    """Every file that matters, byte by byte."""
    passing = re.compile(r"-shm$|-wal$|\.lock$|/work/")
    return {
        str(path.relative_to(data)): path.read_bytes()
        for path in data.rglob("*")
        if path.is_file() and not passing.search(str(path))
    }


def answers(data: Path) -> dict[str, list[Any]]:
    return warehouse_contents(data / "warehouse.duckdb")
