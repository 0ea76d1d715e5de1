"""The socket: who may ask, and what neither hurry nor garbage nor silence can break."""

import errno
import json
import logging
import os
import socket
import stat
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from airside.errors import (
    AirsideError,
    CorruptDataError,
    RetryableError,
    TerminalError,
    UsageError,
)
from airside.stream import RecordTooLargeError
from airside.warehouse import QueryServer, RemoteReader

ANSWER = pa.table({"one": [1]})


class Oracle:
    """Answers as it is told."""

    def __init__(
        self, answer: Callable[[], pa.Table | pa.RecordBatchReader] = lambda: ANSWER
    ) -> None:
        self.asked: list[tuple[str, list[object]]] = []
        self.answer = answer
        self.left = threading.Event()
        """Set when nobody reads an answer any more."""

    def query(self, sql: str, parameters: Sequence[object] = ()) -> pa.Table:
        with self.stream(sql, parameters) as rows:
            return rows.read_all()

    @contextmanager
    def stream(self, sql: str, parameters: Sequence[object] = ()) -> Iterator[pa.RecordBatchReader]:
        self.asked.append((sql, list(parameters)))
        answer = self.answer()
        try:
            yield answer.to_reader() if isinstance(answer, pa.Table) else answer
        finally:
            self.left.set()


@contextmanager
def serving(path: Path, reader: Oracle, **options: int) -> Iterator[RemoteReader]:
    server = QueryServer(path, reader, **options)
    try:
        yield RemoteReader(path)
    finally:
        server.close()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "airside.sock"


def raw(path: Path) -> socket.socket:
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.connect(str(path))
    return connection


def test_a_question_arrives_with_its_parameters(path: Path) -> None:
    oracle = Oracle()
    with serving(path, oracle) as reader:
        assert reader.query("SELECT ?, 'zürich\n'", [1, "x", None, 2.5, True]) == ANSWER
    assert oracle.asked == [("SELECT ?, 'zürich\n'", [1, "x", None, 2.5, True])]


def test_only_its_user_may_ask(path: Path) -> None:
    before = os.umask(0)
    try:
        with serving(path, Oracle()):
            assert stat.S_IMODE(path.stat().st_mode) == 0o600
            assert os.umask(0) == 0  # the process's own is as it was
    finally:
        os.umask(before)


def test_a_path_longer_than_the_kernel_takes(tmp_path: Path) -> None:
    folder = tmp_path / ("deep" * 20) / ("deeper" * 20)
    folder.mkdir(parents=True)
    path = folder / "airside.sock"
    with serving(path, Oracle()) as reader:
        assert RemoteReader.connect(path) is not None
        assert reader.query("SELECT 1") == ANSWER
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert not path.exists()
    assert RemoteReader.connect(path) is None


def test_a_socket_that_a_crash_left_behind_is_replaced(path: Path) -> None:
    left = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    left.bind(str(path))
    left.close()
    assert RemoteReader.connect(path) is None
    with serving(path, Oracle()) as reader:
        assert reader.query("SELECT 1") == ANSWER


@pytest.mark.parametrize("obstacle", ["folder", "missing"])
def test_where_no_socket_can_be_made(tmp_path: Path, obstacle: str) -> None:
    path = tmp_path / "airside.sock" if obstacle == "folder" else tmp_path / "gone" / "airside.sock"
    if obstacle == "folder":
        (path / "inside").mkdir(parents=True)
    with pytest.raises(TerminalError, match=r"airside\.sock: no socket can be made here"):
        QueryServer(path, Oracle())


@pytest.mark.parametrize("what", ["nothing", "file", "folder"])
def test_nobody_listens(path: Path, what: str) -> None:
    if what == "file":
        path.write_text("")
    if what == "folder":
        path.mkdir()
    assert RemoteReader.connect(path) is None
    with pytest.raises(RetryableError, match=r"stopped answering on .*airside\.sock .*ask again"):
        RemoteReader(path).query("SELECT 1")


