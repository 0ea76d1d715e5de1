"""Ways to look at a data directory, whether or not a pipeline is running on it."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from airside.alerts import AlertStore
from airside.ledger import Ledger
from airside.runtime.accounting import Accounting, account
from airside.runtime.clocks import wall_clock
from airside.runtime.data_dir import DataDir
from airside.runtime.patience import patiently
from airside.runtime.streams import open_for_looking
from airside.stream import Stream
from airside.warehouse import DuckDBWarehouse, Reader, RemoteReader


@contextmanager
def open_reader(data_dir: DataDir) -> Iterator[Reader]:
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
