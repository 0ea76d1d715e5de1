"""The provider's schema in the words of Terraform's plugin protocol, version 6."""

import json

from checks.provider_schema import EPHEMERAL, ProviderSchema
from checks.schema_types import Argument, Block
from checks.wire import message, number, text

_NESTING_LIST = 2
_SIMPLE = {"string": "string", "number": "number", "boolean": "bool", "any": "dynamic"}
_MAP = "{ [key: string]: "
_RESOLVABLE = " | cdktf.IResolvable"


def type_of(kind: str) -> object:
    """A TypeScript type as Terraform writes types in JSON; what is unclear may be anything."""
    plain = kind.removesuffix(_RESOLVABLE)
    if plain in _SIMPLE:
        return _SIMPLE[plain]
    if plain.removesuffix("[]") in _SIMPLE:
        return ["list", _SIMPLE[plain.removesuffix("[]")]]
    if plain.startswith(_MAP):
        return ["map", _SIMPLE.get(plain.removeprefix(_MAP).rstrip("; }"), "string")]
    return "dynamic"


def computed_type(kind: str) -> object:
    """The type of what a getter gives: of truth values it says only that they can be resolved."""
    return "bool" if kind == "cdktf.IResolvable" else type_of(kind)


def schema_response(schema: ProviderSchema, resources: list[str], data_sources: list[str]) -> bytes:
    """The answer to GetProviderSchema, with these types and no others."""
    parts = [message(1, _schema(schema.provider()))]
    parts += [_entry(2, kind, block) for kind in resources if (block := schema.resource(kind))]
    parts += [
        _entry(3, kind, block) for kind in data_sources if (block := schema.data_source(kind))
    ]
    parts += [_entry(8, kind, block) for kind, block in EPHEMERAL.items()]
    return b"".join(parts)


def _entry(field: int, kind: str, block: Block) -> bytes:
    return message(field, text(1, kind) + message(2, _schema(block)))


def _schema(block: Block) -> bytes:
    return message(2, _block(block))


def _block(block: Block) -> bytes:
    parts = []
    for argument in block.arguments.values():
        if not argument.is_block:
            parts.append(message(2, _attribute(argument)))
        elif argument.block is not None:
            parts.append(message(3, _nested(argument, argument.block)))
    parts.extend(
        message(2, _computed(name, kind))
        for name, kind in sorted(block.readable.items())
        if name not in block.arguments
    )
    return b"".join(parts)


def _attribute(argument: Argument) -> bytes:
    is_write_only = argument.name.endswith("_wo")
    return (
        text(1, argument.name)
        + message(2, json.dumps(_argument_type(argument)).encode())
        + number(4, argument.required)
        + number(5, not argument.required)
        + number(6, not argument.required and not is_write_only)
        + number(11, is_write_only)
    )


def _argument_type(argument: Argument) -> object:
    if argument.block is None:
        return type_of(argument.type)
    inside = ["object", {a.name: _argument_type(a) for a in argument.block.arguments.values()}]
    return ["list", inside] if "[]" in argument.type else inside


def _computed(name: str, kind: str) -> bytes:
    return text(1, name) + message(2, json.dumps(computed_type(kind)).encode()) + number(6, value=1)


def _nested(argument: Argument, block: Block) -> bytes:
    return (
        text(1, argument.name)
        + message(2, _block(block))
        + number(3, _NESTING_LIST)
        + number(4, argument.required)
        + number(5, argument.is_single)
    )
