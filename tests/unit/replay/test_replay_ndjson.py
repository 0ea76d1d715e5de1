"""A file replayed: every line verbatim, in its own order, due by its own time."""

import gzip
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import pytest
import zstandard
from hypothesis import assume, given
from hypothesis import strategies as st

from airside.errors import CorruptDataError, UsageError
from airside.replay import lines, open_source
from airside.replay.ndjson import NdjsonFile
from oracle import text as oracle
from oracle.json_reader import NotJson, parse


def record(event_timestamp: str) -> bytes:
    return f'{{"event_timestamp": {event_timestamp}}}'.encode()


def us(iso: str) -> int:
    return round(datetime.fromisoformat(iso).replace(tzinfo=UTC).timestamp() * 1_000_000)


def write(path: Path, *content: bytes) -> NdjsonFile:
    path.write_bytes(b"\n".join(content) + b"\n")
    return NdjsonFile(path)


def test_each_line_is_a_record_verbatim(tmp_path: Path) -> None:
    content = [
        b'  {"event_timestamp": "2025-09-24T18:15:30"}  \r',
        b"",
        b"not json",
        b"\xff\xfe",
        b'{"event_timestamp": "2025-09-24T18:15:31", "cut',
    ]
    source = write(tmp_path / "day.ndjson", *content)
    assert [emission.payload for emission in source.emissions()] == content
    assert source.total == len(content)


@pytest.mark.parametrize("content", [b"", b"{}", b"{}\n", b"\n", b"{}\n\n", b"{}\n[]"])
def test_the_last_line_needs_no_line_feed(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "records"
    path.write_bytes(content)
    source = NdjsonFile(path)
    payloads = [emission.payload for emission in source.emissions()]
    assert b"\n".join(payloads) == content.removesuffix(b"\n")
    assert source.total == len(payloads) == len(content.splitlines())


def test_a_record_is_due_at_its_event_time_in_every_form(tmp_path: Path) -> None:
    source = write(
        tmp_path / "day.ndjson",
        record('"2025-09-24T18:15:30Z"'),
        record('"24/Sep/2025 18:15:31"'),
        record("1758737732"),
        record('" 1758737733123 "'),
        record('"2025-09-24T23:45:34+05:30"'),
        b'{"event_timestamp": "2025-09-24T18:15:35", "event_timestamp": "2025-09-24T19:00:00"}',
        b'{"event_timestamp": "2025-09-24T18:15:36", "heading": NaN, }',
    )
    assert [emission.due_us for emission in source.emissions()] == [
        us(f"2025-09-24T18:15:{second}")
        for second in ("30", "31", "32", "33.123", "34", "35", "36")
    ]


def test_disorder_is_replayed_as_it_is(tmp_path: Path) -> None:
    times = ["18:00", "18:05", "18:01", "18:06"]
    content = [record(f'"2025-09-24T{time}"') for time in times]
    source = write(tmp_path / "day.ndjson", *content)
    emissions = list(source.emissions())
    assert [emission.payload for emission in emissions] == content
    assert [emission.due_us for emission in emissions] == [
        us(f"2025-09-24T{time}") for time in ("18:00", "18:05", "18:05", "18:06")
    ]


@pytest.mark.parametrize(
    "unreadable",
    [
        b"",
        b"{",
        b"17",
        b"[]",
        b"{}",
        b"\xff",
        b'{"event_timestamp": null}',
        b'{"event_timestamp": {"at": "2025-09-24T18:15:30"}}',
        b'{"event_timestamp": "tomorrow"}',
        b'["2025-09-24T18:15:30"]',
    ],
)
def test_a_line_without_a_time_goes_with_the_line_above(tmp_path: Path, unreadable: bytes) -> None:
    first, last = record('"2025-09-24T18:00"'), record('"2025-09-24T18:05"')
    source = write(tmp_path / "day.ndjson", unreadable, first, unreadable, last, unreadable)
    dues = [emission.due_us for emission in source.emissions()]
    early, late = us("2025-09-24T18:00"), us("2025-09-24T18:05")
    assert dues == [early, early, early, late, late]


def test_a_file_without_any_time_is_due_at_once(tmp_path: Path) -> None:
    source = write(tmp_path / "junk", b"one", b"two")
    assert [emission.due_us for emission in source.emissions()] == [0, 0]


def test_order_holds_from_batch_to_batch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "_CHUNK_BYTES", 100)
    content = [record(f'"2025-09-24T18:{minute % 60:02}"') for minute in range(7, 700, 7)]
    source = write(tmp_path / "day.ndjson", b"junk " * 50, *content)
    emissions = list(source.emissions())
    assert [emission.payload for emission in emissions[1:]] == content
    dues = [emission.due_us for emission in emissions]
    assert dues[0] == us("2025-09-24T18:07")
    assert all(before <= after for before, after in pairwise(dues))
    assert dues[-1] == us("2025-09-24T18:59")


def test_a_replay_can_be_abandoned_and_started_afresh(tmp_path: Path) -> None:
    source = write(tmp_path / "day.ndjson", *[record(str(1758737730 + i)) for i in range(9)])
    emissions = source.emissions()
    next(emissions)
    emissions.close()
    assert len(list(source.emissions())) == 9


