"""Options that several commands share."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args

import click

from airside.runtime.data_dir import DataDir
from airside.settings import MessPreset, Settings, load

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


class Duration(click.ParamType[float]):
    """A length of time such as `30s`, `5m` or `1h`, in seconds."""

    name = "duration"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """Read the text."""
        if isinstance(value, float):
            return value
        match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)?", str(value))
        if not match or float(match[1]) == 0:
            self.fail(f"{value!r} is not a length of time; write 30s, 5m or 1h", param, ctx)
        return float(match[1]) * _UNITS[match[2] or "s"]


class Speed(click.ParamType[float]):
    """A factor of the source's clock to real time.

    Args:
        may_be_max: Whether `max`, as fast as it goes, is one; it is 0 then.
    """

    name = "speed"

    def __init__(self, *, may_be_max: bool = True) -> None:
        self._may_be_max = may_be_max

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """Read the text."""
        if isinstance(value, float):
            return value
        if value == "max" and self._may_be_max:
            return 0.0
        try:
            speed = float(str(value).removesuffix("x").removesuffix("×"))
        except ValueError:
            speed = -1
        if not 0 < speed < float("inf"):
            expected = "a factor such as 60, or max" if self._may_be_max else "a factor such as 60"
            self.fail(f"{value!r} is not a speed; write {expected}", param, ctx)
        return speed


data_dir_option = click.option(
    "--data-dir",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="Where everything is kept.  [default: ./airside-data, or AIRSIDE_DATA_DIR]",
)
warehouse_option = click.option(
    "--warehouse",
    "warehouse_url",
    metavar="URL",
    help="A warehouse on a server: postgresql://… or redshift://…; AIRSIDE_WAREHOUSE__URL keeps a "
    "password out of the process list.",
)
lake_option = click.option(
    "--lake",
    "lake_url",
    metavar="URL",
    help="Where the files go: s3://bucket/prefix, or a folder; a directory remembers it.  "
    "[default: the data directory]",
)
stream_option = click.option(
    "--stream",
    metavar="URL",
    help="kinesis://NAME, a Kinesis data stream, instead of the embedded one.  [default: what "
    "the data directory is fed from, or AIRSIDE_STREAM__URL]",
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


def simulator_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that say what is simulated."""
    for option in reversed(
        [
            click.option("--airport", metavar="IATA", help="The hub.  [default: AMD]"),
            click.option(
                "--flights",
                type=click.IntRange(2, 1_000_000),
                metavar="N",
                help="Flights a day.  [default: 600]",
            ),
            click.option(
                "--seed",
                type=click.IntRange(min=0),
                metavar="N",
                help="The same seed gives the same bytes.  [default: 1]",
            ),
            click.option(
                "--mess",
                type=click.Choice(get_args(MessPreset)),
                help="How dirty the records are.  [default: typical]",
            ),
        ]
    ):
        command = option(command)
    return command


def dashboard_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that say where the dashboard is served, and to whom."""
    for option in reversed(
        [
            click.option("--host", help="Address of the dashboard.  [default: 127.0.0.1]"),
            click.option(
                "--port",
                type=click.IntRange(0, 65535),
                help="Port of the dashboard; 0 takes a free one.  [default: 8080]",
            ),
            click.option(
                "--token",
                help="Secret that the dashboard asks for; AIRSIDE_DASHBOARD__TOKEN keeps it out of "
                "the process list.",
            ),
        ]
    ):
        command = option(command)
    return command


def effective(data_dir: Path | None, **overrides: object) -> tuple[DataDir, Settings]:
    """Put the settings together from everything the user gave.

    Args:
        data_dir: As given on the command line, or None.
        overrides: Setting → value; `section__name` for a setting in a section. None is not given.
    """
    named = {name.replace("__", "."): value for name, value in overrides.items()}
    settings = load({"data_dir": data_dir, **named}).settings
    return DataDir(settings.data_dir), settings
