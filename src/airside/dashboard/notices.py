"""What people should know about the data before they trust it, in their words."""

from collections.abc import Mapping
from typing import Any

Notice = dict[str, str]

BEHIND_SECONDS = 30.0
"""Records that have waited longer than this for silver are told about."""


def notices(state: Mapping[str, Any]) -> list[Notice]:
    """The notices, the most serious first.

    Args:
        state: `error` (why the data cannot be read, or None), `is_built`, `has_data`, and
            `pipeline` (the part of the snapshot, or None before it was first read).
    """
    found: list[Notice] = []

    def tell(level: str, code: str, message: str) -> None:
        found.append({"level": level, "code": code, "message": message})

    if state["error"]:
        tell("error", "stale", f"The data cannot be read just now: {state['error']}")
    pipeline = state["pipeline"]
    if pipeline is not None:
        for stage in pipeline["stages"]:
            if stage["error"]:
                tell("error", "stage_failing", f"{stage['name']} cannot go on: {stage['error']}")
        if not pipeline["balanced"]:
            tell(
                "error",
                "unbalanced",
                "The account does not balance: some records are not accounted for. Run "
                "`airside doctor`.",
            )
        waited = pipeline["consumers"]["silver"]["iterator_age_seconds"]
        if pipeline["is_running"] and waited > BEHIND_SECONDS:
            lag = pipeline["consumers"]["silver"]["lag_records"]
            tell(
                "warning",
                "behind",
                f"The pipeline is behind: {lag:,} records wait, the oldest for {waited:,.0f} s.",
            )
        if not pipeline["is_running"]:
            tell(
                "warning",
                "not_running",
                "No pipeline is running on this data: it stands still. Start one with `airside up` "
                "or `airside run`.",
            )
    if not state["has_data"]:
        tell("info", "empty", "No events yet: nothing has been loaded. Waiting for the first ones.")
    elif not state["is_built"]:
        tell("info", "building", "The first reports are being built; they come in a moment.")
    return found
