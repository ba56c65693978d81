"""What the pages are made of: scripts and style sheets, sent small and only once.

They are compressed at the first request for them; a file that changes has another ETag. Addresses
with the time of the file in them (`?m=`), as the console's are, need never be asked for again.
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
    """Puts the compressed content in the place of the file, which need not even be read again."""
    accepted = request.accept_encodings
    encoding = next((name for name in ("br", "gzip") if name in accepted), None)
    if encoding is None:
        return
    etag, _ = response.get_etag()
    key = (request.path, etag or "", encoding)
    if key not in _compressed:
        response.direct_passthrough = False
        _compressed[key] = _squeeze(response.get_data(), encoding)
    unread = response.response
    response.set_data(_compressed[key])
    if close := getattr(unread, "close", None):
        close()
    response.headers["Content-Encoding"] = encoding
    if etag:
        response.set_etag(etag, weak=True)  # the same content in other bytes


def _squeeze(content: bytes, encoding: str) -> bytes:
    # The best quality takes fifty times as long, for a tenth less.
    return brotli.compress(content, quality=6) if encoding == "br" else gzip.compress(content, 6)
