"""The transform on Spark: the same SQL, in DuckDB, inside Spark's workers.

What enters is the archive's records or a Kinesis stream's; what leaves is the embedded engine's
files under the embedded engine's names, and a document for each batch by which warehouses load
them. A crash at any point leaves nothing that is not done again or removed.
"""
