"""The transform: messy records in, silver rows or a verdict with its reasons out.

What enters is the stream's records, verbatim; what leaves is Parquet in the lake, rows in the
warehouse's staging, and a quarantine that keeps the bytes.
"""

from airside.silver.ahead import Source
from airside.silver.compact import compact
from airside.silver.files import QUARANTINE_COLUMNS, ZONES, beyond, remove_before, trusted
from airside.silver.stage import DRIFT, SILVER, Silver

__all__ = [
    "DRIFT",
    "QUARANTINE_COLUMNS",
    "SILVER",
    "ZONES",
    "Silver",
    "Source",
    "beyond",
    "compact",
    "remove_before",
    "trusted",
]
