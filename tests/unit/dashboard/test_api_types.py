"""The page's types and the server's shapes say the same."""

import re
from pathlib import Path

import pytest
from pydantic import BaseModel

from airside.dashboard import schemas
from airside.dashboard.queries.tile_texts import TILES

TYPES = (Path(__file__).parents[3] / "frontend/src/api/types.ts").read_text()
INTERFACE = re.compile(
    r"^export interface (\w+)(?:<\w+>)?(?: extends ([^{]+))? \{(?:\}|(.*?)^\})",
    re.MULTILINE | re.DOTALL,
)
PROPERTY = re.compile(r"^  (\w+)\??:", re.MULTILINE)
OTHER_NAMES = {
    "Page": "PageMeta",
    "Snapshot": None,  # `live` is written out in the page's type
    "LegAnswer": None,  # so is `leg`
    "Problem": None,  # and `errors`
}
ONLY_THE_PAGE = {"Filters", "FlightChanges", "Hello", "Delta", "Bye", "StreamMessages"}


def interfaces() -> dict[str, tuple[list[str], set[str]]]:
    return {
        name: (
            re.findall(r"\w+(?=[,\s<]|$)", parents or ""),
            set(PROPERTY.findall(body)),
        )
        for name, parents, body in INTERFACE.findall(TYPES)
    }


def properties(name: str) -> set[str]:
    parents, own = interfaces()[name]
    inherited = [properties(parent) for parent in parents if parent in interfaces()]
    return own.union(*inherited)


@pytest.mark.parametrize("name", sorted(interfaces().keys() - ONLY_THE_PAGE))
def test_a_shape_has_the_properties_that_the_page_reads(name: str) -> None:
    named = OTHER_NAMES.get(name, name) or name
    model = getattr(schemas, named)
    assert issubclass(model, BaseModel)
    fields = {field.alias or key for key, field in model.model_fields.items()}
    expected = properties(name)
    if name == "Page":
        expected -= {"rows"}
    assert fields == expected


def test_the_tiles_are_those_of_the_page() -> None:
    assert set(TILES) == set(schemas.Kpis.model_fields) == properties("Kpis")
