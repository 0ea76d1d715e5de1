"""The stream as a service: Amazon Kinesis Data Streams.

boto3 is loaded when a stream is opened, so that nobody else waits for it or has to have it.
"""

from airside.stream.kinesis.address import KinesisAddress
from airside.stream.kinesis.continuity import Continuity, Memory
from airside.stream.kinesis.source import Limits
from airside.stream.kinesis.stream import KinesisStream

__all__ = ["Continuity", "KinesisAddress", "KinesisStream", "Limits", "Memory"]
