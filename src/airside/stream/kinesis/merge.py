"""Merges shards into one sequence of frames."""

from collections.abc import Callable

from airside.stream.frame import Frame
from airside.stream.kinesis.cut import second_of
from airside.stream.kinesis.shards import Shard, by_generation
from airside.stream.kinesis.source import START, Source
from airside.stream.position import Position


class Merge:
    """Walks on from a position, frame by frame.

    A shard's frames come in its order. Across shards they come by the second in which they arrived,
    as far as shards have been read to it: while there is a backlog that is exact, and at the end of
    the stream a shard that had nothing when it was asked is not waited for. A shard's children come
    once it has been walked to its end.

    Args:
        source: The shards.
        after: Where to start.
        max_age: That a shard has nothing more may have been seen so many seconds ago.
        may_fetch: Asked before a shard is read; where it says no, the walk is over.
        on_gap: Told a shard and a sequence number after which records may be missing, before what
            comes next is given; raises where the walk is not to go on.
    """

    def __init__(
        self,
        source: Source,
        after: Position,
        *,
        max_age: float,
        may_fetch: Callable[[], bool],
        on_gap: Callable[[str, str], None],
    ) -> None:
        self.at = dict(after)
        """Shard → the last sequence number taken from it."""
        self.first: dict[str, Frame] = {}
        """Shard → the first frame that was found of it."""
        self.tips: set[str] = set()
        """Shards that have been taken to the end that they had."""
        self.ended: set[str] = set()
        """Shards that are closed and have been taken to their end."""
        self._source = source
        self._since = source.now() - max_age
        self._may_fetch = may_fetch
        self._on_gap = on_gap
        self._heads: dict[str, Frame] = {}
        self._shards = source.shards()
        self._is_over = False

    def peek(self) -> Frame | None:
        """The next frame; None where there is none now, or the walk is over."""
        while not self._is_over and self._open():
            pass
        if self._is_over or not self._heads:
            return None
        return min(self._heads.values(), key=lambda frame: (second_of(frame), frame.shard_id))

    def take(self, frame: Frame) -> None:
        """Take the frame that `peek` gave."""
        self.at[frame.shard_id] = frame.last_sequence_number
        del self._heads[frame.shard_id]

    def _open(self) -> bool:
        """Look for the next frame of each shard; True where a shard's end lets others begin."""
        is_changed = False
        for shard in by_generation(self._shards):
            shard_id = shard.shard_id
            if shard_id in self._heads or shard_id in self.tips or not self._is_readable(shard):
                continue
            place = (shard_id, self.at.get(shard_id, START))
            page = self._source.after(place, since=self._since, may_fetch=self._may_fetch)
            if page.is_unknown:
                self._is_over = True
                return False
            if page.is_gap:
                self._on_gap(*place)
            if page.frame is not None:
                self._heads[shard_id] = page.frame
                self.first.setdefault(shard_id, page.frame)
                continue
            self.tips.add(shard_id)
            if page.is_ended:
                self.ended.add(shard_id)
                self._shards = self._source.shards()
                is_changed = True
        return is_changed

    def _is_readable(self, shard: Shard) -> bool:
        return all(parent not in self._shards or parent in self.ended for parent in shard.parents)
