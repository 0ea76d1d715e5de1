"""The AWS provider's schema, read from the npm package `@cdktf/provider-aws`.

The package is generated from the provider's own schema: each resource and data source has a folder
with TypeScript declarations, in which an interface stands for each block. The comment above a
property ends in the argument's Terraform name, says whether it is a block, and a `?` marks what is
optional. Only the folders asked for are read: the whole package has 390 MB.
"""

import re
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

PACKAGE = Path(__file__).parent / "node_modules" / "@cdktf" / "provider-aws"

_INTERFACE = re.compile(r"^export interface (\w+)[^{]*\{\n(.*?)^\}", re.MULTILINE | re.DOTALL)
_PROPERTY = re.compile(
    r"/\*\*(?P<comment>(?:(?!\*/).)*?)\*/\s+readonly (?P<key>\w+)(?P<optional>\??): (?P<type>.*?);\n"
    r"(?=\s+/\*\*|\s*\Z)",
    re.DOTALL,
)
_ANCHOR = re.compile(r"\{@link \S+ \w+#(\w+)\}")
_GETTER = re.compile(r"^    get (\w+)\(\)", re.MULTILINE)
_RESOURCE_CLASS = re.compile(
    r"^export declare class \w+ extends cdktf\.Terraform(?:Resource|DataSource|Provider) \{\n(.*?)^\}",
    re.MULTILINE | re.DOTALL,
)
_VERSION = re.compile(r"providers/hashicorp/aws/(\d+\.\d+\.\d+)/")


class SchemaMissingError(Exception):
    """The package is not installed, or does not have the form that this module reads."""


@dataclass(frozen=True)
class Argument:
    """One argument or nested block.

    Attributes:
        name: As Terraform has it.
        required: Whether leaving it out is an error.
        type: The TypeScript type, in one line.
        is_block: Whether it is written as a block, without `=`.
        block: What is inside, where that is known.
    """

    name: str
    required: bool
    type: str
    is_block: bool
    block: "Block | None"

    @property
    def is_opaque(self) -> bool:
        """Whether the package does not say what is inside."""
        return self.type == "any"

    @property
    def is_single(self) -> bool:
        """Whether there can be only one such block."""
        return self.is_block and "[]" not in self.type and not self.is_opaque


@dataclass(frozen=True)
class Block:
    """The inside of a resource, data source or nested block.

    Attributes:
        arguments: By Terraform name.
        attributes: Names that can be read, folded by `fold`; empty for nested blocks.
    """

    arguments: dict[str, Argument]
    attributes: frozenset[str] = field(default_factory=frozenset)


def fold(name: str) -> str:
    """A name without case and underscores, as `kmsKeyId` and `kms_key_id` are the same."""
    return name.replace("_", "").lower()


class ProviderSchema:
    """Blocks by type, read when first asked for."""

    def __init__(self, package: Path = PACKAGE) -> None:
        """Check that the package is there.

        Args:
            package: Folder of the unpacked npm package.

        Raises:
            SchemaMissingError: It is not.
        """
        self._lib = package / "lib"
        if not self._lib.is_dir():
            raise SchemaMissingError(f"{package} is missing; `make check-infra` installs it")
        self._known: dict[str, Block | None] = {}

    @cached_property
    def version(self) -> str:
        """The provider's version that the schema is of."""
        found = _VERSION.search((self._lib / "s3-bucket" / "index.d.ts").read_text())
        if found is None:
            raise SchemaMissingError("the package names no provider version")
        return found.group(1)

    def provider(self) -> Block:
        """The block `provider "aws"`."""
        return self._required("provider")

    def resource(self, kind: str) -> Block | None:
        """The block of a resource.

        Args:
            kind: Such as `aws_kinesis_stream`.

        Returns:
            The block, or None where the provider has no such resource.
        """
        return self._block(kind.removeprefix("aws_").replace("_", "-"))

    def data_source(self, kind: str) -> Block | None:
        """The block of a data source; like `resource`."""
        return self._block("data-aws-" + kind.removeprefix("aws_").replace("_", "-"))

    def _required(self, folder: str) -> Block:
        block = self._block(folder)
        if block is None:
            raise SchemaMissingError(f"{self._lib / folder} is missing")
        return block

    def _block(self, folder: str) -> Block | None:
        if folder not in self._known:
            declarations = self._lib / folder / "index.d.ts"
            # names are lower case with hyphens, but the digits' hyphens vary: s3-bucket, route53
            self._known[folder] = (
                _parse(declarations.read_text()) if declarations.is_file() else None
            )
        return self._known[folder]


def _parse(declarations: str) -> Block:
    interfaces = dict(_INTERFACE.findall(declarations))
    config = next((name for name in interfaces if name.endswith("Config")), None)
    main = _RESOURCE_CLASS.search(declarations)
    if config is None or main is None:
        raise SchemaMissingError("the package's declarations have another form than expected")
    root = next(
        name for name, head in _heads(declarations) if "TerraformMetaArguments" in head
    ) if "TerraformMetaArguments" in declarations else config
    attributes = frozenset(fold(name) for name in _GETTER.findall(main.group(1)))
    return Block(_arguments(root, interfaces, ()), attributes)


def _heads(declarations: str) -> list[tuple[str, str]]:
    return re.findall(r"^export interface (\w+)([^{]*)\{", declarations, re.MULTILINE)


def _arguments(
    interface: str, interfaces: dict[str, str], above: tuple[str, ...]
) -> dict[str, Argument]:
    arguments: dict[str, Argument] = {}
    for found in _PROPERTY.finditer(interfaces[interface] + "\n"):
        anchor = _ANCHOR.search(found["comment"])
        # the provider's `alias` is Terraform's own and has no page of its own
        name = anchor.group(1) if anchor else _snake(found["key"])
        kind = " ".join(found["type"].split())
        inner = next((word for word in re.findall(r"\w+", kind) if word in interfaces), None)
        arguments[name] = Argument(
            name=name,
            required=not found["optional"],
            type=kind,
            is_block=f"{name} block" in found["comment"],
            block=Block(_arguments(inner, interfaces, (*above, interface)))
            if inner and inner not in above
            else None,
        )
    return arguments


def _snake(key: str) -> str:
    return re.sub(r"(?<!^)([A-Z])", r"_\1", key).lower()
