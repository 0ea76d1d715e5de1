"""What Terraform makes is still there at the next plan.

A resource that AWS forgets by itself is made again at every apply from then on, and what it did
once may not be done twice.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path

from checks.configuration import Module
from checks.problem import Problem

_FLEETING = {
    "aws_redshiftdata_statement": (
        "the Data API forgets its statements after a day, and Terraform would run this one again: "
        "use run_statement.sh, as modules/warehouse/users.tf does"
    ),
}
"""Type → why not, and what instead."""


def check_lasting(modules: Mapping[Path, Module]) -> Iterator[Problem]:
    """Find resources that do not last."""
    for module in modules.values():
        for (kind, _), block in module.of_kind("resource").items():
            if kind in _FLEETING:
                yield Problem(block.where, _FLEETING[kind])
