"""Without AWS credentials the lake on S3 and a Kinesis stream behave alike."""

import json
import threading
from collections.abc import Callable, Iterator
from hashlib import sha1
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import botocore.credentials
import botocore.tokens
import pytest

from airside.errors import AirsideError, RetryableError, UsageError
from airside.lake import open_lake
from airside.stream.kinesis import KinesisAddress
from airside.stream.kinesis.client import Client

START_URL = "https://airside.awsapps.example/start"
SSO = f"""
[default]
sso_start_url = {START_URL}
sso_region = us-east-1
sso_account_id = 123456789012
sso_role_name = pipeline
"""
ROLE = {
    "accessKeyId": "AKIDEXAMPLE",
    "secretAccessKey": "test",
    "sessionToken": "test",
    "expiration": 4_000_000_000_000,
}


class Aws(BaseHTTPRequestHandler):
    """Gives a role's credentials to who has logged in; has an empty bucket, and a stream."""

    def do_GET(self) -> None:
        if self.path.startswith("/federation/credentials"):
            self._answer(json.dumps({"roleCredentials": ROLE}))
        else:
            self._answer("<ListBucketResult><KeyCount>0</KeyCount></ListBucketResult>")

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        self._answer('{"Shards": []}')

    def _answer(self, body: str) -> None:
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The SDK's file of profiles, for a machine that has no credentials."""
    server = HTTPServer(("127.0.0.1", 0), Aws)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    for name in (
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "AWS_PROFILE",
        "AWS_ENDPOINT_URL_S3",
        "AWS_ENDPOINT_URL_KINESIS",
    ):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{server.server_port}")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    for provider in (botocore.credentials.SSOProvider, botocore.tokens.SSOTokenProvider):
        monkeypatch.setattr(provider, "_SSO_TOKEN_CACHE_DIR", str(tmp_path))
    yield tmp_path / "config"
    server.shutdown()
    thread.join()
    server.server_close()


def log_in(config: Path, until: str) -> None:
    """What `aws sso login` leaves."""
    name = sha1(START_URL.encode(), usedforsecurity=False).hexdigest()
    (config.parent / f"{name}.json").write_text(
        json.dumps({"startUrl": START_URL, "accessToken": "token", "expiresAt": until})
    )


def s3() -> Callable[[], object]:
    lake = open_lake("s3://clean/airport")
    return lambda: lake.names("bronze")


def upload() -> Callable[[], object]:
    lake = open_lake("s3://clean/airport")

    def ask() -> None:
        with lake.publish("one.parquet") as path:
            path.write_bytes(b"data")

    return ask


def kinesis() -> Callable[[], object]:
    client = Client(KinesisAddress("airside"))
    return lambda: client.call("list_shards")


Opened = Callable[[], Callable[[], object]]
both = pytest.mark.parametrize("opened", [s3, kinesis])


@both
def test_a_login_that_has_run_out_is_waited_for_until_the_next(
    opened: Opened, config: Path
) -> None:
    config.write_text(SSO)
    ask = opened()
    with pytest.raises(RetryableError, match=r"run `aws sso login`"):  # never logged in
        ask()
    log_in(config, "2026-01-01T00:00:00Z")
    with pytest.raises(RetryableError, match=r"has expired.*run `aws sso login`"):
        ask()
    log_in(config, "2999-01-01T00:00:00Z")
    ask()


@both
@pytest.mark.parametrize("profiles", ["", "[default]\naws_access_key_id = half\n"])
def test_without_any_it_ends_with_the_ways_to_give_them(
    opened: Opened, config: Path, profiles: str
) -> None:
    config.write_text(profiles)
    with pytest.raises(UsageError, match=r"no usable AWS credentials .*AWS_PROFILE.*a role"):
        opened()()


@pytest.mark.parametrize("opened", [s3, upload, kinesis])
@pytest.mark.parametrize(
    ("profile", "missing"),
    [
        ("credential_process = /none/such", "/none/such"),
        (
            "role_arn = arn:aws:iam::123456789012:role/x\nweb_identity_token_file = /none/token",
            "/none/token",
        ),
    ],
)
def test_a_program_or_file_with_credentials_that_is_missing_is_named(
    opened: Opened, config: Path, profile: str, missing: str
) -> None:
    config.write_text(f"[default]\n{profile}\n")
    with pytest.raises(AirsideError, match="AWS credentials cannot be had") as caught:
        opened()()
    assert isinstance(caught.value, RetryableError)
    assert missing in str(caught.value)
