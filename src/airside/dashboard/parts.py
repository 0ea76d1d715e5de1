"""The parts of the page that change with gold, read for everybody and without filters."""

from airside.dashboard.backend import Backend, Document
from airside.dashboard.filters import Filters
from airside.dashboard.queries import kpis, reports
from airside.dashboard.rows import documents
from airside.warehouse import Reader

_ALL = Filters()


def of_gold(backend: Backend, airport: str | None) -> Document:
    """The parts that are read whenever gold has taken batches in.

    Args:
        backend: Whom to ask.
        airport: The hub; None takes the busiest.
    """
    reader, answers = backend.reader, backend.answers
    return {
        "airport": reports.airport(reader, airport),
        "airline_delays": answers.airline_delays(reader),
        "totals": answers.delay_totals(reader),
        "passengers_vs_turnaround": answers.passengers_vs_turnaround(reader),
        "movements": documents(reports.movements(reader, _ALL)),
    }


def points(reader: Reader) -> Document:
    """The parts with two thousand points each; too much to send with every refresh of gold."""
    pairs = documents(reports.delay_points(reader, _ALL))
    return {
        "turnaround_points": documents(reports.turnaround_points(reader, _ALL)),
        "delay_pairs": {**reports.delay_line(reader, _ALL), "points": pairs},
    }


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
        "kpis": kpis.tiles(None, []),
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
