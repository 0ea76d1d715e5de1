"""What happens to messages on their way: some are sent twice, held up, broken or changed."""

from collections.abc import Iterator
from heapq import heappop, heappush

from airside.events import Emission
from airside.simulator.batch import (
    DRIFTED,
    DUPLICATED,
    ESTIMATED,
    FATE,
    LATE,
    MALFORMED,
    OUT_OF_ORDER,
    Message,
)
from airside.simulator.faults import drift, malform
from airside.simulator.mess import MessRates
from airside.simulator.script import Kind
from airside.simulator.wording import iso

US = 1_000_000
RETRY_SECONDS = 45
"""A message sent again follows within this time."""
OVERTAKEN_BY = 3
"""How many later reports may overtake one that is out of order."""


def longest_delay(rates: MessRates, telemetry_seconds: int) -> int:
    """Seconds that a message may take from its event to its last arrival."""
    late = rates.late_minutes * 60 if rates.late else 0
    overtaken = (OVERTAKEN_BY + 1) * telemetry_seconds if rates.out_of_order else 0
    return max(late, overtaken) + 2 * RETRY_SECONDS


class Disorder:
    """Passes messages on in the order in which they arrive."""

    def __init__(self, rates: MessRates, telemetry_seconds: int) -> None:
        self._late_seconds = rates.late_minutes * 60
        self._overtaken_seconds = telemetry_seconds
        self._held: list[tuple[int, bytes]] = []
        self._last_us = 0

    def is_involved(self, due_us: int) -> bool:
        """Whether a message due now has to be passed on, though nothing happens to it."""
        return bool(self._held) or due_us <= self._last_us

    def pass_on(self, message: Message, after_us: int) -> Iterator[Emission]:
        """Take the next message; give what arrives up to then, after an instant."""
        if self._held:
            yield from self.release(message.due_us, after_us)
        if not message.mess:
            yield from self._send(message.due_us, message.payload, after_us)
            return
        self._disturb(message)
        yield from self.release(message.due_us + 1, after_us)

    def release(self, until_us: int, after_us: int) -> Iterator[Emission]:
        """Give what was held and arrives before this instant."""
        held = self._held
        while held and held[0][0] < until_us:
            yield from self._send(*heappop(held), after_us)

    def _send(self, due_us: int, payload: bytes, after_us: int) -> Iterator[Emission]:
        self._last_us = due_us = max(due_us, self._last_us + 1)
        if due_us > after_us:
            yield Emission(due_us, payload)

    def _disturb(self, message: Message) -> None:
        due, payload, mess, vary, _ = message
        fate = mess & FATE
        if mess & ESTIMATED:
            payload = _estimated(message)
        if fate == LATE:
            least = min(120, self._late_seconds)
            due += US * (least + vary % (self._late_seconds - least + 1))
        elif fate == OUT_OF_ORDER:
            most = OVERTAKEN_BY * self._overtaken_seconds * US
            due += self._overtaken_seconds * US + vary % most
        elif fate == DRIFTED:
            payload = drift(payload, vary)
        elif fate == MALFORMED:
            if vary % 2:  # noticed, repaired, and sent again
                heappush(self._held, (due + US * (1 + vary % RETRY_SECONDS), payload))
            payload = malform(payload, vary // 2)
        heappush(self._held, (due, payload))
        if mess & DUPLICATED:
            heappush(self._held, (due + US * (1 + vary // 7 % RETRY_SECONDS), payload))


def _estimated(message: Message) -> bytes:
    """The message with an expected time where the actual one will be."""
    flight = message.track.wording.flight
    if message.track.kind in (Kind.SCHEDULED, Kind.BOARDING) and flight.cancelled_at is None:
        field, at = b"departure", flight.off_block_at
    elif message.track.kind is Kind.EN_ROUTE:
        field, at = b"arrival", flight.in_block_at
    else:
        return message.payload
    absent = b'"actual_%b_utc": null' % field
    return message.payload.replace(absent, b'"actual_%b_utc": "%b"' % (field, iso(at)), 1)
