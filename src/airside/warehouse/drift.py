"""Schema drift as the warehouse keeps it: what each source sends, and the view that judges it.

`staging.drift_sources` has one row per source system, `staging.drift_fields` one per source, path
and JSON type. Both count the records that were examined, a sample, and not all that arrived. The
view `staging.drift` has one row per finding:

- `new_field`: the contract does not know the path, and silver ignores it;
- `changed_type`: the path has come with more than one JSON type, or with one that the contract
  cannot read there; records, share, times and example are of one type that came later;
- `missing_field`: a path of the contract that the source used to send and no longer does.

`is_change` tells what has changed from what has always been so: a source's first records say what
is usual with it. Drift is told, never acted upon: what a record means is the contract's affair.
"""

from typing import Any, NamedTuple

from airside.warehouse.protocol import Reader

USUAL_RECORDS = 1_000
"""What a source's first so many records hold is usual with it."""
_MISSING_RECORDS = 1_000
"""A path is not missing before so many examined records have come without it …"""
_MISSED_TIMES = 50
"""… and not before it should have come so many times."""
_KNOWN_RECORDS = 100
"""A path that came less often is not missed."""
_EVIDENCE = 20
"""A change that fewer records show may be a slip."""

FIELDS = {
    "source_system_id": "VARCHAR NOT NULL",
    "path": "VARCHAR NOT NULL",
    "json_type": "VARCHAR NOT NULL",
    "expected": "VARCHAR",
    "records": "BIGINT NOT NULL",
    "after_records": "BIGINT NOT NULL",
    "after_received": "BIGINT NOT NULL",
    "last_record": "BIGINT NOT NULL",
    "first_seen_at": "TIMESTAMP NOT NULL",
    "last_seen_at": "TIMESTAMP NOT NULL",
    "example": "VARCHAR NOT NULL",
}
"""The columns of `drift_fields`. `expected`: what the contract has there (`scalar`, `object` or
NULL). `after_records`, `last_record`: how many records of the source had been examined before the
first of these and with the last of them. `after_received`: about how many had come before."""
SOURCES = {
    "source_system_id": "VARCHAR NOT NULL",
    "examined": "BIGINT NOT NULL",
    "received": "BIGINT NOT NULL",
    "first_seen_at": "TIMESTAMP NOT NULL",
    "last_seen_at": "TIMESTAMP NOT NULL",
}
"""The columns of `drift_sources`; `received` is estimated from the sample."""
TOTALS = {
    "received": "BIGINT NOT NULL",
    "examined": "BIGINT NOT NULL",
    "unreadable": "BIGINT NOT NULL",
    "untracked": "BIGINT NOT NULL",
}
"""The one row of `drift_totals`: records of the batches that were sampled, of which were examined;
of these, no JSON objects; and values beyond the limits on sources and paths."""

