"""JSON that a careless producer might write: any value, any text, duplicate keys, odd spacing."""

import json
from dataclasses import dataclass
from random import Random
from typing import Any


@dataclass(frozen=True)
class Raw:
    """Text put into the record as it is, valid JSON or not."""

    text: str


@dataclass(frozen=True)
class Members:
    """An object as a list of members, so that a key can come twice."""

    members: tuple[tuple[str, Any], ...]


def write(value: Any, rng: Random | None = None) -> str:
    """`value` as JSON; `rng` varies spacing, escapes and trailing commas, never the value."""
    match value:
        case Raw(text):
            return text
        case Members(members):
            return _container("{}", [_member(k, v, rng) for k, v in members], rng)
        case dict():
            return _container("{}", [_member(k, v, rng) for k, v in value.items()], rng)
        case list():
            return _container("[]", [write(item, rng) for item in value], rng)
        case str():
            return _string(value, rng)
        case _:
            return json.dumps(value)


def _member(key: str, value: Any, rng: Random | None) -> str:
    return f"{_string(key, rng)}{_space(rng)}:{_space(rng)}{write(value, rng)}"


def _container(brackets: str, items: list[str], rng: Random | None) -> str:
    trailing = "," if items and rng and rng.random() < 0.01 else ""
    inner = f"{_space(rng)},{_space(rng)}".join(items)
    return f"{brackets[0]}{_space(rng)}{inner}{trailing}{_space(rng)}{brackets[1]}"


def _string(text: str, rng: Random | None) -> str:
    if rng is None or rng.random() < 0.9:
        return json.dumps(text, ensure_ascii=rng is None or rng.random() < 0.5)
    units = text.encode("utf-16-be")
    escapes = (f"\\u{units[i]:02x}{units[i + 1]:02X}" for i in range(0, len(units), 2))
    return f'"{"".join(escapes)}"'


def _space(rng: Random | None) -> str:
    if rng is None or rng.random() < 0.97:
        return ""
    return "".join(rng.choices(" \t\r\n", k=rng.randint(1, 3)))
