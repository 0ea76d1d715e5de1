"""The shards of a stream, and who descends from whom.

A split or a merge closes shards and opens children, which are read only once their parents have
been read to the end: that keeps the order of records with one partition key.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from airside.stream.kinesis.client import Client


@dataclass(frozen=True, slots=True)
class Shard:
    """One shard as ListShards gives it."""

    shard_id: str
    parents: tuple[str, ...]
    """From which it was split or merged; they may have aged out."""
    is_closed: bool = False
    """Takes no more records."""


def list_shards(client: Client) -> dict[str, Shard]:
    """All shards that still hold or take records, by name, page by page.

    Raises:
        AirsideError: As `Client.call`.
    """
    shards: dict[str, Shard] = {}
    answer = client.call("list_shards")
    while True:
        for found in answer["Shards"]:
            parents = (found.get("ParentShardId"), found.get("AdjacentParentShardId"))
            name = found["ShardId"]
            is_closed = "EndingSequenceNumber" in found.get("SequenceNumberRange", {})
            shards[name] = Shard(name, tuple(parent for parent in parents if parent), is_closed)
        token = answer.get("NextToken")
        if not token:
            return dict(sorted(shards.items()))
        answer = client.call("list_shards", NextToken=token)


def by_generation(shards: Mapping[str, Shard]) -> Iterable[Shard]:
    """Parents before their children."""
    ordered: dict[str, Shard] = {}

    def add(shard: Shard) -> None:
        for parent in shard.parents:
            if parent in shards and parent not in ordered:
                add(shards[parent])
        ordered.setdefault(shard.shard_id, shard)

    for shard in shards.values():
        add(shard)
    return ordered.values()
