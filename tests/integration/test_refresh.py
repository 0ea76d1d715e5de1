"""`airside refresh` into PostgreSQL: what is loaded, once, and what is said when it cannot be."""

import shutil
from contextlib import closing
from pathlib import Path

import psycopg2
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from msgspec import structs

from airside.errors import CorruptDataError, RetryableError
from airside.events import FLIGHT_EVENTS
from airside.lake import LocalLake, open_lake
from airside.runtime.data_dir import DataDir
from airside.runtime.readers import open_reader
from airside.runtime.refreshing import _is_own, refresh
from airside.settings import load
from airside.warehouse.batch_document import publish_batch, published_batches, read_batch
from airside.warehouse.handoff import hand_over
from airside.warehouse.loader import Loader
from airside.warehouse.servers import open_server
from support.calls import call, copied, processed
from support.command import airside_json
from support.postgres import rows

DAY_US = 86_400_000_000
NOW_US = 1_800_000_000_000_000


@pytest.fixture(scope="module")
def processed_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return processed(tmp_path_factory.mktemp("refreshed"))


@pytest.fixture
def data(processed_data: Path, tmp_path: Path) -> Path:
    return copied(processed_data, tmp_path)


@pytest.fixture
def lake(data: Path) -> LocalLake:
    """A lake with the documents of a pipeline."""
    lake = LocalLake(data)
    with open_reader(DataDir(data)) as reader:
        assert hand_over(reader, lake, FLIGHT_EVENTS)
    return lake


def load_into(url: str, lake: LocalLake) -> list[str]:
    server = open_server(url)
    with server.session() as session:
        loader = Loader(server, session, lake, FLIGHT_EVENTS, clock=lambda: NOW_US)
        loader.create_tables()
        return loader.load_new().batches


def counts(url: str) -> list[tuple[object, ...]]:
    return rows(
        url,
        "SELECT (SELECT count(*) FROM staging.flight_events),"
        " (SELECT count(*) FROM staging.quarantine), (SELECT count(*) FROM staging.batches)",
    )


def test_a_batch_is_loaded_once_however_often_it_is_published(
    postgres: str, lake: LocalLake
) -> None:
    (name,) = load_into(postgres, lake)
    loaded = counts(postgres)
    assert load_into(postgres, lake) == []
    publish_batch(lake, FLIGHT_EVENTS, read_batch(lake, FLIGHT_EVENTS, name))
    assert load_into(postgres, lake) == []
    assert counts(postgres) == loaded
    ((account,),) = rows(
        postgres,
        "SELECT row_to_json(b) FROM staging.batches AS b",
    )
    document = read_batch(lake, FLIGHT_EVENTS, name)
    assert account["batch_name"] == name
    assert account["received"] == document.received == 1_500
    assert account["committed_at"] == "2027-01-15T08:00:00"
    assert dict(rows(postgres, "SELECT shard_id, sequence_number FROM staging.checkpoints")) == (
        document.through
    )


def test_what_was_refused_keeps_its_bytes(postgres: str, lake: LocalLake, data: Path) -> None:
    load_into(postgres, lake)
    question = "SELECT sequence_number, payload, reasons, detail FROM staging.quarantine"
    with open_reader(DataDir(data)) as reader:
        embedded = reader.query(question).to_pylist()
    found = {number: (bytes(p), r, d) for number, p, r, d in rows(postgres, question)}  # type: ignore[call-overload] - a memoryview
    assert found == {
        row["sequence_number"]: (
            row["payload"],
            row["reasons"],
            row["detail"].replace("\0", ""),
        )
        for row in embedded
    }
    assert any(b"\0" in payload for payload, _, _ in found.values())


@pytest.mark.parametrize(
    ("spoil", "match"),
    [
        (lambda path, _: path.unlink(), "missing"),
        (lambda path, _: path.write_bytes(b"not parquet"), "not a Parquet file"),
        (lambda path, rows: pq.write_table(rows.slice(1), path), "hold .* rows .* document says"),
        (lambda path, rows: pq.write_table(rows.drop_columns(["leg_key"]), path), "no column"),
    ],
)
def test_a_file_that_is_not_what_was_written_loads_nothing(
    postgres: str, lake: LocalLake, data: Path, spoil: object, match: str
) -> None:
    assert callable(spoil)
    (name,) = published_batches(lake, FLIGHT_EVENTS)
    (file,) = read_batch(lake, FLIGHT_EVENTS, name).clean_files
    spoil(data / file.name, pq.read_table(data / file.name))
    with pytest.raises(CorruptDataError, match=match):
        load_into(postgres, lake)
    assert counts(postgres) == [(0, 0, 0)]


