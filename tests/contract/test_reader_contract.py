"""What every `Reader` promises: the same answers and the same errors, and nothing is changed."""

from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from airside.errors import UsageError
from airside.warehouse import Reader, StreamingReader
from airside.warehouse.read_only import CHANGING_FUNCTIONS
from support.warehouses import READERS, open_warehouse

TABLES = """
CREATE TABLE main.everything AS SELECT * FROM (VALUES
    (1, 'zürich', 1.5, true, TIMESTAMP '2025-09-24 18:15:30.123456', DATE '2025-09-24',
     ['late', 'early'], '\\xFF\\x00'::BLOB, 12.34::DECIMAL(10, 2), {'a': 1, 'b': 'x'}, NULL),
    (2, NULL, 'nan'::DOUBLE, NULL, NULL, NULL, [], ''::BLOB, NULL, NULL, NULL),
    (NULL, '', NULL, false, TIMESTAMP '1999-12-31 23:59:59', NULL, [NULL], NULL, 0.01, {'a': NULL,
     'b': NULL}, NULL)
) AS t(number, text, real, truth, instant, day, list, bytes, money, pair, nothing);
CREATE TABLE main.numbers AS SELECT range AS n, 'row ' || range AS label FROM range(300000);
CREATE SEQUENCE main.ids;
CREATE TABLE staging.staged (a INTEGER);
INSERT INTO staging.staged VALUES (7);
"""


def filled(path: Path) -> Path:
    with open_warehouse(path) as warehouse:
        warehouse.transform.execute(TABLES)
    return path


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return filled(tmp_path_factory.mktemp("warehouse") / "warehouse.duckdb")


@pytest.fixture(scope="module", params=READERS)
def reader(request: pytest.FixtureRequest, file: Path) -> Iterator[StreamingReader]:
    with READERS[request.param](file) as reader:
        yield reader


def test_every_type_comes_back_as_it_is(reader: Reader) -> None:
    first, second, third = reader.query("FROM everything ORDER BY number NULLS LAST").to_pylist()
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
        "pair": {"a": 1, "b": "x"},
        "nothing": None,
    }
    assert str(second.pop("real")) == "nan"
    assert list(second.values()) == [2, None, None, None, None, [], b"", None, None, None]
    assert third["list"] == [None]
    assert third["pair"] == {"a": None, "b": None}


def test_the_schema_is_arrows(reader: Reader) -> None:
    schema = reader.query("SELECT number, instant, list, bytes FROM everything").schema
    assert schema.types == [
        pa.int32(),
        pa.timestamp("us"),
        pa.list_(schema.field("list").type.value_field),
        pa.binary(),
    ]


def test_an_empty_answer_has_its_columns(reader: Reader) -> None:
    table = reader.query("SELECT * FROM everything WHERE false")
    assert table.num_rows == 0
    assert table.column_names[:3] == ["number", "text", "real"]


def test_a_large_answer_is_whole_and_in_order(reader: Reader) -> None:
    table = reader.query("SELECT * FROM numbers ORDER BY n")
    assert table.num_rows == 300_000
    assert table.column("n").to_pylist() == list(range(300_000))
    assert table.column("label")[299_999].as_py() == "row 299999"


def test_an_answer_may_be_read_in_parts(reader: StreamingReader) -> None:
    question = "SELECT * FROM numbers WHERE n >= ? ORDER BY n"
    with reader.stream(question, [7]) as rows:
        parts = list(rows)
    assert len(parts) > 10
    assert pa.Table.from_batches(parts) == reader.query(question, [7])


def test_an_empty_answer_in_parts_has_its_columns(reader: StreamingReader) -> None:
    with reader.stream("SELECT * FROM everything WHERE false") as rows:
        assert rows.schema.names[:3] == ["number", "text", "real"]
        assert list(rows) == []


def test_what_is_not_read_is_not_looked_for(reader: StreamingReader) -> None:
    question = (
        "SELECT CASE WHEN range < 5000000 THEN 1 ELSE error('beyond') END FROM range(9000000)"
    )
    with reader.stream(question) as rows:
        assert rows.read_next_batch().num_rows
    assert reader.query("SELECT 1 AS one").to_pylist() == [{"one": 1}]


