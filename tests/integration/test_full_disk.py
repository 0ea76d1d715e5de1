"""A disk that fills, and then has room again: nobody has to look, and nothing is lost."""

from pathlib import Path

import pytest

from airside.warehouse.duckdb_errors import GivenUpError
from support.warehouses import fill, no_room_to_grow
from support.worlds import SECOND_US, World


def test_a_pipeline_whose_database_was_given_up_ends_and_can_be_started_again(
    tmp_path: Path,
) -> None:
    world = World(tmp_path / "data", **{"warehouse.wal_bytes": 1_000_000})
    with world.pipeline() as pipeline:
        world.live(pipeline, 1, SECOND_US, refresh=True)
        fill(pipeline.warehouse, 30_000)
        with no_room_to_grow(world.directory.root), pytest.raises(GivenUpError):
            pipeline.warehouse.shorten_log()
        pipeline.start()
        assert pipeline.stopping.wait(timeout=10)
        pipeline.stop()
        assert isinstance(pipeline.fatal, GivenUpError)
    with world.pipeline() as pipeline:
        world.live(pipeline, 1, SECOND_US, refresh=True)
        account = world.account(pipeline)
        assert account.balanced
        assert account.received == account.archived == 10
