"""What brings Parquet files into Redshift: a manifest, COPY into a temporary table, and INSERT."""

import json
from collections.abc import Mapping, Sequence

from airside.errors import CorruptDataError
from airside.lake import Lake
from airside.warehouse.batch_document import BatchFile
from airside.warehouse.batch_files import column_names

MANIFESTS = "manifests"
"""Where in the lake the manifests are."""


def check_order(lake: Lake, files: Sequence[BatchFile], columns: Sequence[str]) -> None:
    """COPY goes by the places of columns, so files in another order would be mixed up silently.

    Raises:
        CorruptDataError: They are; the smallest file is looked at, all have one writer.
    """
    smallest = min(files, key=lambda file: file.bytes)
    found = column_names(lake, smallest)
    if list(found) != list(columns):
        raise CorruptDataError(
            f"{smallest.name} has the columns {', '.join(found)}; Redshift's COPY needs "
            f"{', '.join(columns)}, in this order; have the batch written again"
        )


def manifest(lake_url: str, files: Sequence[BatchFile]) -> str:
    """A COPY manifest; for Parquet the sizes are mandatory."""
    return json.dumps(
        {
            "entries": [
                {
                    "url": f"{lake_url}/{file.name}",
                    "mandatory": True,
                    "meta": {"content_length": file.bytes},
                }
                for file in files
            ]
        },
        indent=1,
    )


def copy_statements(
    table: str, columns: Mapping[str, str], *, manifest_url: str, role: str
) -> list[str]:
    """The statements that bring files into a temporary table of exactly their columns.

    COPY takes the columns of Parquet by their places, not by their names, and cannot add one.

    Args:
        table: The staging table that they are for.
        columns: Name → Redshift type, in the order of the files.
        manifest_url: Of the manifest.
        role: An ARN, or `default`.
    """
    typed = ", ".join(f"{name} {kind}" for name, kind in columns.items())
    iam_role = "default" if role == "default" else f"'{role}'"
    return [
        f"CREATE TEMPORARY TABLE incoming_{table} ({typed})",
        (
            f"COPY incoming_{table} FROM '{_quoted(manifest_url)}' IAM_ROLE {iam_role}"
            " FORMAT AS PARQUET SERIALIZETOJSON MANIFEST"
        ),
    ]


def insert_statement(table: str, columns: Sequence[str]) -> str:
    """Brings the rows of the temporary table into staging; `?` is the batch's id."""
    names = ", ".join(columns)
    return (
        f"INSERT INTO staging.{table} ({names}, batch_id)"
        f" SELECT {names}, CAST(? AS BIGINT) FROM incoming_{table}"
    )


def _quoted(text: str) -> str:
    return text.replace("'", "''")
