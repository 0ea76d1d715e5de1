"""A deployment to look at."""

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from support.deployments import Deployed, deploy, healthy, tidy


@pytest.fixture(scope="module")
def clients() -> Iterator[dict[str, Any]]:
    """The SDK's clients, of an account in which everything has been deployed."""
    with pytest.MonkeyPatch.context() as patch, mock_aws():
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            patch.setenv(name, "test")
        patch.setenv("AWS_REGION", "us-east-1")
        patch.delenv("AWS_PROFILE", raising=False)
        deploy()
        yield {name: boto3.client(name, region_name="us-east-1") for name in ("s3", "sqs")}


@pytest.fixture
def deployed(clients: dict[str, Any]) -> Iterator[Deployed]:
    yield healthy(clients)
    tidy(clients)
