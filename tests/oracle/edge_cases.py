"""Single records at the contract's edges, each with the verdict that its words demand.

Every expectation is written by hand; `oracle.sample` holds the record that a case changes.
"""

from oracle.edge_cases_fields import FIELD_CASES
from oracle.edge_cases_json import JSON_CASES, SCALAR_CASES
from oracle.edge_cases_times import MOVEMENT_CASES, TIME_CASES
from oracle.sample import EdgeCase

EDGE_CASES: tuple[EdgeCase, ...] = (
    *JSON_CASES,
    *SCALAR_CASES,
    *TIME_CASES,
    *FIELD_CASES,
    *MOVEMENT_CASES,
)
