"""What a server keeps of refused records whose rows retention has removed: how many, and why."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import redshift_connector
from msgspec import structs

from airside.errors import UsageError
from airside.events import FLIGHT_EVENTS
from airside.lake import LocalLake
from airside.runtime.data_dir import DataDir
from airside.runtime.readers import open_reader
from airside.runtime.warehouse_view import warehouse_account
from airside.warehouse.batch_document import publish_batch, published_batches, read_batch
from airside.warehouse.handoff import hand_over
from airside.warehouse.loader import Loader
from airside.warehouse.retention import remove_old
from airside.warehouse.server import Session
from airside.warehouse.server_reader import ServerReader
from airside.warehouse.servers import open_server
from airside.warehouse.translated import TranslatedReader
from support.calls import processed
from support.postgres import Postgres, execute, rows
from support.redshift_rehearsal import SETUP, URL, Rehearsal

NOW = "2027-01-15 08:00:00"
LATER = "2027-02-15 08:00:00"
PROGRESS = "CREATE TABLE staging.gold_progress (model_name text, through_batch_id bigint)"


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> LocalLake:
    """Several batches, of hostile records."""
    data = processed(tmp_path_factory.mktemp("reasons"), records=600)
    lake = LocalLake(data)
    with open_reader(DataDir(data)) as reader:
        hand_over(reader, lake, FLIGHT_EVENTS)
    (name,) = published_batches(lake, FLIGHT_EVENTS)
    document = read_batch(lake, FLIGHT_EVENTS, name)
    for copy in ("copy-1", "copy-2"):
        publish_batch(lake, FLIGHT_EVENTS, structs.replace(document, batch=copy))
    return lake


@pytest.fixture(params=["postgresql", "redshift"])
def url(
    request: pytest.FixtureRequest, postgres_server: Postgres, monkeypatch: pytest.MonkeyPatch
) -> str:
    """A database of either kind; the second is acted out by the first."""
    actor = postgres_server.new_database()
    if request.param == "postgresql":
        return actor
    execute(actor, SETUP)
    monkeypatch.setattr(redshift_connector, "connect", Rehearsal(actor).connect)
    return URL.format(database=actor.partition("@/")[2].partition("?")[0])


@contextmanager
def loading(url: str, lake: LocalLake) -> Iterator[tuple[Session, Loader]]:
    server = open_server(url)
    with server.session() as session:
        loader = Loader(server, session, lake, FLIGHT_EVENTS, clock=lambda: 0)
        loader.create_tables()
        yield session, loader


def gold_has(session: Session, through: int) -> None:
    """Let retention believe that gold has taken these batches in."""
    session.execute("DROP TABLE IF EXISTS staging.gold_progress")
    session.execute(PROGRESS)
    session.execute("INSERT INTO staging.gold_progress VALUES ('fct', ?)", [through])


def remove(session: Session) -> int:
    return remove_old(session, FLIGHT_EVENTS, loaded_before=NOW, now=LATER)


def told(url: str) -> dict[str, int]:
    reader = ServerReader(open_server(url), timeout_seconds=30)
    try:
        return warehouse_account(TranslatedReader(reader)).reasons
    finally:
        reader.close()


def kept(session: Session) -> Counter[str]:
    return Counter(dict(session.execute("SELECT reason, records FROM staging.removed_reasons")))


def test_reasons_stay_when_their_rows_go_and_are_counted_once(url: str, lake: LocalLake) -> None:
    with loading(url, lake) as (session, loader):
        loader.load_new()
        before = told(url)
        assert sum(before.values()) > 100
        for through, leaving in ((1, 1), (3, 2)):
            gold_has(session, through)
            assert remove(session) == leaving
            assert told(url) == before
            assert list(told(url)) == list(before), "most first"
        assert kept(session) == before
        assert remove(session) == 0
        assert loader.bring_back() == 3
        assert kept(session) == {}
        assert told(url) == before


def test_what_is_brought_back_in_part_is_not_counted_twice(
    url: str, lake: LocalLake, monkeypatch: pytest.MonkeyPatch
) -> None:
    with loading(url, lake) as (session, loader):
        loader.load_new()
        before = told(url)
        gold_has(session, 3)
        remove(session)
        copy = loader._copy

        def cut_off(document: object, batch_id: int) -> None:
            if batch_id == 3:
                raise KeyboardInterrupt
            copy(document, batch_id)  # type: ignore[arg-type]

        monkeypatch.setattr(loader, "_copy", cut_off)
        with pytest.raises(KeyboardInterrupt):
            loader.bring_back()
        assert told(url) == before
        assert sum(kept(session).values()) == sum(before.values()) // 3


def test_a_removal_that_is_cut_off_keeps_rows_and_no_reasons(
    url: str, lake: LocalLake, monkeypatch: pytest.MonkeyPatch
) -> None:
    with loading(url, lake) as (session, loader):
        loader.load_new()
        before = told(url)
        gold_has(session, 3)
        run = session.execute

        def cut_off(sql: str, parameters: object = ()) -> object:
            if "removed_at = CAST" in sql:
                raise UsageError("cut off")
            return run(sql, parameters)  # type: ignore[arg-type]

        with monkeypatch.context() as patch:
            patch.setattr(session, "execute", cut_off)
            with pytest.raises(UsageError):
                remove(session)
        assert kept(session) == {}
        assert told(url) == before


def test_a_server_of_an_earlier_version_gets_the_table_at_a_refresh(
    url: str, lake: LocalLake
) -> None:
    with loading(url, lake) as (session, loader):
        loader.load_new()
        gold_has(session, 0)
        before = told(url)
        session.execute("DROP TABLE staging.removed_reasons")
        # It removed a batch's rows, and kept nothing of them.
        session.execute("DELETE FROM staging.flight_events WHERE batch_id = 1")
        session.execute("DELETE FROM staging.quarantine WHERE batch_id = 1")
        session.execute("UPDATE staging.batches SET removed_at = committed_at WHERE batch_id = 1")
    with loading(url, lake) as (session, loader):
        gold_has(session, 3)
        assert remove(session) == 2
        assert sum(told(url).values()) == sum(before.values()) // 3 * 2
        assert loader.bring_back() == 3
        assert kept(session) == {}
        assert told(url) == before


def test_one_who_may_only_read_needs_neither_the_table_nor_a_grant_on_it(
    postgres_server: Postgres, lake: LocalLake
) -> None:
    url = postgres_server.new_database()
    with loading(url, lake) as (session, loader):
        loader.load_new()
        gold_has(session, 0)
        before = told(url)
    database = url.partition("@/")[2].partition("?")[0]
    role = f"viewer_of_{database}"
    execute(url, f"CREATE ROLE {role} LOGIN; GRANT USAGE ON SCHEMA staging TO {role}")
    execute(url, f"GRANT SELECT ON ALL TABLES IN SCHEMA staging TO {role}")
    execute(url, f"REVOKE ALL ON staging.removed_reasons FROM {role}")
    assert told(postgres_server.url(database, user=role)) == before
    execute(url, "DROP TABLE staging.removed_reasons")
    assert told(postgres_server.url(database, user=role)) == before
    assert rows(url, "SELECT count(*) FROM staging.batches") == [(3,)]
