"""Lakes by their address: a folder, or `s3://bucket/prefix`."""

import importlib
import re
from pathlib import Path
from urllib.parse import unquote, urlsplit

from airside.errors import UsageError
from airside.lake.local import LocalLake
from airside.lake.protocol import Lake

_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")


def open_lake(url: str) -> Lake:
    """Open the lake at an address; nothing is asked of it yet.

    Args:
        url: A folder, `file:///folder`, or `s3://bucket/prefix`.

    Raises:
        UsageError: The address is not understood, or S3 is not installed.
    """
    check_url(url)
    scheme, rest = _parts(url)
    if scheme == "s3":
        bucket, _, prefix = rest.partition("/")
        try:
            s3 = importlib.import_module("airside.lake.s3")
        except ImportError as error:
            raise UsageError("S3 needs boto3: pip install 'airside[aws]'") from error
        lake: Lake = s3.S3Lake(bucket, prefix.strip("/"))
        return lake
    return LocalLake(Path(rest))


def check_url(url: str) -> None:
    """Find out what is wrong with a lake's address, without opening it.

    Raises:
        UsageError: It is not understood.
    """
    scheme, rest = _parts(url)
    expected = "write s3://bucket/prefix, or a folder"
    if scheme != "file" and "@" in rest.partition("/")[0]:
        raise UsageError(  # without repeating it
            f"the address of a lake, {scheme}://…, holds no keys: they come from where AWS' own "
            f"tools take them; {expected}"
        )
    if scheme not in {"s3", "file"}:
        raise UsageError(f"{url} is not the address of a lake: {scheme}:// is unknown; {expected}")
    if not rest:
        raise UsageError(f"{url!r} is not the address of a lake: it names nothing; {expected}")
    if scheme == "s3":
        bucket, _, prefix = rest.partition("/")
        if not _BUCKET.fullmatch(bucket):
            raise UsageError(
                f"{url} is not the address of a lake: {bucket!r} cannot be a bucket's name (3 to "
                f"63 lower-case letters, digits, hyphens and dots); {expected}"
            )
        if any(part in {".", ".."} for part in prefix.split("/")) or "//" in prefix:
            raise UsageError(
                f"{url} is not the address of a lake: its prefix has an empty part, . or ..; "
                f"{expected}"
            )


def _parts(url: str) -> tuple[str, str]:
    """Split an address into its scheme, `file` where it has none, and the rest."""
    if not _SCHEME.match(url):
        return "file", url
    scheme, _, rest = url.partition("://")
    if scheme.lower() == "file":
        parts = urlsplit(url)
        return "file", "" if parts.netloc not in {"", "localhost"} else unquote(parts.path)
    return scheme.lower(), rest
