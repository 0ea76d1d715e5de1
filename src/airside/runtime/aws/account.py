"""Calls to AWS by which the doctor looks: read-only, and with errors of Airside's."""

from collections.abc import Callable
from typing import Any

import boto3
from botocore import exceptions
from botocore.config import Config

from airside.errors import AirsideError, RetryableError, TerminalError, UsageError

_CONFIG = Config(
    connect_timeout=5, read_timeout=20, retries={"mode": "standard", "total_max_attempts": 3}
)
_MISSING = (
    "ResourceNotFound",
    "EntityNotFound",
    "ClusterNotFound",
    "ServiceNotFound",
    "NoSuchBucket",
    "NoSuchEntity",
    "NonExistentQueue",
    "QueueDoesNotExist",
)
_DENIED = ("AccessDenied", "UnauthorizedOperation", "NotAuthorized", "Forbidden", "403")
_PASSING = ("Throttl", "TooManyRequests", "ServiceUnavailable", "InternalError", "InternalFailure")
_PREFIXES = {"cloudwatch": "cloudwatch", "s3": "s3"}
_ACTIONS = {"ListObjectsV2": "ListBucket"}
"""IAM calls some operations by other names."""


class NotThereError(TerminalError):
    """There is no such resource in this account and region."""


class DeniedError(TerminalError):
    """Whoever runs the doctor may not look."""


class Account:
    """An account in a region, as the SDK's own chain of credentials finds it.

    Args:
        client: Makes the SDK's client of a service, instead of the default session's.
    """

    def __init__(self, client: Callable[[str], Any] | None = None) -> None:
        self._make = client or _client
        self._clients: dict[str, Any] = {}

    def ask(self, service: str, operation: str, **parameters: object) -> dict[str, Any]:
        """Call one operation.

        Args:
            service: As the SDK names it, such as `kinesis`.
            operation: As the SDK names it, such as `describe_stream_summary`.
            parameters: Of the operation.

        Raises:
            NotThereError: What is asked about is not there.
            DeniedError: A permission to look is missing; names the action.
            RetryableError: AWS cannot be reached now.
            TerminalError: AWS refuses for another reason, such as credentials that have expired.
        """
        try:
            if service not in self._clients:
                self._clients[service] = self._make(service)
            client = self._clients[service]
            answer: dict[str, Any] = getattr(client, operation)(**parameters)
        except exceptions.ClientError as error:
            api = client.meta.method_to_api_mapping.get(operation, operation)
            prefix = _PREFIXES.get(service, client.meta.service_model.signing_name)
            raise _refused(error, f"{prefix}:{_ACTIONS.get(api, api)}") from error
        except exceptions.BotoCoreError as error:
            raise _unreached(error, service) from error
        return answer


def _client(service: str) -> Any:  # noqa: ANN401 - the SDK makes its classes at run time
    return boto3.session.Session().client(service, config=_CONFIG)


def _refused(error: exceptions.ClientError, action: str) -> AirsideError:
    told = error.response.get("Error", {})
    code, text = str(told.get("Code", "unknown")), told.get("Message", "no reason given")
    if any(sign in code for sign in _MISSING):
        return NotThereError(f"{text}; terraform apply makes it, or another suffix names it")
    if any(sign in code for sign in _DENIED):
        return DeniedError(
            f"{action} is denied to whoever runs this ({text}); allow it, or ask one who may"
        )
    if any(sign in code for sign in _PASSING):
        return RetryableError(f"{action}: {code} ({text}); try again")
    return TerminalError(f"{action}: {code} ({text}); mend that first")


def _unreached(error: exceptions.BotoCoreError, service: str) -> AirsideError:
    if isinstance(error, exceptions.NoRegionError):
        return UsageError("no AWS region is named; set AWS_DEFAULT_REGION to the deployment's")
    if isinstance(error, (exceptions.HTTPClientError, exceptions.ConnectionError)):
        return RetryableError(
            f"{service} cannot be reached ({error}); check the network and the region's name"
        )
    return UsageError(
        f"{error}; name a profile with AWS_PROFILE, or set AWS_ACCESS_KEY_ID and "
        "AWS_SECRET_ACCESS_KEY"
    )