def test_files_of_spark_are_read_as_well(postgres: str, lake: LocalLake, data: Path) -> None:
    """Columns in another order, instants with a zone, large texts: what other writers write."""
    (name,) = published_batches(lake, FLIGHT_EVENTS)
    (file,) = read_batch(lake, FLIGHT_EVENTS, name).clean_files
    table = pq.read_table(data / file.name)
    expected = table.num_rows
    columns = {
        field.name: table[field.name].cast(
            pa.timestamp("us", tz="UTC")
            if pa.types.is_timestamp(field.type)
            else pa.large_string()
            if pa.types.is_string(field.type)
            else field.type
        )
        for field in reversed(list(table.schema))
    }
    pq.write_table(pa.table(columns), data / file.name)
    load_into(postgres, lake)
    assert counts(postgres)[0][0] == expected
    with open_reader(DataDir(data)) as reader:
        question = "SELECT event_id, event_at, quality_flags FROM staging.flight_events"
        embedded = {tuple(map(str, row.values())) for row in reader.query(question).to_pylist()}
    assert {tuple(map(str, row)) for row in rows(postgres, question)} == embedded


def test_only_what_is_new_is_handed_over_and_in_chunks(data: Path) -> None:
    lake = LocalLake(data)
    lines = b'{"event_id": "x"}\n' * 3
    assert call("ingest", "-", "--data-dir", data, stdin=lines).code == 0
    assert call("run", "--until-drained", "--data-dir", data).code == 0
    with open_reader(DataDir(data)) as reader:
        assert len(hand_over(reader, lake, FLIGHT_EVENTS, max_records=1_500)) == 2
        assert hand_over(reader, lake, FLIGHT_EVENTS) == []
        checkpoint = reader.query("SELECT * FROM staging.checkpoints").to_pylist()
    first, second = (
        read_batch(lake, FLIGHT_EVENTS, name) for name in published_batches(lake, FLIGHT_EVENTS)
    )
    assert (first.received, second.received, second.quarantined) == (1_500, 3, 3)
    assert second.clean_files == []
    assert [second.through] == [{row["shard_id"]: row["sequence_number"] for row in checkpoint}]


@pytest.mark.usefixtures("lake")
def test_a_warehouse_that_was_rebuilt_is_not_handed_over_in_part(data: Path, postgres: str) -> None:
    lines = b'{"event_id": "x"}\n'
    assert call("ingest", "-", "--data-dir", data, stdin=lines).code == 0
    assert call("run", "--until-drained", "--data-dir", data).code == 0
    assert call("backfill", "--data-dir", data).code == 0  # two batches become one
    told = call("refresh", "--warehouse", postgres, "--data-dir", data)
    assert told.code == CorruptDataError.exit_code
    assert "built anew" in told.err


def test_a_lake_that_another_writes_is_left_to_it(data: Path, lake: LocalLake) -> None:
    (name,) = published_batches(lake, FLIGHT_EVENTS)
    document = read_batch(lake, FLIGHT_EVENTS, name)
    lake.delete(f"batches/flight_events/{name}.json")
    publish_batch(lake, FLIGHT_EVENTS, structs.replace(document, batch="spark-1"))
    with open_reader(DataDir(data)) as reader:
        assert hand_over(reader, lake, FLIGHT_EVENTS) == []
    assert published_batches(lake, FLIGHT_EVENTS) == ["spark-1"]


@pytest.mark.usefixtures("lake")
def test_a_lake_alone_is_enough(data: Path, postgres: str, tmp_path: Path) -> None:
    elsewhere = tmp_path / "lake"
    for zone in ("batches", "handoff"):
        shutil.copytree(data / zone, elsewhere / zone)
    done = airside_json(
        "refresh", "--warehouse", postgres, "--lake", elsewhere, "--data-dir", tmp_path / "none"
    )
    assert (done["handed_over"], done["batches"], done["records"]) == (0, 1, 1_500)
    assert not (tmp_path / "none").exists()


