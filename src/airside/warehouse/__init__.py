"""The warehouse: where clean rows are loaded, gold is built, and questions are asked.

`Reader` asks, `StreamingReader` also for answers of any size; `Warehouse` loads. `DuckDBWarehouse`
is the embedded default, `RemoteReader` asks a running pipeline over its Unix socket.
"""

from airside.warehouse.duckdb import DuckDBWarehouse
from airside.warehouse.protocol import LoadedBatch, Reader, StreamingReader, Warehouse
from airside.warehouse.socket import QueryServer, RemoteReader

__all__ = [
    "DuckDBWarehouse",
    "LoadedBatch",
    "QueryServer",
    "Reader",
    "RemoteReader",
    "StreamingReader",
    "Warehouse",
]
