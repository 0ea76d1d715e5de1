"""Terraform files as Python values.

python-hcl2 parses; this module takes its quoting off, tells blocks from values, and keeps for each
block the file that it came from.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import hcl2
from lark.exceptions import LarkError

from checks.problem import Problem
from checks.references import Reference, references

_META = ("__is_block__", "__start_line__", "__end_line__", "__comments__", "__inline_comments__")


@dataclass(frozen=True)
class Nested:
    """A block inside a block."""

    name: str
    body: "Body"


@dataclass(frozen=True)
class Body:
    """What stands between the braces of a block.

    Attributes:
        values: Arguments: text without its quotes, `${…}` for expressions, lists, dicts, numbers.
        blocks: Nested blocks in their order; of `dynamic` ones the content, under their own name.
        dynamic: Names of nested blocks that are dynamic.
    """

    values: dict[str, object]
    blocks: list[Nested]
    dynamic: frozenset[str]

    def inside(self, name: str) -> Iterator["Body"]:
        """The bodies of all nested blocks of a name."""
        return (nested.body for nested in self.blocks if nested.name == name)


@dataclass(frozen=True)
class TopBlock:
    """A block at the top of a file.

    Attributes:
        kind: `resource`, `variable`, `module` …
        labels: What follows the kind.
        body: Its inside.
        file: Where it stands.
    """

    kind: str
    labels: tuple[str, ...]
    body: Body
    file: Path

    @property
    def where(self) -> str:
        """File and address, for messages."""
        return f"{self.file.parent.name}/{self.file.name}: {self.kind} {'.'.join(self.labels)}"


@dataclass(frozen=True)
class Module:
    """A folder of Terraform files."""

    folder: Path
    blocks: tuple[TopBlock, ...]
    references: tuple[Reference, ...]

    def of_kind(self, kind: str) -> dict[tuple[str, ...], TopBlock]:
        """The blocks of a kind by their labels."""
        return {block.labels: block for block in self.blocks if block.kind == kind}

    def named(self, kind: str) -> dict[str, TopBlock]:
        """The blocks of a kind that have one label."""
        return {labels[0]: block for labels, block in self.of_kind(kind).items()}

    @property
    def locals(self) -> dict[str, object]:
        """All local values."""
        return {
            name: value
            for block in self.blocks
            if block.kind == "locals"
            for name, value in block.body.values.items()
        }


def read_modules(root: Path) -> tuple[dict[Path, Module], list[Problem]]:
    """Read every folder below that holds Terraform files.

    Args:
        root: Such as `infra/terraform`.

    Returns:
        Modules by folder, and what cannot be parsed.
    """
    modules: dict[Path, Module] = {}
    problems: list[Problem] = []
    for folder in sorted({path.parent for path in root.rglob("*.tf")}):
        if ".terraform" in folder.parts:
            continue
        blocks: list[TopBlock] = []
        found: list[Reference] = []
        for file in sorted(folder.glob("*.tf")):
            text = file.read_text()
            try:
                blocks.extend(_top_blocks(hcl2.loads(text), file))
            except LarkError as error:
                reason = str(error).strip().splitlines()[0]
                problems.append(Problem(str(file.relative_to(root)), f"is not HCL: {reason}"))
                continue
            found.extend(references(text, file.name))
        modules[folder.resolve()] = Module(folder.resolve(), tuple(blocks), tuple(found))
    return modules, problems


def _top_blocks(document: dict[str, Any], file: Path) -> Iterator[TopBlock]:
    for kind, bodies in document.items():
        if kind in _META:
            continue
        for body in bodies:
            labels, inside = _labels(body)
            yield TopBlock(kind, labels, _body(inside), file)


def _labels(body: dict[str, Any]) -> tuple[tuple[str, ...], dict[str, Any]]:
    """Take the labels off, which python-hcl2 nests as quoted keys."""
    labels: list[str] = []
    while True:
        keys = [key for key in body if key not in _META]
        inside = body.get(keys[0]) if len(keys) == 1 else None
        if len(keys) != 1 or not keys[0].startswith('"') or not isinstance(inside, dict):
            return tuple(labels), body
        labels.append(keys[0].strip('"'))
        body = inside


def _body(raw: dict[str, Any]) -> Body:
    values: dict[str, object] = {}
    blocks: list[Nested] = []
    dynamic: set[str] = set()
    for key, value in raw.items():
        if key in _META:
            continue
        items = _blocks(value)
        if not items:
            values[key.strip('"')] = _value(value)
        elif key == "dynamic":
            for item in items:
                labels, inside = _labels(item)
                dynamic.update(labels)
                blocks.extend(Nested(labels[0], _body(one)) for one in _blocks(inside["content"]))
        else:
            blocks.extend(Nested(key, _body(_labels(item)[1])) for item in items)
    return Body(values, blocks, frozenset(dynamic))


def _blocks(value: object) -> list[dict[str, Any]]:
    """The blocks of one name; empty where the value is no block."""
    items = value if isinstance(value, list) else []
    are_blocks = all(
        isinstance(item, dict) and "__is_block__" in _labels(item)[1] for item in items
    )
    return items if are_blocks else []


def _value(raw: object) -> object:
    if isinstance(raw, str):
        return raw[1:-1] if len(raw) >= 2 and raw[0] == raw[-1] == '"' else raw
    if isinstance(raw, list):
        return [_value(item) for item in raw]
    if isinstance(raw, dict):
        return {key.strip('"'): _value(item) for key, item in raw.items() if key not in _META}
    return raw
