"""Looks at the data, and keeps the alerts."""

from collections.abc import Callable, Mapping

from airside.alerts.rules import SILENT_SOURCE, Limits, findings, heard
from airside.alerts.store import AlertStore
from airside.warehouse import Reader


class Monitor:
    """Does one round of watching at a time.

    Args:
        reader: The warehouse.
        store: Where alerts are kept.
        limits: What to look for.
        lags: Gives consumer → seconds that its oldest record has waited.
        telling: Whether there is somebody to tell, besides the dashboard.
        clock: Microseconds since the Unix epoch.
    """

    def __init__(
        self,
        reader: Reader,
        store: AlertStore,
        limits: Limits,
        *,
        lags: Callable[[], Mapping[str, float]],
        telling: bool,
        clock: Callable[[], int],
    ) -> None:
        self._reader = reader
        self._store = store
        self._limits = limits
        self._lags = lags
        self._telling = telling
        self._clock = clock
        self._began_us = clock()

    def run_once(self) -> None:
        """Look once; what is to be told waits in the store.

        Raises:
            RetryableError: The data cannot be read now.
        """
        known = self._store.batch_id()
        batch_id, sources = heard(self._reader, known)
        if batch_id != known:
            # A smaller id is another warehouse: it is heard from its beginning the next time.
            self._store.hear(batch_id if batch_id > known else 0, sources)
        now_us = self._clock()
        # The clock may have been ahead when this began: nothing would be silent until it is there.
        self._began_us = min(self._began_us, now_us)
        found = findings(
            self._reader,
            self._limits,
            lags=self._lags(),
            sources=self._sources(),
            now_us=now_us,
        )
        self._store.update(found, now_us, telling=self._telling)

    def _sources(self) -> dict[str, int]:
        """Source system → since when it may be silent.

        While nothing listened there was nobody to send to; a silence that had been told of goes on.
        """
        told = {alert.subject for alert in self._store.firing() if alert.rule == SILENT_SOURCE}
        return {
            source: heard_us if source in told else max(heard_us, self._began_us)
            for source, heard_us in self._store.sources().items()
        }
