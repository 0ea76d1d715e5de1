"""Policies grant what is needed and no more.

Every policy is an `aws_iam_policy_document`, so all of them can be read here. A wildcard in an
action, a resource that is `*`, or a service that is trusted without naming the account is a problem
unless `ALLOWED` has a reason for it; a reason that nothing needs any more is a problem as well.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path

from checks.configuration import Body, Module, TopBlock
from checks.problem import Problem

# (module, document, what) → why it cannot be narrowed
ALLOWED = {
    ("kms", "key", "action kms:*"): "without a full right for the account a key cannot be managed",
    ("kms", "key", "action kms:GenerateDataKey*"): "two actions, with and without the plain key",
    ("kms", "key", "action kms:ReEncrypt*"): "two actions, from and to the key",
    ("kms", "key", "resource *"): "in a key's policy * is the key itself",
    ("kms", "key", "aws:SourceAccount"): "EventBridge names no account where it publishes to SNS",
    ("observability", "topic", "aws:SourceAccount"): "as above: SNS would refuse its messages",
    ("task", "start", "resource *"): "ecr:GetAuthorizationToken knows no resources",
    ("serverless", "interface_endpoints", "resource *"): "as above",
    ("compact", "interface_endpoints", "resource *"): "as above",
    ("silver", "job", "resource *"): "cloudwatch:PutMetricData knows none; its namespace is held",
    ("bi", "network", "resource *"): "EC2's describing actions know no resources",
    ("network", "s3_endpoint", "anyone"): "ECR's links to image layers are signed by ECR itself",
    ("warehouse", "copy_trust", "aws:SourceArn"): "Redshift does not document which ARN it sends",
    ("bi", "network_trust", "aws:SourceArn"): "QuickSight does not document which ARN it sends",
}

_HOLDING = {"aws:SourceAccount", "aws:SourceArn", "kms:EncryptionContext:aws:logs:arn"}
_POLICIES = {"assume_role_policy", "policy"}
_CHECKED = ("${data.aws_iam_policy_document.", "${var.")
_NO_IAM = {"aws_ecr_lifecycle_policy"}
_ATTACHMENTS = {"aws_iam_role_policy_attachment", "aws_iam_policy_attachment"}


def check_iam(
    modules: Mapping[Path, Module], allowed: Mapping[tuple[str, str, str], str] = ALLOWED
) -> Iterator[Problem]:
    """Find grants that are too wide.

    Args:
        modules: All modules by folder.
        allowed: What is accepted, with its reason.
    """
    needed: set[tuple[str, str, str]] = set()
    for module in modules.values():
        for what, problem in _check_module(module):
            key = (module.folder.name, *what)
            needed.add(key)
            if key not in allowed:
                yield problem
        yield from _check_roles(module)
    for key in sorted(allowed.keys() - needed):
        yield Problem("check_iam.py", f"nothing needs the exception {' / '.join(key)} any more")


_Finding = tuple[tuple[str, str], Problem]


def _check_module(module: Module) -> Iterator[_Finding]:
    for (kind, name), block in module.of_kind("data").items():
        if kind == "aws_iam_policy_document":
            for statement in block.body.inside("statement"):
                yield from _check_statement(name, block, statement)
    for name, value in module.locals.items():
        for grant in _grants(value):
            yield from _check_grant(name, f"{module.folder.name}: local {name}", grant)


def _check_statement(name: str, block: TopBlock, statement: Body) -> Iterator[_Finding]:
    if statement.values.get("effect") == "Deny":
        return
    actions = _texts(statement.values.get("actions"))
    yield from _check_grant(name, block.where, statement.values)
    variables = {_text(each.values.get("variable")) for each in statement.inside("condition")}
    for principals in statement.inside("principals"):
        who = _texts(principals.values.get("identifiers"))
        if "*" in who and not variables:
            what = "anyone is let in, without a condition"
            yield (name, "anyone"), Problem(block.where, what)
        if principals.values.get("type") != "Service":
            continue
        if not variables & _HOLDING:
            what = f"{', '.join(who)} is let in for any account: name aws:SourceAccount"
            yield (name, "aws:SourceAccount"), Problem(block.where, what)
        elif "sts:AssumeRole" in actions:
            for missing in sorted({"aws:SourceAccount", "aws:SourceArn"} - variables):
                what = f"{', '.join(who)} may take the role on: name {missing} as well"
                yield (name, missing), Problem(block.where, what)


def _check_grant(name: str, where: str, grant: Mapping[str, object]) -> Iterator[_Finding]:
    for action in _texts(grant.get("actions")):
        if "*" in action:
            yield (name, f"action {action}"), Problem(where, f"{action}: name the actions")
    for resource in _texts(grant.get("resources")):
        if resource == "*":
            yield (name, "resource *"), Problem(where, "resource *: name the resources")


def _check_roles(module: Module) -> Iterator[Problem]:
    for (kind, _), block in module.of_kind("resource").items():
        if kind in _ATTACHMENTS:
            yield Problem(block.where, "AWS's ready-made policies are too wide: write one out")
        for key in _POLICIES & block.body.values.keys() if kind not in _NO_IAM else ():
            if not _text(block.body.values[key]).startswith(_CHECKED):
                yield Problem(
                    block.where, f"{key} is no aws_iam_policy_document: nothing checks it"
                )


def _grants(value: object) -> Iterator[Mapping[str, object]]:
    """Every dict with actions and resources, at any depth."""
    if isinstance(value, dict):
        if {"actions", "resources"} <= value.keys():
            yield value
        for inner in value.values():
            yield from _grants(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _grants(inner)


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _texts(value: object) -> list[str]:
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []
