"""For each stage of a deployment a way to break it, and the cause that the doctor names."""

import sys
from datetime import timedelta
from typing import Any

import boto3
import pytest
from botocore.exceptions import EndpointConnectionError

from airside.errors import AirsideError, RetryableError, UsageError
from airside.runtime.aws.account import Account
from airside.runtime.aws.doctor import examine_deployment
from airside.runtime.aws.names import Names
from airside.runtime.patient import Finding
from support.calls import call, refused
from support.deployments import NAME, Deployed, no, rules, service

STAGES = ["task", "stream", "raw zone", "job", "cleaned zone", "staging", "gold", "BI"]


def examined(deployed: Deployed) -> dict[str, Finding]:
    found = examine_deployment(deployed.looked_at())
    for finding in found:
        if finding.state == "ok":
            assert finding.cause is finding.next_step is None
        else:
            assert finding.cause, finding
            assert finding.next_step, finding
    return {finding.stage: finding for finding in found}


def test_a_healthy_deployment(deployed: Deployed) -> None:
    found = examined(deployed)
    assert list(found) == STAGES
    assert {finding.state for finding in found.values()} == {"ok"}, found
    assert "1,200 records" in found["stream"].finding
    assert found["staging"].finding.endswith("3 minutes ago")


def test_a_stage_that_is_broken_hides_no_other(deployed: Deployed) -> None:
    deployed.says("kinesis", "describe_stream_summary", no("DescribeStreamSummary", "Throttling"))
    found = examined(deployed)
    assert list(found) == STAGES
    assert [f.stage for f in found.values() if f.state != "ok"] == ["stream"]


STOPPED_TASK = {"stoppedReason": "Essential container in task exited", "containers": [{}]}


def with_stopped_task(deployed: Deployed, **task: Any) -> None:
    deployed.says("ecs", "describe_services", {"services": [service(runningCount=0)]})
    deployed.says("ecs", "list_tasks", {"taskArns": ["arn:aws:ecs:::task/one"]})
    deployed.says("ecs", "describe_tasks", {"tasks": [STOPPED_TASK | task]})
    deployed.says("ec2", "describe_subnets", {"Subnets": [{"VpcId": "vpc-1"}]})


def with_endpoints(deployed: Deployed, *services: str) -> None:
    deployed.says(
        "ec2",
        "describe_vpc_endpoints",
        {
            "VpcEndpoints": [
                {
                    "ServiceName": f"com.amazonaws.us-east-1.{name}",
                    "Groups": [] if name == "s3" else [{"GroupId": "sg-endpoints"}],
                }
                for name in services
            ]
        },
    )


PULL = "CannotPullContainerError: ref pull has been retried 5 time(s): i/o timeout"


def test_a_task_without_an_endpoint(deployed: Deployed) -> None:
    with_stopped_task(deployed, stoppedReason=PULL)
    with_endpoints(deployed, "ecr.api", "logs", "s3")
    deployed.says("ec2", "describe_security_group_rules", rules(443, "sg-task"))
    found = examined(deployed)["task"]
    assert found.state == "stopped"
    assert found.cause == "the network has no endpoint for ecr.dkr"


def test_an_endpoint_whose_group_has_no_rule_for_itself(deployed: Deployed) -> None:
    with_stopped_task(deployed, stoppedReason=PULL)
    with_endpoints(deployed, "ecr.api", "ecr.dkr", "logs", "s3")
    deployed.says("ec2", "describe_security_group_rules", rules(443, "sg-someone-else"))
    found = examined(deployed)["task"]
    assert "(sg-endpoints) does not admit the task's (sg-task) on port 443" in str(found.cause)
    assert "a rule for itself" in str(found.next_step)


def test_an_image_that_is_not_there(deployed: Deployed) -> None:
    with_stopped_task(deployed, stoppedReason=f"{PULL}: not found")
    with_endpoints(deployed, "ecr.api", "ecr.dkr", "logs", "s3")
    deployed.says("ec2", "describe_security_group_rules", rules(443, "sg-task"))
    found = examined(deployed)["task"]
    assert "not found" in str(found.cause)
    assert "push the image" in str(found.next_step)


@pytest.mark.parametrize(
    ("container", "cause"),
    [
        ({"exitCode": 137}, "killed for its memory"),
        ({"exitCode": 2}, "the last task ended (exit code 2): Essential container"),
    ],
)
def test_a_task_that_ended(deployed: Deployed, container: dict[str, Any], cause: str) -> None:
    with_stopped_task(deployed, containers=[container])
    assert cause in str(examined(deployed)["task"].cause)


