"""The oracle against expectations written by hand from the contract's words."""

from collections import Counter

import pytest

import oracle
from airside.events import FLIGHT_EVENTS
from airside.events.vocabulary import (
    FLIGHT_STATUSES,
    QUALITY_FLAGS,
    QUARANTINE_REASONS,
    STATUS_SYNONYMS,
)
from oracle.edge_cases import EDGE_CASES
from oracle.record import STATUSES
from oracle.sample import SAMPLE, EdgeCase


@pytest.mark.parametrize("case", EDGE_CASES, ids=str)
def test_the_oracle_reads_the_edge_case_as_the_contract_says(case: EdgeCase) -> None:
    verdict = oracle.read_record(case.payload)

    assert verdict.reasons == case.reasons
    assert verdict.flags == list(case.flags)
    row = verdict.row or {}
    assert {name: row[name] for name in case.columns} == case.columns


def test_the_edge_cases_know_every_reason_and_have_names_of_their_own() -> None:
    reasons = {reason for case in EDGE_CASES for reason in case.reasons}

    assert reasons == set(oracle.REASONS)
    assert [name for name, n in Counter(map(str, EDGE_CASES)).items() if n > 1] == []


def test_the_pipeline_names_what_the_oracle_names() -> None:
    row = oracle.read_record(SAMPLE.encode()).row

    assert row is not None
    assert (*row, "shard_id", "sequence_number", "arrived_at") == FLIGHT_EVENTS.column_names
    assert oracle.REASONS == QUARANTINE_REASONS
    assert oracle.FLAGS == QUALITY_FLAGS
    assert {status: status for status in FLIGHT_STATUSES} | STATUS_SYNONYMS == STATUSES
