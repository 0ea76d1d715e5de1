"""Walks the stages of a deployment in the order in which data flows."""

from collections.abc import Callable

from airside.errors import AirsideError
from airside.runtime.aws import compute, flow, serving
from airside.runtime.aws.account import Account, DeniedError, NotThereError
from airside.runtime.aws.deployment import Deployment
from airside.runtime.aws.names import Names
from airside.runtime.patient import Finding, State

_BOTH: tuple[tuple[str, Callable[[Deployment], Finding]], ...] = (
    ("task", compute.task),
    ("stream", flow.stream),
    ("raw zone", flow.raw_zone),
)
_SERVERLESS: tuple[tuple[str, Callable[[Deployment], Finding]], ...] = (
    ("job", compute.job),
    ("cleaned zone", flow.cleaned_zone),
    ("staging", serving.staging),
    ("gold", serving.gold),
    ("BI", serving.bi),
)
_COMPACT = (("cleaned zone", flow.cleaned_zone),)
"""The rest is inside the task, whose own dashboard shows it."""


def examine(
    names: Names, clock: Callable[[], int], pause: Callable[[float], None]
) -> list[Finding]:
    """Look at a deployment in the account and region that the SDK's own chain finds.

    Raises:
        AirsideError: AWS cannot be asked at all: no credentials, no region, no network.
    """
    return examine_deployment(Deployment(Account(), names, clock, pause))


def examine_deployment(deployment: Deployment) -> list[Finding]:
    """Look at every stage, each for itself: what one hides, another may still tell.

    Raises:
        AirsideError: AWS cannot be asked at all: no credentials, no region, no network.
    """
    deployment.account.ask("sts", "get_caller_identity")
    checks = _BOTH + (_COMPACT if deployment.is_compact else _SERVERLESS)
    return [_found(deployment, stage, check) for stage, check in checks]


def _found(deployment: Deployment, stage: str, check: Callable[[Deployment], Finding]) -> Finding:
    try:
        return check(deployment)
    except AirsideError as error:
        cause, _, next_step = str(error).rpartition("; ")
        state: State = "warning" if isinstance(error, DeniedError) else "stopped"
        seen = "is not there" if isinstance(error, NotThereError) else "cannot be looked at"
        return Finding(stage, state, seen, cause, next_step)
