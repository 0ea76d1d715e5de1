"""Every resource, data source, argument and nested block against the provider's schema."""

from collections import Counter
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path

from checks.configuration import Body, Module, TopBlock
from checks.problem import Problem
from checks.provider_schema import ProviderSchema
from checks.schema_types import Block

# Terraform's own, in every resource.
_META_ARGUMENTS = {"count", "for_each", "depends_on", "provider"}
_META_BLOCKS = {"lifecycle", "provisioner", "connection"}
_BUILT_IN = {"terraform_data"}
_KINDS = {"resource", "data", "ephemeral", "provider"}


def check_schema(modules: Mapping[Path, Module], schema: ProviderSchema) -> Iterator[Problem]:
    """Find unknown types, unknown or missing arguments, and blocks written as values."""
    for module in modules.values():
        for block in module.blocks:
            if block.kind in _KINDS and block.labels[0] not in _BUILT_IN:
                yield from _check_top(block, schema)


def _check_top(block: TopBlock, schema: ProviderSchema) -> Iterator[Problem]:
    kind = block.labels[0]
    if block.kind == "provider":
        known: Block | None = schema.provider()
    elif block.kind == "data":
        known = schema.data_source(kind)
    elif block.kind == "ephemeral":
        known = schema.ephemeral(kind)
    else:
        known = schema.resource(kind)
    if known is None:
        yield Problem(block.where, f"the AWS provider {schema.version} has no {block.kind} {kind}")
        return
    own = Body(
        {key: value for key, value in block.body.values.items() if key not in _META_ARGUMENTS},
        [nested for nested in block.body.blocks if nested.name not in _META_BLOCKS],
        block.body.dynamic,
    )
    yield from _check_body(own, known, block.where, ())


def _check_body(body: Body, known: Block, where: str, path: tuple[str, ...]) -> Iterator[Problem]:
    for name in body.values:
        argument = known.arguments.get(name)
        if argument is None:
            yield Problem(where, _unknown(name, known, path))
        elif argument.is_block:
            yield Problem(where, f"{_at(name, path)} is a block: write it without `=`")
    for nested in body.blocks:
        argument = known.arguments.get(nested.name)
        if argument is None:
            yield Problem(where, _unknown(nested.name, known, path))
        elif argument.block is not None:
            yield from _check_body(nested.body, argument.block, where, (*path, nested.name))
        elif not argument.is_block:
            yield Problem(where, f"{_at(nested.name, path)} is a value: write it with `=`")
    yield from _check_counts(body, known, where, path)


def _check_counts(body: Body, known: Block, where: str, path: tuple[str, ...]) -> Iterator[Problem]:
    counts = Counter(nested.name for nested in body.blocks)
    for name, argument in known.arguments.items():
        if argument.required and name not in body.values and name not in counts:
            yield Problem(where, f"{_at(name, path)} is missing")
        if argument.is_single and counts[name] > 1 and name not in body.dynamic:
            yield Problem(where, f"{_at(name, path)} stands there {counts[name]} times; once only")


def _unknown(name: str, known: Block, path: tuple[str, ...]) -> str:
    close = get_close_matches(name, known.arguments, n=1)
    hint = f"; did you mean {close[0]}?" if close else ""
    return f"there is no argument or block {_at(name, path)}{hint}"


def _at(name: str, path: tuple[str, ...]) -> str:
    return ".".join((*path, name))
