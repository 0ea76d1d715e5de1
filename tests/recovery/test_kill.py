"""kill -9 at random instants under load: nothing lost, nothing twice, gold the same."""

import random
import shutil
import signal
import subprocess
import time
from pathlib import Path

from oracle.corpus import hostile
from support.command import airside_json, airside_ok, start
from support.contents import archived_lines, lake_contents, warehouse_contents

KILLS = 20
RECORDS = 40_000
SEED = 20_260_101


def test_twenty_kills_change_nothing(tmp_path: Path) -> None:
    rng = random.Random(SEED)
    data, calm = tmp_path / "killed", tmp_path / "calm"
    records = [record.replace(b"\n", b" ") for record in hostile(RECORDS, seed=SEED)]
    share = RECORDS // KILLS

    for kill in range(KILLS):
        feed = start_ingest(records[kill * share : (kill + 1) * share], tmp_path, data)
        pipeline = start("up", "--no-simulator", "--quiet", "--window", "200ms", "--data-dir", data)
        time.sleep(rng.uniform(0.5, 2.7))  # the instant of the kill, not a wait for anything
        pipeline.send_signal(signal.SIGKILL)
        pipeline.wait()
        assert feed.wait(timeout=60) == 0, feed.communicate()[1]

    # The same stream, processed without disturbance: same sequence numbers, same arrival times.
    calm.mkdir()
    for name in ("airside.json", "stream.db", "stream.db-wal"):
        if (data / name).exists():
            shutil.copyfile(data / name, calm / name)

    airside_ok("run", "--until-drained", "--data-dir", data)
    airside_ok("run", "--until-drained", "--data-dir", calm)

    status = airside_json("status", "--data-dir", data)
    assert status["received"] == status["archived"] == RECORDS
    assert status["clean"] + status["quarantined"] + status["duplicates"] == RECORDS
    assert status["in_flight"] == 0
    assert status["balanced"] is True

    assert archived_lines(data) == records
    assert lake_contents(data) == lake_contents(calm)
    assert warehouse_contents(data / "warehouse.duckdb") == warehouse_contents(
        calm / "warehouse.duckdb"
    )


def start_ingest(records: list[bytes], folder: Path, data: Path) -> subprocess.Popen[bytes]:
    path = folder / "feed.ndjson"
    path.write_bytes(b"".join(record + b"\n" for record in records))
    return start("ingest", path, "--data-dir", data)
