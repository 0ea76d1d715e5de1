import gzip
from pathlib import Path

import pytest
from starlette.requests import Request
from starlette.responses import Response

from airside.dashboard.static_files import StaticFiles

PAGE = b"<!doctype html><title>Airside</title>" + b" " * 2_000


@pytest.fixture
def files(tmp_path: Path) -> StaticFiles:
    folder = tmp_path / "static"
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_bytes(PAGE)
    (folder / "assets" / "main-VWOM2JSF.js").write_bytes(b"let x = 1;\n" * 200)
    (tmp_path / "secret.txt").write_text("secret")
    (folder / "link.txt").symlink_to(tmp_path / "secret.txt")
    return StaticFiles(folder)


def get(files: StaticFiles, path: str, **headers: str) -> Response:
    raw = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    scope = {"type": "http", "method": "GET", "path": path, "headers": raw, "query_string": b""}
    return files.respond(Request(scope))


@pytest.mark.parametrize("path", ["/", "/index.html", "/flights/abc", "/trends"])
def test_a_view_is_the_page(files: StaticFiles, path: str) -> None:
    answer = get(files, path)
    assert answer.status_code == 200
    assert answer.body == PAGE
    assert answer.headers["cache-control"] == "no-cache"


def test_a_named_version_is_kept_for_good_and_is_compressed(files: StaticFiles) -> None:
    answer = get(files, "/assets/main-VWOM2JSF.js", accept_encoding="gzip, br")
    assert "immutable" in answer.headers["cache-control"]
    assert answer.headers["content-type"].startswith("text/javascript")
    assert gzip.decompress(bytes(answer.body)) == b"let x = 1;\n" * 200


def test_what_the_browser_has_is_not_sent_again(files: StaticFiles) -> None:
    etag = get(files, "/").headers["etag"]
    answer = get(files, "/", if_none_match=etag)
    assert answer.status_code == 304
    assert answer.body == b""


@pytest.mark.parametrize(
    "path",
    [
        "/nothing.js",
        "/../secret.txt",
        "/assets/../../secret.txt",
        "/..\\secret.txt",
        "/link.txt",
        "//etc/passwd.txt",
        "/index.html\x00.js",
        "/" + "x" * 5_000 + ".js",
    ],
)
def test_nothing_outside_the_folder_is_served(files: StaticFiles, path: str) -> None:
    answer = get(files, path)
    assert answer.status_code == 404
    assert answer.body != b"secret"


def test_a_page_that_was_not_built_says_so(tmp_path: Path) -> None:
    answer = get(StaticFiles(tmp_path), "/")
    assert answer.status_code == 503
    assert b"make install" in bytes(answer.body)
