"""The questions that the dashboard asks of gold, each one module of SQL and plain values."""