def test_when_it_closes_nobody_is_there(path: Path) -> None:
    with serving(path, Oracle()) as reader:
        assert RemoteReader.connect(path) is not None
    assert not path.exists()
    assert RemoteReader.connect(path) is None
    with pytest.raises(RetryableError, match="ask again"):
        reader.query("SELECT 1")


def test_many_ask_at_once(path: Path) -> None:
    together = threading.Barrier(60)
    answers: list[object] = []

    def ask(reader: RemoteReader) -> None:
        together.wait()
        try:
            answers.append(reader.query("SELECT 1"))
        except AirsideError as error:
            answers.append(error)

    with serving(path, Oracle(), max_clients=2) as reader:
        threads = [threading.Thread(target=ask, args=(reader,)) for _ in range(60)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert answers == [ANSWER] * 60


@pytest.fixture
def queue(monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """Set when a client has to wait for a slot."""
    waiting = threading.Event()

    class Slots(threading.Semaphore):
        def acquire(self, *args: Any, **kwargs: Any) -> bool:
            if self._value == 0:
                waiting.set()
            return super().acquire(*args, **kwargs)

    monkeypatch.setattr("airside.warehouse.socket.threading.Semaphore", Slots)
    return waiting


def test_no_more_are_answered_at_once_than_allowed(path: Path, queue: threading.Event) -> None:
    inside = threading.Barrier(3)
    may_go = threading.Event()
    oracle = Oracle()

    def answer() -> pa.Table:
        if len(oracle.asked) <= 2:
            inside.wait()
        may_go.wait()
        return ANSWER

    oracle.answer = answer
    with serving(path, oracle, max_clients=2) as reader:
        threads = [threading.Thread(target=reader.query, args=("SELECT 1",)) for _ in range(4)]
        for thread in threads:
            thread.start()
        inside.wait()
        assert queue.wait(timeout=30)
        assert len(oracle.asked) == 2
        may_go.set()
        for thread in threads:
            thread.join()
    assert len(oracle.asked) == 4


def test_a_silent_client_holds_up_nobody(path: Path) -> None:
    with serving(path, Oracle()) as reader, raw(path), raw(path):
        assert reader.query("SELECT 1") == ANSWER


def test_closing_does_not_wait_for_silent_clients(path: Path, queue: threading.Event) -> None:
    server = QueryServer(path, Oracle(), max_clients=2)
    silent = [raw(path) for _ in range(5)]  # every slot is taken, three wait for one
    assert queue.wait(timeout=30)
    closed = threading.Thread(target=server.close, daemon=True)
    closed.start()
    closed.join(timeout=30)
    assert not closed.is_alive()
    assert RemoteReader.connect(path) is None
    for connection in silent:
        connection.close()


def half_a_question(path: Path) -> None:
    with raw(path) as connection:
        connection.sendall(b'{"sql": "SELE')


def no_question(path: Path) -> None:
    raw(path).close()


QUESTION = b'{"version": 2, "sql": "SELECT 1", "parameters": []}\n'


def gone_before_the_answer(path: Path) -> None:
    with raw(path) as connection:
        connection.sendall(QUESTION)


def gone_in_the_middle_of_the_answer(path: Path) -> None:
    with raw(path) as connection:
        connection.sendall(QUESTION)
        connection.recv(10)


@pytest.mark.parametrize(
    "vanish",
    [no_question, half_a_question, gone_before_the_answer, gone_in_the_middle_of_the_answer],
)
def test_a_client_that_vanishes_costs_only_its_own_answer(
    path: Path, vanish: Callable[[Path], None]
) -> None:
    large = pa.table({"x": list(range(2_000_000))})  # more than a socket holds
    with serving(path, Oracle(lambda: large), max_clients=2) as reader:
        for _ in range(4):  # more than there are slots: each must come back
            vanish(path)
        assert reader.query("SELECT 1") == large


@pytest.mark.parametrize(
    "request_line",
    [
        b"\n",
        b"SELECT 1\n",
        b"{}\n",
        b"[]\n",
        b"null\n",
        b'"SELECT 1"\n',
        b'{"sql": 1, "parameters": []}\n',
        b'{"sql": "SELECT 1", "parameters": {}}\n',
        b'{"sql": "SELECT 1"}\n',
        b'{"sql": ["SELECT 1"], "parameters": []}\n',
        b"\xff\xfe\x00\n",
        b"[" * 200_000 + b"\n",
        b"x" * 3_000_000,
        b'{"sql": "' + b"x" * 1_100_000 + b'", "parameters": []}\n',
    ],
    ids=lambda line: line[:20],
)
def test_garbage_is_refused_and_the_next_is_answered(path: Path, request_line: bytes) -> None:
    oracle = Oracle()
    with serving(path, oracle, max_clients=1) as reader:
        with raw(path) as connection, connection.makefile("rb") as answer:
            try:
                connection.sendall(request_line)
                reply = json.loads(answer.readline())
            except (BrokenPipeError, ConnectionResetError):
                assert len(request_line) > 1_000_000  # it has read enough, and hung up
            else:
                assert reply["error"] == "UsageError"
                assert "request cannot be read" in reply["message"] or "bytes" in reply["message"]
        assert oracle.asked == []
        assert reader.query("SELECT 1") == ANSWER


def test_a_question_that_is_too_long_says_so(path: Path) -> None:
    oracle = Oracle()
    with serving(path, oracle) as reader:
        longest = "x" * (1024 * 1024 - len('{"version": 2, "sql": "", "parameters": []}\n'))
        assert reader.query(longest) == ANSWER
        with pytest.raises(UsageError, match=r"has 1,048,577 bytes or more; at most 1,048,576"):
            reader.query(longest + "x")
    assert [sql for sql, _ in oracle.asked] == [longest]


@pytest.mark.parametrize("value", [b"bytes", object(), {1, 2}])
def test_a_parameter_that_cannot_be_sent_says_so(path: Path, value: object) -> None:
    with pytest.raises(UsageError, match="parameters are text, numbers, booleans or None"):
        RemoteReader(path).query("SELECT ?", [value])


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (UsageError("u"), UsageError),
        (RetryableError("r"), RetryableError),
        (CorruptDataError("c"), CorruptDataError),
        (TerminalError("t"), TerminalError),
        (AirsideError("a"), TerminalError),
        (RecordTooLargeError(1, 2), UsageError),
        (ZeroDivisionError("a defect"), TerminalError),
        (RecursionError("a defect"), TerminalError),
    ],
)
def test_an_error_is_of_the_same_kind_and_text_on_the_other_side(
    path: Path, error: Exception, kind: type[AirsideError]
) -> None:
    def fail() -> pa.Table:
        raise error

    with serving(path, Oracle(fail)) as reader:
        with pytest.raises(kind) as raised:
            reader.query("SELECT 1")
        assert type(raised.value) is kind
        assert str(raised.value) == (str(error) if isinstance(error, AirsideError) else repr(error))


