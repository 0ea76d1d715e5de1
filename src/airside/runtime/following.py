"""Reads a data directory for as long as it takes, whoever owns its warehouse meanwhile."""

import threading
from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa

from airside.errors import RetryableError
from airside.runtime.data_dir import DataDir
from airside.runtime.readers import open_reader
from airside.warehouse import RemoteReader

_MAX_ANSWERS = 64


class FollowingReader:
    """Asks the pipeline that runs on a directory; while none does, opens the file for a question.

    DuckDB's file belongs to one process, so it is never held open: a pipeline must be able to start
    at any time. And while the file does not change, the same question is not asked of it again.
    """

    def __init__(self, data_dir: DataDir) -> None:
        self._data_dir = data_dir
        self._lock = threading.Lock()
        self._state: tuple[int, ...] = ()
        self._answers: OrderedDict[tuple[str, tuple[object, ...]], pa.Table] = OrderedDict()

    def query(self, sql: str, parameters: Sequence[object] = ()) -> pa.Table:
        """Ask; see `Reader.query`."""
        remote = RemoteReader.connect(self._data_dir.socket)
        if remote is not None:
            try:
                return remote.query(sql, parameters)
            except RetryableError:
                pass  # it has stopped since; the file can be opened in a moment
        return self._at_rest(sql, tuple(parameters))

    def _at_rest(self, sql: str, parameters: tuple[object, ...]) -> pa.Table:
        question = (sql, parameters)
        with self._lock:
            state = _state(self._data_dir.warehouse)
            if state != self._state:
                self._answers.clear()
                self._state = state
            if question in self._answers:
                self._answers.move_to_end(question)
                return self._answers[question]
            with open_reader(self._data_dir) as reader:
                answer = reader.query(sql, parameters)
            self._answers[question] = answer
            while len(self._answers) > _MAX_ANSWERS:
                self._answers.popitem(last=False)
            return answer


def _state(path: Path) -> tuple[int, ...]:
    """What changes when the file does."""
    state: list[int] = []
    for file in (path, path.with_name(path.name + ".wal")):
        try:
            found = file.stat()
        except FileNotFoundError:
            state += (0, 0)
        else:
            state += (found.st_mtime_ns, found.st_size)
    return tuple(state)