def test_an_error_in_the_middle_is_no_shorter_answer(reader: StreamingReader) -> None:
    # Far beyond what is found ahead of whoever reads.
    question = "SELECT CASE WHEN range < 5000000 THEN '1' ELSE 'x' END::INTEGER FROM range(9000000)"
    with pytest.raises(UsageError, match="Could not convert string 'x' to INT32"):
        reader.query(question)
    found = 0

    def read() -> None:
        nonlocal found
        with reader.stream(question) as rows:
            for batch in rows:
                found += batch.num_rows

    with pytest.raises(UsageError, match="Could not convert string 'x' to INT32"):
        read()
    assert 0 < found < 9_000_000
    assert reader.query("SELECT 1 AS one").to_pylist() == [{"one": 1}]


@pytest.mark.parametrize(
    "value", [None, True, 7, -(2**40), 2.5, "", "text", "Zürich 'quoted'", "; DROP TABLE numbers"]
)
def test_parameters_are_bound(reader: Reader, value: object) -> None:
    table = reader.query("SELECT ? AS value, n FROM numbers WHERE n = ?", [value, 5])
    assert table.to_pylist() == [{"value": value, "n": 5}]


def test_names_are_looked_up_in_main_then_in_staging(reader: Reader) -> None:
    assert reader.query("SELECT a FROM staged").to_pylist() == [{"a": 7}]
    assert reader.query("SELECT count(*) AS n FROM flight_events").to_pylist() == [{"n": 0}]


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT 1",
        "SELECT 1;",
        "  -- a comment\nSELECT 1 /* and another */ ;;",
        "FROM numbers LIMIT 1",
        "VALUES (1)",
        "TABLE staged",
        "WITH a AS (SELECT 1 AS x) SELECT * FROM a UNION ALL SELECT 2",
        "WITH RECURSIVE r AS (SELECT 1 AS x UNION ALL SELECT x + 1 FROM r WHERE x < 3) FROM r",
        "SHOW TABLES",
        "DESCRIBE numbers",
        "DESCRIBE SELECT * FROM numbers",
        "SUMMARIZE staged",
        "EXPLAIN SELECT * FROM numbers",
        "explain analyze SELECT * FROM numbers",
        "EXPLAIN (FORMAT json) SELECT * FROM numbers",
        "EXPLAIN (ANALYZE, FORMAT json) SELECT * FROM numbers",
        'SELECT \'INSERT INTO t\', \'"type":"COPY_QUERY_NODE"\' AS "write_log"',
        "SELECT " + " + ".join(["1"] * 400),
        "SELECT * FROM staged WHERE a IN (" + ", ".join(["1"] * 3000) + ")",
    ],
)
def test_questions_are_answered(reader: Reader, sql: str) -> None:
    assert reader.query(sql).num_columns > 0


