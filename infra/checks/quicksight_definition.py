"""The block `definition` of a QuickSight dashboard, which the npm package leaves open.

The provider takes it from the QuickSight API, member by member, in snake case. botocore carries the
API's model, so the block is built from that. It is very large: only what a configuration could
name is built.
"""

import re
from collections.abc import Collection
from functools import cache

import botocore.session
from botocore.model import ServiceModel, Shape

from checks.schema_types import Argument, Block

# where the provider's name is not the API's
_RENAMED = {"data_set_identifier_declarations": "data_set_identifiers_declarations"}
_SCALARS = {
    "boolean": "boolean",
    "double": "number",
    "integer": "number",
    "long": "number",
    "string": "string",
    "timestamp": "string",
}


def dashboard_definition(names: Collection[str]) -> Block:
    """Build the block.

    Args:
        names: Every name that the configuration uses anywhere; members of other names are left out.
    """
    return _block(_model().shape_for("DashboardVersionDefinition"), frozenset(names), ())


@cache
def _model() -> ServiceModel:
    return botocore.session.get_session().get_service_model("quicksight")


def _block(shape: Shape, names: frozenset[str], above: tuple[str, ...]) -> Block:
    arguments = {}
    for member, inner in shape.members.items():
        name = _snake(member)
        name = _RENAMED.get(name, name)
        if name not in names:
            continue
        required = member in shape.required_members
        arguments[name] = _argument(name, inner, names, (*above, shape.name), required=required)
    return Block(arguments)


def _argument(
    name: str, shape: Shape, names: frozenset[str], above: tuple[str, ...], *, required: bool
) -> Argument:
    many = shape.type_name == "list"
    inner = shape.member if many else shape
    suffix = "[]" if many else ""
    if inner.type_name == "structure":
        is_endless = inner.name in above
        block = None if is_endless else _block(inner, names, above)
        kind = "any" if is_endless else inner.name + suffix
        return Argument(name, required=required, type=kind, is_block=True, block=block)
    kind = _SCALARS.get(inner.type_name, "any") + suffix
    return Argument(name, required=required, type=kind, is_block=False, block=None)


def _snake(name: str) -> str:
    """`KPIVisual` → `kpi_visual`, `XAxisLabelOptions` → `x_axis_label_options`."""
    words = re.sub(r"([A-Z]+)([A-Z][a-z])", r"\1_\2", name)
    return re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", words).lower()
