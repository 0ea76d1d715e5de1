"""What a record shares with its duplicates: its key, read as the contract reads it."""

import threading
from functools import cache

import duckdb
import msgspec

_BLANKS = " \t\n\r\f\v"
"""What the contract trims; U+0000 is removed first."""
_local = threading.local()


def identity(key: str, payload: bytes) -> bytes:
    """The text of a record's key; where it has none, the whole record.

    Records that the transform takes for duplicates have the same identity however they write the
    key: with escapes or blanks, as a number, beside a second one, in JSON that is forgiven.

    Args:
        key: A member of the record.
        payload: The record as the stream will keep it.
    """
    return _plain(key, payload) or _exact(key, payload) or payload


def _plain(key: str, payload: bytes) -> bytes | None:
    """The key of nearly every record: a string without escapes, in strict JSON, named once.

    Decoders differ about all else, such as which of two keys counts.
    """
    if b"\\" in payload or payload.count(b'"%b"' % key.encode()) != 1:
        return None
    try:
        raw = bytes(getattr(_decoder(key).decode(payload), key))
    except (msgspec.DecodeError, RecursionError):
        return None
    return raw.strip(b'"').strip() if raw.startswith(b'"') else None


def _exact(key: str, payload: bytes) -> bytes | None:
    """The key as the transform's own JSON reader has it."""
    try:
        text = payload.decode()
    except UnicodeDecodeError:
        return None
    (found,) = _engine().execute(_QUERY, {"record": text, "path": f"$.{key}"}).fetchall()
    value = found[0]
    return None if value is None else value.replace("\0", "").strip(_BLANKS).encode()


_QUERY = """
    SELECT
        CASE
            WHEN json_type(record, $path) NOT IN ('OBJECT', 'ARRAY')
                THEN json_extract_string(record, $path)
        END
    FROM (SELECT CASE WHEN json_valid($record) THEN $record END AS record)
"""


def _engine() -> duckdb.DuckDBPyConnection:
    """A connection of this thread's own."""
    if not hasattr(_local, "engine"):
        _local.engine = duckdb.connect(config={"threads": 1})
    engine: duckdb.DuckDBPyConnection = _local.engine
    return engine


@cache
def _decoder(key: str) -> msgspec.json.Decoder[msgspec.Struct]:
    """Reads one member, and skips the rest."""
    return msgspec.json.Decoder(msgspec.defstruct("Keyed", [(key, msgspec.Raw, msgspec.Raw())]))