_JUDGED = f"""
WITH ranked AS (
    SELECT
        drift_fields.*,
        row_number() OVER (
            PARTITION BY drift_fields.source_system_id, drift_fields.path
            ORDER BY drift_fields.json_type = 'null', after_records, first_seen_at, json_type
        ) AS place,
        coalesce(
            (expected = 'scalar' AND json_type IN ('object', 'array'))
            OR (expected = 'object' AND json_type NOT IN ('object', 'null')),
            false
        ) AS is_unreadable
    FROM staging.drift_fields AS drift_fields
),

paths AS (
    SELECT
        source_system_id,
        path,
        any_value(expected) AS expected,
        string_agg(json_type, ' → ' ORDER BY place) FILTER (json_type <> 'null') AS json_types,
        CAST(sum(records) AS BIGINT) AS records,
        min(after_records) AS after_records,
        min(after_received) AS after_received,
        min(first_seen_at) AS first_seen_at,
        max(last_seen_at) AS last_seen_at,
        max(last_record) AS last_record,
        arg_max(example, place) FILTER (json_type <> 'null') AS example
    FROM ranked
    GROUP BY source_system_id, path
),

missed AS (
    SELECT
        paths.*,
        sources.examined,
        greatest({_MISSING_RECORDS}, {_MISSED_TIMES} * paths.last_record // paths.records)
        AS due_after
    FROM paths
    INNER JOIN staging.drift_sources AS sources USING (source_system_id)
    WHERE
        paths.expected IS NOT NULL
        AND paths.records >= {_KNOWN_RECORDS}
        AND sources.examined - paths.last_record >= due_after
),

findings AS (
    SELECT
        source_system_id, path, 'new_field' AS kind, expected,
        coalesce(json_types, 'null') AS json_types,
        records, after_records, after_received, first_seen_at, last_seen_at,
        coalesce(example, 'null') AS example,
        NULL AS share,
        NULL AS due_after
    FROM paths
    WHERE expected IS NULL
    UNION ALL
    SELECT
        ranked.source_system_id, ranked.path, 'changed_type', ranked.expected, paths.json_types,
        ranked.records, ranked.after_records, ranked.after_received,
        ranked.first_seen_at, ranked.last_seen_at, ranked.example, NULL, NULL
    FROM ranked
    INNER JOIN paths
        ON paths.source_system_id = ranked.source_system_id AND paths.path = ranked.path
    WHERE ranked.json_type <> 'null' AND (ranked.place > 1 OR ranked.is_unreadable)
    UNION ALL
    SELECT
        source_system_id, path, 'missing_field', expected, coalesce(json_types, 'null'),
        examined - last_record, last_record, NULL, last_seen_at, last_seen_at,
        coalesce(example, 'null'), records / last_record, due_after
    FROM missed
    WHERE (source_system_id, rtrim(regexp_extract(path, '^.*[.]'), '.')) NOT IN (
        SELECT (source_system_id, path) FROM missed
    )
),

judged AS (
    SELECT
        findings.source_system_id,
        findings.path,
        findings.kind,
        findings.kind = 'missing_field' OR findings.after_received >= {USUAL_RECORDS} AS is_change,
        findings.expected IS NOT NULL AS is_in_contract,
        findings.json_types,
        findings.records,
        sources.examined AS source_examined,
        -- a path that was cut short may stand for several values of one record
        least(1.0, coalesce(
            findings.share,
            findings.records / greatest(1, sources.examined - findings.after_records)
        )) AS share,
        findings.first_seen_at,
        findings.last_seen_at,
        findings.example,
        findings.due_after,
        sources.last_seen_at AS source_last_seen_at
    FROM findings
    INNER JOIN staging.drift_sources AS sources USING (source_system_id)
)
"""
"""The findings, but of a path whose type has changed one for each type: its figures are that type's
alone, as two types begin at different records."""
_VIEW = f"""
CREATE OR REPLACE VIEW staging.drift AS
{_JUDGED}
SELECT * EXCLUDE (due_after, source_last_seen_at) FROM judged
QUALIFY row_number() OVER (
    PARTITION BY source_system_id, path, kind
    ORDER BY
        is_change AND records >= {_EVIDENCE} DESC, is_change DESC, share DESC, first_seen_at DESC,
        records DESC, example
) = 1
"""
"""One row a path and kind: of several types the one that says most. A change comes before what is
usual, and a change that enough records show before a slip."""
_COLUMNS = (
    "source_system_id",
    "path",
    "kind",
    "is_change",
    "is_in_contract",
    "json_types",
    "records",
    "source_examined",
    "share",
    "first_seen_at",
    "last_seen_at",
    "example",
)
_FINDINGS = f"""
SELECT {", ".join(_COLUMNS)} FROM staging.drift
ORDER BY is_change DESC, first_seen_at DESC, source_system_id, path, kind
"""
_SUMMARY = """
SELECT
    (SELECT coalesce(sum(received), 0)::BIGINT FROM staging.drift_totals) AS received,
    (SELECT coalesce(sum(examined), 0)::BIGINT FROM staging.drift_totals) AS examined,
    (SELECT coalesce(sum(unreadable), 0)::BIGINT FROM staging.drift_totals) AS unreadable,
    (SELECT coalesce(sum(untracked), 0)::BIGINT FROM staging.drift_totals) AS untracked,
    (SELECT count(*) FROM staging.drift_sources) AS sources,
    count(*) FILTER (kind = 'new_field') AS new_fields,
    count(*) FILTER (kind = 'changed_type') AS changed_types,
    count(*) FILTER (kind = 'missing_field') AS missing_fields,
    count(*) FILTER (is_change) AS changes
FROM staging.drift
"""
# Of every type and not of the view, whose one may be of last week, or too rare. A missing field
# began with its last record, and a source that sends little needs longer than a day until it is
# missed: it is news for as many records again, while the source sends.
_CHANGES = f"""
{_JUDGED}
SELECT
    source_system_id,
    count(DISTINCT (kind, path)) AS changes,
    max(share) AS share,
    arg_max(kind, share) AS kind,
    arg_max(path, share) AS path,
    arg_max(json_types, share) AS json_types
FROM judged
WHERE
    is_change AND records >= $1 AND share >= $2 AND (
        epoch_us(first_seen_at) >= $3
        OR (records < 2 * due_after AND epoch_us(source_last_seen_at) >= $3)
    )
GROUP BY source_system_id
ORDER BY source_system_id
"""
_SAID = {
    "new_field": "sends {path} ({json_types}), which the contract does not know",
    "changed_type": "sends {path} as {json_types}",
    "missing_field": "no longer sends {path}",
}


