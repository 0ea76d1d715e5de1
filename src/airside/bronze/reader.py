"""Reads the archive back as if it were the stream."""

import heapq
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

from airside.bronze.archive import DATA_SUFFIX, Archive
from airside.bronze.floor import read_floor
from airside.bronze.index import INDEX_SUFFIX, Contents, Totals, missing, totals
from airside.errors import CorruptDataError
from airside.stream import Frame, Position, RangeFile, files_by_shard, in_force

_INDEX_READERS = 8


class ArchiveReader:
    """Gives the archive's frames in stream order, by the same call as a stream's.

    One file of each shard is in memory at a time. Files may be merged meanwhile.

    Args:
        archive: What to read.
        contents: Instead of the archive's `read`: gives a file's frames by its name.
    """

    def __init__(self, archive: Archive, contents: Callable[[str], Contents] | None = None) -> None:
        self._archive = archive
        self._contents = contents or archive.read
        self.floor = read_floor(archive)
        """Where the archive begins."""
        self._files = self._listed()
        self._position: dict[str, str] | None = None
        self._frames: Iterator[Frame] = iter(())
        self._peeked: Frame | None = None

    @property
    def files(self) -> list[str]:
        """The names of all archive files, by shard and sequence number."""
        return [file.name for files in self._files.values() for file in files]

    def file_of(self, frame: Frame) -> RangeFile:
        """The file that holds a frame that was read."""
        files = self._files[frame.shard_id]
        return files[bisect_left(files, frame.first_sequence_number, key=lambda file: file.last)]

    def end(self) -> dict[str, str]:
        """Shard → the last sequence number that the archive holds."""
        return {shard: files[-1].last for shard, files in self._files.items()}

    def totals(self) -> Totals:
        """Add up what the archive holds, by its indexes alone."""
        lake = self._archive.lake

        def ask(name: str) -> Totals:
            return totals(name, lake.read(name + INDEX_SUFFIX))

        with ThreadPoolExecutor(
            _INDEX_READERS
        ) as pool:  # on S3 it is the way there that takes long
            found = list(pool.map(ask, self.files))
        return Totals(
            records=sum(each.records for each in found),
            stored_bytes=sum(each.stored_bytes for each in found),
            last_arrived_at_us=max((each.last_arrived_at_us for each in found), default=0),
        )

    def read(
        self,
        after: Position,
        *,
        through: Position | None = None,
        max_records: int,
        max_bytes: int,
    ) -> list[Frame]:
        """Read on after a position; see `Stream.read`."""
        if through is not None:
            return list(self._merged(after, through))
        if self._position != dict(after):
            self._frames = self._merged(after)
            self._peeked = next(self._frames, None)
            self._position = dict(after)
        taken: list[Frame] = []
        records = raw_bytes = 0
        while (frame := self._peeked) is not None:
            full = records + frame.records > max_records or raw_bytes + frame.raw_bytes > max_bytes
            if taken and full:
                break
            taken.append(frame)
            records += frame.records
            raw_bytes += frame.raw_bytes
            self._position[frame.shard_id] = frame.last_sequence_number
            self._peeked = next(self._frames, None)
        return taken

    def _merged(self, after: Position, through: Position | None = None) -> Iterator[Frame]:
        ends = through if through is not None else self.end()
        begins = {**self.floor.through, **after}
        shards = [self._shard(shard, begins.get(shard, ""), last) for shard, last in ends.items()]
        return heapq.merge(*shards, key=lambda f: (f.first_arrived_at_us, f.shard_id))

    def _shard(self, shard_id: str, after: str, through: str) -> Iterator[Frame]:
        """Give a shard's frames after a sequence number through another, none of them missing."""
        reached = after
        while reached < through:
            files = self._files.get(shard_id, [])
            place = bisect_right(files, reached, key=lambda file: file.last)
            if place == len(files):
                where = f"the end of {shard_id} in {self._archive.root}"
                raise missing(reached, through, where)
            file = files[place]
            try:
                contents = self._contents(file.name)
            except CorruptDataError:
                self._files = self._listed()
                if file in self._files.get(shard_id, []):
                    raise
                continue  # it has been merged into another since
            if contents.after > reached:
                raise missing(reached, contents.after, file.name)
            for frame in contents.frames:
                if reached < frame.first_sequence_number <= through:
                    yield frame
            reached = file.last

    def _listed(self) -> dict[str, list[RangeFile]]:
        """Shard → its files, in stream order."""
        archive, floor = self._archive, self.floor
        names = archive.lake.names(archive.root, DATA_SUFFIX)
        files = [RangeFile.parse(name, DATA_SUFFIX) for name in names]
        kept, _ = in_force(file for file in files if not floor.covers(file))
        return files_by_shard(kept)
