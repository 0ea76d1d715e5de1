"""What a check finds."""

from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class Problem:
    """One thing that is wrong.

    Attributes:
        where: File, or folder of a module, and the block in it.
        what: What was seen, what was expected.
    """

    where: str
    what: str

    def __str__(self) -> str:
        return f"{self.where}: {self.what}"
