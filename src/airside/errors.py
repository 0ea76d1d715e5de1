"""Every error Airside raises on purpose.

A message carries the value seen, what was expected, and what to do next. `Retryable` says that
the same call may succeed later; `Terminal` says that somebody has to change something first.
"""


class AirsideError(Exception):
    """Base of all errors of Airside; the command line prints it as one line, without a trace."""

    exit_code = 1


class RetryableError(AirsideError):
    """The same call may succeed later: a full disk, a lock held by another process."""

    exit_code = 75  # EX_TEMPFAIL of sysexits.h


class TerminalError(AirsideError):
    """Trying again changes nothing; the message says what has to change."""


class UsageError(TerminalError):
    """An argument or setting is wrong."""

    exit_code = 2


class CorruptDataError(TerminalError):
    """Stored data is not what was written."""

    exit_code = 65  # EX_DATAERR
