"""Tells alerts to a webhook: one POST of JSON for each beginning and each end."""

import http.client
import json
import urllib.error
import urllib.request
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from airside.alerts.store import Untold
from airside.errors import RetryableError

_TIMEOUT_SECONDS = 10.0


class RefusedError(RetryableError):
    """The webhook has answered, but will not have this message now; it may well take others."""


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """A webhook that has moved is a setting to mend; following it could send alerts anywhere."""

    def redirect_request(self, *_: object, **__: object) -> None:
        return None


class Webhook:
    """A place that wants to know.

    Args:
        url: Where to POST, `https://` or `http://`; it may hold a secret and is never told.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self._host = urlsplit(url).hostname or "the webhook"
        self._opener = urllib.request.build_opener(_NoRedirects)

    def tell(self, item: Untold) -> None:
        """Tell one thing; it has arrived when this returns.

        Raises:
            RefusedError: It was answered with another status than 2xx.
            RetryableError: It has not, or nobody knows; the receiver may hear it twice.
        """
        request = urllib.request.Request(  # noqa: S310 - settings admit only http and https
            self._url,
            data=json.dumps(payload(item)).encode(),
            headers={"content-type": "application/json", "user-agent": "airside"},
            method="POST",
        )
        try:
            with self._opener.open(request, timeout=_TIMEOUT_SECONDS):
                pass
        except urllib.error.HTTPError as error:
            raise RefusedError(self._why(f"it answers {error.code} {error.reason}")) from error
        except urllib.error.URLError as error:
            raise RetryableError(self._why(str(error.reason))) from error
        except (http.client.InvalidURL, UnicodeError) as error:  # their texts repeat the address
            raise RetryableError(self._why("its address is not one that HTTP knows")) from error
        except (OSError, http.client.HTTPException) as error:
            raise RetryableError(self._why(str(error) or type(error).__name__)) from error

    def _why(self, why: str) -> str:
        return (
            f"the alert webhook at {self._host} cannot be reached ({why}); it is tried again, but "
            "check alerts.webhook_url"
        )


def payload(item: Untold) -> dict[str, Any]:
    """What is sent. `id` and `state` together name a message: the same ones are the same news."""
    alert = item.alert
    return {
        "id": alert.alert_id,
        "state": item.state,
        "rule": alert.rule,
        "subject": alert.subject,
        "summary": alert.summary,
        "value": alert.value,
        "limit": alert.limit,
        "unit": alert.unit,
        "began_at": instant(alert.began_at_us),
        "ended_at": None if alert.ended_at_us is None else instant(alert.ended_at_us),
        "text": f"{'Over' if item.state == 'ended' else 'Alert'}: {alert.summary}",
    }


def instant(at_us: int) -> str:
    """Microseconds since the Unix epoch as ISO 8601 in UTC."""
    at = datetime.fromtimestamp(at_us // 1_000_000, tz=UTC)
    return at.isoformat().removesuffix("+00:00") + "Z"
