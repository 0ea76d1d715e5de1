from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from typing import NamedTuple

import duckdb
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from airside.silver import hash_index
from airside.silver.dedupe import STATE, Dedupe

START = datetime(2025, 9, 24, 18)  # noqa: DTZ001 - DuckDB's TIMESTAMP has no zone


SCHEMA = pa.schema(
    [
        ("shard_id", pa.string()),
        ("sequence_number", pa.string()),
        ("event_id", pa.string()),
        ("arrived_at", pa.timestamp("us")),
        ("reason", pa.string()),
    ]
)


class Row(NamedTuple):
    shard_id: str
    sequence_number: str
    event_id: str | None
    arrived_at: datetime
    reason: str | None


@pytest.fixture(scope="module")
def database() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(config={"threads": 1}) as connection:
        connection.execute("CREATE SCHEMA staging")
        yield connection


@pytest.fixture
def connection(database: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
    """A database that has accepted nothing yet."""
    database.execute(f"DROP TABLE IF EXISTS {STATE}")
    return database


def rows(events: Sequence[tuple[str | None, int]]) -> list[Row]:
    """Rows in stream order from (event id or None for a quarantined record, second of arrival)."""
    return [
        Row(
            "shard-0",
            f"{number:020}",
            event_id,
            START + timedelta(seconds=second),
            None if event_id is not None else "missing_event_id",
        )
        for number, (event_id, second) in enumerate(events)
    ]


def table(batch: Sequence[Row]) -> pa.Table:
    columns = zip(*batch, strict=True) if batch else [[]] * len(SCHEMA)
    return pa.table([list(column) for column in columns], schema=SCHEMA)


def run(connection: duckdb.DuckDBPyConnection, dedupe: Dedupe, batch: Sequence[Row]) -> list[str]:
    """Run one batch in a transaction; returns the sequence numbers of its duplicates."""
    # Handed over backwards: stream order is in the values, not in the table.
    backwards = table(batch[::-1])
    connection.execute("BEGIN")
    before = dedupe.last_ordinal
    is_duplicate = dedupe.run(backwards)
    connection.execute("COMMIT")
    found = sorted(backwards["sequence_number"].filter(is_duplicate).to_pylist())
    clean = sum(row.reason is None for row in batch)
    assert dedupe.last_ordinal - before == clean - len(found)
    return found


def expected_duplicates(stream: Sequence[Row], horizon: timedelta, max_ids: int) -> list[str]:
    """The rule of the contract, one record after the other."""
    last: dict[str | None, tuple[datetime, int]] = {}
    accepted = 0
    duplicates = []
    for row in stream:
        if row.reason is not None:
            continue
        prior = last.get(row.event_id)
        if (
            prior is not None
            and row.arrived_at - prior[0] <= horizon
            and accepted + 1 - prior[1] <= max_ids
        ):
            duplicates.append(row.sequence_number)
        else:
            accepted += 1
            last[row.event_id] = (row.arrived_at, accepted)
    return duplicates


def test_the_first_of_an_id_wins_within_a_batch_and_across_batches(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    dedupe = Dedupe(connection)
    stream = rows([("a", 0), ("b", 0), ("a", 1), ("c", 2), ("b", 3), ("d", 4)])

    assert run(connection, dedupe, stream[:4]) == [stream[2].sequence_number]
    assert run(connection, dedupe, stream[4:]) == [stream[4].sequence_number]


def test_the_horizon_runs_from_the_accepted_record_and_not_from_its_duplicates(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    dedupe = Dedupe(connection, horizon=timedelta(seconds=10))
    stream = rows([("a", 0), ("a", 10), ("a", 11), ("a", 20)])

    assert run(connection, dedupe, stream) == [stream[1].sequence_number, stream[3].sequence_number]


def test_only_so_many_ids_are_remembered(connection: duckdb.DuckDBPyConnection) -> None:
    dedupe = Dedupe(connection, max_ids=2)
    stream = rows([("a", 0), ("b", 0), ("a", 0), ("c", 0), ("a", 0)])

    assert run(connection, dedupe, stream) == [stream[2].sequence_number]


def test_a_quarantined_record_never_blocks_a_later_good_one(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    dedupe = Dedupe(connection)
    bad, good = rows([("a", 0), ("a", 1)])

    assert run(connection, dedupe, [bad._replace(reason="bad_status")]) == []
    assert run(connection, dedupe, [good]) == []


def test_an_id_is_remembered_only_if_the_transaction_commits(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    dedupe = Dedupe(connection)
    (row,) = rows([("a", 0)])
    connection.execute("BEGIN")
    dedupe.run(table([row]))
    connection.execute("ROLLBACK")

    assert run(connection, dedupe, [row]) == []


def test_what_was_pruned_in_a_transaction_that_was_taken_back_is_remembered(
    connection: duckdb.DuckDBPyConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hash_index, "LONGEST_RUN", 2)  # none is merged, so that some are dropped
    dedupe = Dedupe(connection, max_ids=2)
    stream = rows([("a", 0), ("b", 0), ("c", 0), ("b", 0)])
    run(connection, dedupe, stream[:2])
    connection.execute("BEGIN")
    dedupe.run(table(rows([("x", 0), ("y", 0), ("z", 0)])))
    dedupe.prune()
    connection.execute("ROLLBACK")

    assert run(connection, dedupe, stream[2:]) == [stream[3].sequence_number]


def test_what_another_instance_has_accepted_since_is_known(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    one, other = Dedupe(connection), Dedupe(connection)
    stream = rows([("a", 0), ("b", 0), ("b", 1), ("a", 1)])

    assert run(connection, one, stream[:1]) == []
    assert run(connection, other, stream[1:2]) == []
    assert run(connection, one, stream[2:]) == [row.sequence_number for row in stream[2:]]


def test_a_new_process_remembers_what_the_last_one_accepted(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    stream = rows([("a", 0), ("a", 1)])

    assert run(connection, Dedupe(connection), stream[:1]) == []
    assert run(connection, Dedupe(connection), stream[1:]) == [stream[1].sequence_number]


def test_ids_whose_hashes_share_what_the_index_keeps_are_no_duplicates(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    ((one, other),) = connection.execute(
        "SELECT min(id), max(id) FROM (SELECT i::VARCHAR AS id FROM range(200_000) ids(i))"
        " GROUP BY hash(id) >> 32 HAVING count(*) > 1 LIMIT 1"
    ).fetchall()
    first, second, third = rows([(one, 0), (other, 1), (one, 2)])
    dedupe = Dedupe(connection)

    assert run(connection, dedupe, [first]) == []
    assert run(connection, dedupe, [second]) == []
    assert run(connection, dedupe, [third]) == [third.sequence_number]


def test_hashes_of_another_duckdb_release_are_replaced(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    stream = rows([("a", 0), ("b", 0), ("a", 1)])
    run(connection, Dedupe(connection), stream[:2])
    connection.execute(f"UPDATE {STATE} SET id_hash = id_hash + 1 WHERE event_id = 'a'")
    connection.execute(f"UPDATE {STATE} SET id_hash = id_hash + 1 WHERE event_id = 'b'")

    assert run(connection, Dedupe(connection), stream[2:]) == [stream[2].sequence_number]


def test_pruning_bounds_the_state(connection: duckdb.DuckDBPyConnection) -> None:
    dedupe = Dedupe(connection, max_ids=100)
    stream = rows([(f"id-{number}", number) for number in range(1000)])
    for start in range(0, 1000, 50):
        run(connection, dedupe, stream[start : start + 50])

    assert connection.execute(f"SELECT count(*) FROM {STATE}").fetchall()[0][0] <= 120


def test_pruning_forgets_what_is_past_the_horizon(connection: duckdb.DuckDBPyConnection) -> None:
    dedupe = Dedupe(connection, horizon=timedelta(seconds=10))
    run(connection, dedupe, rows([("a", 0), ("b", 5), ("c", 15)]))

    assert dedupe.prune() == 1
    assert run(connection, dedupe, rows([("b", 15)])) != []


@settings(deadline=None)  # a busy machine is no failure
@given(
    events=st.lists(
        st.tuples(
            st.sampled_from(["a", "b", "c", "d", "e", "f", None]),
            st.integers(min_value=0, max_value=3),
        ),
        max_size=40,
    ),
    cuts=st.lists(st.integers(min_value=0, max_value=40), max_size=5),
    prunes=st.lists(st.booleans(), min_size=6, max_size=6),
    horizon=st.integers(min_value=0, max_value=30),
    max_ids=st.one_of(st.integers(min_value=1, max_value=8), st.just(5_000_000)),
)
def test_however_the_stream_is_cut_the_duplicates_are_the_rules(
    database: duckdb.DuckDBPyConnection,
    *,
    events: list[tuple[str | None, int]],
    cuts: list[int],
    prunes: list[bool],
    horizon: int,
    max_ids: int,
) -> None:
    second, stamped = 0, []
    for event_id, pause in events:
        second += pause
        stamped.append((event_id, second))
    stream = rows(stamped)
    within = timedelta(seconds=horizon)
    edges = [0, *sorted(min(cut, len(stream)) for cut in cuts), len(stream)]
    database.execute(f"DROP TABLE IF EXISTS {STATE}")
    dedupe = Dedupe(database, horizon=within, max_ids=max_ids)
    found = []
    for (start, end), prune in zip(pairwise(edges), prunes, strict=False):
        found += run(database, dedupe, stream[start:end])
        if prune:
            dedupe.prune()

    assert found == expected_duplicates(stream, within, max_ids)


@settings(deadline=None)
@given(
    events=st.lists(
        st.tuples(st.sampled_from(["a", "b", "c"]), st.integers(min_value=-2, max_value=3)),
        max_size=30,
    ),
    cuts=st.lists(st.integers(min_value=0, max_value=30), max_size=5),
    horizon=st.integers(min_value=2, max_value=30),
)
def test_on_one_shard_the_sequence_rules_although_arrivals_go_back(
    database: duckdb.DuckDBPyConnection,
    *,
    events: list[tuple[str | None, int]],
    cuts: list[int],
    horizon: int,
) -> None:
    second, stamped = 0, []
    for event_id, pause in events:
        second += pause
        stamped.append((event_id, second))
    stream = rows(stamped)
    within = timedelta(seconds=horizon)
    edges = [0, *sorted(min(cut, len(stream)) for cut in cuts), len(stream)]
    database.execute(f"DROP TABLE IF EXISTS {STATE}")
    dedupe = Dedupe(database, horizon=within)
    found = [
        number
        for start, end in pairwise(edges)
        for number in run(database, dedupe, stream[start:end])
    ]
    assert found == expected_duplicates(stream, within, 5_000_000)
