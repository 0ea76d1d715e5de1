"""Protocol buffers and Terraform's values on the wire, as far as a stand-in for a provider needs.

The messages of Terraform's plugin protocol are short, and its description is in no package index:
so they are put together and taken apart by hand, field by field.
"""

from collections.abc import Iterator

import msgpack

UNKNOWN = msgpack.ExtType(0, b"\x00")
"""A value that is known only after apply."""

_LENGTH_DELIMITED = 2
_SKIPPED = {1: 8, 5: 4}
"""Bytes of the other fixed wire types."""


def number(field: int, value: int) -> bytes:
    """A field with a number or truth value; nothing where it is 0."""
    return _varint(field << 3) + _varint(value) if value else b""


def message(field: int, value: bytes) -> bytes:
    """A field with bytes or a message."""
    return _varint((field << 3) | _LENGTH_DELIMITED) + _varint(len(value)) + value


def text(field: int, value: str) -> bytes:
    """A field with text."""
    return message(field, value.encode())


def fields(data: bytes) -> dict[int, bytes]:
    """The length-delimited fields of a message; of repeated ones the last."""
    return dict(_fields(data))


def object_of(dynamic: bytes) -> dict[str, object]:
    """The object in a `DynamicValue`; empty where there is none."""
    packed = fields(dynamic).get(1)
    return (msgpack.unpackb(packed, strict_map_key=False) or {}) if packed else {}


def dynamic_value(value: object) -> bytes:
    """A `DynamicValue`."""
    return message(1, msgpack.packb(value))


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append((value & 0x7F) | 0x80)
        value >>= 7
    return bytes((*out, value))


def _read_varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        value |= (data[at] & 0x7F) << shift
        shift += 7
        at += 1
        if data[at - 1] < 0x80:
            return value, at


def _fields(data: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    while at < len(data):
        key, at = _read_varint(data, at)
        if key & 7 == _LENGTH_DELIMITED:
            size, at = _read_varint(data, at)
            yield key >> 3, data[at : at + size]
            at += size
        elif key & 7 in _SKIPPED:
            at += _SKIPPED[key & 7]
        else:
            _, at = _read_varint(data, at)
