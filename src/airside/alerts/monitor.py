"""Looks at the data, keeps the alerts, and tells them."""

from collections.abc import Callable, Mapping

from airside.alerts.rules import SILENT_SOURCE, Limits, findings, heard
from airside.alerts.store import LONGEST_PATIENCE_US, AlertStore, Untold
from airside.alerts.webhook import RefusedError, Webhook
from airside.errors import RetryableError
from airside.warehouse import Reader

_FIRST_RETRY_US = 5_000_000


class Monitor:
    """Does one round of watching at a time.

    Args:
        reader: The warehouse.
        store: Where alerts are kept.
        limits: What to look for.
        lags: Gives consumer → seconds that its oldest record has waited.
        webhook: Whom to tell; None tells nobody but the dashboard.
        clock: Microseconds since the Unix epoch.
    """

    def __init__(
        self,
        reader: Reader,
        store: AlertStore,
        limits: Limits,
        *,
        lags: Callable[[], Mapping[str, float]],
        webhook: Webhook | None,
        clock: Callable[[], int],
    ) -> None:
        self._reader = reader
        self._store = store
        self._limits = limits
        self._lags = lags
        self._webhook = webhook
        self._clock = clock
        self._began_us = clock()

    def run_once(self) -> None:
        """Look once, and tell what is due.

        Raises:
            RetryableError: The data cannot be read now, or the webhook cannot be reached; what was
                to be told is kept and tried again with growing patience, for a day.
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
        self._store.update(found, now_us, telling=self._webhook is not None)
        if self._webhook is not None:
            self._tell(self._webhook, now_us)

    def _sources(self) -> dict[str, int]:
        """Source system → since when it may be silent.

        While nothing listened there was nobody to send to; a silence that had been told of goes on.
        """
        told = {alert.subject for alert in self._store.firing() if alert.rule == SILENT_SOURCE}
        return {
            source: heard_us if source in told else max(heard_us, self._began_us)
            for source, heard_us in self._store.sources().items()
        }

    def _tell(self, webhook: Webhook, now_us: int) -> None:
        failed: RetryableError | None = None
        refused: set[int] = set()
        for item in self._store.untold(now_us):
            alert_id = item.alert.alert_id
            if alert_id in refused:  # an end is not told before its beginning
                continue
            try:
                webhook.tell(item)
            except RetryableError as error:
                failed = error
                self._store.not_told(item, str(error), self._clock() + _patience_us(item))
                if not isinstance(error, RefusedError):
                    break  # the others would wait for the same time-out
                refused.add(alert_id)
            else:
                self._store.told(item)
        if failed is not None:
            raise failed


def _patience_us(item: Untold) -> int:
    return min(_FIRST_RETRY_US << min(item.attempts, 10), LONGEST_PATIENCE_US)
