"""Single records and what was found about them: the quarantine and the quality of days."""

from typing import Any, Literal

import pyarrow as pa

from airside.dashboard.rows import documents
from airside.warehouse import Reader

By = Literal["day", "total"]

MAX_PAYLOAD_BYTES = 64 * 1024
"""So much of a payload is shown."""


def quarantined(
    reader: Reader, reason: str | None, limit: int, offset: int
) -> tuple[int, pa.Table]:
    """How many records were refused for a reason (None for any), and a page, newest first."""
    where, parameters = ("true", []) if reason is None else ("reason = ?", [reason])
    (total,) = reader.query(
        f"SELECT count(*) AS n FROM staging.quarantine WHERE {where}", parameters
    )["n"].to_pylist()
    page = reader.query(
        f"""
        SELECT
            shard_id,
            sequence_number,
            arrived_at,
            reason,
            reasons,
            detail,
            payload[:{MAX_PAYLOAD_BYTES}] AS payload,
            octet_length(payload) AS payload_bytes
        FROM staging.quarantine
        WHERE {where}
        ORDER BY arrived_at DESC, shard_id DESC, sequence_number DESC
        LIMIT ? OFFSET ?
        """,
        [*parameters, limit, offset],
    )
    payload = pa.array([as_text(value) for value in page["payload"].to_pylist()], pa.string())
    return total, page.set_column(page.column_names.index("payload"), "payload", payload)


_QUALITY: dict[By, str] = {
    "day": """
        SELECT arrived_date, kind, item AS name, records, received, share_of_received
        FROM main.rpt_data_quality
        ORDER BY arrived_date DESC, kind, records DESC, item
    """,
    "total": """
        WITH counted AS (
            SELECT kind, item AS name, sum(records)::BIGINT AS records
            FROM main.int_record_counts
            GROUP BY kind, item
        ),
        measured AS (
            SELECT
                *,
                sum(CASE WHEN kind = 'verdict' THEN records END) OVER ()::BIGINT AS received
            FROM counted
        )
        SELECT
            NULL::DATE AS arrived_date,
            *,
            records / nullif(received, 0)::DOUBLE AS share_of_received
        FROM measured
        ORDER BY kind, records DESC, name
    """,
}


def quality(reader: Reader, by: By) -> pa.Table:
    """Verdicts, reasons and flags: by day of arrival, newest first, or of all days together."""
    return reader.query(_QUALITY[by])


def locations(
    reader: Reader, leg_key: str, scheduled_departure_at: str, limit: int, offset: int
) -> tuple[int, list[dict[str, Any]]]:
    """How many records a leg has, and where a page of them lies, newest first."""
    identity = "leg_key = ? AND scheduled_departure_at = CAST(? AS TIMESTAMP)"
    parameters = [leg_key, scheduled_departure_at.removesuffix("Z")]
    (total,) = reader.query(
        f"SELECT count(*) AS n FROM staging.flight_events WHERE {identity}", parameters
    )["n"].to_pylist()
    page = reader.query(
        "SELECT shard_id, sequence_number, arrived_at, event_id FROM staging.flight_events"
        f" WHERE {identity}"
        " ORDER BY arrived_at DESC, shard_id DESC, sequence_number DESC LIMIT ? OFFSET ?",
        [*parameters, limit, offset],
    )
    return total, documents(page)


def as_text(payload: bytes | None) -> str | None:
    r"""Bytes as text; what is not UTF-8 as `\xNN`."""
    if payload is None:
        return None
    return payload[:MAX_PAYLOAD_BYTES].decode("utf-8", errors="backslashreplace")
