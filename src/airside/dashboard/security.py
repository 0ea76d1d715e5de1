"""Who may talk to the dashboard, and what a browser may do with its pages."""

import hashlib
import hmac
import ipaddress
import re
import socket
from collections.abc import Sequence
from html import escape
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qsl, urlencode, urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from airside.dashboard.problems import problem
from airside.errors import UsageError

COOKIE = "airside_token"
_COOKIE_SECONDS = 400 * 24 * 3600
"""Longer than browsers keep one."""
MIN_TOKEN_LENGTH = 16
_OPEN_PATHS = frozenset({"/healthz", "/readyz"})
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_FOR_ONE = frozenset({"no-cache", "no-store", "private"})
_HOST = re.compile(r"(?P<name>\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+)(?::\d{1,5})?")

HEADERS = {
    "content-security-policy": (
        "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; "
        "frame-ancestors 'none'"
    ),
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
}


def check_exposure(host: str, token: str | None, *, is_open: bool) -> None:
    """Refuse to serve beyond this machine unless somebody has said who may look.

    Raises:
        UsageError: No token is set, and nothing says that everybody may; or the token is short.
    """
    if token is not None and len(token) < MIN_TOKEN_LENGTH:
        raise UsageError(
            f"the dashboard's token has {len(token)} characters; choose one of at least "
            f"{MIN_TOKEN_LENGTH}, such as the output of `openssl rand -hex 16`"
        )
    if is_loopback(host) or token is not None or is_open:
        return
    raise UsageError(
        f"--host {host} lets other machines in: set --token, or, where everybody who can connect "
        'may see and send everything, dashboard.access = "open" (AIRSIDE_DASHBOARD__ACCESS=open)'
    )


def is_loopback(host: str) -> bool:
    """Whether only this machine can connect to an address."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class Guard:
    """Checks host, token and origin before anything else, and adds the headers to every answer.

    A name that an attacker owns may be made to point at 127.0.0.1 (DNS rebinding), so a request is
    answered only under localhost, an IP address, this machine's name, or a name from the settings.

    Args:
        app: What is guarded.
        token: The secret; None lets everybody in.
        allowed_hosts: Further names of this server.
    """

    def __init__(
        self, app: ASGIApp, *, token: str | None, allowed_hosts: Sequence[str] = ()
    ) -> None:
        self._app = app
        self._token = token
        # The cookie holds a hash, so that the token itself is in no browser's store.
        self._cookie = hashlib.sha256(f"airside dashboard {token}".encode()).hexdigest()
        names = ("localhost", socket.gethostname(), *allowed_hosts)
        self._hosts = frozenset(name.lower().rstrip(".") for name in names)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, or answer it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        refusal = self._refusal(scope)
        cookie = self._renewed(scope) if refusal is None else None

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
                if cookie is not None and _is_for_one(
                    headers.setdefault("cache-control", "private")
                ):
                    headers.append("set-cookie", cookie)
            await send(message)

        await (refusal or self._app)(scope, receive, send_with_headers)

    def _refusal(self, scope: Scope) -> Response | None:
        headers = Headers(scope=scope)
        host = headers.get("host", "")
        if not self._is_known_host(host):
            return problem(
                421,
                f"this server does not answer to the name {host[:100]!r}; call it by its IP "
                "address, or add the name to dashboard.allowed_hosts",
            )
        if scope["method"] not in _SAFE_METHODS and not _is_same_origin(headers, host):
            return problem(
                403,
                "a page of another site sent this; only pages of this server, and programs, may "
                "change something",
            )
        if self._token is None or scope["path"] in _OPEN_PATHS:
            return None
        return self._without_token(scope, headers)

    def _without_token(self, scope: Scope, headers: Headers) -> Response | None:
        """None where the request carries the token."""
        kind, _, credential = headers.get("authorization", "").partition(" ")
        if kind.lower() == "bearer" and self._is_token(credential.strip()):
            return None
        if self._has_cookie(headers.get("cookie", "")):
            return None
        query = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
        given = [value for name, value in query if name == "token"]
        is_read = scope["method"] in {"GET", "HEAD"}
        if is_read and any(self._is_token(value) for value in given):
            return self._admit(scope, [pair for pair in query if pair[0] != "token"])
        if is_read and "text/html" in headers.get("accept", ""):
            return HTMLResponse(_ask(wrong=bool(given)), 401, {"cache-control": "no-store"})
        return problem(
            401,
            "this server wants its token: send it as `Authorization: Bearer …`, or open /?token=… "
            "once in a browser",
            headers={"www-authenticate": "Bearer"},
        )

    def _admit(self, scope: Scope, rest: list[tuple[str, str]]) -> Response:
        """Set the cookie and go on without the token in the address."""
        # One leading slash: `//elsewhere` would lead to another server.
        path = "/" + scope["path"].lstrip("/\\")
        return RedirectResponse(
            path + (f"?{urlencode(rest)}" if rest else ""),
            303,
            {"set-cookie": self._set_cookie(scope), "cache-control": "no-store"},
        )

    def _renewed(self, scope: Scope) -> str | None:
        """The cookie anew for a page or a stream, so that a screen on a wall is never shut out."""
        headers = Headers(scope=scope)
        accepted = headers.get("accept", "")
        if not any(kind in accepted for kind in ("text/html", "text/event-stream")):
            return None
        return self._set_cookie(scope) if self._has_cookie(headers.get("cookie", "")) else None

    def _set_cookie(self, scope: Scope) -> str:
        response = Response()
        response.set_cookie(
            COOKIE,
            self._cookie,
            max_age=_COOKIE_SECONDS,
            httponly=True,
            samesite="lax",
            secure=scope["scheme"] == "https",
        )
        return response.headers["set-cookie"]

    def _has_cookie(self, header: str) -> bool:
        try:
            cookie = SimpleCookie(header).get(COOKIE)
        except CookieError:
            return False
        return cookie is not None and hmac.compare_digest(
            cookie.value.encode(), self._cookie.encode()
        )

    def _is_token(self, value: str) -> bool:
        return self._token is not None and hmac.compare_digest(
            value.encode("utf-8", "surrogateescape"), self._token.encode()
        )

    def _is_known_host(self, host: str) -> bool:
        match = _HOST.fullmatch(host)
        if match is None:
            return False
        name = match["name"].lower().rstrip(".")
        if name in self._hosts:
            return True
        try:
            ipaddress.ip_address(name.strip("[]"))
        except ValueError:
            return False
        return True


def _is_for_one(cache_control: str) -> bool:
    """Whether no cache hands an answer to others unasked."""
    return not _FOR_ONE.isdisjoint(part.strip().lower() for part in cache_control.split(","))


def _is_same_origin(headers: Headers, host: str) -> bool:
    """Whether a page of this server sent the request, or no page at all."""
    if headers.get("sec-fetch-site", "none") not in {"none", "same-origin"}:
        return False
    origin = headers.get("origin")
    return origin is None or urlsplit(origin).netloc.lower() == host.lower()


def _ask(*, wrong: bool) -> str:
    title = "This token is not the right one" if wrong else "This dashboard wants its token"
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Airside</title>
<meta name="viewport" content="width=device-width"></head>
<body><main><h1>{escape(title)}</h1>
<p>It was set where the dashboard was started, with --token or in the settings.</p>
<form action="/" method="get"><label>Token <input name="token" type="password" required
autocomplete="current-password"></label> <button>Open</button></form></main></body></html>
"""
