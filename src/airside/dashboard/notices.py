"""What people should know about the data before they trust it, in their words."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

Notice = dict[str, str]

BEHIND_SECONDS = 30.0
"""Records that have waited longer than this for silver are told about."""
MAX_TOLD = 3
"""Alerts of one rule that are told in full."""


def notices(state: Mapping[str, Any]) -> list[Notice]:
    """The notices, the most serious first.

    Args:
        state: `error` (why the data cannot be read, or None), `is_built`, `has_data`, and
            `pipeline` (the part of the snapshot, or None before it was first read), and
            `warehouse` (the server that is asked, or None).
    """
    found = []
    if state["error"]:
        found.append(
            _notice("error", "stale", f"The data cannot be read just now: {state['error']}")
        )
    if state["pipeline"] is not None:
        found += _of_pipeline(state["pipeline"], has_own=state["warehouse"] is None)
    if state["warehouse"] is not None:
        found.append(
            _notice(
                "info",
                "warehouse",
                f"Read from {state['warehouse']}: events show here after the next "
                "`airside refresh`.",
            )
        )
    if not state["has_data"]:
        found.append(_notice("info", "empty", "No events yet: nothing has been loaded so far."))
    elif not state["is_built"]:
        found.append(
            _notice("info", "building", "The first reports are being built; they come in a moment.")
        )
    return found


def _of_pipeline(pipeline: Mapping[str, Any], *, has_own: bool) -> list[Notice]:
    """Of the pipeline; `has_own` where it is the one that loads what is shown."""
    found = [
        _notice("error", "stage_failing", f"{stage['name']} cannot go on: {stage['error']}")
        for stage in pipeline["stages"]
        if stage["error"]
    ]
    if not pipeline["balanced"]:
        found.append(
            _notice(
                "error",
                "unbalanced",
                "The account does not balance: some records are not accounted for. Run "
                "`airside doctor`.",
            )
        )
    if has_own and not pipeline["is_running"]:
        found.append(
            _notice(
                "warning",
                "not_running",
                "No pipeline is running on this data: it stands still. Start one with `airside up` "
                "or `airside run`.",
            )
        )
    silver = pipeline["consumers"]["silver"]
    if has_own and pipeline["is_running"] and silver["iterator_age_seconds"] > BEHIND_SECONDS:
        found.append(
            _notice(
                "warning",
                "behind",
                f"The pipeline is behind: {silver['lag_records']:,} records wait, the oldest for "
                f"{silver['iterator_age_seconds']:,.0f} s.",
            )
        )
    return [*found, *_of_alerts(pipeline["alerts"])]


def _of_alerts(alerts: Sequence[Mapping[str, Any]]) -> Iterator[Notice]:
    """One notice of each rule, however many airlines or sources it is about."""
    by_rule = sorted(alerts, key=lambda alert: (alert["rule"], -alert["value"]))
    for _, group in groupby(by_rule, key=lambda alert: alert["rule"]):
        summaries = [alert["summary"] for alert in group]
        told = "; ".join(summaries[:MAX_TOLD])
        more = len(summaries) - MAX_TOLD
        rest = f"; and {more:,} more on the Pipeline page" if more > 0 else ""
        yield _notice("warning", "alert", f"Alert: {told}{rest}.")


def _notice(level: str, code: str, message: str) -> Notice:
    return {"level": level, "code": code, "message": message}
