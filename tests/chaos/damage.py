"""Spoils one file of a data directory, follows the advice that is given, and looks what is left.

By hand, with any seed and number: `make chaos SEED=7 ROUNDS=50` ends with such rounds.
"""

import random
import re
import shlex
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

from airside.runtime.data_dir import DataDir
from airside.runtime.pipeline import open_pipeline
from airside.settings import Settings
from airside.stream import EmbeddedStream
from oracle.corpus import hostile
from support.calls import Call, call
from support.contents import archived_lines, lake_contents, warehouse_contents

PUT_RECORDS = 100
RECORDS = 1_600
_NEW = re.compile(r"`?airside backfill --source (\S+) --data-dir NEW")
_NOT_OURS = re.compile(r"^work/|\.lock$|\.sock$|-shm$")
KINDS = {
    "airside.json": r"airside\.json",
    "alerts.db": r"alerts\.db",
    "ledger.db": r"ledger\.db",
    "ledger.db-wal": r"ledger\.db-wal",
    "stream.db": r"stream\.db",
    "stream.db-wal": r"stream\.db-wal",
    "stream.db-mark": r"stream\.db-mark",
    "warehouse.duckdb": r"warehouse\.duckdb",
    "warehouse.duckdb.wal": r"warehouse\.duckdb\.wal",
    "archive": r"bronze/.*\.ndjson\.zst",
    "archive index": r"bronze/.*\.index\.json",
    "silver": r"silver/.*\.parquet",
    "quarantine": r"quarantine/.*\.parquet",
    "gold": r"gold/.*\.parquet",
}
"""Every kind of file that a data directory has: name → pattern of its path."""


@dataclass(frozen=True)
class Damage:
    """What is done to one file."""

    state: str
    """`at rest`, after a run in good order; `cut off`, as a kill leaves it, with work waiting."""
    kind: str
    how: str
    seed: str

    def __str__(self) -> str:
        return f"{self.kind} of a directory {self.state}: {self.how}"

    def apply(self, root: Path) -> Path | None:
        """Do it; gives the file, or None where there is none of the kind or nothing was changed."""
        rng = random.Random(self.seed)
        paths = sorted(
            path
            for path in root.rglob("*")
            if path.is_file() and re.fullmatch(KINDS[self.kind], str(path.relative_to(root)))
        )
        if not paths:
            return None
        path = rng.choice(paths)
        before = path.read_bytes()
        if not before:
            return None
        path.unlink()  # an archive's file may be a link to another directory's
        path.write_bytes(_SPOILT[self.how](before, rng))
        return path if path.read_bytes() != before else None