STATEMENTS = [
    "",
    ";",
    "-- nothing",
    "SELECT 1; SELECT 2",
    "SELECT 1; DROP TABLE numbers",
    "INSERT INTO numbers VALUES (1, 'x')",
    "UPDATE numbers SET n = 0",
    "DELETE FROM numbers",
    "TRUNCATE numbers",
    "MERGE INTO staged USING staged AS s ON staged.a = s.a WHEN MATCHED THEN DELETE",
    "CREATE TABLE t (a INTEGER)",
    "CREATE TEMP TABLE t AS SELECT 1",
    "CREATE OR REPLACE VIEW v AS SELECT 1",
    "CREATE MACRO m() AS 1",
    "CREATE SCHEMA s",
    "CREATE SEQUENCE s",
    "CREATE SECRET s (TYPE http)",
    "ALTER TABLE numbers RENAME TO others",
    "DROP TABLE numbers",
    "COMMENT ON TABLE numbers IS 'x'",
    "COPY numbers TO '{file}'",
    "COPY (SELECT 1) TO '{file}'",
    "COPY numbers FROM '{file}'",
    "EXPORT DATABASE '{file}'",
    "IMPORT DATABASE '{file}'",
    "ATTACH '{file}'",
    "DETACH warehouse",
    "USE staging",
    "INSTALL httpfs",
    "LOAD httpfs",
    "FORCE INSTALL httpfs",
    "UPDATE EXTENSIONS",
    "SET threads = 1",
    "SET GLOBAL memory_limit = '1MB'",
    "SET VARIABLE x = 1",
    "RESET threads",
    "PRAGMA threads = 1",
    "PRAGMA enable_profiling",
    "PRAGMA database_size",
    "CALL force_checkpoint()",
    "CHECKPOINT",
    "FORCE CHECKPOINT",
    "VACUUM",
    "ANALYZE",
    "BEGIN",
    "COMMIT",
    "ROLLBACK",
    "PREPARE p AS SELECT 1",
    "EXECUTE p",
    "DEALLOCATE p",
    "WITH a AS (INSERT INTO staged VALUES (1) RETURNING *) SELECT * FROM a",
    "WITH a AS (UPDATE staged SET a = 1 RETURNING *) SELECT * FROM a",
    "WITH a AS (DELETE FROM staged RETURNING *) SELECT * FROM a",
    "WITH a AS (COPY (SELECT 1) TO '{file}') SELECT 1",
    "SELECT * FROM (WITH a AS (COPY (SELECT 1) TO '{file}') SELECT 1)",
    "SELECT (WITH a AS (COPY (SELECT 1) TO '{file}') SELECT 1)",
    "EXPLAIN ANALYZE COPY (SELECT 1) TO '{file}'",
    "EXPLAIN (ANALYZE) COPY (SELECT 1) TO '{file}'",
    "EXPLAIN /* quietly */ ANALYZE COPY (SELECT 1) TO '{file}'",
    "/* quietly */ EXPLAIN ANALYZE COPY (SELECT 1) TO '{file}'",
    "EXPLAIN ANALYZE WITH a AS (COPY (SELECT 1) TO '{file}') SELECT 1",
    "EXPLAIN ANALYZE INSERT INTO staged VALUES (1)",
    "EXPLAIN ANALYZE CREATE TABLE t AS SELECT 1",
    "EXPLAIN ANALYZE SET threads = 1",
    "EXPLAIN ANALYZE CHECKPOINT",
    "EXPLAIN EXPLAIN SELECT 1",
    "SELECT nextval('main.ids')",
    "SELECT setval('main.ids', 9)",
    "SELECT * FROM enable_logging()",
    "SELECT * FROM enable_logging(storage = 'file', storage_config = {{'path': '{file}'}})",
    "SELECT * FROM Enable_Logging()",
    'SELECT * FROM "enable_logging"()',
    "SELECT * FROM enable_profiling(save_location = '{file}')",
    "SELECT * FROM disable_profiling()",
    "SELECT * FROM checkpoint()",
    "SELECT * FROM force_checkpoint()",
    "SELECT * FROM truncate_duckdb_logs()",
    "DESCRIBE SELECT * FROM checkpoint()",
    "SELECT write_log('x')",
    "SELECT 'x'.write_log()",
    "SELECT [write_log(x) FOR x IN ['a']]",
    "SELECT * FROM numbers WHERE write_log('x') IS NULL",
    "SELECT * FROM query('SELECT * FROM enable_logging()')",
    "SELECT * FROM json_execute_serialized_sql(json_serialize_sql('SELECT write_log(''x'')'))",
    "FLY ME TO THE MOON",
    "SELECT",
    "SELECT * FROM no_such_table",
    "SELECT no_such_column FROM numbers",
    "SELECT 1/'x'::INTEGER",
    "SELECT error('mine')",
    "SELECT ?",
    "SELECT $a + ?",
    "SELECT * FROM '{file}'",
    "SELECT * FROM self",
    "SELECT * FROM parameters",
    "SELECT '\x00",
]


