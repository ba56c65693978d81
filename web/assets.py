"""Scripts and style sheets: compressed, and cached by browsers.

A file is compressed at the first request for it; a changed file has a different ETag. Addresses
with the file's time (`?m=`), as the console uses them, may be cached for ever.
"""

import gzip

import brotli
from flask import Flask, Response, request

from settings import ROOT

_PATHS = ("/assets/", "/_dash-component-suites/")
_TEXTS = {"text/css", "text/javascript", "application/javascript", "image/svg+xml"}
_FOREVER = "public, max-age=31536000, immutable"
_compressed: dict[tuple[str, str, str], bytes] = {}


def init(app: Flask) -> None:
    app.after_request(_finish)


def address(path: str) -> str:
    """The address of a file under assets/, good for as long as the file stays the same."""
    return f"/assets/{path}?m={(ROOT / 'assets' / path).stat().st_mtime:.0f}"


def _finish(response: Response) -> Response:
    is_asset = request.path.startswith(_PATHS) and response.status_code in (200, 304)
    if not is_asset:
        return response
    if "m" in request.args:
        response.headers["Cache-Control"] = _FOREVER
    if response.mimetype in _TEXTS:
        response.vary.add("Accept-Encoding")
        if request.method == "GET" and response.status_code == 200:
            _compress(response)
    return response


def _compress(response: Response) -> None:
    """Replaces the content by its compressed form, which is kept so that the file is read once."""
    accepted = request.accept_encodings
    encoding = next((name for name in ("br", "gzip") if name in accepted), None)
    if encoding is None:
        return
    etag, _ = response.get_etag()
    key = (request.path, etag or "", encoding)
    if key not in _compressed:
        response.direct_passthrough = False
        _compressed[key] = _compress_bytes(response.get_data(), encoding)
    unread = response.response
    response.set_data(_compressed[key])
    if close := getattr(unread, "close", None):
        close()
    response.headers["Content-Encoding"] = encoding
    if etag:
        response.set_etag(etag, weak=True)  # the same content in a different encoding


def _compress_bytes(content: bytes, encoding: str) -> bytes:
    # The best quality takes fifty times as long, for a tenth less.
    return brotli.compress(content, quality=6) if encoding == "br" else gzip.compress(content, 6)
