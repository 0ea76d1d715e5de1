"""dbt, run inside this process: silent, offline, and with errors of Airside's own."""

import json
import logging
import os
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from airside.errors import AirsideError, RetryableError, TerminalError
from airside.gold.database import Database

if TYPE_CHECKING:
    from dbt.cli.main import dbtRunner
    from dbt.contracts.graph.manifest import Manifest
    from dbt_common.events.base_types import EventMsg

PROJECT_DIR = Path(__file__).parent / "dbt"
INCREMENTAL = ("--select", "config.materialized:incremental")
"""Arguments that choose the models that take in what is new."""

_QUIET = (
    "--quiet",
    "--no-print",
    "--log-level=none",
    "--log-level-file=none",
    "--no-write-json",
    "--no-use-colors",
    "--no-version-check",
    "--no-send-anonymous-usage-stats",
)
_ONE_AT_A_TIME = threading.Lock()  # dbt keeps its flags and its connection in globals
_NEXT_STEPS = {
    "No space left": "free disk space or memory, then start again",
    "Out of Memory": "free disk space or memory, then start again",
    "could not write": "free disk space or memory, then start again",
    "connection to server": "check that the server runs and lets this machine in, then try again",
    "server closed the connection": "try again",
    "terminating connection": "try again",
    "deadlock detected": "try again",
    "Serializable isolation violation": "try again",
}
"""What a database says of something that may pass → what to do."""


@dataclass(frozen=True, slots=True)
class NodeResult:
    """What became of one model, seed or test."""

    name: str
    status: str
    """`success`, `pass`, `warn`, `fail`, `error` or `skipped`."""
    message: str
    seconds: float


class DbtProcess:
    """The packaged dbt project on one database.

    The first call costs about four seconds (importing dbt, parsing the project); the later ones a
    tenth of a second and what the models take.

    Args:
        database: Where the models are built, in the schema `main`.
        work_dir: Where the profile, parsed project and compiled SQL go; made when missing. The
            project itself is only read.
        variables: The project's `vars`, constant for the life of this object: dbt parses the
            project again when they change.
    """

    def __init__(self, database: Database, work_dir: Path, variables: Mapping[str, object]) -> None:
        self._database = database
        self._work_dir = work_dir.resolve()  # dbt takes a relative path from the project's folder
        self._variables = json.dumps(dict(variables), sort_keys=True)
        self._runner: dbtRunner | None = None
        self.heard: list[tuple[str, str]] = []
        """Each statement of the last command: its model (empty where it is dbt's own) and SQL."""

    def invoke(self, command: str, *arguments: str) -> list[NodeResult]:
        """Run one dbt command.

        Raises:
            AirsideError: dbt could not run, or a model or seed failed; names it and carries the
                database's message. A failing data test is no error, it is in the results.
        """
        with _ONE_AT_A_TIME:
            runner = self._started()
            from dbt.artifacts.schemas.run import RunExecutionResult  # noqa: PLC0415  loaded by now

            self.heard.clear()
            with self._secrets():
                outcome = runner.invoke([command, *self._flags(), *arguments])
        if not isinstance(outcome.result, RunExecutionResult):
            raise _error(f"dbt {command} could not run", str(outcome.exception))
        results = [
            NodeResult(
                name=result.node.name,
                status=str(result.status),
                message=str(result.message or ""),
                seconds=result.execution_time,
            )
            for result in outcome.result.results
        ]
        for result in results:
            if result.status == "error" and command != "test":
                raise failed(result.name, result.message)
        return results

    def close(self) -> None:
        """Let go of the database."""
        if self._runner is None:
            return
        with _ONE_AT_A_TIME:
            self._database.release()
            self._runner = None

    def _started(self) -> "dbtRunner":
        if self._runner is None:
            with _logging_as_it_was():
                from dbt.cli.main import cli, dbtRunner  # noqa: PLC0415  slow; readers do without

            # DBT_EMPTY or DBT_FULL_REFRESH, meant for another project, would do harm here.
            for command in (cli, *cli.commands.values()):
                for parameter in command.params:
                    parameter.envvar = None
            self._write_profile()
            self._runner = dbtRunner(manifest=self._parsed(), callbacks=[self._hear])
        return self._runner

    def _parsed(self) -> "Manifest":
        """The project as dbt reads it."""
        from dbt.cli.main import dbtRunner  # noqa: PLC0415  loaded by now
        from dbt.contracts.graph.manifest import Manifest  # noqa: PLC0415  as above

        with self._secrets():
            parsed = dbtRunner().invoke(["parse", *self._flags()])
        if not isinstance(parsed.result, Manifest):
            raise _error("the dbt project cannot be read", str(parsed.exception))
        return parsed.result

    def _hear(self, event: "EventMsg") -> None:
        if event.info.name == "SQLQuery":
            self.heard.append((event.data.node_info.node_name, event.data.sql))

    def _flags(self) -> tuple[str, ...]:
        return (
            *_QUIET,
            f"--project-dir={PROJECT_DIR}",
            f"--profiles-dir={self._work_dir}",
            f"--target-path={self._work_dir / 'target'}",
            f"--log-path={self._work_dir / 'logs'}",
            f"--vars={self._variables}",
        )

    @contextmanager
    def _secrets(self) -> Iterator[None]:
        """Lend dbt the secrets by its environment: no file holds them, and its logs hide them."""
        secrets = self._database.secrets
        os.environ.update(secrets)
        try:
            yield
        finally:
            for name in secrets:
                os.environ.pop(name, None)

    def _write_profile(self) -> None:
        output = {**self._database.profile, "schema": "main", "threads": 1}
        profile = {"airside": {"target": "warehouse", "outputs": {"warehouse": output}}}
        try:
            self._work_dir.mkdir(parents=True, exist_ok=True)
            # JSON is YAML
            (self._work_dir / "profiles.yml").write_text(json.dumps(profile, indent=2))
        except OSError as error:
            raise RetryableError(
                f"gold: {self._work_dir} cannot be written ({error.strerror}); check its "
                "permissions and the free space, then start again"
            ) from error


@contextmanager
def _logging_as_it_was() -> Iterator[None]:
    """One of dbt's dependencies calls `logging.basicConfig()` when it is imported."""
    root = logging.getLogger()
    handlers = root.handlers[:]
    try:
        yield
    finally:
        root.handlers[:] = handlers


def failed(model: str, message: str) -> AirsideError:
    """What to say where a model failed with a database's message."""
    return _error(f"the model {model} failed", message)


def _error(what: str, message: str) -> AirsideError:
    text = " ".join(message.split())
    for mark, next_step in _NEXT_STEPS.items():
        if mark in message:
            return RetryableError(f"gold: {what}: {text}; {next_step}")
    return TerminalError(f"gold: {what}: {text}")
