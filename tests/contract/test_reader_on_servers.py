"""What a `Reader` promises, on a server: the same promises as of the embedded warehouse."""

import threading
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal

import pyarrow as pa
import pytest

from airside.errors import RetryableError, UsageError
from airside.warehouse.server_reader import ServerReader
from airside.warehouse.servers import open_server, open_server_reader
from support.postgres import Postgres, execute, rows

TABLES = r"""
CREATE SCHEMA main;
CREATE SCHEMA staging;
CREATE TABLE main.everything (
    number INTEGER, text TEXT, real DOUBLE PRECISION, truth BOOLEAN, instant TIMESTAMP, day DATE,
    list TEXT[], bytes BYTEA, money NUMERIC(10, 2), document JSONB, nothing TEXT, big BIGINT
);
INSERT INTO main.everything VALUES
    (1, 'zürich', 1.5, true, '2025-09-24 18:15:30.123456', '2025-09-24', '{late,early}',
     '\xff00', 12.34, '{"a": 1}', NULL, 9007199254740993),
    (2, NULL, 'nan', NULL, 'infinity', NULL, '{}', '', NULL, NULL, NULL, NULL),
    (NULL, '', NULL, false, '1999-12-31 23:59:59', NULL, '{NULL}', NULL, 0.01, NULL, NULL, 0);
CREATE TABLE main.numbers AS SELECT n, 'row ' || n AS label FROM generate_series(0, 99999) AS s (n);
CREATE SEQUENCE main.ids;
CREATE TABLE staging.staged (a INTEGER);
INSERT INTO staging.staged VALUES (7);
"""


@pytest.fixture(scope="module")
def url(postgres_server: Postgres) -> str:
    url = postgres_server.new_database()
    execute(url, TABLES)
    return url


@pytest.fixture(scope="module")
def reader(url: str) -> Iterator[ServerReader]:
    reader = open_server_reader(url, timeout_seconds=20)
    yield reader
    reader.close()


def test_every_type_comes_back_as_it_is(reader: ServerReader) -> None:
    first, second, third = reader.query("SELECT * FROM everything ORDER BY number").to_pylist()
    assert first == {
        "number": 1,
        "text": "zürich",
        "real": 1.5,
        "truth": True,
        "instant": datetime(2025, 9, 24, 18, 15, 30, 123456),  # noqa: DTZ001 - TIMESTAMP has no zone
        "day": date(2025, 9, 24),
        "list": ["late", "early"],
        "bytes": b"\xff\x00",
        "money": Decimal("12.34"),
        "document": "{'a': 1}",
        "nothing": None,
        "big": 9007199254740993,
    }
    assert str(second["real"]) == "nan"
    assert (second["list"], second["bytes"]) == ([], b"")
    assert third["list"] == [None]


def test_the_schema_is_arrows(reader: ServerReader) -> None:
    schema = reader.query("SELECT number, instant, list, bytes, real FROM everything").schema
    assert schema.types == [
        pa.int32(),
        pa.timestamp("us"),
        pa.list_(pa.string()),
        pa.binary(),
        pa.float64(),
    ]


def test_an_empty_answer_has_its_columns(reader: ServerReader) -> None:
    table = reader.query("SELECT * FROM everything WHERE false")
    assert table.num_rows == 0
    assert table.column_names[:3] == ["number", "text", "real"]


def test_a_large_answer_is_whole_and_in_order(reader: ServerReader) -> None:
    table = reader.query("SELECT * FROM numbers ORDER BY n")
    assert table.column("n").to_pylist() == list(range(100_000))
    assert table.column("label")[99_999].as_py() == "row 99999"


@pytest.mark.parametrize(
    "value", [True, 7, -(2**40), 2.5, "", "text", "Zürich 'quoted' %s ?", "; DROP TABLE numbers"]
)
def test_parameters_are_bound(reader: ServerReader, value: object) -> None:
    table = reader.query(
        "SELECT ? AS value, '?%' AS \"?\", n FROM numbers WHERE n = ? -- ?", [value, 5]
    )
    (row,) = table.to_pylist()
    found = float(row["value"]) if isinstance(row["value"], Decimal) else row["value"]
    assert (found, row["?"], row["n"]) == (value, "?%", 5)


