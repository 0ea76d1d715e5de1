"""Duplicates share an identity, however their producers write the key."""

import pytest

from airside.events import FLIGHT_EVENTS
from oracle.corpus import hostile
from oracle.edge_cases import EDGE_CASES
from oracle.record import read_record


@pytest.mark.parametrize("seed", [31, 47])
def test_the_identity_of_an_acceptable_record_is_its_event_id(seed: int) -> None:
    written_oddly = 0
    for record in [*hostile(3_000, seed=seed), *(case.payload for case in EDGE_CASES)]:
        line = record.replace(b"\n", b" ")
        row = read_record(line).row
        if row is not None:
            event_id = str(row["event_id"]).encode()
            assert FLIGHT_EVENTS.identity(line) == event_id
            written_oddly += b'"%b"' % event_id not in line
    assert written_oddly > 20
