"""Unknown pages and routes are reported as such, for everybody and every method."""

import pytest

from tests.support.client import API, refusal_of


@pytest.fixture(params=["stranger", "staff"])
def client(desk, request):
    return desk.client() if request.param == "stranger" else desk.browser()


@pytest.mark.parametrize("path", [f"{API}/jobs", f"{API}/submit", f"{API}/auth/login"])
def test_an_unknown_method_is_not_allowed(client, path):
    answer = client.open(path, method="FOO")
    refusal_of(answer, 405, "method_not_allowed")
    assert {"GET", "POST"} & set(answer.headers["Allow"].split(", "))


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE", "FOO"])
@pytest.mark.parametrize("path", [f"{API}/nothing", "/api/nothing", "/api/"])
def test_a_route_that_the_api_does_not_have_is_not_found(client, method, path):
    refusal_of(client.open(path, method=method), 404, "not_found")


@pytest.mark.parametrize("method", ["POST", "DELETE", "FOO"])
def test_an_unknown_page_is_not_found_for_every_method(desk, method):
    browser = desk.browser()
    assert browser.open("/nothing", method=method).status_code == 404
    assert browser.open("/dashboard", method=method).status_code == 405


def test_strangers_cannot_probe_which_pages_exist(desk):
    client = desk.client()
    for path in (f"{API}/jobs", f"{API}/jobs/{'0' * 32}"):
        refusal_of(client.get(path), 401, "not_signed_in")
    assert client.post("/nothing").status_code == 401
