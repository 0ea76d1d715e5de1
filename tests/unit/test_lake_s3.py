"""Everything that S3 may say no to, as a user reads it; a passing outage passes."""

import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
import urllib3
from botocore.config import Config
from botocore.response import StreamingBody
from botocore.stub import Stubber

from airside.errors import AirsideError, RetryableError, TerminalError, UsageError
from airside.lake import Lake, check_url, open_lake
from airside.lake.s3 import S3Lake
from support.s3 import S3, Wsgi, s3_server

NAME = "silver/flight_events/one.parquet"


class Stubbed:
    """A lake whose S3 says what the test wants."""

    def __init__(self) -> None:
        client = boto3.client(
            "s3",
            region_name="us-east-1",
            aws_access_key_id="test",
            aws_secret_access_key="test",
            config=Config(retries={"total_max_attempts": 1}),
        )
        self.says = Stubber(client)
        self.lake = S3Lake("clean", "airport", client)


@pytest.fixture
def stubbed() -> Iterator[Stubbed]:
    stubbed = Stubbed()
    with stubbed.says:
        yield stubbed


def publish(lake: S3Lake) -> None:
    with lake.publish(NAME) as path:
        path.write_bytes(b"data")


@pytest.mark.parametrize(
    ("code", "status", "kind", "words"),
    [
        ("AccessDenied", 403, TerminalError, "s3:PutObject is denied"),
        ("NoSuchBucket", 404, UsageError, "there is no bucket clean"),
        ("PermanentRedirect", 301, UsageError, "in another region"),
        ("AuthorizationHeaderMalformed", 400, UsageError, "set AWS_DEFAULT_REGION"),
        ("ExpiredToken", 400, TerminalError, "refuses the credentials"),
        ("InvalidAccessKeyId", 403, TerminalError, "AWS_PROFILE"),
        ("KMS.DisabledException", 400, TerminalError, "KMS key cannot be used"),
        ("RequestTimeTooSkewed", 403, TerminalError, "set this machine's clock"),
        ("SlowDown", 503, RetryableError, "tried again"),
        ("InternalError", 500, RetryableError, "tried again"),
        ("EntityTooLarge", 400, TerminalError, "failed with EntityTooLarge"),
    ],
)
def test_a_refusal_says_what_to_change(
    stubbed: Stubbed, code: str, status: int, kind: type[AirsideError], words: str
) -> None:
    stubbed.says.add_client_error("put_object", code, "as S3 puts it", http_status_code=status)
    with pytest.raises(kind) as caught:
        publish(stubbed.lake)
    assert type(caught.value) is kind
    message = str(caught.value)
    assert words in message
    assert "s3://clean/airport/" in message
    assert "; " in message, "it says what to do next"


def test_a_denied_look_at_an_object_names_the_action_that_a_policy_knows(stubbed: Stubbed) -> None:
    stubbed.says.add_client_error("head_object", "403", "Forbidden", http_status_code=403)
    with pytest.raises(TerminalError, match="s3:GetObject is denied"):
        stubbed.lake.size(NAME)


def test_more_files_than_one_answer_lists(stubbed: Stubbed) -> None:
    def page(*names: str, **more: object) -> dict[str, object]:
        return {"Contents": [{"Key": f"airport/{n}", "Size": len(n)} for n in names], **more}

    stubbed.says.add_response(
        "list_objects_v2", page("b/1", "b/2", IsTruncated=True, NextContinuationToken="more")
    )
    stubbed.says.add_response("list_objects_v2", page("b/3/", "b/4"))
    assert stubbed.lake.sizes("b") == {"b/1": 3, "b/2": 3, "b/4": 3}


def test_an_answer_that_breaks_off_is_tried_again_later(stubbed: Stubbed) -> None:
    class Torn:
        def read(self, _amount: int | None = None) -> bytes:
            return b""

    stubbed.says.add_response("get_object", {"Body": StreamingBody(Torn(), 10)})
    with pytest.raises(RetryableError, match="cannot be reached"):
        stubbed.lake.read(NAME)


LARGE, SMALL = "large.bin", "small.txt"


