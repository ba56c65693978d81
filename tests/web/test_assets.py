"""Scripts and style sheets: compressed, and cached by the browser."""

import gzip
import re

import brotli
import pytest

from settings import ROOT

STYLE = "/assets/vendor/bootstrap/bootstrap.min.css"
FOREVER = "public, max-age=31536000, immutable"


def get(client, path, encoding="br", **headers):
    return client.get(path, headers={"Accept-Encoding": encoding, **headers}, buffered=True)


@pytest.mark.parametrize(
    ("encoding", "unpack"), [("br", brotli.decompress), ("gzip, deflate", gzip.decompress)]
)
def test_a_style_sheet_is_compressed_the_same_each_time(desk, encoding, unpack):
    client = desk.client()
    answers = [get(client, STYLE, encoding) for _ in range(2)]
    for answer in answers:
        assert answer.headers["Content-Encoding"] == encoding.partition(",")[0]
        assert int(answer.headers["Content-Length"]) == len(answer.data) < 40_000
        assert unpack(answer.data) == (ROOT / STYLE.lstrip("/")).read_bytes()
        assert "Accept-Encoding" in answer.vary
        assert answer.mimetype == "text/css"
    assert answers[0].data == answers[1].data


def test_a_client_without_compression_gets_none(desk):
    answer = get(desk.client(), STYLE, "identity")
    assert "Content-Encoding" not in answer.headers
    assert answer.data == (ROOT / STYLE.lstrip("/")).read_bytes()


def test_a_font_is_compressed_already(desk):
    answer = get(desk.client(), "/assets/vendor/bootstrap-icons/bootstrap-icons.woff2")
    assert answer.status_code == 200 and "Content-Encoding" not in answer.headers


def test_a_repeated_request_is_answered_with_304(desk):
    client = desk.client()
    tag = get(client, STYLE).headers["ETag"]
    assert tag.startswith("W/")
    for encoding in ("br", "gzip", "identity"):
        again = get(client, STYLE, encoding, **{"If-None-Match": tag})
        assert again.status_code == 304 and again.data == b""
    assert get(client, STYLE).headers["Cache-Control"] == "no-cache"


def test_an_address_with_the_files_time_is_cached_for_ever(desk):
    browser = desk.browser()
    page = browser.get("/dashboard").text
    found = re.findall(r'(?:src|href)="(/[^"]+\.(?:js|css)[^"]*)"', page)
    assert len(found) > 10
    for path in found:
        kept = get(browser, path).headers["Cache-Control"]
        assert "max-age=31536000" in kept or path == "/assets/theme.js", path


def test_the_console_begins_small_and_without_the_3d_preview(desk):
    """The scripts and styles of the page; bench/console.py counts all that a browser loads."""
    browser = desk.browser()
    page = browser.get("/dashboard").text
    found = re.findall(r'(?:src|href)="(/[^"]+\.(?:js|css)[^"]*)"', page)
    assert not any("plotly" in path for path in found)
    assert sum(len(get(browser, path).data) for path in found) < 500_000


def test_only_get_has_a_body(desk):
    answer = desk.client().head(STYLE, headers={"Accept-Encoding": "br"}, buffered=True)
    assert (answer.status_code, answer.data) == (200, b"")
