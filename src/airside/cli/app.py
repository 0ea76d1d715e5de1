"""The command `airside` and how its errors look."""

import contextlib
import difflib
import errno
import importlib
import os
import sys
from collections.abc import Sequence
from typing import Any

import click

from airside import __version__
from airside.errors import AirsideError, RetryableError

_COMMANDS = {
    "up": ("up", "Simulator, pipeline and dashboard: everything, with one command."),
    "simulate": ("sources", "Simulate an airport, to the stream, a file or stdout."),
    "replay": ("sources", "Play recorded flights onto the stream."),
    "ingest": ("sources", "Put the lines of a file on the stream, verbatim."),
    "run": ("pipeline", "The pipeline alone, without a view."),
    "dashboard": ("dashboard", "The dashboard and its API alone, on existing data."),
    "report": ("answers", "The three answers."),
    "status": ("answers", "The accounting of every record."),
    "sql": ("answers", "Ask the warehouse a question."),
    "quarantine": ("quarantine", "Look at records that were refused, and send them again."),
    "refresh": ("refresh", "Load a warehouse on PostgreSQL or Redshift from the lake."),
    "backfill": ("operate", "Rebuild silver and gold from the archive."),
    "spark": ("spark", "The transform on Spark, over a whole archive."),
    "compact": ("operate", "Merge small files of past hours."),
    "doctor": ("operate", "Where does the data stop, and why?"),
    "config": ("operate", "Effective settings, and where each comes from."),
}
"""Command → its module in this package and its one-line help. Modules load when they are needed,
so that `airside --help` does not wait for a database."""

_INTERRUPTED = 130
_CLOSED_PIPE = 141
"""As a shell says that SIGINT, or SIGPIPE, ended a command."""
_FULL = (errno.ENOSPC, errno.EDQUOT)


class _OutputClosedError(Exception):
    """Whoever read our output has gone."""


class _LazyGroup(click.Group):
    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except BrokenPipeError as error:  # click would end the process with exit code 1
            raise _OutputClosedError from error

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's signature
        if cmd_name not in _COMMANDS:
            return None
        module = importlib.import_module(f"airside.cli.{_COMMANDS[cmd_name][0]}")
        command: click.Command = getattr(module, cmd_name)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args[0] not in _COMMANDS and not args[0].startswith("-"):
            near = difflib.get_close_matches(args[0], _COMMANDS, n=1)
            hint = f"Did you mean '{near[0]}'?" if near else "See 'airside --help'."
            ctx.fail(f"No such command '{args[0]}'. {hint}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click's signature
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in _COMMANDS.items()])


@click.group(cls=_LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="airside")
def app() -> None:
    """Real-time airport operations analytics.

    Messy flight events go in; trustworthy answers come out, a second later.

    \b
    Start with:
      airside up
    """


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and end the process: an error is one line, never a trace.

    What it writes is for its user alone, whatever the shell's umask would have let others read.
    """
    umask = os.umask(0o077)
    os.umask(umask | 0o077)
    try:
        code = _run(arguments)
        if sys.stdout is not None:  # closed by the caller, as `>&-` does
            sys.stdout.flush()
    except (_OutputClosedError, BrokenPipeError):
        _silence_stdout()
        code = _CLOSED_PIPE
    except OSError as error:
        _silence_stdout()
        click.echo(f"Error: {_described(error)}", err=True)
        code = RetryableError.exit_code if error.errno in _FULL else 1
    finally:
        os.umask(umask)
    sys.exit(code)


def _run(arguments: Sequence[str] | None) -> int:
    try:
        result: Any = app.main(args=arguments, prog_name="airside", standalone_mode=False)
    except click.exceptions.Abort:
        click.echo("Stopped.", err=True)
        return _INTERRUPTED
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except AirsideError as error:
        click.echo(f"Error: {error}", err=True)
        return error.exit_code
    return result if isinstance(result, int) else 0


def _described(error: OSError) -> str:
    text = error.strerror or str(error)
    return f"{error.filename}: {text}" if error.filename else f"{text}, while writing the output"


def _silence_stdout() -> None:
    """Spare the user a second complaint, from the interpreter when it ends."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
