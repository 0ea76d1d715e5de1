"""A provider that knows the AWS provider's schema and no AWS, so that Terraform can plan.

`terraform validate` and `plan` ask a provider what its resources look like. The real one cannot be
had on every machine; this one answers from what `provider_schema` reads. It plans to make whatever
it is told to, with everything that AWS would decide unknown until then, and answers data sources
from a table. Terraform is told to use a running provider by TF_REATTACH_PROVIDERS, and speaks its
plugin protocol, version 6, with it: gRPC on a Unix socket.

Run as `python -m checks.stub_provider SOCKET < REQUEST`, the request being a line of JSON with the
keys `resources`, `data_sources` and `names`; it ends when standard input does.
"""

import json
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import grpc

from checks.check_plan import PASSWORD
from checks.provider_schema import ProviderSchema
from checks.schema_types import Block
from checks.stub_schema import computed_type, schema_response
from checks.wire import UNKNOWN, dynamic_value, fields, message, object_of

_Call = Callable[[bytes], bytes]

_KNOWN: dict[str, dict[str, object]] = {
    "aws_availability_zones": {"names": [f"us-east-1{zone}" for zone in "abcdef"]},
    "aws_caller_identity": {"account_id": "123456789012"},
    "aws_iam_policy_document": {"json": '{"Statement": []}'},
    "aws_partition": {"partition": "aws"},
    "aws_region": {"region": "us-east-1"},
}
"""What data sources say; everything else in them is null."""


def plan(request: bytes, schema: ProviderSchema) -> bytes:
    """PlanResourceChange: as told, and what AWS decides unknown."""
    given = fields(request)
    proposed = object_of(given[3])
    block = schema.resource(given[1].decode()) or Block({})
    planned = {name: _planned(name, value, block) for name, value in proposed.items()}
    return message(1, dynamic_value(planned or None))


def _planned(name: str, value: object, block: Block) -> object:
    if name.endswith("_wo"):
        return None  # to be written, never to be kept
    argument = block.arguments.get(name)
    is_computed = argument is None or not (argument.required or argument.is_block)
    return UNKNOWN if value is None and is_computed else value


def read(request: bytes, schema: ProviderSchema) -> bytes:
    """ReadDataSource: from the table."""
    given = fields(request)
    kind = given[1].decode()
    block = schema.data_source(kind)
    types = block.readable if block else {}
    known = {
        name: value if computed_type(types.get(name, "any")) != "dynamic" else [b'"string"', value]
        for name, value in _KNOWN.get(kind, {}).items()
    }
    return message(1, dynamic_value({**object_of(given[2]), **known}))


def open_ephemeral(request: bytes) -> bytes:
    """OpenEphemeralResource: a password."""
    given = object_of(fields(request)[2])
    return message(3, dynamic_value({**given, "random_password": PASSWORD}))


def serve(socket: str, response: bytes, schema: ProviderSchema) -> grpc.Server:
    """Listen on a Unix socket.

    Args:
        socket: Its path.
        response: What `schema_response` made.
        schema: Where it made that from.
    """

    def nothing_to_say(_request: bytes) -> bytes:
        return b""

    calls: dict[str, _Call] = {
        "GetProviderSchema": lambda _: response,
        "ValidateProviderConfig": nothing_to_say,
        "ValidateResourceConfig": nothing_to_say,
        "ValidateDataResourceConfig": nothing_to_say,
        "ValidateEphemeralResourceConfig": nothing_to_say,
        "ConfigureProvider": nothing_to_say,
        "ReadDataSource": lambda request: read(request, schema),
        "PlanResourceChange": lambda request: plan(request, schema),
        "OpenEphemeralResource": open_ephemeral,
        "CloseEphemeralResource": nothing_to_say,
        "StopProvider": nothing_to_say,
    }
    handlers = {
        name: grpc.unary_unary_rpc_method_handler(
            lambda request, _context, call=call: call(request)
        )
        for name, call in calls.items()
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
    server = serve(sys.argv[1], response, schema)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.read()
    server.stop(grace=None).wait()


if __name__ == "__main__":
    main()
