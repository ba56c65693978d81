"""A page of another origin, open in the same browser as a signed-in console, changes nothing."""

import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.support import meshes
from tests.support.pages import card_of, reload_queue, sign_in, submit

PAGE = """<!doctype html><title>Elsewhere</title>
<form id=out method=post action="{base}/logout"><button>Win a prize</button></form>
<form id=text method=post enctype="text/plain" action="{base}/api/v1/jobs/{job}/reject">
<input name='{{"reasons":["x"],"custom_reason":"' value='"}}'></form>
"""


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Says nothing."""


@pytest.fixture
def elsewhere(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """Another origin on loopback, and the folder it serves."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(tmp_path)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", tmp_path
    server.shutdown()
    server.server_close()


def test_a_foreign_form_or_fetch_changes_nothing(new_page, live, elsewhere, problems, tmp_path):
    origin, folder = elsewhere
    problems.ignore("403", "401", "404", "CORS", "ERR_FAILED", f"{live.base_url}", origin)
    model = tmp_path / "kept.stl"
    model.write_bytes(meshes.binary_stl(meshes.cube(23)))
    student, staff = new_page(), new_page()
    short_id = submit(student, model, email="csrf@uni.example")
    job_id = student.url.rpartition("=")[2]
    sign_in(staff, live)

    attacker = staff.context.new_page()
    (folder / "index.html").write_text(PAGE.format(base=live.base_url, job=job_id))
    for form in ("out", "text"):
        attacker.goto(origin)
        with attacker.expect_navigation():
            attacker.evaluate(f"document.getElementById('{form}').submit()")
        assert "another site" in attacker.content()
    attacker.goto(origin)
    for path, options in (
        (f"/api/v1/jobs/{job_id}/lock", "{method: 'POST', credentials: 'include'}"),
        (
            f"/api/v1/jobs/{job_id}/lock",
            "{method: 'POST', credentials: 'include', mode: 'no-cors'}",
        ),
        ("/_dash-update-component", "{method: 'POST', credentials: 'include', body: '{}'}"),
    ):
        attacker.evaluate(
            f"fetch('{live.base_url}{path}', {options}).then(() => 'read', () => 'refused')"
        )

    reload_queue(staff)
    expect(card_of(staff, short_id)).to_be_visible()
    assert staff.request.get(f"{live.base_url}/api/v1/jobs/{job_id}").json()["locked_by"] is None
