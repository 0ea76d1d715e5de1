"""Airside: real-time airport operations analytics."""

__version__ = "0.1.0"
