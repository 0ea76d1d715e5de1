"""Trouble with Kinesis is one clear line that says what to do."""

import sys
from pathlib import Path
from typing import Any

import botocore.exceptions
import pytest

from airside.errors import AirsideError, CorruptDataError, RetryableError, TerminalError, UsageError
from airside.stream.kinesis import KinesisAddress, KinesisStream
from airside.stream.kinesis.client import Client
from support import kinesis
from support.faults import Faulty, refuses


@pytest.mark.parametrize(
    ("operation", "code", "kind", "message"),
    [
        ("get_records", "ProvisionedThroughputExceededException", RetryableError, "more shards"),
        ("list_shards", "LimitExceededException", RetryableError, "throttled"),
        ("get_records", "InternalFailure", RetryableError, "trouble"),
        ("put_records", "SomethingNew", TerminalError, "refuses kinesis:PutRecords"),
        ("list_shards", "ResourceNotFoundException", UsageError, "aws kinesis create-stream"),
        ("get_records", "AccessDeniedException", TerminalError, "allow kinesis:GetRecords"),
        ("list_shards", "AccessDeniedException", TerminalError, "allow kinesis:ListShards"),
        ("put_records", "KMSAccessDeniedException", TerminalError, "allow kms:GenerateDataKey"),
        ("get_records", "KMSDisabledException", TerminalError, "allow kms:Decrypt"),
        ("get_records", "ExpiredTokenException", TerminalError, "aws sts get-caller-identity"),
        ("get_shard_iterator", "InvalidArgumentException", CorruptDataError, "created anew"),
    ],
)
def test_a_refusal_says_what_to_do(
    operation: str, code: str, kind: type[AirsideError], message: str
) -> None:
    faulty = Faulty(kinesis.service())
    faulty.always(operation, refuses(code, "as the service says it"))
    with pytest.raises(kind, match=message) as refused:
        Client(KinesisAddress("airside"), faulty).call(operation)
    assert type(refused.value).__mro__[1] is not AirsideError or type(refused.value) is kind
    assert "kinesis://airside in us-east-1" in str(refused.value)
    assert "as the service says it" in str(refused.value)


@pytest.mark.parametrize(
    ("error", "kind", "message"),
    [
        (botocore.exceptions.NoCredentialsError(), TerminalError, "AWS_PROFILE"),
        (
            botocore.exceptions.EndpointConnectionError(endpoint_url="https://far.example"),
            RetryableError,
            "VPC endpoint",
        ),
        (
            botocore.exceptions.ReadTimeoutError(endpoint_url="https://far.example"),
            RetryableError,
            "cannot be reached",
        ),
        (
            botocore.exceptions.CredentialRetrievalError(provider="x", error_msg="no answer"),
            RetryableError,
            "metadata service",
        ),
        (
            botocore.exceptions.TokenRetrievalError(provider="sso", error_msg="expired"),
            RetryableError,
            "aws sso login",
        ),
    ],
)
def test_no_answer_says_what_to_check(
    error: Exception, kind: type[AirsideError], message: str
) -> None:
    faulty = Faulty(kinesis.service())

    def fault(_operation: Any, _parameters: Any) -> Any:
        raise error

    faulty.always("list_shards", fault)
    with pytest.raises(kind, match=message):
        Client(KinesisAddress("airside"), faulty).call("list_shards")


@pytest.mark.parametrize(
    "url", ["kinesis://", "kinesis://a/b", "kafka://a", "airside", "kinesis://" + "x" * 129]
)
def test_an_address_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(UsageError, match="kinesis://NAME"):
        KinesisStream.open(url)


def test_without_boto3_it_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "boto3", None)
    with pytest.raises(TerminalError, match=r"pip install 'airside\[aws\]'"):
        KinesisStream.open("kinesis://without-boto3")


def test_without_a_region_it_says_how_to_set_one(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    with pytest.raises(TerminalError, match="AWS_DEFAULT_REGION="):
        KinesisStream.open("kinesis://without-region")


def test_a_metadata_service_that_does_not_answer_at_the_start_may_do_so_later(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def client(*_: Any, **__: Any) -> Any:
        raise botocore.exceptions.CredentialRetrievalError(
            provider="container-role", error_msg="no answer"
        )

    monkeypatch.setattr("boto3.session.Session.client", client)
    with pytest.raises(RetryableError, match="metadata service"):
        KinesisStream.open("kinesis://without-metadata")


def test_an_endpoint_that_is_none_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    monkeypatch.setenv("AWS_ENDPOINT_URL_KINESIS", "not an address")
    with pytest.raises(TerminalError, match="AWS_ENDPOINT_URL_KINESIS"):
        KinesisStream.open("kinesis://without-endpoint")