def batches(count: int, *, then: Exception | None = None) -> pa.RecordBatchReader:
    """An answer of batches of a megabyte that are made when they are asked for."""
    schema = pa.schema([("x", pa.binary())])

    def made() -> Iterator[pa.RecordBatch]:
        for number in range(count):
            yield pa.record_batch([pa.array([bytes([number % 256]) * 1_000_000])], schema=schema)
        if then is not None:
            raise then

    return pa.RecordBatchReader.from_batches(schema, made())


def test_whoever_answers_holds_a_batch_at_a_time(path: Path) -> None:
    before = pa.total_allocated_bytes()
    most = 0
    with (
        serving(path, Oracle(lambda: batches(64))) as reader,
        reader.stream("SELECT 1") as rows,
    ):
        for batch in rows:
            assert batch.nbytes > 1_000_000
            most = max(most, pa.total_allocated_bytes() - before)
    assert most < 8_000_000


def test_what_nobody_reads_is_not_looked_for(path: Path) -> None:
    found = 0

    def counted() -> Iterator[pa.RecordBatch]:
        nonlocal found
        for batch in batches(1_000):
            found += 1
            yield batch

    oracle = Oracle(lambda: pa.RecordBatchReader.from_batches(batches(0).schema, counted()))
    with serving(path, oracle) as reader:
        with reader.stream("SELECT 1") as rows:
            assert rows.read_next_batch().num_rows == 1
        assert oracle.left.wait(timeout=30)
    assert found < 20


