"""A warehouse and the ways to ask it, for tests."""

import resource
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from airside.warehouse import DuckDBWarehouse, QueryServer, Reader, RemoteReader

COMMITTED_US = 1_758_737_730_123_456


def open_warehouse(path: Path, **options: bool) -> closing[DuckDBWarehouse]:
    return closing(DuckDBWarehouse(path, clock=lambda: COMMITTED_US, **options))


def fill(warehouse: DuckDBWarehouse, rows: int) -> None:
    """Load rows, which makes the log some fifty bytes longer for each."""
    with warehouse.transaction():
        warehouse.transform.execute(
            "INSERT INTO staging.removed_reasons SELECT md5(range::VARCHAR), 1 FROM range(?)",
            [rows],
        )


@contextmanager
def no_room_to_grow(folder: Path) -> Iterator[None]:
    """Let no file of this process become larger than a folder's largest, as on a full disk."""
    largest = max(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (largest, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@contextmanager
def asked_in_process(path: Path) -> Iterator[Reader]:
    """The process that runs the pipeline asks itself."""
    with open_warehouse(path) as warehouse:
        yield warehouse


@contextmanager
def asked_in_the_file(path: Path) -> Iterator[Reader]:
    """No pipeline runs: whoever asks opens the file."""
    with open_warehouse(path, read_only=True) as warehouse:
        yield warehouse


@contextmanager
def asked_over_the_socket(path: Path) -> Iterator[Reader]:
    """A pipeline runs: whoever asks, asks it."""
    with open_warehouse(path) as warehouse:
        server = QueryServer(path.with_suffix(".sock"), warehouse)
        try:
            reader = RemoteReader.connect(path.with_suffix(".sock"))
            assert reader is not None
            yield reader
        finally:
            server.close()


READERS = {
    "in process": asked_in_process,
    "file": asked_in_the_file,
    "socket": asked_over_the_socket,
}
