import httpx
import pytest
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from airside.dashboard.security import COOKIE, HEADERS, Guard, check_exposure, is_loopback
from airside.errors import UsageError
from support.loops import run

TOKEN = "a-token-of-24-characters"


class Client:
    """Asks a guarded application that answers everything with its path."""

    def __init__(self, kept: str | None = None, **guard: object) -> None:
        async def echo(scope: Scope, receive: Receive, send: Send) -> None:
            text = scope["path"] + "?" + scope["query_string"].decode()
            headers = {} if kept is None else {"cache-control": kept}
            await PlainTextResponse(text, headers=headers)(scope, receive, send)

        self.app = Guard(echo, **{"token": None, **guard})  # type: ignore[arg-type]  # keywords

    def __call__(self, method: str, path: str, **headers: str) -> httpx.Response:
        async def ask() -> httpx.Response:
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            transport = httpx.ASGITransport(self.app)  # type: ignore[arg-type]  # ASGI
            async with httpx.AsyncClient(
                transport=transport, base_url="http://127.0.0.1"
            ) as client:
                return await client.request(method, path, headers=named)

        return run(ask())


@pytest.fixture
def locked() -> Client:
    return Client(token=TOKEN)


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "127.0.0.1:8080", "localhost", "LOCALHOST:99", "[::1]:8080", "10.1.2.3", "ops.x"],
)
def test_known_hosts_are_answered(host: str) -> None:
    assert Client(allowed_hosts=["ops.x"])("GET", "/", host=host).status_code == 200


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "localhost.evil", "", "a b", "[::1", "x@y"]
)
def test_a_name_that_others_own_is_refused(host: str) -> None:
    answer = Client()("GET", "/", host=host)
    assert answer.status_code == 421
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "http://evil.example"},
        {"origin": "null"},
        {"origin": "http://127.0.0.1:9999"},
        {"sec_fetch_site": "cross-site"},
        {"sec_fetch_site": "same-site"},
    ],
)
def test_pages_of_others_change_nothing(headers: dict[str, str]) -> None:
    assert Client()("POST", "/api", **headers).status_code == 403
    assert Client()("GET", "/api", **headers).status_code == 200


@pytest.mark.parametrize(
    "headers", [{}, {"origin": "http://127.0.0.1"}, {"sec_fetch_site": "same-origin"}]
)
def test_our_pages_and_programs_may_write(headers: dict[str, str]) -> None:
    assert Client()("POST", "/api", **headers).status_code == 200


@pytest.mark.parametrize("path", ["/", "/api/v1/stream", "/metrics", "/docs", "/healthz/"])
def test_everything_asks_for_the_token(locked: Client, path: str) -> None:
    answer = locked("GET", path)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert locked("GET", path, authorization=f"Bearer {TOKEN}").status_code == 200
    assert locked("GET", path, authorization=f"bearer  {TOKEN}").status_code == 200


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_health_is_told_to_everybody(locked: Client, path: str) -> None:
    assert locked("GET", path).status_code == 200


@pytest.mark.parametrize(
    "authorization", ["", "Bearer", "Bearer x", f"Basic {TOKEN}", f"Bearer {TOKEN}x", TOKEN]
)
def test_a_wrong_token_stays_outside(locked: Client, authorization: str) -> None:
    assert locked("GET", "/", authorization=authorization).status_code == 401
    assert locked("POST", f"/api?token={TOKEN}").status_code == 401, "only a page takes it so"


def test_the_address_with_the_token_sets_a_cookie_and_loses_the_token(locked: Client) -> None:
    answer = locked("GET", f"/flights?airline=6E&token={TOKEN}&airline=AI")
    assert answer.status_code == 303
    assert answer.headers["location"] == "/flights?airline=6E&airline=AI"
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert TOKEN not in cookie
    value = cookie.split(";")[0].removeprefix(f"{COOKIE}=")
    assert locked("GET", "/", cookie=f"a=b; {COOKIE}={value}").status_code == 200
    assert locked("GET", "/", cookie=f"{COOKIE}={TOKEN}").status_code == 401
    for accepted, is_renewed in (
        ("text/html,*/*", True),
        ("text/event-stream", True),
        ("application/json", False),
    ):
        answer = locked("GET", "/", cookie=f"{COOKIE}={value}", accept=accepted)
        assert answer.headers.get("set-cookie") == (cookie if is_renewed else None)
    assert Client(token=TOKEN + "2")("GET", "/", cookie=f"{COOKIE}={value}").status_code == 401


@pytest.mark.parametrize(
    ("kept", "is_renewed"),
    [
        ("public, max-age=31536000, immutable", False),
        ("max-age=60", False),
        ("s-maxage=60", False),
        ("no-cache", True),
        ("No-Store, no-transform", True),
        ("private, max-age=60", True),
    ],
)
def test_no_shared_cache_is_given_the_cookie(kept: str, *, is_renewed: bool) -> None:
    client = Client(kept, token=TOKEN)
    cookie = client("GET", f"/?token={TOKEN}").headers["set-cookie"].split(";")[0]
    answer = client("GET", "/main-VWOM2JSF.js", cookie=cookie, accept="text/html,*/*")
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == kept
    assert ("set-cookie" in answer.headers) == is_renewed


def test_an_answer_with_the_cookie_says_that_it_is_for_one(locked: Client) -> None:
    cookie = locked("GET", f"/?token={TOKEN}").headers["set-cookie"].split(";")[0]
    answer = locked("GET", "/", cookie=cookie, accept="text/html")
    assert "set-cookie" in answer.headers
    assert answer.headers["cache-control"] == "private"
    assert "cache-control" not in locked("GET", "/", cookie=cookie).headers


def test_the_redirect_cannot_lead_elsewhere(locked: Client) -> None:
    for path in ("//evil.example/", "/\\evil.example/"):
        location = locked("GET", f"{path}?token={TOKEN}").headers["location"]
        assert location.startswith("/")
        assert not location.startswith(("//", "/\\"))


def test_a_browser_is_asked_for_the_token(locked: Client) -> None:
    answer = locked("GET", "/?token=wrong", accept="text/html,*/*")
    assert answer.status_code == 401
    assert "<form" in answer.text
    assert "not the right one" in answer.text
    assert "script" not in answer.text


@pytest.mark.parametrize("token", [None, TOKEN])
def test_every_answer_has_the_headers(token: str | None) -> None:
    for answer in (Client(token=token)("GET", "/"), Client(token=token)("GET", "/", host="e.vil")):
        for name, value in HEADERS.items():
            assert answer.headers[name] == value
    assert "unsafe" not in HEADERS["content-security-policy"]
    assert HEADERS["content-security-policy"].startswith("default-src 'self';")


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1", "127.8.9.1"])
def test_this_machine_needs_no_token(host: str) -> None:
    assert is_loopback(host)
    check_exposure(host, None, is_open=False)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.0.0.1", "ops.example"])
def test_other_machines_need_a_token_or_the_word_open(host: str) -> None:
    with pytest.raises(UsageError, match=r"--token.*dashboard\.access = \"open\""):
        check_exposure(host, None, is_open=False)
    check_exposure(host, TOKEN, is_open=False)
    check_exposure(host, None, is_open=True)


def test_a_short_token_is_refused() -> None:
    with pytest.raises(UsageError, match="at least 16"):
        check_exposure("127.0.0.1", "secret", is_open=False)
