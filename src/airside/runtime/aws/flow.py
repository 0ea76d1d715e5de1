"""The stream, and the zones that are filled from it."""

from airside.events import FLIGHT_EVENTS
from airside.runtime.aws.deployment import Deployment, stopped, warning
from airside.runtime.patient import Finding


def stream(deployment: Deployment) -> Finding:
    """Whether records arrive, and are taken."""
    name = deployment.names.stream
    found = deployment.account.ask("kinesis", "describe_stream_summary", StreamName=name)
    status = found["StreamDescriptionSummary"]["StreamStatus"]
    if status not in {"ACTIVE", "UPDATING"}:
        return stopped("stream", f"{name} is {status}", "it is being made or deleted", "wait")
    records = deployment.total("AWS/Kinesis", "IncomingRecords", StreamName=name)
    text = f"{name}: {records or 0:,.0f} records in 20 minutes"
    if not records:
        return stopped(
            "stream",
            text,
            "no producer runs, or its role lacks kinesis:PutRecords or kms:GenerateDataKey, or its "
            "network has no endpoint for kinesis-streams",
            "look at the task; a producer elsewhere says in its own log what it was answered",
        )
    throttled = deployment.total(
        "AWS/Kinesis", "WriteProvisionedThroughputExceeded", StreamName=name
    )
    if throttled:
        return warning(
            "stream",
            f"{text}, {throttled:,.0f} puts refused",
            "the stream takes less than is sent",
            "add shards, or choose ON_DEMAND; producers try again meanwhile",
        )
    return Finding("stream", "ok", text)


def raw_zone(deployment: Deployment) -> Finding:
    """Whether what arrives is archived: by Firehose, or by the one task."""
    stage = "raw zone"
    if deployment.is_compact:
        return _lake(deployment, stage, "bronze")
    archive, bucket = deployment.names.of("archive"), deployment.names.of("raw")
    found = deployment.account.ask(
        "firehose", "describe_delivery_stream", DeliveryStreamName=archive
    )["DeliveryStreamDescription"]
    status = found["DeliveryStreamStatus"]
    if status != "ACTIVE":
        told = found.get("FailureDescription", {})
        return stopped(
            stage,
            f"{archive} is {status}",
            f"{told.get('Type', 'it is being made or deleted')} {told.get('Details', '')}".strip(),
            "mend that, then terraform apply",
        )
    newest = deployment.newest(bucket, "bronze")
    failed = deployment.account.ask(
        "s3", "list_objects_v2", Bucket=bucket, Prefix=f"errors/{FLIGHT_EVENTS.name}/", MaxKeys=1
    )
    if newest is None or not deployment.is_recent(newest):
        seen = f"the newest file is of {deployment.ago(newest)}" if newest else "no new file"
        return stopped(
            stage,
            f"{bucket}: {seen}",
            "Firehose's role lacks kinesis:GetRecords on the stream, s3:PutObject on the bucket or "
            "kms:GenerateDataKey on its key; or the stream is empty",
            f"read the log group of {archive}, which names the action",
        )
    text = f"{bucket}: the newest file is of {deployment.ago(newest)}"
    if failed.get("KeyCount"):
        return warning(
            stage,
            f"{text}; there are records under errors/",
            "Firehose could not deliver some records",
            f"aws s3 ls --recursive s3://{bucket}/errors/; each says why",
        )
    return Finding(stage, "ok", text)


def cleaned_zone(deployment: Deployment) -> Finding:
    """Whether what arrives is cleaned."""
    stage = "cleaned zone"
    if deployment.is_compact:
        return _lake(deployment, stage, "silver")
    bucket = deployment.names.of("clean")
    newest = deployment.newest(bucket, "silver")
    if newest is not None and deployment.is_recent(newest):
        return Finding(stage, "ok", f"{bucket}: the newest file is of {deployment.ago(newest)}")
    refused = deployment.newest(bucket, "quarantine")
    if deployment.is_recent(refused):
        return stopped(
            stage,
            f"{bucket}: records are quarantined, none is clean",
            "a producer breaks the contract",
            'airside sql "SELECT reason, count(*) FROM staging.quarantine GROUP BY 1" --warehouse '
            "with the warehouse's URL",
        )
    seen = f"the newest file is of {deployment.ago(newest)}" if newest else "no new file"
    return stopped(
        stage,
        f"{bucket}: {seen}",
        "the job does not run, or its role lacks s3:PutObject on the bucket or kms:GenerateDataKey "
        "on its key",
        "look at the job, and read its log",
    )


def _lake(deployment: Deployment, stage: str, zone: str) -> Finding:
    bucket = deployment.names.of("lake")
    newest = deployment.newest(bucket, f"lake/{zone}")
    if newest is not None and deployment.is_recent(newest):
        return Finding(stage, "ok", f"{bucket}: the newest file is of {deployment.ago(newest)}")
    seen = f"the newest file is of {deployment.ago(newest)}" if newest else "no new file"
    return stopped(
        stage,
        f"{bucket}/lake/{zone}: {seen}",
        "the task does not run, or its role lacks s3:PutObject on the bucket or "
        "kms:GenerateDataKey on its key",
        "look at the task, and read its log",
    )