@pytest.mark.parametrize("sql", STATEMENTS)
def test_all_else_is_refused_and_changes_nothing(reader: Reader, sql: str, tmp_path: Path) -> None:
    state = (
        "SELECT (SELECT count(*) FROM numbers), (SELECT sum(a) FROM staged),"
        " (SELECT last_value FROM duckdb_sequences()), current_setting('threads'),"
        " current_setting('memory_limit'), current_setting('enable_logging'),"
        " current_setting('enable_profiling'), (SELECT count(*) FROM duckdb_tables()),"
        " (SELECT list(name ORDER BY name) FROM duckdb_settings()),"
        " (SELECT count(*) FROM duckdb_databases()), (SELECT count(*) FROM duckdb_views())"
    )
    before = reader.query(state)
    with pytest.raises(UsageError) as refused:
        reader.query(sql.format(file=tmp_path / "written"))
    assert str(refused.value)
    assert not list(tmp_path.iterdir())
    assert reader.query(state) == before


def test_errors_read_the_same_however_one_asks(tmp_path: Path) -> None:
    file = filled(tmp_path / "warehouse.duckdb")
    questions = [sql.format(file="/nowhere/at.all") for sql in STATEMENTS]
    texts = []
    for asked in READERS.values():
        with asked(file) as reader:
            texts.append([refusal(reader, sql) for sql in questions])
    in_process, in_the_file, over_the_socket = texts
    assert over_the_socket == in_process
    differing = [
        sql for sql, a, b in zip(questions, in_process, in_the_file, strict=True) if a != b
    ]
    # A file that is opened for reading alone says so in words of its own.
    assert differing == ["SELECT nextval('main.ids')", "SELECT setval('main.ids', 9)"]


def refusal(reader: Reader, sql: str) -> str:
    with pytest.raises(UsageError) as refused:
        reader.query(sql)
    return str(refused.value)


def test_a_refusal_says_what_is_expected(reader: Reader) -> None:
    with pytest.raises(UsageError, match=r"expected one SELECT .* got INSERT; only reading"):
        reader.query("INSERT INTO staged VALUES (1)")
    with pytest.raises(UsageError, match=r"got SELECT, SELECT;"):
        reader.query("SELECT 1; SELECT 2")
    with pytest.raises(UsageError, match=r"got nothing;"):
        reader.query("")
    with pytest.raises(UsageError, match=r"got COPY inside it;"):
        reader.query("WITH a AS (COPY (SELECT 1) TO 'x') SELECT 1")
    with pytest.raises(UsageError, match=r"got one that calls enable_logging\(\);"):
        reader.query("FROM enable_logging()")
    with pytest.raises(UsageError, match=r"does not exist!.*\n*.*numbers"):
        reader.query("FROM numberz")


def test_the_next_question_is_answered_after_a_refusal(reader: Reader) -> None:
    for sql in ("SELECT error('mine')", "DROP TABLE numbers", "FLY"):
        with pytest.raises(UsageError):
            reader.query(sql)
        assert reader.query("SELECT 1 AS one").to_pylist() == [{"one": 1}]


DOING = "checkpoint copy create delete deregister destroy detach disable drop enable execute export"
DOING += " force import insert install load query register set truncate update write"
HARMLESS = {
    "create_sort_key",
    "query_table",  # its argument is a name
    "set_bit",
    "setseed",  # of the connection, which is closed after the question
    "setval",  # refused by the transaction
}


def test_no_function_that_does_something_has_gone_unnoticed() -> None:
    """A new version of DuckDB may bring new ones."""
    with duckdb.connect() as connection:
        names = connection.execute(
            "SELECT DISTINCT function_name FROM duckdb_functions()"
            " WHERE function_type IN ('scalar', 'table')"
            " AND list_contains(string_split(?, ' '), regexp_extract(function_name, '^[a-z]+'))",
            [DOING],
        ).fetchall()
        changing = {name for (name,) in names}
        known = connection.execute("SELECT DISTINCT function_name FROM duckdb_functions()")
        assert {name for (name,) in known.fetchall()} >= CHANGING_FUNCTIONS
    assert changing - HARMLESS == CHANGING_FUNCTIONS - {"json_execute_serialized_sql"}