def test_staging_lets_old_rows_go_and_gold_built_anew_has_them_again(
    data: Path, postgres: str
) -> None:
    settings = load(
        {"data_dir": data, "warehouse.url": postgres, "warehouse.staging_days": 2}, {}
    ).settings
    directory = DataDir(data)
    first = refresh(directory, settings, clock=lambda: NOW_US)
    assert (first.batches, first.removed) == (1, 0)
    before = rows(postgres, "SELECT * FROM main.fct_flight_legs ORDER BY leg_key")
    by_reason = "SELECT reason, count(*) FROM staging.quarantine GROUP BY reason"
    reasons = dict(rows(postgres, by_reason))
    assert reasons
    later = refresh(directory, settings, clock=lambda: NOW_US + 3 * DAY_US)
    assert (later.batches, later.removed) == (0, 1)
    assert counts(postgres) == [(0, 0, 1)]
    status = airside_json("status", "--warehouse", postgres, "--data-dir", data / "none")
    assert status["balanced"] is True
    assert status["reasons"] == reasons
    by_url = airside_json("status", "--warehouse", postgres, "--data-dir", data)
    assert by_url["reasons"] == reasons
    assert refresh(directory, settings, clock=lambda: NOW_US + 4 * DAY_US).removed == 0

    with closing(psycopg2.connect(postgres)) as connection, connection.cursor() as cursor:
        cursor.execute("DELETE FROM staging.gold_fingerprints WHERE name = 'models'")
        connection.commit()
    again = refresh(directory, settings, clock=lambda: NOW_US + 4 * DAY_US)
    assert again.brought_back == 1
    assert again.removed == 1
    assert rows(postgres, "SELECT * FROM main.fct_flight_legs ORDER BY leg_key") == before
    status = airside_json("status", "--warehouse", postgres, "--data-dir", data / "none")
    assert status["reasons"] == reasons, "counted once, though they left twice"


def test_one_refresh_at_a_time(data: Path, postgres: str) -> None:
    settings = load({"data_dir": data, "warehouse.url": postgres}, {}).settings
    with (
        open_server(postgres).alone(),
        pytest.raises(RetryableError, match="another refresh is running"),
    ):
        refresh(DataDir(data), settings, clock=lambda: NOW_US)


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ((), "AIRSIDE_WAREHOUSE__URL"),
        (("--warehouse", "sqlite:///x"), "postgresql:// or redshift://"),
        (("--warehouse", "postgresql://user:geheim@localhost:1/db"), "server runs"),
        (("--warehouse", "postgresql://host"), "does not name one database"),
    ],
)
def test_what_is_wrong_with_the_url_is_said(
    data: Path, options: tuple[str, ...], match: str
) -> None:
    told = call("refresh", *options, "--data-dir", data)
    assert told.code in {2, 75}
    assert match in told.err
    assert "geheim" not in told.err


def test_before_the_first_refresh_a_question_says_what_to_do(postgres: str, data: Path) -> None:
    told = call("report", "--warehouse", postgres, "--data-dir", data)
    assert "airside refresh" in told.err + told.out


def test_a_lake_of_others_is_loaded_and_nothing_is_handed_over_to_it(
    postgres: str, data: Path, lake: LocalLake, tmp_path: Path
) -> None:
    others = LocalLake(processed(tmp_path / "others", seed=4))
    (name,) = published_batches(lake, FLIGHT_EVENTS)
    assert not published_batches(others, FLIGHT_EVENTS)
    files = others.sizes("")
    settings = load({"warehouse.url": postgres, "lake.url": others.url}, {}).settings
    done = refresh(DataDir(data), settings, clock=lambda: NOW_US)
    assert (done.handed_over, done.lake, done.is_others_lake) == (0, others.url, True)
    assert others.sizes("") == files
    own = load({"warehouse.url": postgres, "lake.url": lake.url}, {}).settings
    assert refresh(DataDir(data), own, clock=lambda: NOW_US).batches == 1
    assert published_batches(lake, FLIGHT_EVENTS) == [name]


@pytest.mark.parametrize("spelling", ["as it is", "a link", "dots", "file"])
def test_its_own_lake_is_known_however_it_is_written(
    data: Path, postgres: str, tmp_path: Path, spelling: str
) -> None:
    (tmp_path / "link").symlink_to(data)
    url = {
        "as it is": f"{data}/",
        "a link": str(tmp_path / "link"),
        "dots": str(data / ".." / data.name),
        "file": f"file://{data}/../{data.name}",
    }[spelling]
    settings = load({"warehouse.url": postgres, "lake.url": url}, {}).settings
    done = refresh(DataDir(data), settings, clock=lambda: NOW_US)
    assert (done.handed_over, done.batches, done.is_others_lake) == (1, 1, False)


@pytest.mark.parametrize("url", ["s3://bucket/lake", "s3://bucket/lake/"])
def test_its_own_lake_on_s3_is_known_with_and_without_a_slash(tmp_path: Path, url: str) -> None:
    own = DataDir(tmp_path / "data")
    own.open()
    own.remember_lake("s3://bucket/lake/")
    assert _is_own(own, open_lake(url))
    assert not _is_own(own, open_lake("s3://bucket/lake2"))
    assert not _is_own(own, LocalLake(own.root))
