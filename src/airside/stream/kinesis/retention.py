"""How long a stream keeps its records.

That may be changed while a process runs, so it is asked again after an hour.
"""

import threading
from collections.abc import Callable

from airside.errors import AirsideError
from airside.stream.kinesis.client import Client

HOUR_US = 3_600_000_000
SHORTEST_US = 24 * HOUR_US
"""No stream can be told to keep records for less."""


class Retention:
    """One stream's retention; any thread may ask.

    Args:
        client: The stream.
        clock: Microseconds since the Unix epoch.
    """

    def __init__(self, client: Client, clock: Callable[[], int]) -> None:
        self._client = client
        self._clock = clock
        self._lock = threading.Lock()
        self._known_us = SHORTEST_US
        self._asked_us: int | None = None

    def known_us(self) -> int:
        """The retention in microseconds, as it was an hour ago or later.

        The shortest there is where the service does not tell: who only looks at a stream need not
        be allowed to ask, and to take it for too short costs some calls and no record.
        """
        with self._lock:
            now_us = self._clock()
            if self._asked_us is None or not 0 <= now_us - self._asked_us < HOUR_US:
                self._asked_us = now_us
                try:
                    self._known_us = self._ask_us()
                except AirsideError:
                    self._known_us = SHORTEST_US
            return self._known_us

    def ask_us(self) -> int:
        """The retention in microseconds, as it is now.

        Raises:
            AirsideError: As `Client.call`.
        """
        with self._lock:
            self._known_us, self._asked_us = self._ask_us(), self._clock()
            return self._known_us

    def _ask_us(self) -> int:
        answer = self._client.call("describe_stream_summary")
        return int(answer["StreamDescriptionSummary"]["RetentionPeriodHours"]) * HOUR_US
