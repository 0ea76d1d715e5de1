"""Firehose's files read as an archive: every record once, in one order, damage named."""

import gzip
import random
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from airside.bronze import Archive, ArchiveReader, firehose_files, import_firehose
from airside.errors import CorruptDataError, UsageError
from airside.events import FLIGHT_EVENTS
from airside.lake import LocalLake
from airside.stream import frames_to_arrow
from support.archives import read_in_batches
from support.firehose import STARTED, file_name, gzipped


def write(lake: LocalLake, name: str, data: bytes) -> None:
    with lake.publish(name) as path:
        path.write_bytes(data)


class Bench:
    def __init__(self, folder: Path) -> None:
        self.source = LocalLake(folder / "raw")
        self.target = LocalLake(folder / "lake")
        self.warnings: list[str] = []

    def records(self) -> list[tuple[str, str, datetime, bytes]]:
        """Import all there is, and read it back."""
        archive = Archive(self.target, FLIGHT_EVENTS)
        import_firehose(self.source, firehose_files(self.source), archive, self.warnings.append)
        table = frames_to_arrow(read_in_batches(ArchiveReader(archive)))
        return [
            (row["shard_id"], row["sequence_number"], row["arrived_at"], row["payload"][:-1])
            for row in table.to_pylist()
        ]

    def payloads(self) -> list[bytes]:
        return [record[3] for record in self.records()]


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def test_records_come_in_the_order_of_the_names_times(bench: Bench) -> None:
    numbers = list(range(70))
    random.Random(3).shuffle(numbers)
    for number in numbers:
        write(bench.source, file_name(number), gzipped([b"%d a" % number, b"%d b" % number]))
    records = bench.records()
    assert [r[3] for r in records] == [b"%d %s" % (n, x) for n in range(70) for x in (b"a", b"b")]
    assert [int(r[1]) for r in records] == list(range(1, 141))
    assert {r[0] for r in records} == {"firehose-000"}
    assert records[0][2] == STARTED.replace(tzinfo=None)
    assert records[-1][2] == STARTED.replace(tzinfo=None) + timedelta(minutes=69)
    folders = {name.rpartition("/")[0] for name in bench.target.names("bronze")}
    assert len(folders) == 2, "a file holds one hour's records"


def test_files_of_one_second_come_in_the_order_of_their_names(bench: Bench) -> None:
    names = sorted(file_name(number, at=STARTED) for number in range(5))
    for name in reversed(names):
        write(bench.source, name, gzipped([name[-40:].encode()]))
    assert bench.payloads() == [name[-40:].encode() for name in names]
    assert bench.payloads() == [name[-40:].encode() for name in names], "and so again"


@pytest.mark.parametrize(
    "prefix",
    [
        "{at:%Y/%m/%d/%H/}",
        "bronze/flight_events/ingest_date={at:%Y-%m-%d}/ingest_hour={at:%H}/",
        "bronze/no-slash-at-its-end-",
        "",
    ],
)
def test_any_prefix_will_do(bench: Bench, prefix: str) -> None:
    write(bench.source, file_name(1, prefix), gzipped([b"one"]))
    write(bench.source, "manifest.json", b"{}")
    write(bench.source, file_name(2, "errors/x/processing-failed/2026-11-22/"), b"{}")
    write(bench.source, "2026/11/22/20/other-2026-11-22.gz", b"not Firehose's")
    assert bench.payloads() == [b"one"]


def test_members_newlines_and_plain_text(bench: Bench) -> None:
    write(bench.source, file_name(1), gzipped([b"one", b"two", b"three"], members=4))
    write(bench.source, file_name(2), gzipped([b"four", b"five"], last_newline=False))
    write(bench.source, file_name(3, ending=""), b"six\nseven")
    write(bench.source, file_name(4), gzipped([b"eight\n", b"nine\n"]))  # delimited twice
    write(bench.source, file_name(5), b"")
    write(bench.source, file_name(6, ending=".ndjson.gz"), gzipped([b"ten\r"]))
    expected = b"one two three four five six seven eight nine ten\r".split(b" ")
    assert bench.payloads() == expected


def test_a_record_that_is_too_large_is_left_out_and_told(bench: Bench) -> None:
    name = file_name(1)
    write(bench.source, name, gzipped([b"a", b"x" * 1_100_000, b"b"]))
    assert bench.payloads() == [b"a", b"b"]
    assert len(bench.warnings) == 1
    assert f"{bench.source.where(name)}: line 2 has 1,100,001 bytes" in bench.warnings[0]


def damaged(kind: str) -> bytes:
    data = gzipped([b"%d" % number for number in range(1_000)], members=2)
    if kind == "cut off":
        return data[:-20]
    if kind == "trailing":
        return data + b"rubbish"
    middle = len(data) - 300
    return (
        data[:middle]
        + bytes(255 - byte for byte in data[middle : middle + 40])
        + data[middle + 40 :]
    )


@pytest.mark.parametrize("kind", ["cut off", "trailing", "flipped"])
def test_damage_is_named(bench: Bench, kind: str) -> None:
    name = file_name(2)
    write(bench.source, file_name(1), gzipped([b"fine"]))
    write(bench.source, name, damaged(kind))
    with pytest.raises(CorruptDataError) as caught:
        bench.records()
    message = str(caught.value)
    assert message.startswith(f"{bench.source.where(name)} is damaged after record ")
    assert "restore an older version" in message


def test_other_formats_are_refused(bench: Bench) -> None:
    write(bench.source, file_name(1, ending=".parquet"), b"PAR1")
    with pytest.raises(UsageError, match=r"\.parquet is not lines of text"):
        firehose_files(bench.source)


def test_an_impossible_time_is_no_delivery(bench: Bench) -> None:
    write(bench.source, file_name(1).replace("-11-22-20-16-03-", "-13-22-20-16-03-"), b"{}")
    assert firehose_files(bench.source) == []


def test_much_is_cut_into_files_of_bounded_size(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("airside.bronze.firehose._FILE_BYTES", 100_000)
    noise = random.Random(1)
    records = [noise.randbytes(900).hex().encode() for _ in range(6_000)]
    write(bench.source, file_name(1), gzip.compress(b"\n".join(records), 1))
    monkeypatch.setattr("airside.bronze.firehose._FRAME_RECORDS", 50)
    assert bench.payloads() == records
    sizes = bench.target.sizes("bronze", ".zst")
    assert len(sizes) > 10
    assert max(sizes.values()) <= 100_000
