"""The contract's page names what the code names; its sample and test vector hold."""

import json
import re
from pathlib import Path

import pytest

import oracle
from airside.events import FLIGHT_EVENTS
from airside.events.vocabulary import INTEGER_FIELDS, QUALITY_FLAGS, QUARANTINE_REASONS
from oracle.record import STATUSES

PAGE = (Path(__file__).parents[2] / "docs" / "event-contract.md").read_text("utf-8")


def table(header: str) -> list[str]:
    """The names in code marks in the first column of the table with this header."""
    rows = PAGE.split(f"| {header} | when |\n|---|---|\n", 1)[1].split("\n\n", 1)[0]
    return [name for row in rows.splitlines() for name in re.findall("`(.+?)`", row.split("|")[1])]


def paragraph(start: str) -> str:
    return PAGE.split(start, 1)[1].split("\n", 1)[0]


def test_its_reasons_are_the_codes_in_order() -> None:
    assert tuple(table("reason")) == QUARANTINE_REASONS


def test_its_flags_are_the_codes() -> None:
    flags = [flag for flag in table("flag") if flag != "bad_<field>"]

    assert sorted([*flags, *(f"bad_{field}" for field in INTEGER_FIELDS)]) == list(QUALITY_FLAGS)


def test_its_statuses_are_the_codes() -> None:
    assert set(re.findall("`(.+?)`", paragraph("**`flight_status`**"))) == set(STATUSES)


def test_its_silver_row_is_the_feeds() -> None:
    line_below = PAGE.split("## The silver row", 1)[1].splitlines()[1]
    names = re.findall("`(.+?)`", line_below)

    assert tuple(names) == FLIGHT_EVENTS.column_names


def test_its_sample_is_clean_and_has_the_key_of_its_test_vector() -> None:
    sample = PAGE.split("```json\n", 1)[1].split("```", 1)[0]
    key = re.search("→ `([0-9a-f]{32})`", PAGE)

    row = oracle.read_record(sample.encode()).row

    assert key is not None
    assert row is not None
    assert row["leg_key"] == key[1]
    assert row["quality_flags"] == []
    assert set(INTEGER_FIELDS) == {
        name
        for section, values in json.loads(sample).items()
        if section in {"operational_data", "live_telemetry"}
        for name in values
        if name.endswith(("_minutes", "_count", "_ft", "_kts", "_fps", "heading"))
    }


@pytest.mark.parametrize("target", sorted(set(re.findall(r"\]\(([^)#]+)\)", PAGE))))
def test_its_links_lead_somewhere(target: str) -> None:
    assert (Path(__file__).parents[2] / "docs" / target).exists()


@pytest.mark.parametrize("anchor", sorted(set(re.findall(r"\]\(#([^)]+)\)", PAGE))))
def test_its_anchors_are_headings(anchor: str) -> None:
    headings = re.findall("^#+ (.+)$", PAGE, re.MULTILINE)
    slugs = {re.sub("[^a-z0-9 _-]", "", heading.lower()).replace(" ", "-") for heading in headings}

    assert anchor in slugs
