"""A deployment in moto, as Terraform would leave it, and answers that moto has not."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
from botocore.exceptions import ClientError
from botocore.validate import validate_parameters

from airside.runtime.aws.account import Account
from airside.runtime.aws.deployment import Deployment
from airside.runtime.aws.names import Names

NAME = "airside-demo"
BUCKETS = ("raw", "clean", "lake")
Answer = dict[str, Any] | Exception | Callable[[dict[str, Any]], dict[str, Any]]


def no(operation: str, code: str, message: str = "as AWS puts it") -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message}}, operation)


class Scripted:
    """A client of the SDK with answers of the test's, held to AWS's own description of them."""

    def __init__(self, client: Any, answers: dict[str, Answer]) -> None:
        self._client = client
        self._answers = answers
        self.meta = client.meta

    def __getattr__(self, operation: str) -> Callable[..., Any]:
        if operation not in self._answers:
            return getattr(self._client, operation)
        model = self.meta.service_model.operation_model(self.meta.method_to_api_mapping[operation])

        def call(**parameters: Any) -> Any:
            validate_parameters(parameters, model.input_shape)
            answer = self._answers[operation]
            if callable(answer):
                answer = answer(parameters)
            if isinstance(answer, Exception):
                raise answer
            validate_parameters(answer, model.output_shape)
            return answer

        return call


class Deployed:
    """What is deployed, and how it is looked at."""

    def __init__(self, clients: dict[str, Any]) -> None:
        self._clients = clients
        self.answers: dict[str, dict[str, Answer]] = {}
        self.waited: list[float] = []
        self.now = datetime.now(UTC)

    def says(self, service: str, operation: str, answer: Answer) -> None:
        """Let a service answer so."""
        self.answers.setdefault(service, {})[operation] = answer

    def client(self, service: str) -> Any:
        return Scripted(self._of(service), self.answers.setdefault(service, {}))

    def _of(self, service: str) -> Any:
        if service not in self._clients:
            self._clients[service] = boto3.client(service, region_name="us-east-1")
        return self._clients[service]

    def looked_at(self) -> Deployment:
        return Deployment(
            Account(self.client),
            Names("demo"),
            clock=lambda: int(self.now.timestamp() * 1e6),
            pause=self.waited.append,
        )

    def put(self, bucket: str, folder: str) -> None:
        """A file of this hour."""
        key = f"{folder}/flight_events/ingest_date={self.now:%Y-%m-%d}/ingest_hour={self.now:%H}/x"
        self._of("s3").put_object(Bucket=f"{NAME}-{bucket}", Key=key, Body=b"x")

    def counts(self, **metrics: float) -> None:
        """What CloudWatch has measured of the stream: metric → sum."""

        def answer(asked: dict[str, Any]) -> dict[str, Any]:
            found = metrics.get(asked["MetricName"])
            return {"Datapoints": [] if found is None else [{"Sum": found}]}

        self.says("cloudwatch", "get_metric_statistics", answer)


def deploy() -> None:
    """Make what moto knows of a deployment."""

    def client(service: str) -> Any:
        return boto3.client(service, region_name="us-east-1")

    client("ecs").create_cluster(clusterName=NAME)
    client("kinesis").create_stream(StreamName=f"{NAME}-flight-events", ShardCount=1)
    for bucket in BUCKETS:
        client("s3").create_bucket(Bucket=f"{NAME}-{bucket}")
    client("firehose").create_delivery_stream(
        DeliveryStreamName=f"{NAME}-archive",
        ExtendedS3DestinationConfiguration={
            "RoleARN": "arn:aws:iam::123456789012:role/archive",
            "BucketARN": f"arn:aws:s3:::{NAME}-raw",
        },
    )
    client("scheduler").create_schedule_group(Name=f"{NAME}-gold")
    client("scheduler").create_schedule(
        Name=f"{NAME}-gold",
        GroupName=f"{NAME}-gold",
        ScheduleExpression="rate(15 minutes)",
        FlexibleTimeWindow={"Mode": "OFF"},
        Target={
            "Arn": f"arn:aws:ecs:us-east-1:123456789012:cluster/{NAME}",
            "RoleArn": "arn:aws:iam::123456789012:role/scheduler",
        },
    )
    client("sqs").create_queue(QueueName=f"{NAME}-gold-dead-letters")


def healthy(clients: dict[str, Any]) -> Deployed:
    """A deployment in which all is well."""
    made = Deployed(clients)
    loaded = int((made.now - timedelta(minutes=3)).timestamp())
    workgroup = {"status": "AVAILABLE", "securityGroupIds": ["sg-warehouse"]}
    connection = {"Name": NAME, "SecurityGroupIds": ["sg-quicksight"]}
    for service_name, operation, answer in (
        ("ecs", "describe_services", {"services": [service()]}),
        ("glue", "get_job_runs", {"JobRuns": [{"JobRunState": "RUNNING"}]}),
        ("redshift-serverless", "get_workgroup", {"workgroup": workgroup}),
        ("redshift-data", "execute_statement", {"Id": "one"}),
        ("redshift-data", "describe_statement", {"Id": "one", "Status": "FINISHED"}),
        ("redshift-data", "get_statement_result", {"Records": [[{"longValue": loaded}]]}),
        ("quicksight", "describe_data_source", {"DataSource": {"Status": "CREATION_SUCCESSFUL"}}),
        ("quicksight", "list_vpc_connections", {"VPCConnectionSummaries": [connection]}),
        ("ec2", "describe_security_group_rules", rules(5439, "sg-quicksight")),
    ):
        made.says(service_name, operation, answer)
    made.counts(IncomingRecords=1_200)
    made.put("raw", "bronze")
    made.put("clean", "silver")
    return made


def tidy(clients: dict[str, Any]) -> None:
    """Take away what a test has left."""
    s3, sqs = clients["s3"], clients["sqs"]
    for bucket in BUCKETS:
        for item in s3.list_objects_v2(Bucket=f"{NAME}-{bucket}").get("Contents", ()):
            s3.delete_object(Bucket=f"{NAME}-{bucket}", Key=item["Key"])
    url = sqs.get_queue_url(QueueName=f"{NAME}-gold-dead-letters")["QueueUrl"]
    for message in sqs.receive_message(QueueUrl=url).get("Messages", ()):
        sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])


def service(part: str = "simulator", **changes: Any) -> dict[str, Any]:
    """An ECS service that runs its one task."""
    return {
        "serviceName": f"{NAME}-{part}",
        "status": "ACTIVE",
        "runningCount": 1,
        "desiredCount": 1,
        "networkConfiguration": {
            "awsvpcConfiguration": {"subnets": ["subnet-1"], "securityGroups": ["sg-task"]}
        },
    } | changes


def rules(port: int, *groups: str) -> dict[str, Any]:
    """Ingress rules for members of other groups."""
    return {
        "SecurityGroupRules": [
            {
                "IsEgress": False,
                "IpProtocol": "tcp",
                "FromPort": port,
                "ToPort": port,
                "ReferencedGroupInfo": {"GroupId": group},
            }
            for group in groups
        ]
    }
