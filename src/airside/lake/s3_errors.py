"""What S3 and its SDK say, as Airside says it: what was seen, the likely cause, what to do."""

from collections.abc import Iterator
from contextlib import contextmanager

from botocore import exceptions
from botocore.exceptions import BotoCoreError, ClientError
from s3transfer.exceptions import (  # type: ignore[import-untyped]  # boto3's own, without types too
    RetriesExceededError,
    S3DownloadFailedError,
)
from urllib3.exceptions import HTTPError

from airside import aws_credentials
from airside.errors import AirsideError, RetryableError, TerminalError, UsageError

_MISSING = {"NoSuchKey", "404", "NotFound"}
_PASSING = (
    exceptions.HTTPClientError,  # no connection, a time-out, a proxy, TLS
    exceptions.ConnectionError,
    exceptions.IncompleteReadError,
    exceptions.ResponseStreamingError,
    exceptions.FlexibleChecksumError,
)
_BROKEN_OFF = (
    RetriesExceededError,  # of a download: body after body has broken off, or did not come
    S3DownloadFailedError,  # the object was replaced between two of its parts
    HTTPError,  # the SDK hands on what TLS says in the middle of a body
)
_PASSING_CODES = {"SlowDown", "RequestTimeout", "Throttling", "ThrottlingException", "NoSuchUpload"}

_Refusal = tuple[type[TerminalError], str]
_NO_BUCKET: _Refusal = (
    UsageError,
    "there is no bucket {bucket} ({where}); create it, or name another with --lake",
)
_DENIED: _Refusal = (
    TerminalError,
    (
        "{where}: {action} is denied ({said}); allow it in the policy of the role or user, and see "
        "that neither the bucket's policy, the VPC endpoint's nor the KMS key's forbids it"
    ),
)
_OTHER_REGION: _Refusal = (
    UsageError,
    "{where}: the bucket is in another region ({said}); set AWS_DEFAULT_REGION to the bucket's",
)
_BAD_KEYS: _Refusal = (
    TerminalError,
    f"{{where}}: AWS refuses the credentials ({{code}}: {{said}}); {aws_credentials.KEYS}",
)
_REFUSALS: dict[str, _Refusal] = {
    "NoSuchBucket": _NO_BUCKET,
    **dict.fromkeys(("AccessDenied", "403", "Forbidden", "AllAccessDisabled"), _DENIED),
    **dict.fromkeys(
        (
            "PermanentRedirect",
            "301",
            "AuthorizationHeaderMalformed",
            "IllegalLocationConstraintException",
        ),
        _OTHER_REGION,
    ),
    **dict.fromkeys(
        (
            "InvalidAccessKeyId",
            "SignatureDoesNotMatch",
            "InvalidToken",
            "ExpiredToken",
            "TokenRefreshRequired",
        ),
        _BAD_KEYS,
    ),
    "KMS": (
        TerminalError,
        (
            "{where}: the bucket's KMS key cannot be used ({said}); enable the key, and allow "
            "kms:GenerateDataKey and kms:Decrypt on it"
        ),
    ),
    "RequestTimeTooSkewed": (TerminalError, "{where}: {said}; set this machine's clock"),
    "InvalidObjectState": (
        TerminalError,
        (
            "{where} is in an archive storage class ({said}); restore the object first, and let "
            "the bucket's lifecycle rule spare the lake"
        ),
    ),
}
"""Code → the kind of error and its message."""


def is_missing(error: Exception) -> bool:
    """Whether there is no such object."""
    return isinstance(error, ClientError) and _code(error) in _MISSING


@contextmanager
def translated(action: str, bucket: str, where: str) -> Iterator[None]:
    """Raise the SDK's errors as Airside's.

    Args:
        action: The IAM action that the call needs, such as `s3:PutObject`.
        bucket: The bucket's name.
        where: The object's or folder's address.

    Raises:
        RetryableError: The same call may succeed later.
        TerminalError: Somebody has to change something first.
    """
    try:
        yield
    except ClientError as error:
        raise _answered(error, action, bucket, where) from error
    except BotoCoreError as error:
        raise _unanswered(error, where) from error
    except OSError as error:
        # Airside's own local file is open already. What has a name the SDK wanted to open.
        if error.filename is None:
            raise
        raise aws_credentials.unavailable(error, where) from error
    except _BROKEN_OFF as error:
        said = getattr(error, "last_exception", error)
        raise RetryableError(
            f"{where} did not arrive whole ({said}); check the network and AWS_ENDPOINT_URL_S3, "
            "then try again"
        ) from error


def _answered(error: ClientError, action: str, bucket: str, where: str) -> AirsideError:
    """S3 has said no."""
    code = _code(error)
    said = error.response.get("Error", {}).get("Message") or code
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    if status >= 500 or status == 429 or code in _PASSING_CODES:
        return RetryableError(f"{where}: S3 answers {code} ({said}); it is tried again")
    if code in _MISSING:  # of an object there would be NoSuchKey, which the caller has dealt with
        code = "NoSuchBucket"
    if code.startswith("KMS."):
        code, said = "KMS", f"{code}: {said}"
    kind, text = _REFUSALS.get(
        code,
        (TerminalError, "{where}: {action} failed with {code} ({said}); mend that, then go on"),
    )
    return kind(text.format(where=where, action=action, bucket=bucket, code=code, said=said))


def _unanswered(error: BotoCoreError, where: str) -> AirsideError:
    """The call has not got as far as an answer."""
    if (about_credentials := aws_credentials.explained(error, where)) is not None:
        return about_credentials
    if isinstance(error, exceptions.NoRegionError):
        return UsageError(f"{where}: no AWS region is named; set AWS_DEFAULT_REGION")
    if isinstance(error, exceptions.SSLError):
        return TerminalError(
            f"{where}: no trusted connection ({error}); check the endpoint's certificate, or name "
            "your authority's with AWS_CA_BUNDLE"
        )
    if isinstance(error, _PASSING):
        return RetryableError(
            f"{where} cannot be reached ({error}); check the network, the VPC's S3 endpoint and "
            "AWS_ENDPOINT_URL_S3, then try again"
        )
    return UsageError(f"{where}: {error}; mend the settings of the AWS SDK")


def _code(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", "unknown"))
