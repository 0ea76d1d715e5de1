"""What a webhook is sent, and what happens where it does not take it."""

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pyarrow as pa
import pytest

from airside.alerts import AlertStore, Finding, Limits, Monitor, Teller, Webhook
from airside.errors import RetryableError

NOW_US = 1_800_000_000_000_000
SECOND = 1_000_000


class Receiver(BaseHTTPRequestHandler):
    answers: ClassVar[list[int]] = []
    """Status codes of the next answers; 204 when there are none."""
    bodies: ClassVar[list[dict[str, Any]]] = []
    meanwhile: ClassVar[Callable[[], None]]
    """What happens before an answer."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        type(self).meanwhile()
        status = self.answers.pop(0) if self.answers else 204
        if status < 300:
            self.bodies.append(json.loads(body))
        self.send_response(status)
        self.send_header("location", "/elsewhere")
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def address() -> Iterator[str]:
    Receiver.answers, Receiver.bodies, Receiver.meanwhile = [], [], lambda: None
    server = HTTPServer(("127.0.0.1", 0), Receiver)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/hook?secret=swordfish"
    server.shutdown()
    thread.join()
    server.server_close()


class NoData:
    """A warehouse without a batch."""

    def query(self, sql: str, _parameters: object = ()) -> pa.Table:
        if "AS id" in sql:
            return pa.table({"id": [0]})
        return pa.table({"received": [None], "quarantined": [None]})


class Watch:
    """A monitor whose only rule is lag, and who tells of it, under a clock of their own."""

    def __init__(self, folder: Path, webhook: str) -> None:
        self.now_us = NOW_US
        self.lag = 0.0
        self.store = AlertStore(folder / "alerts.db")
        self.monitor = Monitor(
            NoData(),
            self.store,
            Limits(lag_seconds=60),
            lags=lambda: {"silver": self.lag},
            telling=True,
            clock=lambda: self.now_us,
        )
        self.is_stopping = False
        self.teller = Teller(
            self.store,
            Webhook(webhook),
            clock=lambda: self.now_us,
            stopping=lambda: self.is_stopping,
        )

    def round(self, lag: float, after: float = 10) -> None:
        self.now_us += int(after * SECOND)
        self.lag = lag
        self.monitor.run_once()
        self.teller.run_once()


def test_the_beginning_and_the_end_are_told_once_each(tmp_path: Path, address: str) -> None:
    watch = Watch(tmp_path, address)
    for lag in (10, 75, 90, 80):
        watch.round(lag)
    watch.round(0, after=61)
    watch.round(0)

    assert [(body["state"], body["rule"], body["subject"]) for body in Receiver.bodies] == [
        ("began", "lag", "silver"),
        ("ended", "lag", "silver"),
    ]
    began, ended = Receiver.bodies
    assert began["id"] == ended["id"]
    assert began["began_at"] == ended["began_at"] == "2027-01-15T08:00:20Z"
    assert (began["ended_at"], ended["ended_at"]) == (None, "2027-01-15T08:01:41Z")
    assert began["text"] == "Alert: silver is 75 s behind the stream"
    assert ended["text"].startswith("Over: ")


@pytest.mark.parametrize("status", [500, 404, 302])
def test_a_refusal_is_tried_again_with_growing_patience(
    tmp_path: Path, address: str, status: int
) -> None:
    Receiver.answers = [status, status]
    watch = Watch(tmp_path, address)
    with pytest.raises(RetryableError, match=rf"it answers {status}"):
        watch.round(75)
    watch.round(75, after=4)  # not yet
    with pytest.raises(RetryableError):
        watch.round(75, after=1)
    watch.round(75, after=9)
    assert Receiver.bodies == []
    watch.round(75, after=1)
    assert [body["state"] for body in Receiver.bodies] == ["began"]


def test_the_secret_in_the_address_is_never_told(tmp_path: Path) -> None:
    watch = Watch(tmp_path, "http://127.0.0.1:9/hook?secret=swordfish")
    with pytest.raises(RetryableError, match=r"127\.0\.0\.1 cannot be reached") as caught:
        watch.round(75)
    assert "swordfish" not in str(caught.value)
    assert "swordfish" not in str(watch.store.untold())


def test_what_a_restart_interrupts_is_told_after_it(tmp_path: Path, address: str) -> None:
    Receiver.answers = [500]
    watch = Watch(tmp_path, address)
    with pytest.raises(RetryableError):
        watch.round(75)
    watch.store.close()

    Watch(tmp_path, address).round(75, after=100)
    assert [body["state"] for body in Receiver.bodies] == ["began"]


@pytest.mark.parametrize("host", ["ops..example.org", ".example.org", "x" * 64 + ".example.org"])
def test_a_name_that_no_host_can_have_is_told_as_a_failure(tmp_path: Path, host: str) -> None:
    watch = Watch(tmp_path, f"http://{host}/hook?secret=swordfish")
    with pytest.raises(RetryableError, match=r"check alerts\.webhook_url") as caught:
        watch.round(75)
    assert "swordfish" not in str(caught.value)


def test_one_message_that_is_refused_holds_up_no_others(tmp_path: Path, address: str) -> None:
    watch = Watch(tmp_path, address)
    late = [Finding("airline_delay", name, 70, 60, "min", f"{name} is late") for name in "ABC"]
    watch.store.update(late, NOW_US, telling=True)
    Receiver.answers = [500]
    with pytest.raises(RetryableError, match="it answers 500"):
        watch.round(0)
    assert [body["subject"] for body in Receiver.bodies] == ["B", "C"]
    watch.round(0, after=5)
    assert [body["subject"] for body in Receiver.bodies] == ["B", "C", "A"]


def test_no_end_is_told_where_its_beginning_was_just_refused(tmp_path: Path, address: str) -> None:
    watch = Watch(tmp_path, address)
    watch.store.update([Finding("lag", "x", 70, 60, "s", "x lags")], NOW_US, telling=True)
    watch.store.update([], NOW_US + 100 * SECOND, telling=True)
    Receiver.answers = [500]
    with pytest.raises(RetryableError, match="it answers 500"):
        watch.round(0, after=100)
    assert Receiver.bodies == []
    watch.round(0, after=5)
    assert [body["state"] for body in Receiver.bodies] == ["began", "ended"]


def test_where_nobody_answers_one_message_is_tried_and_not_all(tmp_path: Path) -> None:
    """Each would wait for the same time-out."""
    watch = Watch(tmp_path, "http://127.0.0.1:9/hook")
    late = [Finding("airline_delay", name, 70, 60, "min", f"{name} is late") for name in "ABC"]
    watch.store.update(late, NOW_US, telling=True)
    with pytest.raises(RetryableError):
        watch.round(0)
    assert [item.attempts for item in watch.store.untold()] == [1, 0, 0]


def test_who_stops_waits_for_one_message_and_the_rest_is_told_later(
    tmp_path: Path, address: str
) -> None:
    watch = Watch(tmp_path, address)
    late = [Finding("airline_delay", name, 70, 60, "min", f"{name} is late") for name in "ABC"]
    watch.store.update(late, NOW_US, telling=True)
    Receiver.meanwhile = lambda: setattr(watch, "is_stopping", True)
    watch.round(0)
    assert [body["subject"] for body in Receiver.bodies] == ["A"]
    watch.is_stopping, Receiver.meanwhile = False, lambda: None
    watch.round(0)
    assert [body["subject"] for body in Receiver.bodies] == ["A", "B", "C"]


def test_a_clock_that_is_put_back_meanwhile_makes_no_message_come_again_and_again(
    tmp_path: Path, address: str
) -> None:
    watch = Watch(tmp_path, address)
    Receiver.answers = [500, 500]

    def put_back() -> None:
        watch.now_us -= 3_600 * SECOND

    Receiver.meanwhile = put_back
    with pytest.raises(RetryableError, match="it answers 500"):
        watch.round(75)
    assert [item.attempts for item in watch.store.untold()] == [1]
