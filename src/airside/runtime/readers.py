"""Ways to look at a data directory, whether or not a pipeline is running on it."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from airside.alerts import AlertStore
from airside.errors import UsageError
from airside.ledger import Ledger
from airside.runtime.accounting import Accounting, account
from airside.runtime.clocks import wall_clock
from airside.runtime.data_dir import DataDir
from airside.runtime.patience import patiently
from airside.runtime.streams import open_for_looking
from airside.settings import Settings
from airside.stream import Stream
from airside.warehouse import DuckDBWarehouse, Reader, RemoteReader, StreamingReader
from airside.warehouse.servers import open_server_reader, translated

if TYPE_CHECKING:
    from airside.warehouse.server_reader import ServerReader


@contextmanager
def open_reader(data_dir: DataDir) -> Iterator[StreamingReader]:
    """Ask the pipeline that runs on the directory; where none does, open the file itself.

    Raises:
        UsageError: There is no data directory.
        RetryableError: The file is open elsewhere, and nobody answers on the socket.
        CorruptDataError: The file is damaged.
    """
    data_dir.check()

    def attempt() -> RemoteReader | DuckDBWarehouse:
        return RemoteReader.connect(data_dir.socket) or _open_file(data_dir.warehouse)

    reader = patiently(attempt)
    try:
        yield reader
    finally:
        if isinstance(reader, DuckDBWarehouse):
            reader.close()


@contextmanager
def open_answers(data_dir: DataDir, settings: Settings) -> Iterator[Reader]:
    """Whoever answers Airside's own questions: the server that is set, or as `open_reader`.

    Raises:
        UsageError: The server's URL is wrong, or its driver is not installed.
    """
    with _chosen(data_dir, settings, translated) as reader:
        yield reader


@contextmanager
def open_questions(data_dir: DataDir, settings: Settings) -> Iterator[Reader]:
    """Whoever answers questions in the warehouse's own dialect; else as `open_answers`."""
    with _chosen(data_dir, settings, lambda reader: reader) as reader:
        yield reader


@contextmanager
def _chosen(
    data_dir: DataDir, settings: Settings, wrap: Callable[["ServerReader"], Reader]
) -> Iterator[Reader]:
    if settings.warehouse.url is None:
        with open_reader(data_dir) as reader:
            yield reader
        return
    server_reader = open_server_reader(
        warehouse_url(settings), timeout_seconds=settings.warehouse.timeout_seconds
    )
    try:
        yield wrap(server_reader)
    finally:
        server_reader.close()


def warehouse_url(settings: Settings) -> str:
    """The server's URL.

    Raises:
        UsageError: None is set.
    """
    if settings.warehouse.url is None:
        raise UsageError(
            "no warehouse is named; write --warehouse postgresql://user@host/database, or set "
            "AIRSIDE_WAREHOUSE__URL, which keeps a password out of the process list"
        )
    return settings.warehouse.url.get_secret_value()


def _open_file(path: Path) -> DuckDBWarehouse:
    if path.exists():
        return DuckDBWarehouse(path, clock=wall_clock, read_only=True)
    return DuckDBWarehouse(Path(":memory:"), clock=wall_clock)  # nothing has been loaded yet


@dataclass(frozen=True, slots=True)
class Observer:
    """Everything that can be read of a data directory. Belongs to one thread."""

    data_dir: DataDir
    stream: Stream
    ledger: Ledger
    reader: Reader
    alerts: AlertStore

    def account(self) -> Accounting:
        """Draw up the account."""
        return account(self.stream, self.ledger, self.reader, clock=wall_clock)


@contextmanager
def observe(
    data_dir: DataDir, reader: Reader | None = None, clock: Callable[[], int] = wall_clock
) -> Iterator[Observer]:
    """Open a data directory for looking at it.

    Args:
        data_dir: The directory.
        reader: The warehouse, where this process has it open already.
        clock: Microseconds since the Unix epoch.

    Raises:
        UsageError: There is no data directory, or no stream in it yet.
        RetryableError, CorruptDataError: A part of it cannot be read, now or ever.
    """
    data_dir.check()
    with ExitStack() as stack:
        stream = open_for_looking(data_dir, clock)
        stack.callback(stream.close)
        if reader is None:
            reader = stack.enter_context(open_reader(data_dir))
        ledger = Ledger(data_dir.ledger, clock=clock)
        stack.callback(ledger.close)
        alerts = AlertStore(data_dir.alerts)
        stack.callback(alerts.close)
        yield Observer(data_dir, stream, ledger, reader, alerts)