def test_no_task_is_wanted(deployed: Deployed) -> None:
    idle = service(runningCount=0, desiredCount=0)
    deployed.says("ecs", "describe_services", {"services": [idle]})
    found = examined(deployed)["task"]
    assert (found.state, found.cause) == ("warning", "desired_tasks is 0")


def test_nothing_is_deployed(deployed: Deployed) -> None:
    deployed.says("ecs", "describe_services", no("DescribeServices", "ClusterNotFoundException"))
    found = examined(deployed)["task"]
    assert (found.state, found.finding) == ("stopped", "is not there")
    assert "terraform apply" in str(found.next_step)


def test_a_silent_stream(deployed: Deployed) -> None:
    deployed.counts()
    found = examined(deployed)["stream"]
    assert found.state == "stopped"
    assert "kinesis:PutRecords" in str(found.cause)
    assert "endpoint for kinesis-streams" in str(found.cause)


def test_a_stream_that_is_too_narrow(deployed: Deployed) -> None:
    deployed.counts(IncomingRecords=9, WriteProvisionedThroughputExceeded=70)
    found = examined(deployed)["stream"]
    assert (found.state, found.cause) == ("warning", "the stream takes less than is sent")
    assert "70 puts refused" in found.finding


def test_an_archive_that_stands_still(deployed: Deployed) -> None:
    deployed.now += timedelta(hours=3)
    found = examined(deployed)
    assert "Firehose's role lacks kinesis:GetRecords" in str(found["raw zone"].cause)
    assert "s3:PutObject" in str(found["cleaned zone"].cause)
    assert found["staging"].cause == "refreshes have stopped"


def test_records_that_firehose_could_not_deliver(deployed: Deployed) -> None:
    s3 = boto3.client("s3", region_name="us-east-1")
    s3.put_object(Bucket=f"{NAME}-raw", Key="errors/flight_events/x/1", Body=b"x")
    found = examined(deployed)["raw zone"]
    assert (found.state, found.cause) == ("warning", "Firehose could not deliver some records")


@pytest.mark.parametrize(
    ("message", "cause"),
    [
        ("At least one security group must open all ingress ports", "has no rule for itself"),
        ("VPC S3 endpoint validation failed for SubnetId", "has no S3 endpoint"),
        ("AccessDeniedException: not authorized to kinesis:GetRecords", "lacks a permission"),
        ("ConnectTimeoutException: connect timed out", "an endpoint is missing"),
        ("something new", "something new"),
    ],
)
def test_a_job_that_failed(deployed: Deployed, message: str, cause: str) -> None:
    deployed.says(
        "glue", "get_job_runs", {"JobRuns": [{"JobRunState": "FAILED", "ErrorMessage": message}]}
    )
    found = examined(deployed)["job"]
    assert found.state == "stopped"
    assert cause in str(found.cause)
    assert message in str(found.cause)


def test_a_job_that_never_ran(deployed: Deployed) -> None:
    deployed.says("glue", "get_job_runs", {"JobRuns": []})
    found = examined(deployed)["job"]
    assert found.next_step == f"aws glue start-job-run --job-name {NAME}-silver"


def test_only_quarantined_records(deployed: Deployed) -> None:
    s3 = boto3.client("s3", region_name="us-east-1")
    for item in s3.list_objects_v2(Bucket=f"{NAME}-clean")["Contents"]:
        s3.delete_object(Bucket=f"{NAME}-clean", Key=item["Key"])
    deployed.put("clean", "quarantine")
    assert examined(deployed)["cleaned zone"].cause == "a producer breaks the contract"


@pytest.mark.parametrize(
    ("told", "state", "words"),
    [
        ('relation "staging.batches" does not exist', "stopped", "no refresh has run yet"),
        ("permission denied for schema staging", "warning", "no right to read"),
        ("out of memory", "stopped", "does not answer"),
    ],
)
def test_a_warehouse_that_refuses(deployed: Deployed, told: str, state: str, words: str) -> None:
    failed = {"Id": "one", "Status": "FAILED", "Error": told}
    deployed.says("redshift-data", "describe_statement", failed)
    found = examined(deployed)["staging"]
    assert found.state == state
    assert words in str(found.cause)


def test_a_warehouse_that_sleeps_is_waited_for_up_to_a_minute(deployed: Deployed) -> None:
    deployed.says("redshift-data", "describe_statement", {"Id": "one", "Status": "STARTED"})
    assert "no answer" in examined(deployed)["staging"].finding
    assert sum(deployed.waited) == 60


def test_nothing_loaded_yet(deployed: Deployed) -> None:
    deployed.says("redshift-data", "get_statement_result", {"Records": [[{"isNull": True}]]})
    assert "COPY is denied" in str(examined(deployed)["staging"].cause)


