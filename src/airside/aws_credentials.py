"""What the AWS SDK says where it has no credentials, as Airside says it: alike on S3 and Kinesis.

The SDK looks for them anew at the next call wherever they have run out, so that a pipeline goes on
after a login without being started again. Where there are none at all it has to be started anew.
"""

from botocore import exceptions

from airside.errors import AirsideError, RetryableError, UsageError

KEYS = (
    "name a profile with AWS_PROFILE, set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or give the "
    "task a role"
)
_NONE = (
    exceptions.NoCredentialsError,
    exceptions.PartialCredentialsError,
    exceptions.ConfigParseError,
    exceptions.ProfileNotFound,
)
_LOGGED_OUT = (exceptions.SSOError, exceptions.TokenRetrievalError, exceptions.LoginError)
_AWAY = (exceptions.CredentialRetrievalError, exceptions.MetadataRetrievalError)


def explained(error: Exception, where: str) -> AirsideError | None:
    """The error to raise; None where it is not about credentials.

    Args:
        error: What a client of the SDK raised, or the making of one.
        where: What was to be reached.
    """
    if isinstance(error, _NONE):
        return UsageError(f"{where}: there are no usable AWS credentials ({error}); {KEYS}")
    if isinstance(error, _LOGGED_OUT):
        return RetryableError(
            f"{where}: the login at AWS has run out ({error}); run `aws sso login` (or `aws "
            "login`, if the profile is one of those) with the same AWS_PROFILE; it is tried again"
        )
    return unavailable(error, where) if isinstance(error, _AWAY) else None


def unavailable(error: Exception, where: str) -> RetryableError:
    """The error to raise where whoever has the credentials does not give them.

    That is also what a bare error of the operating system means: the SDK wraps those of the network
    in its own, but not those of the program or file that has the credentials.
    """
    return RetryableError(
        f"{where}: AWS credentials cannot be had ({error}); try again, and if that goes on, check "
        "the metadata service of the task or machine, the credential_process in ~/.aws/config, or "
        "the file that AWS_WEB_IDENTITY_TOKEN_FILE names"
    )
