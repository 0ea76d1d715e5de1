import duckdb
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from airside.silver.kernel import RECORDS, Kernel, decode_utf8

TEXTS = ["plain", "", "é", "日本", "\U0001f6eb", "nul\0"]
NOT_TEXTS = [b"\xff", b"\xc3", b"\x80", b"\xed\xa0\x80", b"\xc0\x80", b"\xf5\x80\x80\x80"]


def is_utf8(payload: bytes) -> bool:
    try:
        payload.decode()
    except UnicodeDecodeError:
        return False
    return True


@settings(deadline=None)  # a busy machine is no failure
@given(
    payloads=st.lists(
        st.one_of(
            st.sampled_from([text.encode() for text in TEXTS] + NOT_TEXTS), st.binary(max_size=4)
        )
    ),
    start=st.integers(min_value=0, max_value=5),
    length=st.integers(min_value=0, max_value=20),
)
def test_bytes_that_are_not_utf8_are_null_and_others_stay(
    payloads: list[bytes], start: int, length: int
) -> None:
    array = pa.array(payloads, pa.binary()).slice(start, length)

    assert decode_utf8(array).to_pylist() == [
        payload.decode() if is_utf8(payload) else None
        for payload in payloads[start : start + length]
    ]


def test_a_character_is_not_made_of_two_records() -> None:
    halves = pa.array([b"\xc3", b"\xa9"], pa.binary())

    assert decode_utf8(halves).to_pylist() == [None, None]


def table(payloads: list[bytes], chunk: int) -> pa.Table:
    rows = [("shard-0", f"{number:08}", number, payload) for number, payload in enumerate(payloads)]
    return pa.Table.from_batches(
        [
            pa.record_batch([list(column) for column in zip(*part, strict=True)], schema=RECORDS)
            for part in (rows[start : start + chunk] for start in range(0, len(rows), chunk))
        ],
        RECORDS,
    )


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("chunk", [1000, 100_000])
def test_rows_keep_the_order_of_the_records(threads: int, chunk: int) -> None:
    payloads = [b"[]", b"{", b"{}", b"\xff"] * 4000
    with duckdb.connect() as connection:
        rows = Kernel(connection, threads=threads).to_arrow(table(payloads, chunk))

    assert rows["sequence_number"].to_pylist() == [f"{n:08}" for n in range(len(payloads))]
    assert (
        rows["reason"].to_pylist()
        == [
            "not_object",
            "not_json",
            "missing_event_id",
            "not_utf8",
        ]
        * 4000
    )


def test_each_read_replaces_the_rows_of_the_last() -> None:
    with duckdb.connect() as connection:
        kernel = Kernel(connection)
        counts = []
        for payloads in ([b"[]"] * 3, [b"{"] * 2, []):
            kernel.read(table(payloads, 10), into="batch")
            counts.append(
                connection.execute("SELECT count(*), max(reason) FROM batch").fetchall()[0]
            )

    assert counts == [(3, "not_object"), (2, "not_json"), (0, None)]


def test_results_can_be_read_inside_a_transaction_with_tables_of_the_database() -> None:
    with duckdb.connect() as connection:
        connection.execute("CREATE TABLE kept (reason VARCHAR)")
        kernel = Kernel(connection)
        kernel.read(table([b"[]"], 10), into="batch")
        connection.execute("BEGIN")
        connection.execute("INSERT INTO kept SELECT reason FROM batch")
        connection.execute("COMMIT")

        assert connection.execute("FROM kept").fetchall() == [("not_object",)]
