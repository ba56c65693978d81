"""ETag and If-None-Match on the routes that people and programs poll."""

from datetime import timedelta

import pytest

from models import Role, utcnow
from services.files import usage
from services.people import jwks
from tests.support import issuer as issuers
from tests.support import queries
from tests.support.client import NAMES, Caller, changed_job, email_of, refusal_of

ROUTES = (
    *("/jobs", "/jobs?status=UPLOADED&page=1", "/jobs/{id}", "/news"),
    *("/stats", "/stats/detailed?days=7"),
)


def tag_of(caller, path):
    answer = caller.get(path)
    assert answer.status_code == 200, answer.text
    return answer.headers["ETag"]


def again(caller, path, tag):
    return caller.get(path, headers={"If-None-Match": tag})


def unchanged(caller, path):
    """The answer to a tag that was just given, and the tag. The server's other databases, those of
    the tests beside this one, commit too: that costs a 304 now and then, and never a wrong one."""
    for _ in range(200):
        tag = tag_of(caller, path)
        answer = again(caller, path, tag)
        if answer.status_code == 304:
            return answer, tag
    raise AssertionError("every answer is said to have changed")


@pytest.fixture
def issuer(configure):
    jwks.store.cache_clear()
    with issuers.running() as running:
        configure(JWT_JWKS_URL=running.url, JWT_ISSUER=issuers.ISSUER)
        yield running
    jwks.store.cache_clear()


def by_provider(desk, issuer):
    """Somebody with a token of an identity provider, whose subject is known here."""
    first = issuer.token(email=email_of(NAMES[Role.STAFF]), email_verified=True)
    assert Caller(desk.client(), first).get("/stats").status_code == 200
    return Caller(desk.client(), issuer.token())


@pytest.fixture
def job_id(desk):
    return desk.job()


@pytest.mark.parametrize("route", ROUTES)
def test_nothing_changed_means_304_without_a_body(desk, job_id, route):
    path = route.replace("{id}", job_id)
    answer, tag = unchanged(desk.staff, path)
    assert tag.startswith('W/"')
    assert answer.data == b""
    assert answer.headers["ETag"] == tag
    assert answer.headers["Cache-Control"] == "private, no-cache"
    assert {"Authorization", "Cookie"} <= set(answer.vary)


@pytest.mark.parametrize("route", ROUTES)
def test_any_change_means_a_new_answer(desk, job_id, route):
    path = route.replace("{id}", job_id)
    tag = tag_of(desk.staff, path)
    desk.staff.post(f"/jobs/{job_id}/review", {"reviewed": True})
    answer = again(desk.staff, path, tag)
    assert answer.status_code == 200 and answer.headers["ETag"] != tag


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize("of", ["token", "session", "jwt"])
def test_a_304_costs_one_query(desk, job_id, route, of, request):
    """The one that looks who is asking brings the state of the database with it."""
    path = route.replace("{id}", job_id)
    if of == "jwt":
        caller = by_provider(desk, request.getfixturevalue("issuer"))
    else:
        caller = desk.staff if of == "token" else Caller(desk.browser())
    with queries.noted() as asked:
        answer, _ = unchanged(caller, path)
        *_, before, last = asked
    assert answer.status_code == 304
    assert "FROM staff" in last and "pg_current_snapshot" in last
    assert "pg_current_snapshot" not in before  # it ended the full answer


def test_if_none_match_accepts_every_form(desk, job_id):
    for form in ("{}", "strong", '"x", {}', '{},W/"y"', "*"):
        for _ in range(200):
            tag = tag_of(desk.staff, "/jobs")
            strong = tag.removeprefix("W/")
            header = strong if form == "strong" else form.format(tag)
            if again(desk.staff, "/jobs", header).status_code == 304:
                break
        else:
            raise AssertionError(form)
    for header in ('"x"', 'W/"x"', "", "x", strong.strip('"')[:-1], '"', ",", "W/", "\xff"):
        assert again(desk.staff, "/jobs", header).status_code == 200, header


def test_a_star_does_not_make_a_job_exist(desk):
    refusal_of(again(desk.staff, "/jobs/" + "0" * 32, "*"), 404, "not_found")


def test_a_wrong_query_is_refused_first(desk, job_id):
    tag = tag_of(desk.staff, "/jobs")
    refusal_of(again(desk.staff, "/jobs?page=0", tag), 400, "invalid")
    refusal_of(again(desk.staff, "/jobs?page=0", "*"), 400, "invalid")


def test_a_tag_belongs_to_one_person_and_one_page(desk, job_id):
    tag = tag_of(desk.staff, "/jobs")
    assert again(desk.caller(Role.ADMIN), "/jobs", tag).status_code == 200
    assert again(desk.staff, "/jobs?page=1", tag).status_code == 200
    refusal_of(again(desk.stranger(), "/jobs", tag), 401, "not_signed_in")


def test_a_deleted_job_is_gone_whatever_the_caller_has(desk, job_id):
    tag = tag_of(desk.staff, f"/jobs/{job_id}")
    desk.staff.post(f"/jobs/{job_id}/lock")
    assert desk.staff.call("DELETE", f"/jobs/{job_id}").status_code == 204
    assert again(desk.staff, f"/jobs/{job_id}", tag).status_code == 404


def test_an_expiring_lock_is_a_change(desk, job_id):
    desk.staff.post(f"/jobs/{job_id}/lock")
    with changed_job(job_id) as job:
        job.locked_until = utcnow() + timedelta(seconds=0.4)
    answer = desk.staff.get(f"/jobs/{job_id}")
    assert answer.json["locked_by"] == "Sam Staff"
    while utcnow() < changed_until(job_id):
        pass
    later = again(desk.staff, f"/jobs/{job_id}", answer.headers["ETag"])
    assert later.status_code == 200 and later.json["locked_by"] is None


def changed_until(job_id):
    with changed_job(job_id) as job:
        return job.locked_until


def test_a_new_measurement_changes_the_stats(desk, job_id, storage_root):
    _, stats = unchanged(desk.staff, "/stats")
    (storage_root / "Uploaded" / "large").write_bytes(bytes(2 * 1024**2))
    usage.measure()
    assert again(desk.staff, "/stats", stats).status_code == 200


def test_a_compressed_answer_has_a_tag_that_works_too(desk, job_id):
    headers = {"Accept-Encoding": "gzip"}
    for _ in range(200):
        headers.pop("If-None-Match", None)
        headers["If-None-Match"] = desk.staff.get("/jobs", headers=headers).headers["ETag"]
        assert headers["If-None-Match"].startswith('W/"')
        if desk.staff.get("/jobs", headers=headers).status_code == 304:
            return
    raise AssertionError("no compressed answer is ever the same")


def test_head_is_conditional_too(desk, job_id):
    _, tag = unchanged(desk.staff, "/jobs")
    answer = desk.staff.call("HEAD", "/jobs", headers={"If-None-Match": tag})
    assert answer.status_code in (200, 304) and answer.data == b""
    assert desk.staff.call("HEAD", "/jobs", headers={"If-None-Match": "*"}).status_code == 304