def test_names_are_looked_up_in_main_then_in_staging(reader: ServerReader) -> None:
    assert reader.query("SELECT a FROM staged").to_pylist() == [{"a": 7}]


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT 1;",
        "  -- a comment\nSELECT 1 /* and /* another */ */ ;;",
        "VALUES (1)",
        "WITH a AS (SELECT 1 AS x) SELECT * FROM a UNION ALL SELECT 2",
        "WITH RECURSIVE r AS (SELECT 1 AS x UNION ALL SELECT x + 1 FROM r) TABLE r LIMIT 3",
        "EXPLAIN SELECT * FROM numbers",
        "explain analyze SELECT count(*) FROM numbers",
        "SELECT ';', 'INSERT INTO t', 'it''s; DROP TABLE numbers', $$;$$, E'\\';'",
        "SELECT E'\\'; COMMIT; DROP TABLE main.numbers; --'",
        "SELECT $a$ $b$; COMMIT; DROP TABLE main.numbers; --$a$",
        "SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY n) FROM numbers",
        "SELECT DISTINCT ON (label) * FROM numbers LIMIT 3",
        "SELECT table_name FROM information_schema.tables",
        "SELECT * FROM staged WHERE a IN (" + ", ".join(["1"] * 2000) + ")",
    ],
)
def test_questions_are_answered(reader: ServerReader, sql: str) -> None:
    assert reader.query(sql).num_columns > 0


@pytest.mark.parametrize(
    "sql",
    [
        "",
        ";",
        "-- nothing",
        "SELECT 1; SELECT 2",
        "SELECT 1; COMMIT; DROP TABLE main.numbers",
        "SELECT '\\'; COMMIT; DROP TABLE main.numbers; --'",
        "SELECT 1 -- \r; COMMIT; DROP TABLE main.numbers",
        "SELECT U&'\\'; COMMIT; DROP TABLE main.numbers; --'",
        'SELECT "a""; COMMIT; DROP TABLE main.numbers; --"',
        "INSERT INTO main.numbers VALUES (1, 'x')",
        "UPDATE main.numbers SET n = 0",
        "DELETE FROM main.numbers",
        "TRUNCATE main.numbers",
        "CREATE TABLE main.t (a INTEGER)",
        "CREATE TEMP TABLE t AS SELECT 1",
        "SELECT 1 AS x INTO main.t",
        "ALTER TABLE main.numbers RENAME TO others",
        "DROP TABLE main.numbers",
        "COMMENT ON TABLE main.numbers IS 'x'",
        "GRANT ALL ON main.numbers TO public",
        "COPY main.numbers TO PROGRAM 'cat > /tmp/x'",
        "COPY main.numbers TO STDOUT",
        "SET statement_timeout = 0",
        "RESET ALL",
        "BEGIN",
        "COMMIT",
        "ROLLBACK; SELECT 1",
        "PREPARE p AS SELECT 1",
        "DO $$ BEGIN DROP TABLE main.numbers; END $$",
        "CALL main.p()",
        "LISTEN x",
        "LOCK TABLE main.numbers",
        "VACUUM",
        "SELECT * FROM main.numbers FOR UPDATE",
        "WITH a AS (DELETE FROM staging.staged RETURNING *) SELECT * FROM a",
        "WITH a AS (INSERT INTO staging.staged VALUES (1) RETURNING *) SELECT * FROM a",
        "EXPLAIN ANALYZE DELETE FROM staging.staged",
        "EXPLAIN ANALYZE INSERT INTO staging.staged VALUES (1)",
        "SELECT nextval('main.ids')",
        "SELECT setval('main.ids', 9)",
        "SELECT set_config('statement_timeout', '0', false)",
        "SELECT \"set_config\"('statement_timeout', '0', false)",
        "SELECT pg_catalog.set_config('statement_timeout', '0', false)",
        "SELECT pg_read_file('postgresql.conf')",
        "SELECT * FROM pg_ls_dir('.')",
        "SELECT pg_terminate_backend(pg_backend_pid())",
        "SELECT pg_advisory_lock(1)",
        "SELECT lo_import('/etc/hostname')",
        "SELECT query_to_xml('DROP TABLE main.numbers', true, true, '')",
        "SELECT pg_sleep(60)",
        "FLY ME TO THE MOON",
        "SELECT * FROM no_such_table",
        "SELECT no_such_column FROM main.numbers",
        "SELECT 1 / 0",
        "SELECT 'x'::integer",
        "SELECT '",
    ],
)
def test_all_else_is_refused_and_changes_nothing(reader: ServerReader, url: str, sql: str) -> None:
    state = (
        "SELECT (SELECT count(*) FROM main.numbers), (SELECT sum(a) FROM staging.staged),"
        " (SELECT last_value FROM main.ids), (SELECT count(*) FROM pg_class),"
        " (SELECT count(*) FROM pg_locks WHERE locktype = 'advisory')"
    )
    before = rows(url, state)
    with pytest.raises(UsageError) as refused:
        reader.query(sql)
    assert str(refused.value)
    assert rows(url, state) == before
    assert reader.query("SELECT current_setting('statement_timeout') AS t").to_pylist() == [
        {"t": "20s"}
    ]


