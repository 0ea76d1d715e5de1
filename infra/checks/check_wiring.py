"""Modules, variables, locals, outputs and references fit together, and nothing is left over."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from checks.configuration import Module, TopBlock
from checks.problem import Problem
from checks.provider_schema import ProviderSchema
from checks.references import Reference

_META = {"source", "version", "count", "for_each", "depends_on", "providers"}
_MANAGED = {"data", "ephemeral"}


def check_wiring(modules: Mapping[Path, Module], schema: ProviderSchema) -> Iterator[Problem]:
    """Find calls with wrong arguments, references to nothing, and what nobody uses."""
    for module in modules.values():
        for name, call in module.named("module").items():
            yield from _check_call(name, call, modules)
        for reference in module.references:
            problem = _check_reference(reference, module, modules, schema)
            if problem is not None:
                where = f"{module.folder.name}/{reference.file}:{reference.line}"
                yield Problem(where, f"{'.'.join(reference.parts)}: {problem}")
        yield from _unused(module)


def _check_call(name: str, call: TopBlock, modules: Mapping[Path, Module]) -> Iterator[Problem]:
    called = _called(call, modules)
    if called is None:
        yield Problem(call.where, f"source {call.body.values.get('source')!r} is no module here")
        return
    variables = called.named("variable")
    given = call.body.values.keys() - _META
    for argument in sorted(given - variables.keys()):
        yield Problem(call.where, f"module {called.folder.name} has no variable {argument}")
    required = {key for key, block in variables.items() if "default" not in block.body.values}
    for argument in sorted(required - given):
        yield Problem(call.where, f"module {name} is not given {argument}, which has no default")


def _called(call: TopBlock, modules: Mapping[Path, Module]) -> Module | None:
    source = call.body.values.get("source")
    if not isinstance(source, str):
        return None
    return modules.get((call.file.parent / source).resolve())


def _check_reference(
    reference: Reference,
    module: Module,
    modules: Mapping[Path, Module],
    schema: ProviderSchema,
) -> str | None:
    """What is wrong with a reference, or None."""
    root, *rest = reference.parts
    if root == "var":
        return None if rest[0] in module.named("variable") else "no such variable"
    if root == "local":
        return None if rest[0] in module.locals else "no such local value"
    if root == "module":
        return _check_output(rest, module, modules)
    kind = "resource"
    if root in _MANAGED:
        kind, root, rest = root, rest[0], rest[1:]
    if not rest or (root, rest[0]) not in module.of_kind(kind):
        return f"no such {kind} in this module"
    return _check_attribute(kind, root, rest[1:], schema)


def _check_output(rest: list[str], module: Module, modules: Mapping[Path, Module]) -> str | None:
    call = module.named("module").get(rest[0])
    if call is None:
        return "no such module is called"
    called = _called(call, modules)
    if called is None or len(rest) < 2:
        return None
    return None if rest[1] in called.named("output") else f"{called.folder.name} has no such output"


def _check_attribute(
    kind: str, resource: str, rest: list[str], schema: ProviderSchema
) -> str | None:
    lookup = {
        "data": schema.data_source,
        "ephemeral": schema.ephemeral,
        "resource": schema.resource,
    }
    block = lookup[kind](resource) if resource.startswith("aws_") else None
    if block is None or not rest or rest[0] in block.readable or rest[0] in block.arguments:
        return None
    return f"{resource} has no attribute {rest[0]}"


def _unused(module: Module) -> Iterator[Problem]:
    used = {reference.parts[:2] for reference in module.references}
    where = module.folder.name
    for name in module.named("variable"):
        if ("var", name) not in used:
            yield Problem(where, f"variable {name} is not used")
    for name in module.locals:
        if ("local", name) not in used:
            yield Problem(where, f"local value {name} is not used")
    for labels in module.of_kind("data"):
        if ("data", labels[0]) not in used:
            yield Problem(where, f"data source {'.'.join(labels)} is not used")
