"""What stands where in a record: its paths and their JSON types, without their values.

A source sends few shapes, so a record costs one parse and one look in a table; its paths are spelt
only where a shape is new to the batch.
"""

import json
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

MAX_DEPTH = 8
"""Objects nested deeper are not entered."""
MAX_VALUES = 1_000
"""Values of one record beyond so many are not looked at."""
MAX_PATH = 120
MAX_EXAMPLE = 80
"""Characters of a path, and of an example."""
_PLAIN = re.compile(r"[A-Za-z0-9_-]+")
_TYPES = {
    dict: "object",
    list: "array",
    str: "string",
    int: "number",
    float: "number",
    bool: "boolean",
    type(None): "null",
}

Shape = tuple[Any, ...]
"""Equal for records that have the same keys, in the same order, with values of the same types."""


class Spot(NamedTuple):
    """One value of a record."""

    path: str
    """Keys joined by dots; a key that is not plain is quoted and escaped as in JSON."""
    json_type: str
    value: object


def shape_of(document: dict[str, Any], depth: int = MAX_DEPTH) -> Shape:
    """A record's shape, as far down as it is looked at."""
    values = document.values()
    types = tuple(map(type, values))
    if dict not in types or not depth:
        return (tuple(document), types)
    inner = tuple([shape_of(value, depth - 1) for value in values if type(value) is dict])
    return (tuple(document), types, inner)


def spots(document: dict[str, Any]) -> Iterator[Spot]:
    """The values of a record, from the outermost inwards, as many as are looked at."""
    waiting = [("", document, 0)]
    seen = 0
    for prefix, section, depth in waiting:  # grows while it is walked
        for key, value in section.items():
            if seen == MAX_VALUES:
                return
            seen += 1
            path = shortened(prefix + (key if _PLAIN.fullmatch(key) else quoted(key)), MAX_PATH)
            yield Spot(path, _TYPES[type(value)], value)
            if type(value) is dict and depth < MAX_DEPTH:
                waiting.append((f"{path}.", value, depth + 1))


def example_of(value: object) -> str:
    """A value as JSON in ASCII, of bounded length: nothing in it can steer a terminal or a page."""
    if isinstance(value, str):
        return shortened(quoted(value[:MAX_EXAMPLE]), MAX_EXAMPLE)
    if isinstance(value, dict | list):
        brackets = "{}" if isinstance(value, dict) else "[]"
        return f"{brackets[0]}{len(value)}{brackets[1]}" if value else brackets
    return shortened(json.dumps(value), MAX_EXAMPLE)


def quoted(text: str) -> str:
    """A text as JSON in ASCII; of a long one, the beginning."""
    return json.dumps(text[: 2 * MAX_PATH])


def shortened(text: str, limit: int) -> str:
    """The text, or its beginning with a mark that it goes on."""
    return text if len(text) <= limit else text[: limit - 1] + "…"
