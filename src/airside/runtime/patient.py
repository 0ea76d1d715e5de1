"""What the doctor looks at, and what is found."""

import shlex
from collections.abc import Callable
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

from airside.ledger import Ledger
from airside.runtime.accounting import Accounting, account
from airside.runtime.data_dir import DataDir
from airside.runtime.readers import open_reader
from airside.runtime.streams import open_for_looking
from airside.stream import Stream
from airside.warehouse import Reader, RemoteReader

State = Literal["ok", "warning", "stopped"]


@dataclass(frozen=True, slots=True)
class Finding:
    """What one stage looks like."""

    stage: str
    state: State
    """`stopped`: data does not get past this stage."""
    finding: str
    """What was seen, with the figures."""
    cause: str | None = None
    """The likely cause, where something is wrong."""
    next_step: str | None = None
    """The command to run, or the thing to do, next."""


@dataclass
class Patient:
    """What the checks look at; each part is opened when a check first needs it."""

    data_dir: DataDir
    clock: Callable[[], int]
    stack: ExitStack = field(default_factory=ExitStack)

    @cached_property
    def stream(self) -> Stream:
        """Where the records wait."""
        return self.stack.enter_context(closing(open_for_looking(self.data_dir, self.clock)))

    @cached_property
    def ledger(self) -> Ledger:
        """How far each stage has come, and what failed."""
        return self.stack.enter_context(closing(Ledger(self.data_dir.ledger, clock=self.clock)))

    @cached_property
    def reader(self) -> Reader:
        """The warehouse."""
        return self.stack.enter_context(open_reader(self.data_dir))

    @cached_property
    def account(self) -> Accounting:
        """What became of every record."""
        return account(self.stream, self.ledger, self.reader, clock=self.clock)

    @cached_property
    def is_running(self) -> bool:
        """Whether a pipeline runs on the directory and answers."""
        return RemoteReader.connect(self.data_dir.socket) is not None

    def command(self, words: str) -> str:
        """A command as the user can paste it."""
        return f"airside {words} --data-dir {shlex.quote(str(self.data_dir.root))}"
