"""What a run of chaos does: drawn from its seed alone, so that a failing run can be done again."""

import errno
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum


class End(StrEnum):
    """How a round's process comes to its end."""

    KILL = "killed"
    TERMINATE = "asked to stop"
    PAUSE_AND_KILL = "frozen, then killed"
    PAUSE_AND_STOP = "frozen for a while, then asked to stop"
    KILL_IN_STOPPING = "asked to stop, and killed while it does"
    KILL_IN_STARTING = "killed while it starts"


@dataclass(frozen=True)
class Round:
    """One life of the pipeline: what is wrong from the start, and how and when it ends."""

    trouble: str
    environment: dict[str, str] = field(default_factory=dict)
    """For the fault-injecting library."""
    tear_bytes: int = 0
    """So many bytes are cut from the end of the warehouse's log before the start."""
    quota_bytes: int | None = None
    """The disk is full: no file may grow beyond the largest there is and so many bytes more."""
    cut_off: str | None = None
    """A command that is started before the pipeline, and killed in the middle of its work."""
    producer: bool = False
    """`airside ingest` sends records too, and is killed in the middle of it."""
    seconds: float = 1.0
    """From its first sign of life to its end."""
    end: End = End.KILL

    def __str__(self) -> str:
        before = f"{self.cut_off} killed; " if self.cut_off else ""
        beside = "a producer killed; " if self.producer else ""
        return f"{before}{beside}{self.trouble}; {self.end} after {self.seconds:.2f} s"


def rounds(seed: int, number: int) -> Iterator[Round]:
    """The rounds of a seed."""
    rng = random.Random(seed)
    for _ in range(number):
        trouble, environment, tear, quota = _trouble(rng)
        yield Round(
            trouble,
            environment,
            tear,
            quota,
            cut_off=rng.choice([None, None, None, "backfill", "compact"]),
            producer=rng.random() < 0.3,
            seconds=rng.uniform(0.3, 2.5),
            end=rng.choice(list(End)),
        )


def _trouble(rng: random.Random) -> tuple[str, dict[str, str], int, int | None]:
    kind = rng.choice(["none", "write", "full", "sync", "ahead", "behind", "torn", "quota"])
    if kind in {"write", "full", "sync"}:
        call = "sync" if kind == "sync" else "write"
        start, count = rng.randint(1, 150), rng.choice([1, 1, 5, 100])
        number = errno.ENOSPC if kind == "full" else errno.EIO
        return (
            f"{errno.errorcode[number]} from {call} {start} on, {count} times",
            {
                "CHAOS_CALL": call,
                "CHAOS_FROM": str(start),
                "CHAOS_COUNT": str(count),
                "CHAOS_ERRNO": str(number),
            },
            0,
            None,
        )
    if kind in {"ahead", "behind"}:
        seconds = rng.choice([60, 7_200, 200_000]) * (1 if kind == "ahead" else -1)
        return f"the clock is {seconds:+,} s wrong", {"CHAOS_SKEW": str(seconds)}, 0, None
    if kind == "torn":
        tear = rng.randint(1, 5_000)
        return f"the warehouse's log has lost its last {tear:,} bytes", {}, tear, None
    if kind == "quota":
        room = rng.choice([0, 20_000, 200_000, 1_000_000])
        return f"the disk has room for {room:,} bytes more", {}, 0, room
    return "no trouble", {}, 0, None
