"""`airside spark` from an archive on S3 to a lake on S3: driver and workers alike."""

import json
from pathlib import Path

import pytest

from airside.lake import open_lake
from oracle.corpus import hostile
from support.archives import bench
from support.command import airside
from support.lakes import fetched
from support.s3 import S3
from support.spark import archive_of, contents, embedded, need_java, rows

RECORDS = 600


@pytest.fixture(autouse=True)
def _java() -> None:
    need_java()


def test_from_s3_to_s3(s3: S3, tmp_path: Path) -> None:
    bucket = s3.bucket()
    source, target = f"s3://{bucket}/raw", f"s3://{bucket}/clean"
    (tmp_path / "archive").mkdir()
    (tmp_path / "calm").mkdir()
    with bench(tmp_path / "archive", shards=2) as made:
        archive_of(made, hostile(RECORDS, seed=8), seconds=5_000, files=2)
        for name in made.lake.names("bronze"):
            with open_lake(source).publish(name) as path:
                path.write_bytes(made.lake.read(name))
        calm = embedded(made, tmp_path / "calm")
    where = ("--source", source, "--lake", target, "--data-dir", tmp_path / "none")

    done = airside("spark", *where, "--master", "local[2]", "--json")

    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["received"] == RECORDS
    lake = fetched(open_lake(target), tmp_path / "fetched")
    contents(lake)
    for zone in ("silver", "quarantine"):
        assert rows(lake, zone) == rows(calm, zone)

    following = airside("spark", *where, "--streaming")
    assert following.returncode == 2
    assert f"{source} cannot be followed" in following.stderr
    assert "Traceback" not in following.stderr
