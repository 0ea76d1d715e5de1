"""The lake on S3.

An object appears when its upload is complete, so an upload is as atomic as a rename, and one under
the same name replaces the object whole. Large files go up in parts; what a crash leaves of such an
upload is never seen by readers (a lifecycle rule on the bucket clears it away). The SDK signs,
checks every body with a CRC, and retries what may pass; what still fails then is a `RetryableError`
that the stage tries again.

Region, credentials and endpoint come from the SDK's own chain: environment, profile, the task's
role. Actions needed: `s3:ListBucket` on the bucket, `s3:GetObject`, `s3:PutObject` and
`s3:DeleteObject` on its objects.
"""

import posixpath
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import boto3
from boto3.s3.transfer import TransferConfig
from botocore.client import BaseClient
from botocore.config import Config

from airside.errors import CorruptDataError, RetryableError
from airside.lake.s3_errors import is_missing, translated

_PART_BYTES = 16 * 1024 * 1024
_TRANSFER = TransferConfig(
    multipart_threshold=_PART_BYTES, multipart_chunksize=_PART_BYTES, max_concurrency=4
)
_CONNECT_SECONDS = 5
_READ_SECONDS = 30
_ATTEMPTS = 4  # with the SDK's jittered backoff, a few seconds in all
_CLIENTS = threading.Lock()


class S3Lake:
    """A lake below a prefix of a bucket; see `Lake` for what each method promises.

    Args:
        bucket: The bucket's name; it must exist.
        prefix: Without slashes at its ends; empty for the whole bucket.
        client: Instead of one made from the SDK's own chain.
    """

    def __init__(self, bucket: str, prefix: str = "", client: BaseClient | None = None) -> None:
        self._bucket = bucket
        self._prefix = f"{prefix}/" if prefix else ""
        self._client = _client() if client is None else client

    @property
    def url(self) -> str:
        """`s3://bucket/prefix`."""
        return self.where().rstrip("/")

    def where(self, name: str = "") -> str:
        """An object's address."""
        return f"s3://{self._bucket}/{self._prefix}{name}"

    @contextmanager
    def publish(self, name: str) -> Iterator[Path]:
        """Write an object atomically: a local file first, uploaded when it is whole."""
        with _scratch(name) as path:
            try:
                yield path
                with path.open("rb") as file, self._errors("s3:PutObject", name):
                    self._client.upload_fileobj(
                        file, self._bucket, self._prefix + name, Config=_TRANSFER
                    )
            except OSError as error:
                raise RetryableError(
                    f"{self.where(name)}: its local copy {path} cannot be written "
                    f"({error.strerror or error}); free disk space there, or name another folder "
                    "with TMPDIR, then try again"
                ) from error

    def sizes(self, prefix: str, suffix: str = "") -> dict[str, int]:
        """The objects below a folder, with their sizes; a request for each thousand."""
        folder = self._prefix + (f"{prefix.strip('/')}/" if prefix else "")
        with self._errors("s3:ListBucket", prefix):
            pages = self._client.get_paginator("list_objects_v2").paginate(
                Bucket=self._bucket, Prefix=folder
            )
            found = {
                item["Key"].removeprefix(self._prefix): item["Size"]
                for page in pages
                for item in page.get("Contents", ())
                if item["Key"].endswith(suffix) and not item["Key"].endswith("/")
            }
        return dict(sorted(found.items()))

    def names(self, prefix: str, suffix: str = "") -> list[str]:
        """The names of the objects below a folder, sorted."""
        return list(self.sizes(prefix, suffix))

    def read(self, name: str) -> bytes:
        """An object's bytes."""
        with self._errors("s3:GetObject", name):
            answer = self._client.get_object(Bucket=self._bucket, Key=self._prefix + name)
            data: bytes = answer["Body"].read()
        return data

    def size(self, name: str) -> int:
        """An object's size in bytes."""
        with self._errors("s3:GetObject", name):  # which a HEAD needs; there is no s3:HeadObject
            answer = self._client.head_object(Bucket=self._bucket, Key=self._prefix + name)
        return int(answer["ContentLength"])

    @contextmanager
    def local(self, name: str) -> Iterator[Path]:
        """A copy of the object, removed when the block ends."""
        with _scratch(name) as path:
            try:
                with path.open("wb") as file, self._errors("s3:GetObject", name):
                    self._client.download_fileobj(
                        self._bucket, self._prefix + name, file, Config=_TRANSFER
                    )
            except OSError as error:
                raise RetryableError(
                    f"{self.where(name)} cannot be copied to {path} ({error.strerror or error}); "
                    "free disk space there, or name another folder with TMPDIR, then try again"
                ) from error
            yield path

    def delete(self, name: str) -> None:
        """Remove an object."""
        with self._errors("s3:DeleteObject", name):
            self._client.delete_object(Bucket=self._bucket, Key=self._prefix + name)

    def sweep(self, *prefixes: str) -> None:
        """Nothing to do: half an upload is no object."""

    @contextmanager
    def _errors(self, action: str, name: str) -> Iterator[None]:
        with translated(action, self._bucket, self.where(name)):
            try:
                yield
            except Exception as error:
                if name and is_missing(error) and action == "s3:GetObject":
                    raise CorruptDataError(
                        f"{self.where(name)} is missing; restore it from a copy of the lake, or "
                        "an older version of the object where the bucket keeps them"
                    ) from error
                raise


def _client() -> BaseClient:
    """Make a client; the SDK's default session is not made for several threads at once."""
    config = Config(
        connect_timeout=_CONNECT_SECONDS,
        read_timeout=_READ_SECONDS,
        retries={"mode": "standard", "total_max_attempts": _ATTEMPTS},
        max_pool_connections=16,
    )
    with _CLIENTS, translated("s3:ListBucket", "", "S3"):
        return boto3.session.Session().client("s3", config=config)


@contextmanager
def _scratch(name: str) -> Iterator[Path]:
    """A path in a folder of its own, where temporary files go."""
    try:
        folder = tempfile.TemporaryDirectory(prefix="airside-lake-")
    except OSError as error:
        raise RetryableError(
            f"no temporary file can be made ({error.strerror or error}); free disk space, or name "
            "another folder with TMPDIR, then try again"
        ) from error
    with folder as path:
        yield Path(path, posixpath.basename(name))
