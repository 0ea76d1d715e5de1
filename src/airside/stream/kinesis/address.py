"""How a stream of Kinesis is named: `kinesis://NAME`."""

import re
from dataclasses import dataclass

from airside.errors import UsageError

SCHEME = "kinesis"
_NAME = re.compile(r"[a-zA-Z0-9_.-]{1,128}")


@dataclass(frozen=True, slots=True)
class KinesisAddress:
    """A stream in the account and region that the AWS SDK's own chain gives."""

    name: str

    @classmethod
    def parse(cls, url: str) -> "KinesisAddress":
        """Take `kinesis://NAME` apart.

        Raises:
            UsageError: It is something else.
        """
        scheme, _, name = url.partition("://")
        if scheme != SCHEME or not _NAME.fullmatch(name):
            raise UsageError(
                f"{url!r} is not a stream; write kinesis://NAME, with the name of a Kinesis data "
                "stream (letters, digits, '_', '.', '-')"
            )
        return cls(name)

    @property
    def url(self) -> str:
        """The address as it is written."""
        return f"{SCHEME}://{self.name}"
