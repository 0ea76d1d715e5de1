"""Everything at once: simulator, pipeline, and what they look like from second to second."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from airside.errors import AirsideError, RetryableError
from airside.gold.answers import report
from airside.runtime.accounting import Accounting
from airside.runtime.apart import of_the_system
from airside.runtime.clocks import wall_clock
from airside.runtime.data_dir import DataDir
from airside.runtime.memory import without_pandas
from airside.runtime.pipeline import Health, Pipeline, open_pipeline
from airside.runtime.readers import Observer, observe
from airside.runtime.sources import check_simulator, patience, simulate
from airside.runtime.streams import open_for_putting
from airside.runtime.wiring import open_ledger
from airside.settings import Settings


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The state of everything at one moment."""

    at: datetime
    """By the wall clock, UTC."""
    taken_at: float
    """On the monotonic clock, in seconds."""
    running_seconds: float
    simulated_at: datetime | None
    """The simulator's clock; None where no simulator runs."""
    account: Accounting
    health: dict[str, Health]
    answers: dict[str, Any]
    """As `airside report --json` prints them."""


class Operation:
    """A running simulator and pipeline. Made by `operation`."""

    def __init__(self, pipeline: Pipeline, observer: Observer) -> None:
        self.pipeline = pipeline
        self.simulated_us: int | None = None
        self.dashboard: str | None = None
        """Where the dashboard can be opened; None where none is served."""
        self.last: Snapshot | None = None
        """How everything was left, once all has been stopped in good order; None where that cannot
        be told."""
        self._observer = observer
        self._started = time.monotonic()

    def snapshot(self) -> Snapshot:
        """Look at everything now."""
        simulated_us = self.simulated_us
        return Snapshot(
            at=datetime.fromtimestamp(wall_clock() / 1e6, tz=UTC),
            taken_at=time.monotonic(),
            running_seconds=time.monotonic() - self._started,
            simulated_at=(
                None
                if simulated_us is None
                else datetime.fromtimestamp(simulated_us // 1_000_000, tz=UTC)
            ),
            account=self._observer.account(),
            health=dict(self.pipeline.health),
            answers=report(self._observer.reader),
        )


@contextmanager
def operation(
    data_dir: DataDir,
    settings: Settings,
    *,
    with_simulator: bool,
    with_dashboard: bool = False,
    stopping: threading.Event | None = None,
    tell: Callable[[str], None] = lambda _text: None,
) -> Iterator[Operation]:
    """Start everything; on the way out, stop it in good order and finish what is on the stream.

    Args:
        data_dir: Where everything is kept.
        settings: What is simulated, and how the stages work.
        with_simulator: Whether the simulator is started too.
        with_dashboard: Whether the dashboard is served too.
        stopping: Set by whoever wants it to stop, or when it has to.
        tell: Told how it goes when the directory is first rebuilt from its lake.

    Raises:
        UsageError: The directory or a setting cannot be used.
        RetryableError: Another process runs on the directory.
    """
    if with_simulator:
        check_simulator(settings.simulator)

    def meanwhile() -> AbstractContextManager[None]:
        from airside.runtime.meanwhile import answering  # noqa: PLC0415 - as below

        return answering(settings.dashboard)

    with (
        without_pandas(),
        open_pipeline(
            data_dir,
            settings,
            stopping=stopping,
            tell=tell,
            meanwhile=meanwhile if with_dashboard else nullcontext,
        ) as pipeline,
    ):
        with observe(data_dir, pipeline.reader) as observer, ExitStack() as stack:
            running = Operation(pipeline, observer)
            if with_dashboard:
                # Loaded here, since the other commands need no web server, and before the stages
                # start, whose imports would compete with it for the first page.
                from airside.runtime.serve import serve_pipeline  # noqa: PLC0415 - see above

                address = stack.enter_context(serve_pipeline(pipeline, data_dir, settings))
                running.dashboard = address.url
            pipeline.start()
            try:
                if with_simulator:
                    with _simulating(running, data_dir, settings):
                        yield running
                else:
                    yield running
            finally:
                pipeline.stop()
            if pipeline.fatal is None:
                try:
                    running.last = running.snapshot()
                except RetryableError as error:
                    tell(f"How it ended cannot be told: {error}. `airside status` tells it.")
        if pipeline.fatal is not None:
            raise pipeline.fatal


@contextmanager
def _simulating(running: Operation, data_dir: DataDir, settings: Settings) -> Iterator[None]:
    """Run the simulator on a thread of its own, until the context ends."""
    stop = threading.Event()
    thread = threading.Thread(
        target=_simulator(running, data_dir, settings, stop), name="simulator"
    )
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def _simulator(
    running: Operation, data_dir: DataDir, settings: Settings, stop: threading.Event
) -> Callable[[], None]:
    health = running.pipeline.health["simulator"] = Health()

    def note(_records: int, due_us: int) -> None:
        running.simulated_us = due_us
        health.succeed(wall_clock())

    def wait(text: str) -> None:
        health.error = text  # until the next put succeeds

    def work() -> None:
        with (
            open_for_putting(data_dir, settings) as stream,
            closing(open_ledger(data_dir, settings, wall_clock)) as ledger,
        ):
            while not stop.is_set():
                try:
                    simulate(
                        stream,
                        ledger,
                        settings.simulator,
                        stop,
                        on_put=note,
                        patience=patience(settings.stream, stop.wait, wait),
                    )
                except RetryableError as error:
                    health.failures += 1
                    health.error = str(error)
                    stop.wait(health.patience(1.0))
                else:
                    return

    def guarded() -> None:
        try:
            work()
        except (AirsideError, OSError) as error:
            running.pipeline.abort(of_the_system(error) if isinstance(error, OSError) else error)
        except Exception as error:  # a defect must stop the run, not vanish with its thread
            running.pipeline.abort(AirsideError(f"simulator: {type(error).__name__}: {error}"))
            raise

    return guarded