@pytest.mark.parametrize("count", [0, 1, 3])
@pytest.mark.parametrize(
    "error", [UsageError("row 7 is no number"), RetryableError("no memory is left")]
)
def test_an_error_in_the_middle_of_an_answer_is_one(
    path: Path, count: int, error: AirsideError
) -> None:
    with serving(path, Oracle(lambda: batches(count, then=error)), max_clients=1) as reader:
        for _ in range(2):  # the slot comes back
            with pytest.raises(type(error), match=str(error)):
                reader.query("SELECT 1")


def test_closing_does_not_wait_for_a_client_that_does_not_take_its_answer(path: Path) -> None:
    oracle = Oracle(lambda: batches(1_000))
    server = QueryServer(path, oracle)
    with RemoteReader(path).stream("SELECT 1") as rows:
        rows.read_next_batch()
        server.close()
        assert oracle.left.wait(timeout=30)  # and the warehouse could be closed
        with pytest.raises(RetryableError, match="stopped answering"):
            rows.read_all()


def stream_of(table: pa.Table, *, batches: int, end: bool) -> bytes:
    sink = pa.BufferOutputStream()
    writer = pa.ipc.new_stream(sink, table.schema)
    for batch in table.to_batches(max_chunksize=1)[:batches]:
        writer.write_batch(batch)
    if end:
        writer.close()
    return bytes(sink.getvalue())


THREE = pa.table({"x": [1, 2, 3]})
HEAD = b'{"version": 2, "answer": "arrow"}\n'


