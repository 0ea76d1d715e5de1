"""What a plan makes: the names that others rely on, no secret, no way out that nobody asked for."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from checks.problem import Problem

# Planned by the stand-in for the provider as every password: wherever it is seen, one is stored.
PASSWORD = "only-for-planning"  # noqa: S105 - it opens nothing

_NAMES = {
    "": {
        ("aws_ecs_cluster", "name", "airside-test"),
        ("aws_ecs_service", "name", "airside-test-simulator"),
        ("aws_kinesis_stream", "name", "airside-test-flight-events"),
    },
    "serverless": {
        ("aws_glue_job", "name", "airside-test-silver"),
        ("aws_kinesis_firehose_delivery_stream", "name", "airside-test-archive"),
        ("aws_redshiftserverless_namespace", "namespace_name", "airside-test"),
        ("aws_redshiftserverless_workgroup", "workgroup_name", "airside-test"),
        ("aws_s3_bucket", "bucket", "airside-test-artifacts"),
        ("aws_s3_bucket", "bucket", "airside-test-clean"),
        ("aws_s3_bucket", "bucket", "airside-test-raw"),
        ("aws_scheduler_schedule", "name", "airside-test-gold"),
    },
    "serverless-all": {("aws_quicksight_data_source", "data_source_id", "airside-test")},
    "compact": {
        ("aws_ecs_service", "name", "airside-test-compact"),
        ("aws_s3_bucket", "bucket", "airside-test-lake"),
    },
}
"""Names by the beginning of the scenarios that have them: `airside doctor --aws` looks for them."""

_WAYS_OUT = {
    "aws_internet_gateway",
    "aws_nat_gateway",
    "aws_eip",
    "aws_egress_only_internet_gateway",
}
_MAY_BE_PUBLIC = {"compact-all"}

_SUFFIX, _LONGEST_SUFFIX = "test", 20
"""What `unique_suffix` is in the scenarios, and how long it may be."""
_LONGEST_NAME = {
    ("aws_iam_role", "name"): 64,
    ("aws_kinesis_firehose_delivery_stream", "name"): 64,
    ("aws_lb", "name"): 32,
    ("aws_lb_target_group", "name"): 32,
    ("aws_redshiftserverless_namespace", "namespace_name"): 64,
    ("aws_redshiftserverless_workgroup", "workgroup_name"): 64,
    ("aws_s3_bucket", "bucket"): 63,
    ("aws_scheduler_schedule", "name"): 64,
}
"""Characters that AWS takes, as each service's reference says; the schema does not."""


def check_plan(scenario: str, plan: Mapping[str, Any], text: str) -> Iterator[Problem]:
    """Find what a plan must not make, and what it forgets.

    Args:
        scenario: Name of the file with the settings.
        plan: As `terraform show -json` gives it.
        text: The same as text.
    """
    made = [
        (change["type"], change["change"]["after"] or {})
        for change in plan["resource_changes"]
        if change["mode"] == "managed"
    ]
    for beginning, names in _NAMES.items():
        if not scenario.startswith(beginning):
            continue
        for kind, argument, name in sorted(names):
            if not any(kind == type_ and after.get(argument) == name for type_, after in made):
                yield Problem(scenario, f"makes no {kind} with {argument} {name}")
    yield from _too_long(scenario, made)
    for kind in sorted({kind for kind, _ in made} & _WAYS_OUT):
        if scenario not in _MAY_BE_PUBLIC:
            yield Problem(scenario, f"makes {kind}: the network is to have no way out")
    if PASSWORD in text:
        yield Problem(scenario, "a password would be in the plan, and so in the state")


def _too_long(scenario: str, made: Iterable[tuple[str, Mapping[str, Any]]]) -> Iterator[Problem]:
    for kind, after in made:
        for (type_, argument), longest in _LONGEST_NAME.items():
            name = after.get(argument) if kind == type_ else None
            longer = len(name or "") + _LONGEST_SUFFIX - len(_SUFFIX)
            if longer > longest:
                yield Problem(
                    scenario,
                    f"makes {kind} {name}: with the longest unique_suffix its name has {longer} "
                    f"characters, and AWS takes {longest}",
                )
