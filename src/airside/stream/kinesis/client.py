"""Calls to Kinesis through boto3, with Airside's errors.

boto3's own retries are off: Airside tries again itself, where it knows what a second try would do.
"""

from typing import Any

from airside.errors import AirsideError, RetryableError, TerminalError
from airside.stream.kinesis.address import KinesisAddress
from airside.stream.kinesis.explain import Refusal

_NAMING = frozenset({"ShardIterator", "NextToken"})
"""Parameters that say which stream is meant, and do not go together with its name."""
_CONNECT_SECONDS = 5
_READ_SECONDS = 30


class Client:
    """One stream's operations.

    Args:
        address: Which stream.
        service: A client as `boto3.client("kinesis")` makes it; None makes one.

    Raises:
        RetryableError: Credentials could not be had just now, or the login has run out.
        TerminalError: boto3 is missing, or has no region or credentials.
    """

    def __init__(self, address: KinesisAddress, service: Any = None) -> None:  # noqa: ANN401 - boto3 has no types
        self.address = address
        self._service = service or _service()

    def call(self, operation: str, **parameters: Any) -> dict[str, Any]:  # noqa: ANN401 - they differ
        """Call an operation such as `get_records`; the stream's name is added where it belongs.

        Raises:
            ThrottledError, ExpiredIteratorError: As they say.
            RetryableError: No connection, no answer about credentials, a login that has run out, or
                trouble at the service.
            UsageError: There is no such stream, or there are no credentials.
            TerminalError: No permission; says which.
        """
        import botocore.exceptions  # noqa: PLC0415 - see the package's docstring

        from airside import aws_credentials  # noqa: PLC0415

        if not _NAMING.intersection(parameters):
            parameters["StreamName"] = self.address.name
        try:
            answer: dict[str, Any] = getattr(self._service, operation)(**parameters)
        except botocore.exceptions.ClientError as error:
            raise self._refusal(operation, error.response).explained() from error
        except botocore.exceptions.BotoCoreError as error:
            raise self._unanswered(error) from error
        except OSError as error:
            raise aws_credentials.unavailable(error, self._where) from error
        return answer

    @property
    def _where(self) -> str:
        meta = self._service.meta
        return f"{self.address.url} in {meta.region_name} ({meta.endpoint_url})"

    def _refusal(self, operation: str, response: dict[str, Any]) -> Refusal:
        error = response.get("Error", {})
        code = str(error.get("Code", ""))
        return Refusal(
            where=self._where,
            stream=self.address.name,
            operation=operation,
            code=code,
            message=str(error.get("Message") or code),
            status=int(response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)),
        )

    def _unanswered(self, error: Exception) -> AirsideError:
        """The error where the service did not answer, or was not even asked."""
        import botocore.exceptions as known  # noqa: PLC0415 - see the package's docstring

        from airside import aws_credentials  # noqa: PLC0415

        about_credentials = aws_credentials.explained(error, self._where)
        if about_credentials is not None:
            return about_credentials
        if isinstance(error, known.ParamValidationError):
            return TerminalError(f"{self._where} cannot be asked so ({error})")
        return RetryableError(
            f"{self._where} cannot be reached ({error}); check the network, a VPC endpoint for "
            "kinesis-streams and its security group, or AWS_ENDPOINT_URL_KINESIS"
        )


def _service() -> Any:  # noqa: ANN401 - boto3 has no types
    try:
        import boto3  # noqa: PLC0415 - see the package's docstring
        import botocore.config  # noqa: PLC0415
        import botocore.exceptions  # noqa: PLC0415

        from airside import aws_credentials  # noqa: PLC0415
    except ImportError as error:
        raise TerminalError("Kinesis needs boto3: pip install 'airside[aws]'") from error
    config = botocore.config.Config(
        connect_timeout=_CONNECT_SECONDS,
        read_timeout=_READ_SECONDS,
        retries={"total_max_attempts": 1, "mode": "standard"},
        user_agent_appid="airside",
    )
    try:
        # A session of its own: the default one may be made by one thread at a time only.
        return boto3.session.Session().client("kinesis", config=config)
    except botocore.exceptions.NoRegionError as error:
        raise TerminalError(
            "no AWS region is set; set one, for example AWS_DEFAULT_REGION=eu-central-1"
        ) from error
    except (botocore.exceptions.BotoCoreError, ValueError) as error:
        raise aws_credentials.explained(error, "Kinesis") or TerminalError(
            f"the AWS SDK cannot be set up ({error}); check AWS_PROFILE, AWS_DEFAULT_REGION, "
            "AWS_ENDPOINT_URL_KINESIS and ~/.aws/config"
        ) from error
    except OSError as error:
        raise aws_credentials.unavailable(error, "Kinesis") from error