def _tail_cut(content: bytes, rng: random.Random) -> bytes:
    return content[: -rng.choice([1, 100, 5_000, max(1, len(content) // 2)])]


def _tail_zeroed(content: bytes, rng: random.Random) -> bytes:
    size = min(len(content), rng.choice([1, 64, 4_096]))
    return content[:-size] + bytes(size)


def _tail_flipped(content: bytes, rng: random.Random) -> bytes:
    return _flipped(content, len(content) - 1 - rng.randrange(min(len(content), 4_096)), rng)


def _flipped_anywhere(content: bytes, rng: random.Random) -> bytes:
    return _flipped(content, rng.randrange(len(content)), rng)


def _flipped(content: bytes, place: int, rng: random.Random) -> bytes:
    return content[:place] + bytes([content[place] ^ 1 << rng.randrange(8)]) + content[place + 1 :]


_SPOILT = {
    "the end is cut off": _tail_cut,
    "the end is zeroed": _tail_zeroed,
    "a bit at the end is flipped": _tail_flipped,
    "a bit is flipped": _flipped_anywhere,
}


def damages(seed: int) -> Iterator[Damage]:
    """The damages of a seed: each kind of file in turn, for ever."""
    rng = random.Random(f"damage {seed}")
    for number in count():
        for kind in KINDS:
            is_log = kind.endswith("wal")  # which a run in good order leaves none of
            yield Damage(
                "cut off" if is_log else rng.choice(["at rest", "cut off"]),
                kind,
                rng.choice(list(_SPOILT)),
                f"{seed} {number} {kind}",
            )


class Laboratory:
    """Directories to be spoilt, and what they should hold.

    Args:
        folder: Where everything goes.
        seed: Draws the records.
    """

    def __init__(self, folder: Path, seed: int) -> None:
        self._folder = folder
        self.records = [record.replace(b"\n", b" ") for record in hostile(RECORDS, seed=seed)]
        self._make(folder / "live", folder / "cut off", folder / "at rest")
        shutil.copytree(folder / "cut off", folder / "at rest")
        run = call("run", "--until-drained", "--data-dir", folder / "at rest")
        assert run.code == 0, run.err
        self.whole = self._contents(folder / "at rest")
        assert self.whole[0] == self.records

    def examine(self, damage: Damage) -> str:
        """Spoil a copy, follow the advice, compare; tells how it went.

        Raises:
            AssertionError: Something good was lost, or nobody said so.
        """
        root = self._folder / "spoilt"
        for name in ("spoilt", "NEW"):
            shutil.rmtree(self._folder / name, ignore_errors=True)
        shutil.copytree(self._folder / damage.state, root)
        spoilt = damage.apply(root)
        if spoilt is None:
            return "nothing to spoil"
        relative = spoilt.relative_to(root)
        run = _asked("run", "--until-drained", "--data-dir", root)
        told: list[str] = []
        if run.code == 0:
            # It went on, so nothing that it needs is damaged; whoever looks closely is told.
            doctor = _asked("doctor", "--deep", "--json", "--data-dir", root).json
            stopped = [finding for finding in doctor["findings"] if finding["state"] == "stopped"]
            if stopped:
                assert names(stopped[0], spoilt), stopped
                run = Call(65, "", f"{stopped[0]['cause']}; {stopped[0]['next_step']}")
        lost = 0
        if run.code != 0:
            assert run.code == 65, run
            assert spoilt.name.removesuffix("-wal").removesuffix(".wal") in run.err, run.err
            told.append(run.err.strip())
            root, cure = self._cure(run.err, root, spoilt, relative, damage.state)
            told.append(cure)
        status = _asked("status", "--json", "--data-dir", root)
        assert status.code == 0, status
        lost = status.json["lost"]
        assert status.json["balanced"]
        assert status.json["in_flight"] == 0
        assert status.json["received"] == RECORDS, "what was durable is received, or told as lost"
        assert _asked("doctor", "--deep", "--data-dir", root).code == 0
        self._compare(root, lost, damage)
        return " | ".join([*told, f"{lost} lost"]) if told else "equal"

    def _compare(self, root: Path, lost: int, damage: Damage) -> None:
        if not lost:
            assert self._contents(root) == self.whole
            return
        assert damage.kind.startswith("stream.db"), "only what was on the stream alone can be lost"
        left = archived_lines(root)
        assert len(left) == RECORDS - lost
        rest = iter(self.records)
        assert all(line in rest for line in left), "in order, and none twice"
        if "cut" not in damage.how:
            assert lost <= 8 * PUT_RECORDS, "a damaged page costs what lies on it, no more"

    def _cure(
        self, said: str, root: Path, spoilt: Path, relative: Path, state: str
    ) -> tuple[Path, str]:
        """Do what the message says; gives the directory to go on with."""
        if _NEW.search(said):
            new = root.with_name("NEW")
            done = _asked("backfill", "--source", root, "--data-dir", new)
            assert done.code == 0, done
            return new, done.err.strip()
        if "write this into it again: " in said:
            spoilt.write_text(said.strip().rpartition("again: ")[2])
        elif "move it away" in said:
            spoilt.rename(root.with_name("moved away"))
        elif "airside backfill" in said:
            done = _asked("backfill", "--data-dir", root)
            if done.code == 65 and "copy" in done.err:
                shutil.copyfile(self._folder / state / relative, spoilt)
                done = _asked("backfill", "--data-dir", root)
            assert done.code == 0, done
        else:
            assert "copy" in said, f"there is nothing to do: {said}"
            shutil.copyfile(self._folder / state / relative, spoilt)
        done = _asked("run", "--until-drained", "--data-dir", root)
        assert done.code == 0, done
        return root, shlex.join(["run"])

    def _make(self, live: Path, cut_off: Path, _at_rest: Path) -> None:
        """A directory that is killed at work: files archived and batches done, and more waiting."""
        now_us = count(1_790_000_000_000_000, 1_000)
        with open_pipeline(DataDir(live), Settings()) as pipeline:
            stream = EmbeddedStream(DataDir(live).stream, clock=lambda: next(now_us))
            for number in range(0, RECORDS, PUT_RECORDS):
                stream.put(self.records[number : number + PUT_RECORDS])
                if number == RECORDS // 4:
                    pipeline.drain()
                if RECORDS // 4 < number < RECORDS // 2:
                    pipeline.archiver.run_once(flush=True)
                    if number % 200:
                        pipeline.silver.run_once()
            shutil.copytree(live, cut_off, ignore=shutil.ignore_patterns("*.sock"))
            stream.close()

    def _contents(self, root: Path) -> tuple[list[bytes], list[Any], dict[str, list[Any]]] | None:
        """All that a user could find in a directory; None where it cannot be read."""
        try:
            return (
                archived_lines(root),
                lake_contents(root),
                warehouse_contents(root / "warehouse.duckdb"),
            )
        except Exception:  # noqa: BLE001 - spoilt in whatever way
            return None


def names(finding: dict[str, Any], spoilt: Path) -> bool:
    """Whether a finding of the doctor's names a file."""
    return spoilt.name.removesuffix("-wal").removesuffix(".wal") in finding["cause"]


def _asked(*words: str | Path) -> Call:
    done = call(*words)
    assert "Traceback" not in done.err
    assert done.code in {0, 1, 65}, done
    return done
