"""The parts of the page that change with gold, read for everybody and without filters."""

from collections.abc import Callable, Iterator
from datetime import datetime

from airside.dashboard.backend import Backend, Document
from airside.dashboard.filters import Filters
from airside.dashboard.legs import Liveness
from airside.dashboard.queries import kpis, reports
from airside.dashboard.rows import documents

_ALL = Filters()
_POINTS_SECONDS = 30.0
"""Two thousand points each are too much to send with every refresh of gold."""


class GoldParts:
    """Reads what gold has built anew, and lets the live board go first.

    All of it takes about 0.1 s. A batch that is loaded meanwhile is not kept waiting so long: the
    reading pauses after the question it is at, and goes on after the board has been updated.

    Args:
        backend: Whom to ask.
        airport: The hub; None takes the busiest.
        monotonic: Seconds on a clock that never goes back.
        liveness: See `kpis.settled`.
    """

    def __init__(
        self,
        backend: Backend,
        airport: str | None,
        monotonic: Callable[[], float],
        liveness: Liveness,
    ) -> None:
        self._backend = backend
        self._airport = airport
        self._monotonic = monotonic
        self._liveness = liveness
        self.figures: Document | None = None
        """What the tiles show of gold; None before it was first read."""
        self._read: Document = {}
        self._reading: Iterator[Document] | None = None
        self._version: int | None = None
        self._points_version: int | None = None
        self._points_due = 0.0

    @property
    def is_reading(self) -> bool:
        """Whether there is more to read."""
        return self._reading is not None

    def read(self, gold: int, watermark: datetime) -> Document:
        """Read on, or begin where gold is another than last time.

        Args:
            gold: The last batch that gold holds.
            watermark: Now, in event time.

        Returns:
            The parts that may have changed, once all have been read; until then nothing.

        Raises:
            AirsideError: The warehouse cannot be read; the next call begins anew.
        """
        if self._reading is None:
            self._reading, self._read = self._questions(gold, watermark), {}
        try:
            for answer in self._reading:
                self._read |= answer
                if self._backend.changed.is_set():
                    return {}
        except BaseException:
            self._reading = None
            raise
        self._reading = None
        self.figures = self._read.pop("figures", self.figures)
        return self._read

    def _questions(self, gold: int, watermark: datetime) -> Iterator[Document]:
        reader, answers = self._backend.reader, self._backend.answers
        if gold != self._version:
            figures = kpis.settled(reader, _ALL, watermark, liveness=self._liveness)
            yield {"figures": figures}
            yield {"airport": reports.airport(reader, self._airport)}
            yield {"airline_delays": answers.airline_delays(reader)}
            yield {"totals": answers.delay_totals(reader)}
            yield {"passengers_vs_turnaround": answers.passengers_vs_turnaround(reader)}
            yield {"movements": documents(reports.movements(reader, _ALL))}
            self._version = gold
        now = self._monotonic()
        if gold != self._points_version and now >= self._points_due:
            yield {"turnaround_points": documents(reports.turnaround_points(reader, _ALL))}
            points = documents(reports.delay_points(reader, _ALL))
            yield {"delay_pairs": {**reports.delay_line(reader, _ALL), "points": points}}
            self._points_version, self._points_due = gold, now + _POINTS_SECONDS


def empty() -> Document:
    """All parts as they are before anything is known."""
    counts = dict.fromkeys(("flights", "departed", "landed", "cancelled", "diverted"), 0)
    measures = [
        f"{figure}_{side}_delay_minutes"
        for side in ("departure", "arrival")
        for figure in ("mean", "median", "p90")
    ]
    line: Document = {"n": 0, "r": None, "slope": None, "intercept": None}
    means: Document = {"mean_passenger_count": None, "mean_turnaround_minutes": None}
    return {
        "kpis": kpis.tiles(None, kpis.LiveFigures()),
        "airline_delays": [],
        "totals": {**counts, **dict.fromkeys([*measures, "d15", "a15", "d0", "a0"])},
        "passengers_vs_turnaround": {**line, **means, "by_aircraft_type": []},
        "turnaround_points": [],
        "delay_pairs": {**line, "points": []},
        "movements": [],
        "by_status": {},
        "pipeline": None,
        "notices": [],
        "airport": None,
    }
