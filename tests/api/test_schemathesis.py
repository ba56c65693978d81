"""schemathesis over a running Printdesk: every check, every phase, nothing found.

It has the document, an administrator's token, and jobs in every status, locked for its actions.
"""

import os
import subprocess
import sys

import pytest
import requests

from settings import ROOT
from tests.support import launched, meshes
from tests.support.client import API, BODIES, FORM, PATH_TO
from tests.support.mailserver import MailServer

pytestmark = pytest.mark.system

JOBS_PER_STATUS = 3
EXAMPLES = 12
LIMIT_S = 800


@pytest.fixture
def desk():
    """A Printdesk of its own: an administrator with random wishes is no good neighbour."""
    server = MailServer()
    server.start()
    printdesk = launched.make_used("schemathesis", server)
    try:
        yield printdesk.start()
    finally:
        launched.remove(printdesk)
        server.stop()


@pytest.fixture
def session(desk):
    with requests.Session() as session:
        credentials = {"email": desk.admin_email, "password": desk.admin_password}
        answer = session.post(f"{desk.base_url}{API}/auth/login", json=credentials)
        session.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
        yield session


def make_jobs(desk, session):
    """Ids of jobs in every status, each with its lock held by the caller."""
    ids = []
    for number in range(JOBS_PER_STATUS):
        for status, actions in PATH_TO.items():
            model = ("gear.stl", meshes.binary_stl(header=f"{status} {number}".encode()))
            made = session.post(f"{desk.base_url}{API}/submit", data=FORM, files={"file": model})
            assert made.status_code == 201, made.text
            job = f"{desk.base_url}{API}/jobs/{made.json()['id']}"
            for action in actions:
                session.post(f"{job}/lock")
                done = session.post(f"{job}/{action}", json=BODIES.get(action))
                assert done.status_code == 200, done.text
            assert session.post(f"{job}/lock").status_code == 200
            ids.append(made.json()["id"])
    return ids


@pytest.mark.timeout(LIMIT_S + 60)
def test_schemathesis_finds_nothing(desk, session, tmp_path):
    ran = subprocess.run(
        [
            *(sys.executable, "-m", "schemathesis.cli", "run"),
            f"{desk.base_url}{API}/openapi.json",
            *("--header", f"Authorization: {session.headers['Authorization']}"),
            *("--checks", "all", "--phases", "examples,coverage,fuzzing,stateful"),
            *("--max-examples", str(EXAMPLES), "--continue-on-failure"),
            *("--seed", "1", "--no-color", "--warnings", "off"),
        ],
        cwd=tmp_path,
        env={
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "SCHEMATHESIS_HOOKS": "tests.support.schemathesis_hooks",
            "JOBS": " ".join(make_jobs(desk, session)),
        },
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout[-20_000:] + ran.stderr[-2_000:]
