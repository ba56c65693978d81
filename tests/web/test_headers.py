"""Security headers of every answer, and the client address behind proxies."""

import base64
import hashlib
import io
import json
import os
import re
import subprocess
import sys

import pytest

from settings import ROOT
from tests.support.client import FORM, unique_model

PAGES = ["/submit", "/track", "/login", "/nothing", "/api/v1/docs"]


def policy_of(answer):
    parts = answer.headers["Content-Security-Policy"].split(";")
    return {part.split()[0]: part.split()[1:] for part in parts if part.strip()}


@pytest.mark.parametrize("path", [*PAGES, "/dashboard", "/mail", "/assets/printdesk.css"])
def test_every_answer_carries_the_headers(desk, path):
    answer = desk.browser().get(path, buffered=True)
    policy = policy_of(answer)
    assert policy["default-src"] == policy["connect-src"] == ["'self'"]
    assert policy["object-src"] == policy["base-uri"] == policy["frame-ancestors"] == ["'none'"]
    assert policy["form-action"] == ["'self'"]
    assert policy["script-src"][0] == "'self'"
    for source in policy["script-src"][1:]:
        assert re.fullmatch(r"'sha256-[A-Za-z0-9+/=]{44}'", source)
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["X-Frame-Options"] == "DENY"
    assert answer.headers["Referrer-Policy"] == "same-origin"
    assert "http" not in answer.headers["Content-Security-Policy"]


@pytest.mark.parametrize(
    "path", ["/api/v1/health", "/api/v1/nothing", "/api/v1/news", "/_dash-dependencies"]
)
def test_json_may_load_nothing_if_it_is_opened_as_a_page(desk, path):
    answer = desk.browser().get(path)
    assert answer.mimetype == "application/json"
    assert policy_of(answer) == {"default-src": ["'none'"], "frame-ancestors": ["'none'"]}
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["X-Frame-Options"] == "DENY"
    assert answer.headers["Referrer-Policy"] == "same-origin"


def test_a_304_does_not_repeat_the_headers(desk):
    browser = desk.browser()
    script = browser.get("/assets/times.js", buffered=True)
    headers = {"If-None-Match": script.headers["ETag"]}
    again = browser.get("/assets/times.js", headers=headers, buffered=True)
    assert again.status_code == 304
    assert "Content-Security-Policy" in script.headers
    assert "Content-Security-Policy" not in again.headers  # a cache keeps the one it has


def test_only_the_consoles_page_may_run_dashs_own_scripts(desk):
    browser = desk.browser()
    assert len(policy_of(browser.get("/dashboard"))["script-src"]) > 1
    assert policy_of(browser.get("/submit"))["script-src"] == ["'self'"]


def test_every_inline_script_of_the_console_is_one_that_the_policy_names(desk):
    answer = desk.browser().get("/dashboard")
    scripts = re.findall(r"<script(?![^>]*\bsrc=)([^>]*)>(.*?)</script>", answer.text, re.S)
    code = [text for attributes, text in scripts if "application/json" not in attributes]
    assert code
    for text in code:
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"'sha256-{digest}'" in policy_of(answer)["script-src"]


@pytest.mark.parametrize("path", ["/submit", "/track", "/login", "/dashboard", "/mail"])
def test_pages_load_nothing_from_elsewhere(desk, path):
    client = desk.client() if path == "/login" else desk.browser()
    page = client.get(path).text
    loaded = re.findall(r"<(?:script|link|img|iframe)[^>]*?(?:src|href)=[\"']([^\"']+)", page)
    assert loaded
    assert all(address.startswith("/") and not address.startswith("//") for address in loaded)
    assert not re.search(r"<[^>]+\son[a-z]+=", page)


def test_personal_data_is_not_cached(desk):
    job_id = desk.job()
    browser = desk.browser()
    for path in ("/dashboard", "/api/v1/jobs", f"/api/v1/jobs/{job_id}", "/_dash-layout"):
        kept = browser.get(path).headers["Cache-Control"]
        assert kept in ("no-store", "private, no-cache"), path  # the second asks each time
    assert desk.client().get(f"/track/{job_id}").headers["Cache-Control"] == "no-store"
    assert desk.client().get("/api/v1/health").headers["Cache-Control"] == "no-store"