def test_a_missing_table_says_what_fills_it(reader: ServerReader) -> None:
    with pytest.raises(UsageError, match=r"rpt_airline_delays.*does not exist.*`airside refresh`"):
        reader.query("SELECT * FROM main.rpt_airline_delays")


def test_a_question_that_takes_too_long_is_ended(url: str) -> None:
    impatient = open_server_reader(url, timeout_seconds=0.2)
    slow = "SELECT count(*) FROM main.numbers AS a, main.numbers AS b WHERE a.label < b.label"
    with pytest.raises(RetryableError, match=r"warehouse\.timeout_seconds"):
        impatient.query(slow)
    assert impatient.query("SELECT 1 AS one").to_pylist() == [{"one": 1}]
    impatient.close()


def test_many_threads_ask_at_once(reader: ServerReader) -> None:
    found: list[int] = []

    def ask(n: int) -> None:
        (row,) = reader.query("SELECT n FROM numbers WHERE n = ?", [n]).to_pylist()
        found.append(row["n"])

    threads = [threading.Thread(target=ask, args=(n,)) for n in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == list(range(12))


def test_a_connection_that_the_server_has_ended_is_replaced(
    url: str, postgres_server: Postgres
) -> None:
    reader = open_server_reader(url, timeout_seconds=20)
    assert reader.query("SELECT 1 AS one").num_rows == 1
    database = url.partition("@/")[2].partition("?")[0]
    postgres_server.execute(
        f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{database}'"
    )
    assert reader.query("SELECT 1 AS one").to_pylist() == [{"one": 1}]
    reader.close()


@pytest.mark.parametrize(
    ("change", "kind", "match"),
    [
        (lambda url: url.replace("/airside_", "/no_such_"), UsageError, "create the database"),
        (lambda url: url.replace("postgres@", "nobody@"), UsageError, "role|user"),
        (lambda _: "postgresql://localhost:1/db", RetryableError, "server runs"),
        (lambda _: "postgresql://no-such-host.invalid/db", RetryableError, "server runs"),
    ],
)
def test_what_keeps_it_from_connecting_is_said(
    url: str, change: object, kind: type[Exception], match: str
) -> None:
    assert callable(change)
    with pytest.raises(kind, match=match):
        open_server_reader(change(url), timeout_seconds=5).query("SELECT 1")


def test_the_password_is_libpqs_to_find_and_never_told(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGPASSWORD", "from-the-environment")
    server = open_server(url)
    assert server.secrets == {"DBT_ENV_SECRET_AIRSIDE_WAREHOUSE_PASSWORD": "from-the-environment"}
    assert "from-the-environment" not in repr(server.profile)
    named = open_server(url.replace("postgres@", "postgres:geheim@"))
    assert list(named.secrets.values()) == ["geheim"]
    assert "geheim" not in f"{named.profile} {named.address} {named.address!r}"


def test_a_user_who_may_not_read_is_told_so(url: str) -> None:
    execute(url, "DROP ROLE IF EXISTS stranger; CREATE ROLE stranger LOGIN")
    stranger = open_server_reader(url.replace("postgres@", "stranger@"), timeout_seconds=5)
    with pytest.raises(UsageError, match=r"permission denied.*grant it"):
        stranger.query("SELECT * FROM main.numbers")
    stranger.close()