class Change(NamedTuple):
    """What a source has changed lately."""

    source_system_id: str
    changes: int
    share: float
    """The largest share of the source's records that one of the changes touches."""
    kind: str
    """Of that one."""
    path: str
    json_types: str

    @property
    def summary(self) -> str:
        """A sentence for people."""
        source = _printable(self.source_system_id) or "a source without a name"
        rest = f", and {self.changes - 1:,} changes more" if self.changes > 1 else ""
        return f"{source} {_SAID[self.kind].format(**self._asdict())}{rest}"


class Drift(NamedTuple):
    """How far what arrives has come away from the contract, in figures."""

    received: int = 0
    """Records of the batches that samples were taken of."""
    examined: int = 0
    """Records in those samples."""
    unreadable: int = 0
    """Examined records that are not JSON objects."""
    untracked: int = 0
    """Values left out because a limit on sources or paths was reached."""
    sources: int = 0
    new_fields: int = 0
    changed_types: int = 0
    missing_fields: int = 0
    changes: int = 0
    """Findings of any kind that a source did not have from its beginning."""


def _printable(text: str) -> str:
    """A text without what steers a terminal or turns the direction of writing."""
    return "".join(
        mark if mark.isprintable() else mark.encode("unicode_escape").decode("ascii")
        for mark in text
    )


def drift_ddl() -> list[str]:
    """The statements that make the tables and the view where they are missing."""
    return [
        *(
            f"CREATE TABLE IF NOT EXISTS staging.{name}"
            f" ({', '.join(f'{column} {kind}' for column, kind in columns.items())})"
            for name, columns in (
                ("drift_fields", FIELDS),
                ("drift_sources", SOURCES),
                ("drift_totals", TOTALS),
            )
        ),
        _VIEW,
    ]


def drift_findings(reader: Reader) -> list[dict[str, Any]]:
    """All findings of the embedded warehouse, the newest change first."""
    rows: list[dict[str, Any]] = reader.query(_FINDINGS).to_pylist()
    return rows


def drift_changes(reader: Reader, *, share: float, since_us: int) -> list[Change]:
    """What sources have changed lately, one row a source.

    Args:
        reader: The embedded warehouse.
        share: Only changes that touch so large a share of a source's records.
        since_us: Only what began after it, in microseconds since the Unix epoch, by arrival.
    """
    rows = reader.query(_CHANGES, [_EVIDENCE, share, since_us]).to_pylist()
    return [Change(**row) for row in rows]


def drift_summary(reader: Reader) -> Drift:
    """The figures of the embedded warehouse."""
    (row,) = reader.query(_SUMMARY).to_pylist()
    return Drift(**row)
