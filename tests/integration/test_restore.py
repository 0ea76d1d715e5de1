"""A directory made out of another's archive: once, of one source, and knowing what is lost."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from airside.errors import RetryableError
from airside.runtime import restore
from airside.runtime.clocks import wall_clock
from airside.stream import EmbeddedStream
from support.calls import call, refused

PUT_RECORDS = 10


def cut_off_after(did: Callable[..., Any]) -> Callable[..., Any]:
    """What is done, and then the end of the process."""

    def and_no_more(*arguments: Any, **named: Any) -> None:
        did(*arguments, **named)
        raise RetryableError("cut off; run it again")

    return and_no_more


def status(data: Path) -> dict[str, Any]:
    """The account, which has to balance."""
    done = call("status", "--json", "--data-dir", data)
    assert done.code == 0, done
    account: dict[str, Any] = done.json
    return account


@pytest.mark.parametrize("again", ["own", "other"])
def test_one_that_is_made_is_not_made_again(again: str, own: Path, tmp_path: Path) -> None:
    new, other = tmp_path / "new", tmp_path / "other"
    assert call("backfill", "--source", own, "--data-dir", new).code == 0
    before = status(new)
    for data in (own, other):
        assert call("ingest", "-", "--data-dir", data, stdin=b"one more\n").code == 0
        assert call("run", "--until-drained", "--data-dir", data).code == 0
    source = {"own": own, "other": other}[again]
    message = refused(2, "backfill", "--source", source, "--data-dir", new)
    assert f"{new} holds records of its own" in message
    assert "name a new, empty directory with --data-dir" in message
    assert status(new) == before


def test_one_that_was_cut_off_goes_on_with_its_own_source_alone(
    own: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    new, other = tmp_path / "new", tmp_path / "other"
    assert call("ingest", "-", "--data-dir", other, stdin=b"another's\n").code == 0
    assert call("run", "--until-drained", "--data-dir", other).code == 0
    monkeypatch.setattr(restore, "_copy", cut_off_after(restore._copy))
    assert call("backfill", "--source", own, "--data-dir", new).code == 75
    monkeypatch.undo()
    message = refused(2, "backfill", "--source", other, "--data-dir", new)
    assert f"{new} is being made from {own}, not from {other}" in message
    assert call("backfill", "--source", own, "--data-dir", new).code == 0
    assert status(new)["received"] == 1_500


def test_what_a_damaged_stream_has_lost_is_known_wherever_its_archive_goes(
    own: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where the process ends as soon as all that is whole has been archived."""
    with closing(EmbeddedStream(own / "stream.db", clock=wall_clock)) as stream:
        for _ in range(4):
            stream.put([b"bad"] * PUT_RECORDS)
    with closing(sqlite3.connect(own / "stream.db", isolation_level=None)) as database:
        database.execute(
            "UPDATE frames SET data = zeroblob(length(data)) WHERE frame_id IN"
            " (SELECT max(frame_id) - 2 FROM frames UNION SELECT max(frame_id) FROM frames)"
        )
    lake, new = tmp_path / "lake", tmp_path / "new"
    command = ("backfill", "--source", own, "--data-dir", new, "--lake", lake)
    archived = cut_off_after(restore.Archiver.run_once)
    monkeypatch.setattr(restore.Archiver, "run_once", archived)
    assert call(*command).code == 75
    monkeypatch.undo()
    assert call(*command).code == 0
    account = status(new)
    assert account["lost"] == 2 * PUT_RECORDS
    assert account["received"] == 1_500 + 4 * PUT_RECORDS

    copy, resumed = tmp_path / "copy", tmp_path / "resumed"
    assert call("backfill", "--source", new, "--data-dir", copy).code == 0
    assert call("run", "--until-drained", "--data-dir", resumed, "--lake", lake).code == 0
    for data in (copy, resumed):
        account = status(data)
        assert account["lost"] == PUT_RECORDS, "what lay beyond the archive has no number there"
        assert account["received"] == 1_500 + 3 * PUT_RECORDS
