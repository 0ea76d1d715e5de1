"""Ways to look at a data directory, whether or not a pipeline is running on it."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from airside.errors import TerminalError
from airside.ledger import Ledger
from airside.runtime.accounting import Accounting, account
from airside.runtime.clocks import wall_clock
from airside.runtime.data_dir import DataDir
from airside.stream import EmbeddedStream
from airside.warehouse import DuckDBWarehouse, Reader, RemoteReader

_STARTING_SECONDS = 10.0


@contextmanager
def open_reader(data_dir: DataDir) -> Iterator[Reader]:
    """Ask the pipeline that runs on the directory; where none does, open the file itself.

    Raises:
        UsageError: There is no data directory.
        TerminalError: The file is open elsewhere, and nobody answers on the socket.
    """
    data_dir.check()
    patience = time.monotonic() + _STARTING_SECONDS
    while (remote := RemoteReader.connect(data_dir.socket)) is None:
        try:
            warehouse = _open_file(data_dir.warehouse)
        except TerminalError:
            # A pipeline that has just started holds the file before it listens.
            if time.monotonic() > patience:
                raise
            time.sleep(0.1)
            continue
        try:
            yield warehouse
        finally:
            warehouse.close()
        return
    yield remote


def _open_file(path: Path) -> DuckDBWarehouse:
    if path.exists():
        return DuckDBWarehouse(path, clock=wall_clock, read_only=True)
    return DuckDBWarehouse(Path(":memory:"), clock=wall_clock)  # nothing has been loaded yet


@dataclass(frozen=True, slots=True)
class Observer:
    """Everything that can be read of a data directory. Belongs to one thread."""

    data_dir: DataDir
    stream: EmbeddedStream
    ledger: Ledger
    reader: Reader

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
    """
    data_dir.check()
    with ExitStack() as stack:
        if reader is None:
            reader = stack.enter_context(open_reader(data_dir))
        stream = EmbeddedStream(data_dir.stream, clock=clock)
        stack.callback(stream.close)
        ledger = Ledger(data_dir.ledger, clock=clock)
        stack.callback(ledger.close)
        yield Observer(data_dir, stream, ledger, reader)
