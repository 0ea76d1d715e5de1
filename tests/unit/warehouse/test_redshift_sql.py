"""The statements that go to Redshift, pinned: COPY, its manifest, INSERT and the tables."""

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import sqlglot
from sqlglot import exp

from airside.errors import CorruptDataError
from airside.events import FLIGHT_EVENTS
from airside.lake import LocalLake
from airside.warehouse.arrow_rows import to_arrow
from airside.warehouse.batch_document import BatchFile
from airside.warehouse.redshift import RedshiftServer
from airside.warehouse.redshift_copy import copy_statements, insert_statement, manifest
from airside.warehouse.retention import _FORGET, _REMEMBER
from airside.warehouse.schema import QUARANTINE_COLUMNS, server_ddl
from airside.warehouse.translated import translate

URL = "redshift://wg.123456789012.eu-west-1.redshift-serverless.amazonaws.com/airside"
ROLE = "arn:aws:iam::123456789012:role/airside-copy"


def test_copy_reads_parquet_by_a_manifest_with_a_role() -> None:
    where = "s3://bucket/airside/manifests/quarantine/b-1.manifest"
    assert copy_statements(
        "quarantine",
        {"reason": "VARCHAR(65535)", "reasons": "SUPER"},
        manifest_url=where,
        role=ROLE,
    ) == [
        "CREATE TEMPORARY TABLE incoming_quarantine (reason VARCHAR(65535), reasons SUPER)",
        f"COPY incoming_quarantine FROM '{where}' IAM_ROLE '{ROLE}'"  # noqa: ISC004 - one statement
        " FORMAT AS PARQUET SERIALIZETOJSON MANIFEST",
    ]
    *_, copy = copy_statements("x", {"a": "SUPER"}, manifest_url="s3://b/m", role="default")
    assert copy == (
        "COPY incoming_x FROM 's3://b/m' IAM_ROLE default FORMAT AS PARQUET SERIALIZETOJSON"
        " MANIFEST"
    )


def test_rows_get_the_batchs_id_on_the_way_into_staging() -> None:
    assert insert_statement("quarantine", ["reason", "reasons"]) == (
        "INSERT INTO staging.quarantine (reason, reasons, batch_id)"
        " SELECT reason, reasons, CAST(? AS BIGINT) FROM incoming_quarantine"
    )


def test_a_manifest_tells_the_size_of_every_file() -> None:
    files = [BatchFile(name="silver/a.parquet", rows=3, bytes=1234)]
    assert json.loads(manifest("s3://bucket/airside", files)) == {
        "entries": [
            {
                "url": "s3://bucket/airside/silver/a.parquet",
                "mandatory": True,
                "meta": {"content_length": 1234},
            }
        ]
    }


def test_tables_have_types_that_hold_a_record_and_keys() -> None:
    statements = {
        statement.split(" (")[0].rpartition(".")[2]: statement
        for statement in server_ddl(FLIGHT_EVENTS, RedshiftServer(URL))
        if "TABLE" in statement
    }
    assert set(statements) == {
        "flight_events",
        "quarantine",
        "batches",
        "checkpoints",
        "removed_reasons",
    }
    assert statements["removed_reasons"].endswith(
        " (reason VARCHAR(65535) NOT NULL, records BIGINT NOT NULL) DISTSTYLE ALL"
    )
    assert statements["flight_events"].endswith(" DISTKEY (leg_key) SORTKEY (batch_id)")
    assert "quality_flags SUPER" in statements["flight_events"]
    assert "payload VARBYTE(1048576) NOT NULL" in statements["quarantine"]
    assert "removed_at TIMESTAMP) DISTSTYLE ALL SORTKEY (batch_id)" in statements["batches"]


def test_sqlglot_reads_all_of_it_as_redshift() -> None:
    server = RedshiftServer(URL)
    typed = {name: server.types[kind] for name, kind in QUARANTINE_COLUMNS.items()}
    for statement in (
        *server_ddl(FLIGHT_EVENTS, server),
        *copy_statements("quarantine", typed, manifest_url="s3://b/m", role=ROLE),
        insert_statement("quarantine", list(typed)),
        *_REMEMBER,
        _FORGET,
    ):
        (tree,) = sqlglot.parse(statement, read="redshift")
        assert tree is not None
        assert not isinstance(tree, exp.Command), statement


def test_columns_in_another_order_are_not_copied(tmp_path: Path) -> None:
    lake = LocalLake(tmp_path)
    pq.write_table(pa.table({"b": ["x"], "a": ["y"]}), tmp_path / "f.parquet")
    with pytest.raises(CorruptDataError, match=r"has the columns b, a; Redshift's COPY needs a, b"):
        RedshiftServer(URL).copy_in(
            None,  # type: ignore[arg-type]  # it is refused before
            lake,
            table="quarantine",
            columns={"a": "VARCHAR", "b": "VARCHAR"},
            files=[BatchFile(name="f.parquet", rows=1, bytes=9)],
            batch="b-1",
            batch_id=1,
        )


def test_questions_avoid_what_redshift_does_not_have() -> None:
    asked = translate(
        "SELECT count(*) FILTER (a > 1) AS n, sum(b) FILTER (c) AS s, avg(d) AS m"
        " FROM t WHERE e IS NOT DISTINCT FROM f AND g = ?",
        "redshift",
    )
    assert asked == (
        "SELECT COUNT(CASE WHEN a > 1 THEN 1 END) AS n, SUM(CASE WHEN c THEN b END) AS s,"
        " AVG(CAST(d AS DOUBLE PRECISION)) AS m FROM t"
        " WHERE (e = f OR (e IS NULL AND f IS NULL)) AND g = ?"
    )


def test_lists_and_bytes_of_redshift_come_back_as_such() -> None:
    table = to_arrow(
        [("flags", 4000), ("bytes", 6551), ("document", 4000)],
        [('["late","early"]', "ff00", '{"a":1}'), (None, None, None)],
    )
    assert table.to_pylist() == [
        {"flags": ["late", "early"], "bytes": b"\xff\x00", "document": '{"a":1}'},
        {"flags": None, "bytes": None, "document": None},
    ]
