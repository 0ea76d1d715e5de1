"""Gold: the star schema and the answers, built by dbt inside the warehouse.

What enters: the staging tables. What leaves: dimensions, facts and reports in the same database,
and Parquet files of them. A crash at any instant costs nothing: the next refresh goes on where each
model had come to.
"""

from airside.gold.database import ServerDatabase
from airside.gold.parquet import export
from airside.gold.refresh import Gold, RefreshResult
from airside.gold.thresholds import Thresholds

__all__ = ["Gold", "RefreshResult", "ServerDatabase", "Thresholds", "export"]
