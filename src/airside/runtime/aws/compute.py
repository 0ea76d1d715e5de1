"""The task that sends or does it all, and the job that cleans."""

from typing import Any

from airside.runtime.aws.deployment import Deployment, stopped, warning
from airside.runtime.aws.network import ECS_ENDPOINTS, obstacle
from airside.runtime.patient import Finding

_JOB_CAUSES: tuple[tuple[str, str, str], ...] = (
    (
        "must open all ingress ports",
        "a security group of the job has no rule for itself",
        "let the group admit itself on all TCP ports",
    ),
    (
        "S3 endpoint validation failed",
        "the job's subnet has no S3 endpoint",
        "add the gateway endpoint for S3 to the subnet's route table",
    ),
    (
        "AccessDenied",
        "the job's role lacks a permission",
        "allow the action that the message names",
    ),
    ("not authorized to perform", "the job's role lacks a permission", "allow that action"),
    (
        "timed out",
        "the job cannot reach a service: an endpoint is missing in its network",
        "run the job without a VPC, or add the endpoint that the message names",
    ),
    ("ModuleNotFoundError", "the job's wheel is missing or old", "terraform apply uploads it"),
    ("OutOfMemory", "the job's workers are too small", "choose a larger worker_type"),
)


def task(deployment: Deployment) -> Finding:
    """Whether the service runs what it should, and if not, how its last task ended."""
    name = "compact" if "compact" in deployment.services else "simulator"
    service = deployment.services.get(name)
    if service is None:
        return stopped(
            "task",
            f"there is no service in the cluster {deployment.names.all}",
            "it has not been deployed, or with another unique_suffix",
            "terraform apply",
        )
    running, desired = service["runningCount"], service["desiredCount"]
    text = f"{service['serviceName']}: {running} of {desired} tasks run"
    if desired == 0:
        return warning(
            "task",
            text,
            "desired_tasks is 0",
            "terraform apply -var desired_tasks=1, unless records come from elsewhere",
        )
    if running >= desired:
        return Finding("task", "ok", text)
    cause, next_step = _why_not_running(deployment, service)
    return stopped("task", text, cause, next_step)


def _why_not_running(deployment: Deployment, service: dict[str, Any]) -> tuple[str, str]:
    cluster = deployment.names.all
    ask = deployment.account.ask
    arns = ask(
        "ecs",
        "list_tasks",
        cluster=cluster,
        serviceName=service["serviceName"],
        desiredStatus="STOPPED",
    )["taskArns"]
    if not arns:
        events = service.get("events") or [{"message": "no task has been started yet"}]
        return events[0]["message"], "look again in a minute; then check the service's events"
    last = ask("ecs", "describe_tasks", cluster=cluster, tasks=arns[:1])["tasks"][0]
    reason = last.get("stoppedReason", "")
    container = (last.get("containers") or [{}])[0]
    network = service.get("networkConfiguration", {}).get("awsvpcConfiguration", {})
    if "CannotPull" in reason or "ResourceInitializationError" in reason:
        found = obstacle(
            deployment,
            network.get("subnets", ()),
            network.get("securityGroups", ()),
            (*ECS_ENDPOINTS, *(("secretsmanager",) if "secret" in reason.lower() else ())),
        )
        return found or (
            reason,
            "push the image with the tag of image_tag, and see that the execution role may pull it",
        )
    code = container.get("exitCode")
    if code == 137:
        return "the task was killed for its memory (exit code 137)", "give it more memory"
    told = container.get("reason") or reason or "no reason given"
    ended = "" if code is None else f" (exit code {code})"
    return f"the last task ended{ended}: {told}", "read its log; `Error:` says what to do"


def job(deployment: Deployment) -> Finding:
    """Whether the Glue job runs, and if not, what its last run said."""
    name = deployment.names.of("silver")
    runs = deployment.account.ask("glue", "get_job_runs", JobName=name, MaxResults=1)["JobRuns"]
    if not runs:
        return stopped(
            "job",
            f"{name} has never run",
            "nothing has started it",
            f"aws glue start-job-run --job-name {name}",
        )
    run = runs[0]
    state = run["JobRunState"]
    text = f"{name}: its last run is {state}"
    if state == "RUNNING":
        return Finding("job", "ok", text)
    if state in {"STARTING", "WAITING"}:
        return warning("job", text, "it has only just been started", "look again in a minute")
    message = run.get("ErrorMessage") or "it was stopped, or reached its time limit"
    for sign, cause, next_step in _JOB_CAUSES:
        if sign in message:
            return stopped("job", text, f"{cause}: {message}", next_step)
    return stopped("job", text, message, f"aws glue start-job-run --job-name {name}")