@pytest.mark.parametrize("frames", [1, 3])
@pytest.mark.parametrize("compress", [gzip.compress, zstandard.compress])
@pytest.mark.parametrize("name", ["day.ndjson.gz", "day.ndjson.zst", "day"])
def test_a_compressed_file_is_known_by_its_content(
    tmp_path: Path, name: str, compress: object, frames: int
) -> None:
    content = [record(str(1758737730 + i)) for i in range(99)]
    text = b"".join(line + b"\n" for line in content)
    cuts = [text[i * len(text) // frames : (i + 1) * len(text) // frames] for i in range(frames)]
    path = tmp_path / name
    path.write_bytes(b"".join(compress(cut) for cut in cuts))
    source = open_source(str(path))
    assert [emission.payload for emission in source.emissions()] == content
    assert source.total is None


@pytest.mark.parametrize("compress", [gzip.compress, zstandard.compress])
@pytest.mark.parametrize("damage", ["cut", "changed"])
def test_damaged_compression_is_told_after_what_was_whole(
    tmp_path: Path, compress: object, damage: str
) -> None:
    whole = compress(b'{"event_id": "whole"}\n' * 10)
    second = bytearray(compress(bytes(range(11, 256)) * 40))
    if damage == "cut":
        del second[-9:]
    else:
        second[2] ^= 0xFF
        second[-5] ^= 0xFF
    path = tmp_path / "day.ndjson.zst"
    path.write_bytes(whole + second)
    given_records: list[bytes] = []
    with pytest.raises(CorruptDataError, match="damaged or cut short"):
        given_records.extend(emission.payload for emission in NdjsonFile(path).emissions())
    assert given_records == [b'{"event_id": "whole"}'] * 10


@pytest.mark.parametrize("padding", [1, 512, 300_000])
def test_gzip_may_be_padded_to_whole_blocks(tmp_path: Path, padding: int) -> None:
    """As by a tape, or a copy block by block; `gzip -d` takes it likewise."""
    content = [record(str(1758737730 + i)) for i in range(9)]
    member = gzip.compress(b"".join(line + b"\n" for line in content)) + bytes(padding)
    path = tmp_path / "day.ndjson.gz"
    path.write_bytes(member * 2)
    source = open_source(str(path))
    assert [emission.payload for emission in source.emissions()] == content * 2
    with lines.opened(path) as file:
        assert file.read().splitlines() == content * 2


@pytest.mark.parametrize(
    "content",
    [gzip.compress(b"{}\n") + bytes(9) + b"x", zstandard.compress(b"{}\n") + bytes(9)],
    ids=["gzip", "zstd"],  # gzip notes the time, and ids have to be the same in every worker
)
def test_what_else_follows_compressed_data_is_damage(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "day"
    path.write_bytes(content)
    given_records: list[bytes] = []
    with pytest.raises(CorruptDataError, match="damaged or cut short"):
        given_records.extend(emission.payload for emission in NdjsonFile(path).emissions())
    assert given_records == [b"{}"]


def test_a_file_of_one_endless_line_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lines, "_CHUNK_BYTES", 100)
    monkeypatch.setattr(lines, "_MAX_LINE_BYTES", 1_000)
    source = write(tmp_path / "blob", b"{}", b"x" * 5_000)
    with pytest.raises(CorruptDataError, match="line 2 is over"):
        list(source.emissions())


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is a folder; replay reads a file"):
        open_source(str(tmp_path))


LINES = st.one_of(
    st.binary(max_size=40).filter(lambda line: b"\n" not in line),
    st.builds(
        lambda before, value, after: f'{before}"event_timestamp":{value}{after}'.encode(),
        st.sampled_from(["{", " {", "[{", '{"a":[{}],', '{"event_timestamp":1758737730,']),
        st.one_of(
            st.integers(1_758_737_730, 1_758_739_999).map(str),
            st.sampled_from(
                [
                    '"2025-09-24T18:15:30Z"',
                    '"24/Sep/2025 18:15\\u003a30"',
                    '"\\u0000 1758737739\\t"',
                ]
            ),
            st.sampled_from(["NaN", "true", "null", "1758737730.0", "{}", '["1758737730"]', "'x'"]),
        ),
        st.sampled_from(["}", "} ", ",}", "}]", "} x", "", ',"b":Infinity}']),
    ),
)


@given(content=st.lists(LINES, max_size=8))
def test_times_are_what_another_reader_of_the_contract_reads(
    tmp_path_factory: pytest.TempPathFactory, content: list[bytes]
) -> None:
    # else it is taken for compressed, as it should be
    assume(not b"\n".join(content).startswith((b"\x1f\x8b", b"\x28\xb5\x2f\xfd")))
    source = write(tmp_path_factory.mktemp("replay") / "day.ndjson", *content)
    readable = [time_of(line) for line in content]
    latest = next((at for at in readable if at is not None), 0)
    expected = []
    for at in readable:
        latest = max(latest, at or 0)
        expected.append(latest)
    emissions = list(source.emissions())
    assert [emission.due_us for emission in emissions][: len(content)] == expected
    assert [emission.payload for emission in emissions][: len(content)] == content


def time_of(line: bytes) -> int | None:
    try:
        value = parse(line.decode())
    except (UnicodeDecodeError, NotJson):
        return None
    scalar = value.get("event_timestamp") if isinstance(value, dict) else None
    at = oracle.event_time(oracle.clean(scalar)) if isinstance(scalar, str) else None
    return round(at.replace(tzinfo=UTC).timestamp() * 1_000_000) if at else None
