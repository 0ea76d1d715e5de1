"""What a refusal of the service means, and what to do about it."""

from collections.abc import Callable
from dataclasses import dataclass

from airside.errors import AirsideError, CorruptDataError, RetryableError, TerminalError, UsageError

_THROTTLING = (
    "ProvisionedThroughputExceededException",
    "LimitExceededException",
    "KMSThrottlingException",
    "ThrottlingException",
    "Throttling",
    "RequestLimitExceeded",
)
_PASSING = (
    "InternalFailure",
    "InternalFailureException",
    "InternalServerError",
    "ServiceUnavailable",
    "ServiceUnavailableException",
    "RequestTimeout",
    "RequestTimeoutException",
)
_CREDENTIALS = (
    "UnrecognizedClientException",
    "InvalidSignatureException",
    "InvalidClientTokenId",
    "SignatureDoesNotMatch",
    "MissingAuthenticationTokenException",
    "IncompleteSignature",
    "AuthFailure",
    "ExpiredTokenException",
    "ExpiredToken",
)


class ThrottledError(RetryableError):
    """More was asked than the stream gives; the same call succeeds in a while."""


class ExpiredIteratorError(RetryableError):
    """A shard iterator is older than five minutes; a new one takes its place."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """The service's answer, where it is an error."""

    where: str
    """The stream with its region and endpoint, for people."""
    stream: str
    """The stream's name."""
    operation: str
    """As boto3 names it, such as `get_records`."""
    code: str
    message: str
    status: int
    """Of HTTP."""

    @property
    def action(self) -> str:
        """The permission that the operation needs."""
        return "kinesis:" + "".join(part.capitalize() for part in self.operation.split("_"))

    def explained(self) -> AirsideError:
        """The error to raise."""
        if self.code == "InvalidArgumentException" and self.operation == "get_shard_iterator":
            return _unknown_position(self)
        if self.code in _EXPLANATIONS:
            return _EXPLANATIONS[self.code](self)
        if self.code.startswith("KMS"):
            return _key(self)
        return _trouble(self) if self.status >= 500 else _refused(self)


def _throttled(refusal: Refusal) -> AirsideError:
    return ThrottledError(
        f"{refusal.where} is throttled ({refusal.message}); it is tried again, and more shards "
        "take more"
    )


def _expired(refusal: Refusal) -> AirsideError:
    return ExpiredIteratorError(f"{refusal.where}: {refusal.message}; it is fetched anew")


def _trouble(refusal: Refusal) -> AirsideError:
    return RetryableError(
        f"{refusal.where} has trouble ({refusal.code}: {refusal.message}); it is tried again"
    )


def _no_stream(refusal: Refusal) -> AirsideError:
    return UsageError(
        f"there is no stream {refusal.where} ({refusal.message}); create it with `aws kinesis "
        f"create-stream --stream-name {refusal.stream}`, or mend its name, the region or the "
        "account"
    )


def _denied(refusal: Refusal) -> AirsideError:
    return TerminalError(
        f"{refusal.where}: {refusal.action} is not allowed ({refusal.message}); allow "
        f"{refusal.action} on the stream to this role, see docs/kinesis.md"
    )


def _key(refusal: Refusal) -> AirsideError:
    needed = "kms:GenerateDataKey" if refusal.operation.startswith("put") else "kms:Decrypt"
    return TerminalError(
        f"{refusal.where} is encrypted with a key that cannot be used ({refusal.code}: "
        f"{refusal.message}); allow {needed} on the key to this role, and check that it is enabled"
    )


def _credentials(refusal: Refusal) -> AirsideError:
    return TerminalError(
        f"{refusal.where} does not accept the credentials ({refusal.code}: {refusal.message}); "
        "`aws sts get-caller-identity` shows whose they are, and log in again if they are old"
    )


def _unknown_position(refusal: Refusal) -> AirsideError:
    return CorruptDataError(
        f"{refusal.where} does not know the position from which to read on ({refusal.message}); it "
        "has been created anew, or the data directory belongs to another stream of this name: "
        "start a new one with --data-dir"
    )


def _refused(refusal: Refusal) -> AirsideError:
    return TerminalError(
        f"{refusal.where} refuses {refusal.action} ({refusal.code}: {refusal.message}); see "
        "docs/kinesis.md"
    )


_EXPLANATIONS: dict[str, Callable[[Refusal], AirsideError]] = {
    **dict.fromkeys(_THROTTLING, _throttled),
    **dict.fromkeys(_PASSING, _trouble),
    **dict.fromkeys(_CREDENTIALS, _credentials),
    "ExpiredIteratorException": _expired,
    "ResourceNotFoundException": _no_stream,
    "AccessDeniedException": _denied,
    "AccessDenied": _denied,
}