def test_starts_that_failed(deployed: Deployed) -> None:
    sqs = boto3.client("sqs", region_name="us-east-1")
    url = sqs.get_queue_url(QueueName=f"{NAME}-gold-dead-letters")["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="{}")
    found = examined(deployed)["gold"]
    assert "1 starts failed" in found.finding
    assert "iam:PassRole" in str(found.cause)


def test_a_refresh_that_failed(deployed: Deployed) -> None:
    deployed.says("ecs", "list_tasks", {"taskArns": ["arn:aws:ecs:::task/one"]})
    ended = {"stoppedAt": deployed.now, "containers": [{"exitCode": 1}]}
    deployed.says("ecs", "describe_tasks", {"tasks": [ended]})
    assert "ended with 1" in examined(deployed)["gold"].finding


def test_quicksight_is_shut_out(deployed: Deployed) -> None:
    deployed.says("ec2", "describe_security_group_rules", rules(5439, "sg-other"))
    found = examined(deployed)["BI"]
    assert found.state == "stopped"
    assert "(sg-warehouse) does not admit QuickSight's (sg-quicksight)" in str(found.cause)


@pytest.mark.parametrize(
    ("message", "words"),
    [
        ("Unable to access the secret", "reader's secret"),
        ("Insufficient access of the role", "QuickSight's access is too narrow"),
        ("Connection refused", "Connection refused"),
    ],
)
def test_quicksights_access(deployed: Deployed, message: str, words: str) -> None:
    broken = {"Status": "CREATION_FAILED", "ErrorInfo": {"Message": message}}
    deployed.says("quicksight", "describe_data_source", {"DataSource": broken})
    assert words in str(examined(deployed)["BI"].cause)


@pytest.mark.parametrize(
    ("code", "state", "words"),
    [
        ("ResourceNotFoundException", "warning", "quicksight_principal_arn"),
        ("AccessDeniedException", "warning", "quicksight:DescribeDataSource is denied"),
    ],
)
def test_no_quicksight(deployed: Deployed, code: str, state: str, words: str) -> None:
    deployed.says("quicksight", "describe_data_source", no("DescribeDataSource", code))
    found = examined(deployed)["BI"]
    assert found.state == state
    assert words in str(found.cause)


def test_what_may_not_be_looked_at_names_the_action(deployed: Deployed) -> None:
    deployed.says("s3", "list_objects_v2", no("ListObjectsV2", "AccessDenied"))
    found = examined(deployed)["raw zone"]
    assert (found.state, found.finding) == ("warning", "cannot be looked at")
    assert "s3:ListBucket is denied" in str(found.cause)


def test_the_one_task_that_does_it_all(deployed: Deployed) -> None:
    deployed.says("ecs", "describe_services", {"services": [service("compact")]})
    found = examined(deployed)
    assert list(found) == ["task", "stream", "raw zone", "cleaned zone"]
    assert "the task does not run" in str(found["raw zone"].cause)
    deployed.put("lake", "lake/bronze")
    deployed.put("lake", "lake/silver")
    assert {finding.state for finding in examined(deployed).values()} == {"ok"}


def test_aws_out_of_reach_is_one_error(deployed: Deployed) -> None:
    deployed.says("sts", "get_caller_identity", EndpointConnectionError(endpoint_url="https://sts"))
    with pytest.raises(RetryableError, match="cannot be reached"):
        examine_deployment(deployed.looked_at())


def test_no_region_and_bad_names(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", "/dev/null")
    with pytest.raises(UsageError, match="set AWS_DEFAULT_REGION"):
        Account().ask("kinesis", "list_streams")
    with pytest.raises(AirsideError, match="not a unique_suffix"):
        Names("Not Good")
    assert "terraform output check" in refused(2, "doctor", "--aws", "Not Good")


@pytest.mark.usefixtures("deployed")
def test_the_command(monkeypatch: pytest.MonkeyPatch, deployed: Deployed) -> None:
    monkeypatch.setattr("airside.runtime.aws.account._client", deployed.client)
    done = call("doctor", "--aws", "demo", "--json")
    assert done.code == 0
    assert [finding["stage"] for finding in done.json["findings"]] == STAGES
    deployed.counts()
    done = call("doctor", "--aws", "demo")
    assert done.code == 1
    assert "Data stops at: stream" in done.out


def test_without_the_sdk_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("airside.runtime.aws.doctor", "airside.runtime.aws.account"):
        monkeypatch.delitem(sys.modules, module, raising=False)
    monkeypatch.setitem(sys.modules, "boto3", None)
    assert "pip install 'airside[aws]'" in refused(2, "doctor", "--aws", "demo")
