"""Records as Python's dictionaries, for engines without a tolerant JSON reader of their own."""

from collections.abc import Mapping
from typing import Any

import orjson

from peers.task import SECTIONS

_NOTHING: Mapping[str, Any] = {}


def read(payload: bytes) -> tuple[str | None, Mapping[str, Any]]:
    """Judge and parse a record.

    Returns:
        The reason that refuses it before any field is looked at, or None; and the document, which
        is empty where there is none.
    """
    try:
        document = orjson.loads(payload)
    except orjson.JSONDecodeError:
        return ("not_json" if _is_utf8(payload) else "not_utf8"), _NOTHING
    if not isinstance(document, dict):
        return "not_object", _NOTHING
    return None, document


def texts(document: Mapping[str, Any]) -> list[str | None]:
    """The scalars that the task reads, as trimmed text, in the order of `names`."""
    found = [_text(document.get("event_id")), _text(document.get("event_timestamp"))]
    for section, fields in SECTIONS.items():
        inside = document.get(section)
        if not isinstance(inside, dict):
            inside = _NOTHING
        found += [_text(inside.get(field)) for field in fields]
    return found


def names() -> list[str]:
    """What `texts` gives."""
    return ["event_id", "event_timestamp", *(f for fields in SECTIONS.values() for f in fields)]


def _text(value: object) -> str | None:
    if isinstance(value, str):
        return value.strip(" ") or None
    if value is None or isinstance(value, dict | list):
        return None
    return orjson.dumps(value).decode()


def _is_utf8(payload: bytes) -> bool:
    try:
        payload.decode()
    except UnicodeDecodeError:
        return False
    return True
