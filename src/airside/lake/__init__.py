"""The lake: files that are there whole or not at all, in a local folder or on S3."""

from airside.lake.local import LocalLake
from airside.lake.location import check_url, open_lake
from airside.lake.protocol import Lake

__all__ = ["Lake", "LocalLake", "check_url", "open_lake"]
