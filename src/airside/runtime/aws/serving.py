"""The warehouse, the schedule that builds the star schema, and QuickSight."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from airside.errors import AirsideError
from airside.runtime.aws.account import DeniedError, NotThereError
from airside.runtime.aws.deployment import RECENT, Deployment, stopped, warning
from airside.runtime.aws.network import is_admitted
from airside.runtime.patient import Finding

_DATABASE = "airside"
_PORT = 5439
_WAITS = (1.0, 2.0, 4.0, 8.0, 15.0, 30.0)
"""Seconds between looks at a statement; a warehouse that sleeps takes some to wake."""
_LOADED = "SELECT extract(epoch FROM max(committed_at))::bigint FROM staging.batches"


def staging(deployment: Deployment) -> Finding:
    """Whether cleaned rows are loaded. Asks one question, which wakes the warehouse."""
    name = deployment.names.all
    workgroup = deployment.account.ask("redshift-serverless", "get_workgroup", workgroupName=name)[
        "workgroup"
    ]
    if workgroup["status"] != "AVAILABLE":
        return stopped(
            "staging", f"{name} is {workgroup['status']}", "it is being made or changed", "wait"
        )
    statement = _answered(deployment)
    if statement["Status"] != "FINISHED":
        told = statement.get("Error") or f"no answer, it is {statement['Status']}"
        return _refused(name, told)
    rows = deployment.account.ask("redshift-data", "get_statement_result", Id=statement["Id"])[
        "Records"
    ]
    seconds = rows[0][0].get("longValue") if rows else None
    if seconds is None:
        return stopped(
            "staging",
            f"{name}: no batch has been loaded",
            "no refresh has run, or COPY is denied: the namespace's role lacks s3:GetObject or "
            "s3:ListBucket on the cleaned zone, or kms:Decrypt on its key",
            "look at gold, and read the refresh task's log",
        )
    loaded = datetime.fromtimestamp(seconds, tz=UTC)
    text = f"{name}: the newest batch was loaded {deployment.ago(loaded)}"
    if deployment.now - loaded > 6 * RECENT:
        return stopped("staging", text, "refreshes have stopped", "look at gold")
    return Finding("staging", "ok", text)


def _answered(deployment: Deployment) -> dict[str, Any]:
    """Ask the warehouse, and wait for its answer for a minute at most."""
    ask = deployment.account.ask
    sent = ask(
        "redshift-data",
        "execute_statement",
        WorkgroupName=deployment.names.all,
        Database=_DATABASE,
        Sql=_LOADED,
    )
    for seconds in _WAITS:
        statement = ask("redshift-data", "describe_statement", Id=sent["Id"])
        if statement["Status"] in {"FINISHED", "FAILED", "ABORTED"}:
            break
        deployment.pause(seconds)
    return statement


def _refused(name: str, told: str) -> Finding:
    if "does not exist" in told:
        return stopped(
            "staging", f"{name}: {told}", "no refresh has run yet, which makes it", "look at gold"
        )
    if "permission denied" in told:
        return warning(
            "staging",
            f"{name}: {told}",
            "whoever runs this has no right to read staging",
            "grant it in the database, or ask one who may",
        )
    return stopped("staging", f"{name}: {told}", "the warehouse does not answer", "try again")


def gold(deployment: Deployment) -> Finding:
    """Whether the star schema is built on its schedule."""
    name = deployment.names.of("gold")
    ask = deployment.account.ask
    schedule = ask("scheduler", "get_schedule", Name=name, GroupName=name)
    text = f"{name}: {schedule['ScheduleExpression']}"
    if schedule["State"] != "ENABLED":
        return stopped("gold", f"{text}, disabled", "the schedule is off", "enable it")
    queue = f"{name}-dead-letters"
    url = ask("sqs", "get_queue_url", QueueName=queue)["QueueUrl"]
    waiting = ask(
        "sqs",
        "get_queue_attributes",
        QueueUrl=url,
        AttributeNames=["ApproximateNumberOfMessages"],
    )["Attributes"]["ApproximateNumberOfMessages"]
    if int(waiting):
        return stopped(
            "gold",
            f"{text}; {int(waiting):,} starts failed",
            "the scheduler could not start the task: its role lacks ecs:RunTask or iam:PassRole, "
            "or the task definition has gone",
            f"read a message of the queue {queue}; its ERROR_MESSAGE says which",
        )
    arns = ask(
        "ecs", "list_tasks", cluster=deployment.names.all, family=name, desiredStatus="STOPPED"
    )["taskArns"]
    tasks = (
        ask("ecs", "describe_tasks", cluster=deployment.names.all, tasks=arns)["tasks"]
        if arns
        else []
    )
    if tasks:
        never = datetime.fromtimestamp(0, tz=UTC)
        last = max(tasks, key=lambda each: each.get("stoppedAt") or never)
        code = (last.get("containers") or [{}])[0].get("exitCode")
        if code != 0:
            return stopped(
                "gold",
                f"{text}; the last refresh ended with {code}",
                last.get("stoppedReason") or "a model failed, or the warehouse refused it",
                "read the task's log; `Error:` says what to do",
            )
    return Finding("gold", "ok", text)


def bi(deployment: Deployment) -> Finding:
    """Whether QuickSight reaches the warehouse."""
    ask, name = deployment.account.ask, deployment.names.all
    account = ask("sts", "get_caller_identity")["Account"]
    try:
        source = ask("quicksight", "describe_data_source", AwsAccountId=account, DataSourceId=name)[
            "DataSource"
        ]
        connections = ask("quicksight", "list_vpc_connections", AwsAccountId=account)
    except NotThereError:
        return warning(
            "BI",
            f"QuickSight has no data source {name}",
            "it is made only when Terraform is given quicksight_principal_arn",
            "set quicksight_principal_arn, then terraform apply",
        )
    except DeniedError:
        raise
    except AirsideError as error:
        if "subscri" in str(error).lower() or "signed up" in str(error).lower():
            return stopped(
                "BI",
                "this account has no QuickSight",
                "nobody has signed up for it",
                "sign up for QuickSight Enterprise in the console, in this region",
            )
        raise
    text = f"QuickSight's data source {name} is {source['Status']}"
    if source["Status"] not in {"CREATION_SUCCESSFUL", "UPDATE_SUCCESSFUL"}:
        told = source.get("ErrorInfo", {}).get("Message", "no reason given")
        return stopped("BI", text, *_why_no_source(told))
    groups = [
        group
        for each in connections.get("VPCConnectionSummaries", ())
        if each["Name"] == name
        for group in each.get("SecurityGroupIds", ())
    ]
    if not groups:
        return stopped(
            "BI",
            f"{text}, without a connection to the VPC",
            "the connection has gone",
            "terraform apply",
        )
    return _shut_out(deployment, groups, text) or Finding("BI", "ok", text)


def _shut_out(deployment: Deployment, groups: Sequence[str], text: str) -> Finding | None:
    """Whether the warehouse's security group keeps QuickSight's out."""
    workgroup = deployment.account.ask(
        "redshift-serverless", "get_workgroup", workgroupName=deployment.names.all
    )["workgroup"]
    into = workgroup["securityGroupIds"]
    if is_admitted(deployment, into, groups, _PORT):
        return None
    return stopped(
        "BI",
        text,
        f"the warehouse's security group ({', '.join(into)}) does not admit QuickSight's "
        f"({', '.join(groups)}) on port {_PORT}",
        "add an ingress rule for QuickSight's group",
    )


def _why_no_source(told: str) -> tuple[str, str]:
    if "secret" in told.lower():
        return (
            f"QuickSight may not read the reader's secret: {told}",
            "allow the secret in QuickSight under Security & permissions",
        )
    if "role" in told.lower() or "access" in told.lower():
        return (
            f"QuickSight's access is too narrow: {told}",
            "give QuickSight's role the access that the message names",
        )
    return told, "check the warehouse's address, its database and the reader's password"