@contextmanager
def replying(path: Path, reply: bytes) -> Iterator[RemoteReader]:
    """Somebody listens who gives one reply, whatever the question."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        listener.bind(str(path))
        listener.listen()

        def answer() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(1000)
                connection.sendall(reply)

        thread = threading.Thread(target=answer)
        thread.start()
        yield RemoteReader(path)
        thread.join()


@pytest.mark.parametrize(
    "reply",
    [
        b"",
        b"7\n",
        b"\n",
        b"hello\n",
        HEAD,
        HEAD + stream_of(THREE, batches=3, end=True)[:-60],
        HEAD + stream_of(THREE, batches=2, end=False),
        HEAD + stream_of(THREE, batches=3, end=True),
        HEAD + stream_of(THREE, batches=3, end=True) + b'{"row',
        HEAD + stream_of(THREE, batches=2, end=True) + b'{"rows": 3}\n',
        HEAD + b"\x00" * 100,
    ],
)
def test_an_answer_cut_off_never_passes_for_one(path: Path, reply: bytes) -> None:
    """The pipeline is killed while it answers."""
    with (
        replying(path, reply) as reader,
        pytest.raises(RetryableError, match=r"stopped answering on .*; ask again"),
    ):
        reader.query("SELECT 1")


@pytest.mark.parametrize(
    "reply",
    [
        b'{"rows": 3}\n' + stream_of(THREE, batches=3, end=True),
        b'{"rows": 0}\n' + stream_of(THREE, batches=0, end=True),
        b'{"answer": "arrow"}\n' + stream_of(THREE, batches=3, end=True) + b'{"rows": 3}\n',
        b'{"version": 3, "answer": "another"}\n',
    ],
)
def test_a_pipeline_of_another_version_is_to_be_restarted(path: Path, reply: bytes) -> None:
    """After an upgrade it still runs the old code: asking again would never help."""
    with replying(path, reply) as reader, pytest.raises(TerminalError) as raised:
        reader.query("SELECT 1")
    assert str(raised.value).endswith("airside.sock runs another version of Airside; restart it")


@pytest.mark.parametrize("kind", ["failed", "ErrorOfTomorrow"])
def test_an_error_of_another_versions_kind_is_told_all_the_same(path: Path, kind: str) -> None:
    reply = json.dumps({"error": kind, "message": "no table x"}).encode() + b"\n"
    with replying(path, reply) as reader, pytest.raises(TerminalError, match=r"^no table x$"):
        reader.query("SELECT 1")


@pytest.mark.parametrize(
    "question",
    [
        b'{"sql": "SELECT 1", "parameters": []}\n',
        b'{"version": 3, "sql": "SELECT 1", "parameters": [], "more": true}\n',
    ],
)
def test_a_question_of_another_version_is_refused_so_that_it_shows(
    path: Path, question: bytes
) -> None:
    oracle = Oracle()
    with serving(path, oracle) as reader:
        with raw(path) as connection, connection.makefile("rb") as answer:
            connection.sendall(question)
            reply = json.loads(answer.readline())
        assert reply["error"] == "TerminalError"
        assert "restart whichever was started before the upgrade" in reply["message"]
        assert oracle.asked == []
        assert reader.query("SELECT 1") == ANSWER


def test_a_pipeline_that_hangs_is_not_waited_for_for_ever(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("airside.warehouse.socket._TIMEOUT_SECONDS", 0.05)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        listener.bind(str(path))
        listener.listen()
        with pytest.raises(RetryableError, match="has not answered within 0 seconds"):
            RemoteReader(path).query("SELECT 1")


@pytest.fixture
def warnings(caplog: pytest.LogCaptureFixture) -> Callable[[], list[str]]:
    caplog.set_level(logging.WARNING)
    return lambda: [record.getMessage() for record in caplog.records]


@pytest.mark.parametrize("number", [errno.EMFILE, errno.ENFILE, errno.ECONNABORTED])
def test_what_passes_does_not_end_the_listening(
    path: Path,
    monkeypatch: pytest.MonkeyPatch,
    warnings: Callable[[], list[str]],
    number: int,
) -> None:
    troubles = [OSError(number, os.strerror(number)) for _ in range(3)]
    accept = socket.socket.accept

    def troubled(listener: socket.socket) -> Any:
        if troubles:
            raise troubles.pop()
        return accept(listener)

    monkeypatch.setattr(socket.socket, "accept", troubled)
    with serving(path, Oracle()) as reader:
        assert reader.query("SELECT 1") == ANSWER
    assert not troubles
    (told,) = warnings()
    assert os.strerror(number) in told


def test_a_thread_that_cannot_be_had_costs_one_answer(
    path: Path, monkeypatch: pytest.MonkeyPatch, warnings: Callable[[], list[str]]
) -> None:
    left = 3

    class Threads(threading.Thread):
        def start(self) -> None:
            nonlocal left
            if self.name != "query-server" and left:
                left -= 1
                raise RuntimeError("can't start new thread")
            super().start()

    monkeypatch.setattr("airside.warehouse.socket.threading.Thread", Threads)
    with serving(path, Oracle(), max_clients=1) as reader:
        for _ in range(3):
            with pytest.raises(RetryableError, match="stopped answering"):
                reader.query("SELECT 1")
        assert reader.query("SELECT 1") == ANSWER
    (told,) = warnings()
    assert "can't start new thread" in told


def test_closing_while_a_trouble_lasts(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    met = threading.Event()

    def troubled(_listener: socket.socket) -> Any:
        met.set()
        raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))

    monkeypatch.setattr(socket.socket, "accept", troubled)
    monkeypatch.setattr("airside.warehouse.socket._PAUSE_SECONDS", 3_600)
    server = QueryServer(path, Oracle())
    assert met.wait(timeout=30)
    closed = threading.Thread(target=server.close, daemon=True)
    closed.start()
    closed.join(timeout=30)
    assert not closed.is_alive()
