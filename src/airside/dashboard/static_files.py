"""The built page: files from one folder, compressed once, cached by the browser for good."""

import gzip
import hashlib
import mimetypes
import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from airside.dashboard.problems import problem

INDEX = "index.html"
_HASHED = re.compile(r"[.-][0-9A-Za-z_]{8,}\.[a-z0-9.]+$")
_COMPRESSIBLE = ("text/", "application/javascript", "application/json", "image/svg+xml")
_MIN_COMPRESSED = 1_000
_TYPES = {".js": "text/javascript", ".mjs": "text/javascript", ".map": "application/json"}

_NOT_BUILT = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Airside</title></head>
<body><main><h1>The page has not been built</h1>
<p>The server and its API work; see <a href="/docs">the API</a>. <code>make install</code> builds
the page.</p></main></body></html>
"""


@dataclass(frozen=True, slots=True)
class _File:
    body: bytes
    compressed: bytes | None
    media_type: str
    etag: str


class StaticFiles:
    """Serves the folder; a path that is no file is the page, which has views of its own.

    Args:
        folder: Where the built files are.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def respond(self, request: Request) -> Response:
        """Answer a GET of anything that is not the API."""
        name = request.url.path.strip("/") or INDEX
        found = self._find(name)
        if found is None and name != INDEX and "." in name.rsplit("/", 1)[-1]:
            return problem(404, f"there is no {name[:200]}; /docs lists what there is")
        if found is None:
            name, found = INDEX, self._find(INDEX)
        if found is None:
            return HTMLResponse(_NOT_BUILT, 503, {"cache-control": "no-store"})
        return _response(found, request.headers, is_final=bool(_HASHED.search(name)))

    def _find(self, name: str) -> _File | None:
        if "\x00" in name or "\\" in name:
            return None
        root = self._folder.resolve()
        path = (root / name).resolve()
        if not path.is_relative_to(root):
            return None
        try:
            return _load(path, path.stat().st_mtime_ns) if path.is_file() else None
        except OSError:  # a name too long for the file system, or a file that went just now
            return None


def _response(file: _File, headers: Headers, *, is_final: bool) -> Response:
    sent = {
        "etag": file.etag,
        "vary": "Accept-Encoding",
        "cache-control": "public, max-age=31536000, immutable" if is_final else "no-cache",
    }
    if file.etag in headers.get("if-none-match", ""):
        return Response(status_code=304, headers=sent)
    body = file.body
    if file.compressed is not None and "gzip" in headers.get("accept-encoding", ""):
        body = file.compressed
        sent["content-encoding"] = "gzip"
    return Response(body, headers=sent, media_type=file.media_type)


@lru_cache(maxsize=256)
def _load(path: Path, modified_ns: int) -> _File:
    body = path.read_bytes()
    media_type = _TYPES.get(path.suffix) or mimetypes.guess_type(path.name)[0]
    media_type = media_type or "application/octet-stream"
    compressed = None
    if len(body) >= _MIN_COMPRESSED and media_type.startswith(_COMPRESSIBLE):
        compressed = gzip.compress(body, 6, mtime=0)
    digest = hashlib.sha256(body + str(modified_ns).encode()).hexdigest()[:20]
    return _File(body, compressed, media_type, f'"{digest}"')
