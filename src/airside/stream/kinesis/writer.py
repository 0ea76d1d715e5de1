"""Puts records: in requests within the service's limits, and again only what was refused."""

import zlib
from collections.abc import Callable, Iterator, Sequence

from airside.errors import RetryableError
from airside.stream.kinesis.client import Client
from airside.stream.kinesis.explain import ThrottledError
from airside.stream.kinesis.patience import Backoff
from airside.stream.protocol import MAX_RECORD_BYTES, PartlyPutError, RecordTooLargeError

_KEY_BYTES = 8
MAX_PAYLOAD_BYTES = MAX_RECORD_BYTES - _KEY_BYTES - 1
"""A record of a stream is at most 1 MiB together with its partition key, and it ends with LF."""
_MAX_RECORDS = 500
_MAX_REQUEST_BYTES = 4 * 1024 * 1024  # of 10 MiB; a shard takes 1 MB a second in any case

Entry = dict[str, bytes | str]


class Writer:
    """Writes to one stream.

    Args:
        client: The stream.
        backoff: How often and how long to try again.
        identity: The bytes of a record that decide on its shard: records with equal ones stay
            together, and so do a record and its retry.
    """

    def __init__(
        self, client: Client, backoff: Backoff, identity: Callable[[bytes], bytes]
    ) -> None:
        self._client = client
        self._backoff = backoff
        self._identity = identity

    def put(self, payloads: Sequence[bytes]) -> None:
        """Put records; each is durable, in three zones, on return.

        A request may fail in part. What failed is sent again before anything that comes later, so
        that the order of records with one partition key changes only within a request.

        Raises:
            RecordTooLargeError: A record is too large; none was taken.
            PartlyPutError: The service stopped taking them in the middle.
            RetryableError: The service takes none now.
        """
        for index, payload in enumerate(payloads):
            if len(payload) > MAX_PAYLOAD_BYTES:
                raise RecordTooLargeError(index, len(payload), MAX_PAYLOAD_BYTES)
        taken = 0
        for entries in _requests(map(self._entry, payloads)):
            try:
                taken += self._put(entries)
            except PartlyPutError as error:
                raise PartlyPutError(error.reason, taken + error.taken, len(payloads)) from error
            except RetryableError as error:
                if taken:
                    raise PartlyPutError(str(error), taken, len(payloads)) from error
                raise

    def _entry(self, payload: bytes) -> Entry:
        record = payload.replace(b"\n", b" ")
        key = f"{zlib.crc32(self._identity(record)):08x}"
        return {"Data": record + b"\n", "PartitionKey": key}  # what Firehose archives are lines too

    def _put(self, entries: list[Entry]) -> int:
        left = entries
        reason: RetryableError | None = None
        for _ in self._backoff.tries():
            try:
                answer = self._client.call("put_records", Records=left)
            except RetryableError as error:
                reason = error
                continue
            results = zip(left, answer["Records"], strict=True)
            failed = [(entry, result) for entry, result in results if result.get("ErrorCode")]
            if not failed:
                return len(entries)
            left = [entry for entry, _ in failed]
            said = failed[0][1]
            reason = ThrottledError(
                f"{self._client.address.url} did not take {len(left):,} of {len(entries):,} records"
                f" ({said['ErrorCode']}: {said.get('ErrorMessage', '')}); send them more slowly, or"
                " add shards"
            )
        assert reason is not None  # noqa: S101 - there is at least one try
        if len(left) < len(entries):
            raise PartlyPutError(str(reason), len(entries) - len(left), len(entries)) from reason
        raise reason


def _requests(entries: Iterator[Entry]) -> Iterator[list[Entry]]:
    """Cut entries into requests that the service takes."""
    request: list[Entry] = []
    size = 0
    for entry in entries:
        weight = len(entry["Data"]) + _KEY_BYTES
        if request and (len(request) == _MAX_RECORDS or size + weight > _MAX_REQUEST_BYTES):
            yield request
            request, size = [], 0
        request.append(entry)
        size += weight
    if request:
        yield request
