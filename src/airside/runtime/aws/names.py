"""What things are called on AWS: `airside-<suffix>-<part>`, as the Terraform roots name them."""

import re
from dataclasses import dataclass

from airside.errors import UsageError
from airside.events import FLIGHT_EVENTS

_SUFFIX = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?")


@dataclass(frozen=True, slots=True)
class Names:
    """The names in one deployment.

    Args:
        suffix: Terraform's `unique_suffix`.
        prefix: What comes before it.

    Raises:
        UsageError: The suffix can be part of no name.
    """

    suffix: str
    prefix: str = "airside"

    def __post_init__(self) -> None:
        if not _SUFFIX.fullmatch(self.suffix):
            raise UsageError(
                f"{self.suffix!r} is not a unique_suffix (lower-case letters, digits, hyphens); "
                "`terraform output check` shows the whole command"
            )

    @property
    def all(self) -> str:
        """Cluster, Redshift's workgroup and QuickSight's data source."""
        return f"{self.prefix}-{self.suffix}"

    def of(self, part: str) -> str:
        """A part, such as `flight-events`, `raw` or `silver`."""
        return f"{self.all}-{part}"

    @property
    def stream(self) -> str:
        """The Kinesis stream."""
        return self.of(FLIGHT_EVENTS.name.replace("_", "-"))