class Tearing:
    """Stands before a server and, while it is on, breaks each answer to a GET off half-way."""

    def __init__(self, app: Wsgi) -> None:
        self._app = app
        self.is_on = False

    def __call__(
        self, environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        answer = self._app(environ, start_response)
        if not self.is_on or environ["REQUEST_METHOD"] != "GET":
            return answer
        body = b"".join(answer)
        return [body[: len(body) // 2]]


def copied(lake: S3Lake | Lake, name: str) -> bytes:
    with lake.local(name) as path:
        return path.read_bytes()


@pytest.mark.parametrize(
    "ask",
    [
        pytest.param(lambda lake: lake.read(SMALL), id="read"),
        pytest.param(lambda lake: copied(lake, SMALL), id="copy"),
        pytest.param(lambda lake: copied(lake, LARGE), id="copy in parts"),
        pytest.param(lambda lake: lake.names(""), id="list"),
    ],
)
def test_answers_that_break_off_on_the_way_are_retryable(
    ask: Callable[[Lake], object], monkeypatch: pytest.MonkeyPatch
) -> None:
    servers: list[Tearing] = []

    def tearing(app: Wsgi) -> Wsgi:
        servers.append(Tearing(app))
        return servers[0]

    with s3_server(fault=tearing) as s3:
        for name, value in s3.environment.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr("airside.lake.s3._ATTEMPTS", 1)
        lake = open_lake(f"s3://{s3.bucket()}/p")
        for name, size in ((SMALL, 1_000), (LARGE, 20 * 1024 * 1024)):  # one part, and two
            with lake.publish(name) as path:
                path.write_bytes(bytes(size))
        servers[0].is_on = True
        with pytest.raises(RetryableError, match=r"^s3://.*; "):
            ask(lake)
        servers[0].is_on = False
        assert ask(lake)


def test_an_object_that_changes_while_it_is_copied_is_copied_again_later(stubbed: Stubbed) -> None:
    stubbed.says.add_response("head_object", {"ContentLength": 4, "ETag": '"old"'})
    stubbed.says.add_client_error("get_object", "PreconditionFailed", "no", http_status_code=412)
    with pytest.raises(RetryableError, match=r"did not match expected ETag.*try again"):
        copied(stubbed.lake, NAME)


def test_a_body_whose_encryption_breaks_is_tried_again_later(stubbed: Stubbed) -> None:
    class Broken:
        def read(self, _amount: int | None = None) -> bytes:
            raise urllib3.exceptions.SSLError("bad record mac")

    broken = {"Body": StreamingBody(Broken(), 4)}
    stubbed.says.add_response("get_object", broken)
    with pytest.raises(RetryableError, match=r"bad record mac.*try again"):
        stubbed.lake.read(NAME)
    stubbed.says.add_response("head_object", {"ContentLength": 4, "ETag": '"one"'})
    stubbed.says.add_response("get_object", broken)
    with pytest.raises(RetryableError, match=r"bad record mac.*try again"):
        copied(stubbed.lake, NAME)


def test_an_object_in_cold_storage_is_explained(stubbed: Stubbed) -> None:
    stubbed.says.add_client_error("get_object", "InvalidObjectState", "no", http_status_code=403)
    with pytest.raises(TerminalError, match="restore the object first"):
        stubbed.lake.read(NAME)


def test_without_credentials_the_ways_to_give_them_are_named(
    s3: S3, monkeypatch: pytest.MonkeyPatch
) -> None:
    bucket = s3.bucket()
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    with pytest.raises(UsageError, match=r"no usable AWS credentials .*AWS_PROFILE.*a role"):
        open_lake(f"s3://{bucket}").names("")


@pytest.mark.usefixtures("s3")
def test_a_bucket_that_is_not_there() -> None:
    lake = open_lake("s3://no-such-bucket-here/prefix")
    with pytest.raises(UsageError, match=r"no bucket no-such-bucket-here .*--lake"):
        lake.names("")
    with pytest.raises(UsageError, match="there is no bucket"):
        lake.read(NAME)


def test_an_outage_is_retryable_and_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    with s3_server() as s3:
        for name, value in s3.environment.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr("airside.lake.s3._ATTEMPTS", 1)
        lake = open_lake(f"s3://{s3.bucket()}/p")
        port = int(s3.endpoint.rsplit(":", 1)[1])
    with pytest.raises(RetryableError, match=r"cannot be reached .*AWS_ENDPOINT_URL_S3"):
        publish(lake)
    with s3_server(port) as s3:
        s3.client.create_bucket(Bucket=lake.url.split("/")[2])
        publish(lake)
        assert lake.read(NAME) == b"data"


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("gs://bucket/x", "gs:// is unknown"),
        ("s3://", "names nothing"),
        ("s3://Upper/x", "cannot be a bucket's name"),
        ("s3://bucket/a//b", "an empty part"),
        ("s3://bucket/../b", "an empty part"),
        ("file://elsewhere/x", "names nothing"),
        ("", "names nothing"),
    ],
)
def test_an_address_that_is_none_is_refused(url: str, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        check_url(url)


def test_addresses_of_folders(tmp_path: Path) -> None:
    (tmp_path / "a b").mkdir()
    assert open_lake(f"file://{tmp_path}/a%20b").url == str(tmp_path / "a b")
    assert open_lake(str(tmp_path)).url == str(tmp_path)


def test_without_the_sdk_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in [name for name in sys.modules if name.startswith("airside.lake.s3")]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.setitem(sys.modules, "boto3", None)
    with pytest.raises(UsageError, match=r"S3 needs boto3: pip install 'airside\[aws\]'"):
        open_lake("s3://bucket/prefix")
