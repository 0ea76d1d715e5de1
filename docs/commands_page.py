"""Writes `docs/commands.md` from the commands' own help: `python docs/commands_page.py`."""

from collections.abc import Iterator
from pathlib import Path

import click

from airside.cli.app import app

PAGE = Path(__file__).with_name("commands.md")
_WIDTH = 88

HEAD = """\
# Commands

<!-- Written by `python docs/commands_page.py`; do not edit it by hand. -->

Each takes `--help`. Facts go to stdout, where `--json` prints them for programs; everything else,
such as what was done, goes to stderr. A pipeline may run on the data directory meanwhile: the
commands that ask then ask it, and the answer is the same.

| exit code | means | do |
|---|---|---|
| 0 | done | |
| 1 | data stops, an account does not balance, a record was left out, an error lasts | as it says |
| 2 | the call is wrong: an argument, a setting, a directory of something else | correct it |
| 65 | stored data is damaged | restore or rebuild it: see [operating](operating.md) |
| 75 | not now: a full disk, another process on the directory | try again later |
| 130, 141 | Ctrl-C; whoever read the output has gone | |
"""


def commands() -> Iterator[tuple[str, click.Command, click.Context]]:
    """Every command's full name, itself, and a context to ask for its help."""
    root = click.Context(
        app, info_name="airside", terminal_width=_WIDTH, help_option_names=["-h", "--help"]
    )
    yield from _below(app, root)


def page() -> str:
    """The whole page."""
    parts = [HEAD]
    for name, command, context in commands():
        level = "##" if name.count(" ") < 2 else "###"
        if name != "airside":
            parts.append(f"{level} `{name}`\n")
        parts.append(f"```text\n{command.get_help(context)}\n```\n")
    return "\n".join(parts)


def _below(
    command: click.Command, context: click.Context
) -> Iterator[tuple[str, click.Command, click.Context]]:
    yield context.command_path, command, context
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            found = command.get_command(context, name)
            if found is not None:
                inner = click.Context(found, info_name=name, parent=context)
                inner.terminal_width = _WIDTH
                yield from _below(found, inner)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
