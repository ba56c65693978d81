"""The routes of thumbnails and previews: access and caching."""

import gzip
import json

import pytest

from models import Role
from services.checks import modelchecks
from tests.support.client import Desk, refusal_of


@pytest.fixture
def desk(database, storage_root):
    return Desk()


@pytest.fixture
def drawn(desk):
    job_id = desk.submit()["id"]
    modelchecks.run(job_id)
    return job_id


def test_a_job_says_where_its_picture_is(desk, drawn):
    url = desk.staff.get(f"/jobs/{drawn}").json["thumbnail_url"]
    listed = desk.staff.get("/jobs").json["jobs"][0]["thumbnail_url"]
    assert url == listed and url.startswith(f"/api/v1/jobs/{drawn}/thumbnail?v=")
    path = url.removeprefix("/api/v1")
    answer = desk.caller(Role.MANAGER).get(path)
    assert (answer.status_code, answer.mimetype) == (200, "image/png")
    assert answer.headers["Cache-Control"] == "private, max-age=31536000, immutable"
    assert {"Authorization", "Cookie"} <= set(answer.vary)
    small = desk.staff.get(f"{path}&size=128")
    assert (small.status_code, small.mimetype) == (200, "image/webp")
    assert desk.staff.get(path.partition("?")[0]).headers["Cache-Control"] == "private, no-cache"


def test_a_job_without_a_picture_has_no_address_for_it(desk):
    job = desk.submit()
    assert job["thumbnail_url"] is None
    assert desk.staff.get(f"/jobs/{job['id']}").json["thumbnail_url"] is None
    refusal_of(desk.staff.get(f"/jobs/{job['id']}/thumbnail"), 404, "not_found")


def test_the_students_answer_has_no_picture(desk, drawn):
    assert "thumbnail" not in desk.submit()
    refusal_of(desk.stranger().get(f"/jobs/{drawn}/thumbnail"), 401, "not_signed_in")
    refusal_of(desk.stranger().get(f"/jobs/{drawn}/preview"), 401, "not_signed_in")


@pytest.mark.parametrize("query", ["?size=99", "?v=1&v=2", "?w=1"])
def test_other_parameters_are_refused(desk, drawn, query):
    refusal_of(desk.staff.get(f"/jobs/{drawn}/thumbnail{query}"), 400, "invalid")


@pytest.mark.parametrize("what", ["thumbnail", "preview"])
def test_an_unknown_job_is_not_found(desk, what):
    refusal_of(desk.staff.get(f"/jobs/{'0' * 32}/{what}"), 404, "not_found")


def test_the_preview_is_compressed_and_cached(desk, drawn):
    asked = {"Accept-Encoding": "gzip"}
    answer = desk.staff.get(f"/jobs/{drawn}/preview", headers=asked)
    assert answer.status_code == 200 and answer.headers["Content-Encoding"] == "gzip"
    assert answer.headers["Cache-Control"] == "private, no-cache"
    model = json.loads(gzip.decompress(answer.data))
    assert (model["state"], model["triangles"]) == ("ok", 12)
    again = desk.staff.get(
        f"/jobs/{drawn}/preview", headers=asked | {"If-None-Match": answer.headers["ETag"]}
    )
    assert (again.status_code, again.data) == (304, b"")
    plain = desk.staff.get(f"/jobs/{drawn}/preview", headers={"Accept-Encoding": "identity"})
    assert plain.json == model and "Content-Encoding" not in plain.headers
