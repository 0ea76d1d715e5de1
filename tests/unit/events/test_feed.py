"""A feed is a plain value."""

import pickle

from airside.events import FLIGHT_EVENTS


def test_a_feed_travels_between_processes_also_after_it_has_read_a_record() -> None:
    assert FLIGHT_EVENTS.identity(b'{"event_id": "a"}') == b"a"
    assert pickle.loads(pickle.dumps(FLIGHT_EVENTS)) == FLIGHT_EVENTS
