"""Tells what waits to be told, however long the webhook takes; the rules do not wait for it."""

from collections.abc import Callable

from airside.alerts.store import LONGEST_PATIENCE_US, AlertStore, Untold
from airside.alerts.webhook import RefusedError, Webhook
from airside.errors import RetryableError

_FIRST_RETRY_US = 5_000_000


class Teller:
    """Does one round of telling at a time.

    Args:
        store: Where alerts are kept; an instance of its own where the monitor has another thread.
        webhook: Whom to tell.
        clock: Microseconds since the Unix epoch.
        stopping: Whether to leave the rest for another time; asked before each message.
    """

    def __init__(
        self,
        store: AlertStore,
        webhook: Webhook,
        *,
        clock: Callable[[], int],
        stopping: Callable[[], bool],
    ) -> None:
        self._store = store
        self._webhook = webhook
        self._clock = clock
        self._stopping = stopping

    def run_once(self) -> None:
        """Tell all that is due, in order; may take the webhook's time-out for each message.

        Raises:
            RetryableError: The webhook cannot be reached, or has refused something; that is kept
                and tried again with growing patience, for a day.
        """
        failed: RetryableError | None = None
        now_us = self._clock()
        # Asked anew for each message: the monitor may have given up others meanwhile.
        while not self._stopping() and (due := self._store.untold(now_us)):
            item = due[0]
            try:
                self._webhook.tell(item)
            except RetryableError as error:
                failed = error
                # Not due again in this round, though the clock may have been put back meanwhile.
                again_us = max(now_us, self._clock()) + _patience_us(item)
                self._store.not_told(item, str(error), again_us)
                if not isinstance(error, RefusedError):
                    break  # the others would wait for the same time-out
            else:
                self._store.told(item)
        if failed is not None:
            raise failed


def _patience_us(item: Untold) -> int:
    return min(_FIRST_RETRY_US << min(item.attempts, 10), LONGEST_PATIENCE_US)
