"""What the checks of a deployment look at, and how they word what they find."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any

from airside.events import FLIGHT_EVENTS
from airside.runtime.aws.account import Account, NotThereError
from airside.runtime.aws.names import Names
from airside.runtime.patient import Finding
from airside.stream import hour_folder

RECENT = timedelta(minutes=20)
"""Longer than any stage buffers; what is older has stopped."""


@dataclass
class Deployment:
    """One deployment, and the moment at which it is looked at."""

    account: Account
    names: Names
    clock: Callable[[], int]
    """Microseconds since the Unix epoch."""
    pause: Callable[[float], None]
    """Waits so many seconds, for an answer of the warehouse."""

    @property
    def now(self) -> datetime:
        """By the clock."""
        return datetime.fromtimestamp(self.clock() / 1e6, tz=UTC)

    @cached_property
    def services(self) -> dict[str, dict[str, Any]]:
        """The ECS services there are: `simulator`, `compact`."""
        found = self.account.ask(
            "ecs",
            "describe_services",
            cluster=self.names.all,
            services=[self.names.of("simulator"), self.names.of("compact")],
        )
        return {
            service["serviceName"].removeprefix(f"{self.names.all}-"): service
            for service in found["services"]
            if service["status"] != "INACTIVE"
        }

    @property
    def is_compact(self) -> bool:
        """Whether one task does it all."""
        try:
            return "compact" in self.services
        except NotThereError:
            return False

    def total(self, namespace: str, metric: str, **dimensions: str) -> float | None:
        """A metric's sum over the last minutes; None where nothing was measured."""
        answer = self.account.ask(
            "cloudwatch",
            "get_metric_statistics",
            Namespace=namespace,
            MetricName=metric,
            Dimensions=[{"Name": name, "Value": value} for name, value in dimensions.items()],
            StartTime=self.now - RECENT,
            EndTime=self.now,
            Period=int(RECENT.total_seconds()),
            Statistics=["Sum"],
        )
        points = [point["Sum"] for point in answer["Datapoints"]]
        return sum(points) if points else None

    def newest(self, bucket: str, root: str) -> datetime | None:
        """When the newest file of this hour or the one before was written below a folder."""
        found: list[datetime] = []
        for hours in (0, 1):
            at = self.now - timedelta(hours=hours)
            folder = hour_folder(f"{root}/{FLIGHT_EVENTS.name}", int(at.timestamp() * 1e6))
            token: dict[str, str] = {}
            while True:
                page = self.account.ask(
                    "s3", "list_objects_v2", Bucket=bucket, Prefix=f"{folder}/", **token
                )
                found += [item["LastModified"] for item in page.get("Contents", ())]
                if not page.get("IsTruncated"):
                    break
                token = {"ContinuationToken": page["NextContinuationToken"]}
        return max(found, default=None)

    def ago(self, instant: datetime) -> str:
        """How long ago something was."""
        minutes = (self.now - instant).total_seconds() / 60
        return f"{minutes:,.0f} minutes ago"

    def is_recent(self, instant: datetime | None) -> bool:
        """Whether something is young enough for a stage that works."""
        return instant is not None and self.now - instant <= RECENT


def stopped(stage: str, finding: str, cause: str, next_step: str) -> Finding:
    """A finding that data does not get past a stage."""
    return Finding(stage, "stopped", finding, cause, next_step)


def warning(stage: str, finding: str, cause: str, next_step: str) -> Finding:
    """A finding that is worth a look."""
    return Finding(stage, "warning", finding, cause, next_step)
