"""What a provider's schema is made of."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Argument:
    """One argument or nested block.

    Attributes:
        name: As Terraform has it.
        required: Whether leaving it out is an error.
        type: The TypeScript type, in one line.
        is_block: Whether it is written as a block, without `=`.
        block: What is inside, where that is known.
    """

    name: str
    required: bool
    type: str
    is_block: bool
    block: "Block | None"

    @property
    def is_single(self) -> bool:
        """Whether there can be only one such block."""
        return self.is_block and "[]" not in self.type and self.type != "any"


@dataclass(frozen=True)
class Block:
    """The inside of a resource, data source or nested block.

    Attributes:
        arguments: By Terraform name.
        readable: Everything that can be read of it, arguments included, with its TypeScript type;
            empty for nested blocks.
    """

    arguments: dict[str, Argument]
    readable: dict[str, str] = field(default_factory=dict)
