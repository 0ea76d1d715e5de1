"""The AWS provider's schema, read from the npm package `@cdktf/provider-aws`.

The package is generated from the provider's own schema: each resource and data source has a folder
with TypeScript declarations, in which an interface stands for each block. The comment above a
property ends in the argument's Terraform name and says whether it is a block, and a `?` marks what
is optional. Only the folders asked for are read: the whole package has 390 MB.
"""

import re
from collections.abc import Collection
from dataclasses import replace
from functools import cached_property
from pathlib import Path

from checks.quicksight_definition import dashboard_definition
from checks.schema_types import Argument, Block

PACKAGE = Path(__file__).parent / "node_modules" / "@cdktf" / "provider-aws"

_INTERFACE = re.compile(r"^export interface (\w+)([^{]*)\{\n(.*?)^\}", re.MULTILINE | re.DOTALL)
_PROPERTY = re.compile(
    r"/\*\*(?P<comment>(?:(?!\*/).)*?)\*/\s+"
    r"readonly (?P<key>\w+)(?P<optional>\??): (?P<type>.*?);\n(?=\s+/\*\*|\s*\Z)",
    re.DOTALL,
)
_ANCHOR = re.compile(r"\{@link \S+ \w+#(\w+)\}")
_CLASS = re.compile(
    r"^export declare class \w+ extends cdktf\.Terraform(?:Resource|DataSource|Provider) \{\n"
    r"(.*?)^\}",
    re.MULTILINE | re.DOTALL,
)
_GETTER = re.compile(r"^    get (\w+)\(\): ([^;]+);", re.MULTILINE)
_VERSION = re.compile(r"providers/hashicorp/aws/(\d+\.\d+\.\d+)/")

# The package has no ephemeral resources; this is the one that is used, from its documentation.
EPHEMERAL = {
    "aws_secretsmanager_random_password": Block(
        {
            name: Argument(name, required=False, type=kind, is_block=False, block=None)
            for name, kind in {
                "exclude_characters": "string",
                "exclude_lowercase": "boolean",
                "exclude_numbers": "boolean",
                "exclude_punctuation": "boolean",
                "exclude_uppercase": "boolean",
                "include_space": "boolean",
                "password_length": "number",
                "region": "string",
                "require_each_included_type": "boolean",
            }.items()
        },
        {"random_password": "string"},
    ),
}


class SchemaMissingError(Exception):
    """The package is not installed, or does not have the form that this module reads."""


class ProviderSchema:
    """Blocks by type, read when first asked for.

    Args:
        names: Every name that the configuration uses anywhere: the definition of a QuickSight
            dashboard is too large to build as a whole.
        package: Folder of the unpacked npm package.

    Raises:
        SchemaMissingError: The package is not there.
    """

    def __init__(self, names: Collection[str] = (), package: Path = PACKAGE) -> None:
        self._names = names
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
        block = self._block("provider")
        if block is None:
            raise SchemaMissingError(f"{self._lib / 'provider'} is missing")
        return block

    def resource(self, kind: str) -> Block | None:
        """The block of a resource.

        Args:
            kind: Such as `aws_kinesis_stream`.

        Returns:
            The block, or None where the provider has no such resource.
        """
        block = self._block(kind.removeprefix("aws_").replace("_", "-"))
        if kind != "aws_quicksight_dashboard" or block is None:
            return block
        definition = replace(
            block.arguments["definition"],
            type="DashboardVersionDefinition",
            block=dashboard_definition(self._names),
        )
        return replace(block, arguments={**block.arguments, "definition": definition})

    def data_source(self, kind: str) -> Block | None:
        """The block of a data source; like `resource`."""
        return self._block("data-aws-" + kind.removeprefix("aws_").replace("_", "-"))

    def ephemeral(self, kind: str) -> Block | None:
        """The block of an ephemeral resource; like `resource`."""
        return EPHEMERAL.get(kind)

    def _block(self, folder: str) -> Block | None:
        if folder not in self._known:
            declarations = self._lib / folder / "index.d.ts"
            found = declarations.is_file()
            self._known[folder] = _parse(declarations.read_text()) if found else None
        return self._known[folder]


def _parse(declarations: str) -> Block:
    interfaces: dict[str, str] = {}
    root = None
    for name, heading, inside in _INTERFACE.findall(declarations):
        interfaces[name] = inside
        if "TerraformMetaArguments" in heading or name == "AwsProviderConfig":
            root = name
    main = _CLASS.search(declarations)
    if root is None or main is None:
        raise SchemaMissingError("the package's declarations have another form than expected")
    arguments = _arguments(root, interfaces, ())
    known = {_camel(name): name for name in arguments}
    getters = dict(_GETTER.findall(main.group(1)))
    readable = {
        known.get(key, _snake(key)): kind
        for key, kind in getters.items()
        # `nameInput` is what `name` was set to: the package's own
        if not (key.endswith("Input") and key.removesuffix("Input") in getters)
    }
    return Block(arguments, readable)


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
        is_new = inner is not None and inner not in above
        arguments[name] = Argument(
            name=name,
            required=not found["optional"],
            type=kind,
            is_block=f"{name} block" in found["comment"],
            block=Block(_arguments(inner, interfaces, (*above, interface)))
            if inner and is_new
            else None,
        )
    return arguments


def _snake(key: str) -> str:
    return re.sub(r"(?<!^)([A-Z])", r"_\1", key).lower()


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(part.capitalize() for part in rest)
