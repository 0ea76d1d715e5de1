"""Every command helps, with an example; and the page of all commands is as they are."""

import runpy
from pathlib import Path
from typing import Any

import click
import pytest

ROOT = Path(__file__).parents[3]
SCRIPT: dict[str, Any] = runpy.run_path(str(ROOT / "docs" / "commands_page.py"))
COMMANDS: dict[str, click.Command] = {name: found for name, found, _ in SCRIPT["commands"]()}
HELP = {name: found.get_help(context) for name, found, context in SCRIPT["commands"]()}
PRINT_FACTS = (
    "report",
    "status",
    "sql",
    "quarantine list",
    "quarantine show",
    "doctor",
    "config",
)


def test_the_page_is_as_the_commands_are() -> None:
    written = (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")
    assert written == SCRIPT["page"](), (
        "docs/commands.md is stale: run `python docs/commands_page.py`"
    )


def test_the_designed_commands_are_all_there() -> None:
    designed = (
        "up simulate replay ingest run report status quarantine backfill compact doctor sql config"
    )
    assert {f"airside {name}" for name in designed.split()} <= set(COMMANDS)


@pytest.mark.parametrize("name", [name for name in COMMANDS if name != "airside"])
def test_a_command_shows_how_it_is_called(name: str) -> None:
    assert f"\n    {name}" in HELP[name], "no example"
    for parameter in COMMANDS[name].params:
        if isinstance(parameter, click.Option):
            assert parameter.help, f"{parameter.opts} says nothing"


@pytest.mark.parametrize("name", PRINT_FACTS)
def test_what_prints_facts_prints_them_for_programs_too(name: str) -> None:
    options = [
        option for parameter in COMMANDS[f"airside {name}"].params for option in parameter.opts
    ]
    assert "--json" in options


def test_the_first_help_is_of_every_command() -> None:
    page = SCRIPT["page"]()
    overview = page.split("```")[1]
    for name in COMMANDS:
        if name.count(" ") == 1:
            assert f"\n  {name.removeprefix('airside ')} " in overview