def test_no_header_names_the_software(desk):
    answer = desk.client().get("/submit")
    assert "Server" not in answer.headers and "X-Powered-By" not in answer.headers


@pytest.mark.parametrize("address", ["127.0.0.1", "203.0.113.9, 198.51.100.7"])
def test_a_forwarded_address_is_ignored_by_default(desk, configure, address):
    configure(RATE_LIMIT_LOGIN="2/hour")
    client = desk.client()
    found = [
        client.post(
            "/login",
            data={"email": "a@b.example", "password": "no"},
            headers={
                "X-Forwarded-For": f"{address[:-1]}{number}",
                "X-Real-IP": f"203.0.113.{number}",
                "Forwarded": f"for=203.0.113.{number}",
            },
        ).status_code
        for number in range(4)
    ]
    assert found == [401, 401, 429, 429]


def test_a_forwarded_host_builds_no_link(desk):
    answer = desk.client().get("/dashboard", headers={"X-Forwarded-Host": "evil.example"})
    assert "evil.example" not in answer.headers["Location"]


# An application is configured once per process, so another configuration needs another process.
ASK = """
import json
from app import server
from models import Role
from services import work
from services.people import accounts
from services.actors import SYSTEM
client = server.test_client()
found = {}
by_https = {"X-Forwarded-Proto": "https"}
email, password = "somebody@lab.example", "a password of the tests"
with work.unit() as session:
    accounts.add(session, email, "Somebody", Role.STAFF, password, actor=SYSTEM)
def has_secure_cookie(headers):
    form = {"email": email, "password": password}
    answer = server.test_client().post("/login", data=form, headers=headers)
    return "Secure" in answer.headers["Set-Cookie"].split("; ")
found["secure"] = has_secure_cookie({})
found["secure_by_https"] = has_secure_cookie(by_https)
def sign_in(address):
    data = {"email": "a@b.example", "password": "no"}
    headers = {"X-Forwarded-For": address, "X-Forwarded-Proto": "https"}
    return client.post("/login", data=data, headers=headers).status_code
found["same"] = [sign_in("203.0.113.1") for _ in range(3)]
found["others"] = [sign_in(f"203.0.113.{number}") for number in (2, 3, 4)]
found["forged"] = [sign_in(f"198.51.100.{number}, 203.0.113.9") for number in range(3)]
answer = client.get("/login")
found["hsts"] = answer.headers.get("Strict-Transport-Security")
answer = client.get("/login", headers=by_https)
found["hsts_by_https"] = answer.headers.get("Strict-Transport-Security")
print(json.dumps(found))
"""


def ask(**environment):
    result = subprocess.run(
        (sys.executable, "-c", ASK),
        cwd=ROOT,
        env=os.environ | {"RATE_LIMIT_LOGIN": "2/hour"} | environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(result.stdout.strip().splitlines()[-1])


def test_behind_one_trusted_proxy_its_forwarded_address_counts(desk):
    found = ask(TRUSTED_PROXIES="1", PUBLIC_URL="https://print.example")
    assert found["same"] == [401, 401, 429]
    assert found["others"] == [401, 401, 401]
    assert found["forged"] == [401, 401, 429]  # only what the proxy itself added is believed
    assert found["secure"] is found["secure_by_https"] is True
    assert found["hsts"] and found["hsts_by_https"]


def test_a_trusted_proxy_decides_whether_it_is_https(desk):
    found = ask(TRUSTED_PROXIES="1", PUBLIC_URL="")
    assert found["hsts_by_https"] and found["secure_by_https"] is True
    assert found["hsts"] is None and found["secure"] is False


def test_without_a_proxy_no_header_changes_the_address(desk):
    found = ask()
    assert found["same"] + found["others"] + found["forged"] == [401, 401, *[429] * 7]
    assert found["secure"] is found["secure_by_https"] is False
    assert found["hsts"] is found["hsts_by_https"] is None


def test_the_submission_limit_is_not_evaded_by_a_header(desk, configure):
    configure(RATE_LIMIT_SUBMIT="1/hour")
    found = []
    for number in range(3):
        data = FORM | {"file": (io.BytesIO(unique_model()), "a.stl")}
        headers = {"X-Forwarded-For": f"203.0.113.{number}"}
        found.append(desk.client().post("/api/v1/submit", data=data, headers=headers).status_code)
    assert found == [201, 429, 429]
