"""Models of the US registry and the type designators that they leave."""

import csv
from importlib import resources

import pytest

from airside.replay.aircraft_models import AIRLINER_DESIGNATORS, icao_designator


@pytest.mark.parametrize(
    ("model", "designator"),
    [
        ("A320-232", "A320"),
        ("A319-112", "A319"),
        ("A330-323", "A333"),
        ("737-824", "B738"),
        ("737-7H4", "B737"),
        ("737-3TO", "B733"),
        ("737-924ER", "B739"),
        ("757-33N", "B753"),
        ("767-432ER", "B764"),
        ("777-200", "B772"),
        ("787-8", "B788"),
        ("717-200", "B712"),
        ("EMB-145LR", "E145"),
        ("EMB-145XR", "E45X"),
        ("ERJ 190-100 IGW", "E190"),
        ("DC-9-82(MD-82)", "MD82"),
        ("MD-88", "MD88"),
    ],
)
def test_an_airliner_has_its_designator(model: str, designator: str) -> None:
    assert icao_designator(model) == designator


@pytest.mark.parametrize(
    "model",
    [
        "CL-600-2B19",  # CRJ1 or CRJ2
        "777-232LR",  # B77L, not B772
        "A320",
        "A320-2320",
        "737",
        "172N",
        "DC-7BF",
        "CF-5D",
        "FALCON XP",
        "757-924",
        "",
    ],
)
def test_any_other_model_has_none(model: str) -> None:
    assert icao_designator(model) is None


def test_every_designator_is_in_the_reference_data() -> None:
    seed = resources.files("airside").joinpath("gold/dbt/seeds/aircraft_types.csv")
    known = {row["aircraft_type"] for row in csv.DictReader(seed.read_text("utf-8").splitlines())}
    assert known >= AIRLINER_DESIGNATORS
