"""S3 on this machine: moto's server on a free port of the loopback interface."""

import logging
import threading
import uuid
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import boto3
from moto.moto_server.werkzeug_app import MotoRequestHandler, create_backend_app
from werkzeug.serving import make_server


@dataclass(frozen=True)
class S3:
    """A server, and what a process needs to find it."""

    endpoint: str

    @property
    def environment(self) -> dict[str, str]:
        """The SDK's own variables, and nothing of whoever runs the tests."""
        return {
            "AWS_ENDPOINT_URL_S3": self.endpoint,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_REGION": "us-east-1",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONFIG_FILE": "/dev/null",
            "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
        }

    @property
    def client(self) -> Any:
        return boto3.client(
            "s3",
            endpoint_url=self.endpoint,
            aws_access_key_id="test",
            aws_secret_access_key="test",
            region_name="us-east-1",
        )

    def bucket(self) -> str:
        """A new, empty bucket."""
        name = f"airside-{uuid.uuid4().hex[:12]}"
        self.client.create_bucket(Bucket=name)
        return name


Wsgi = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


@contextmanager
def s3_server(port: int = 0, fault: Callable[[Wsgi], Wsgi] = lambda app: app) -> Iterator[S3]:
    """Run a server until the block ends.

    Args:
        port: Where; 0 takes a free one.
        fault: Stands between the server and whoever asks it.
    """
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    # moto's own server looks through all its folders for each request's service.
    server = make_server(
        *("127.0.0.1", port, fault(create_backend_app("s3"))),
        threaded=True,
        request_handler=MotoRequestHandler,
    )
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield S3(f"http://127.0.0.1:{server.port}")
    finally:
        server.shutdown()
        thread.join()
