"""Writes `docs/settings.md` from the settings' own definitions: `python docs/settings_page.py`."""  # noqa: INP001 - a script

from pathlib import Path
from typing import Any, get_args, get_origin

from annotated_types import Ge, Gt, Le
from pydantic.fields import FieldInfo

from airside.settings import Settings, environment_variable

PAGE = Path(__file__).with_name("settings.md")

HEAD = """\
# Settings

<!-- Written by `python docs/settings_page.py`; do not edit it by hand. -->

A value comes from, in rising order:

1. the default below
2. `airside.toml` in the working directory, or the file that `AIRSIDE_CONFIG` names
3. the environment; an empty variable is not set
4. the command line, where the command has an option for it

`airside config` prints the effective values and where each comes from. A name that is not below is
an error, wherever it stands, and so is a value that is not allowed.

```toml
# airside.toml
data_dir = "/var/lib/airside"

[silver]
window_seconds = 60

[simulator.mess_rates]
duplicates = 0.1
```
"""


def page() -> str:
    """The whole page."""
    parts = [HEAD, _table("", {"data_dir": Settings.model_fields["data_dir"]})]
    for name, info in Settings.model_fields.items():
        section: Any = info.annotation
        if hasattr(section, "model_fields"):
            parts += [
                f"## `[{name}]`\n\n{section.__doc__}\n",
                _table(f"{name}.", section.model_fields),
            ]
    return "\n".join(parts)


def _table(prefix: str, fields: dict[str, FieldInfo]) -> str:
    rows = ["| setting | default | allowed | what it does | environment |", "|---|---|---|---|---|"]
    for key, info in fields.items():
        name = prefix + key
        default = info.get_default(call_default_factory=True, validated_data={})
        rows.append(
            f"| `{name}` | `{default}` | {_allowed(info)} | {info.description} |"
            f" `{environment_variable(name)}` |"
        )
    return "\n".join(rows) + "\n"


def _allowed(info: FieldInfo) -> str:
    kind = info.annotation
    if info.examples:
        return "such as " + ", ".join(f"`{example}`" for example in info.examples)
    choices = [str(choice) for choice in get_args(kind)] if get_origin(kind) is not dict else []
    if choices:
        return ", ".join(f"`{choice}`" for choice in choices)
    limits = [f"{sign} {limit:,}" for part in info.metadata for sign, limit in _limits(part)]
    names = {"int": "whole number", "float": "number", "str": "text", "Path": "folder"}
    return " ".join([names[getattr(kind, "__name__", "")], " and ".join(limits)]).strip()


def _limits(part: object) -> list[tuple[str, Any]]:
    match part:
        case Ge(limit):
            return [("≥", limit)]
        case Gt(limit):
            return [(">", limit)]
        case Le(limit):
            return [("≤", limit)]
    # A limit of an annotated type comes as another FieldInfo.
    return [limit for inner in getattr(part, "metadata", []) for limit in _limits(inner)]


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
