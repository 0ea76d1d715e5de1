"""Sends flight events to a Kinesis data stream, one at a time, with nothing but boto3.

    python put_flight_events.py STREAM < events.ndjson

Region, credentials and, for an emulator, AWS_ENDPOINT_URL_KINESIS come from the environment.
"""

import json
import sys

import boto3


def main(stream: str) -> None:
    """Put each line of stdin as a record; flights keep their order on their shard."""
    client = boto3.client("kinesis")
    sent = 0
    for line in sys.stdin.buffer:
        try:
            key = json.loads(line)["flight_details"]["flight_icao"]
        except (ValueError, KeyError, TypeError):
            key = None
        client.put_record(StreamName=stream, Data=line, PartitionKey=str(key or "unknown"))
        sent += 1
    print(f"{sent} records sent")


if __name__ == "__main__":
    main(sys.argv[1])
