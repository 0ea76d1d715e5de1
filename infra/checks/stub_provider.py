"""A provider that knows the AWS provider's schema and nothing else, so that Terraform can validate.

`terraform validate` asks a provider what its resources look like. The real one cannot be had on
every machine; this one answers from what `provider_schema` reads. Terraform is told to use a
running provider by TF_REATTACH_PROVIDERS, and speaks its plugin protocol, version 6, with it: gRPC
on a Unix socket, of which a few calls are enough. The messages are put together by hand: they are
short, and the protocol's description is in no package index.

Run as `python -m checks.stub_provider SOCKET < REQUEST`, the request being JSON with the keys
`resources`, `data_sources` and `names`; it ends when standard input does.
"""

import json
import sys
from concurrent.futures import ThreadPoolExecutor

import grpc

from checks.provider_schema import EPHEMERAL, ProviderSchema
from checks.schema_types import Argument, Block

_NESTING_LIST = 2
_SIMPLE = {"string": "string", "number": "number", "boolean": "bool"}
_MAP = "{ [key: string]: "


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append((value & 0x7F) | 0x80)
        value >>= 7
    return bytes((*out, value))


def _number(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value) if value else b""


def _message(field: int, value: bytes) -> bytes:
    return _varint((field << 3) | 2) + _varint(len(value)) + value


def _text(field: int, value: str) -> bytes:
    return _message(field, value.encode())


def _type_of(argument: Argument) -> object:
    """The type as Terraform writes types in JSON; what is unclear may be anything."""
    if argument.block is not None:
        inside = ["object", {a.name: _type_of(a) for a in argument.block.arguments.values()}]
        return ["list", inside] if "[]" in argument.type else inside
    kind = argument.type.removesuffix(" | cdktf.IResolvable")
    if kind in _SIMPLE:
        return _SIMPLE[kind]
    if kind.removesuffix("[]") in _SIMPLE:
        return ["list", _SIMPLE[kind.removesuffix("[]")]]
    if kind.startswith(_MAP):
        return ["map", _SIMPLE.get(kind.removeprefix(_MAP).rstrip("; }"), "string")]
    return "dynamic"


def _attribute(argument: Argument) -> bytes:
    is_write_only = argument.name.endswith("_wo")
    return (
        _text(1, argument.name)
        + _message(2, json.dumps(_type_of(argument)).encode())
        + _number(4, argument.required)
        + _number(5, not argument.required)
        + _number(6, not argument.required and not is_write_only)
        + _number(11, is_write_only)
    )


def _computed(name: str) -> bytes:
    return _text(1, name) + _message(2, b'"dynamic"') + _number(6, value=1)


def _nested(argument: Argument, block: Block) -> bytes:
    return (
        _text(1, argument.name)
        + _message(2, _block(block))
        + _number(3, _NESTING_LIST)
        + _number(4, argument.required)
        + _number(5, argument.is_single)
    )


def _block(block: Block) -> bytes:
    parts = []
    for argument in block.arguments.values():
        if not argument.is_block:
            parts.append(_message(2, _attribute(argument)))
        elif argument.block is not None:
            parts.append(_message(3, _nested(argument, argument.block)))
    computed = sorted(block.readable - block.arguments.keys())
    parts.extend(_message(2, _computed(name)) for name in computed)
    return b"".join(parts)


def _schema(block: Block) -> bytes:
    return _message(2, _block(block))


def _entry(field: int, kind: str, block: Block) -> bytes:
    return _message(field, _text(1, kind) + _message(2, _schema(block)))


def schema_response(schema: ProviderSchema, resources: list[str], data_sources: list[str]) -> bytes:
    """The answer to GetProviderSchema, with these types and no others."""
    parts = [_message(1, _schema(schema.provider()))]
    parts += [_entry(2, kind, block) for kind in resources if (block := schema.resource(kind))]
    parts += [
        _entry(3, kind, block) for kind in data_sources if (block := schema.data_source(kind))
    ]
    parts += [_entry(8, kind, block) for kind, block in EPHEMERAL.items()]
    return b"".join(parts)


def serve(socket: str, response: bytes) -> grpc.Server:
    """Listen on a Unix socket.

    Args:
        socket: Its path.
        response: What `schema_response` made. All other calls are answered with an empty message:
            there is nothing to complain of.
    """
    calls = {
        "GetProviderSchema": response,
        "ValidateProviderConfig": b"",
        "ValidateResourceConfig": b"",
        "ValidateDataResourceConfig": b"",
        "ValidateEphemeralResourceConfig": b"",
        "StopProvider": b"",
    }
    handlers = {
        name: grpc.unary_unary_rpc_method_handler(lambda _request, _context, answer=answer: answer)
        for name, answer in calls.items()
    }
    server = grpc.server(ThreadPoolExecutor(4), options=[("grpc.max_send_message_length", -1)])
    service = grpc.method_handlers_generic_handler("tfplugin6.Provider", handlers)
    server.add_generic_rpc_handlers([service])
    server.add_insecure_port(f"unix:{socket}")
    server.start()
    return server


def main() -> None:
    """Serve until standard input ends, as it does when the process that started this one ends."""
    request = json.loads(sys.stdin.readline())
    schema = ProviderSchema(request["names"])
    response = schema_response(schema, request["resources"], request["data_sources"])
    server = serve(sys.argv[1], response)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.read()
    server.stop(grace=None).wait()


if __name__ == "__main__":
    main()
