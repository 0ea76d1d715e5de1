"""The command line: parses, calls, prints; knows no SQL."""

from airside.cli.app import main

__all__ = ["main"]
