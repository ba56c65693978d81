"""Weak settings are named at the start, and production refuses the worst; no secret is repeated."""

import os
import shutil
import subprocess
import sys
import time

import pytest
import requests

from launch import checks
from launch.processes import LaunchError
from settings import ROOT, Settings
from tests.support import launched, meshes
from tests.support.client import FORM
from tests.support.mailserver import MailServer, free_port
from tests.support.servers import connect, make_folder

GOOD_KEY = "264c422792b758affb1030a4f26512d5d069118300dbb6273f80689962c6e8c7"
DATABASE = "postgresql+psycopg://printdesk:the-db-secret@db.example.edu/printdesk"

SMTP_SECRET, WEAK_KEY, WRONG = "the-smtp-secret", "a weak key", "the wrong and secret password"


def values(**given):
    return Settings(_env_file=None, **({"database_url": "", "secret_key": ""} | given))


def test_the_defaults_are_not_weak():
    assert checks.weak_settings(values()) == []


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ({"host": "0.0.0.0"}, "HOST"),
        ({"host": "192.0.2.7", "public_url": "http://print.example.edu"}, "HOST"),
        ({"secret_key": "secret"}, "SECRET_KEY"),
        ({"secret_key": "x" * 64}, "SECRET_KEY"),
        ({"admin_password": "short pass"}, "ADMIN_PASSWORD"),
        ({"admin_password": "Password-2026-2027"}, "ADMIN_PASSWORD"),
        ({"admin_password": "jane.doe is here", "admin_email": "Jane.Doe@x.edu"}, "ADMIN_PASSWORD"),
        ({"oidc_issuer": "http://id.example.edu"}, "OIDC_ISSUER"),
        ({"jwt_jwks_url": "http://id.example.edu/jwks", "jwt_audience": "x"}, "JWT_JWKS_URL"),
        ({"jwt_jwks_url": "https://id.example.edu/jwks"}, "JWT_AUTHORIZED_PARTIES"),
        ({"oidc_trust_email": True}, "OIDC_TRUST_EMAIL"),
    ],
    ids=str,
)
def test_what_is_weak_is_named_in_one_line(given, name):
    [line] = checks.weak_settings(values(**given))
    assert name in line and "\n" not in line
    for secret in (given.get("secret_key"), given.get("admin_password")):
        assert not secret or secret not in line


@pytest.mark.parametrize(
    "given",
    [
        {"host": "0.0.0.0", "public_url": "https://print.example.edu"},
        {"secret_key": GOOD_KEY},
        {"admin_password": "correct horse battery"},
        {"admin_password": "weak", "auth_mode": "oidc"},
        {"oidc_issuer": "http://127.0.0.1:9000"},
    ],
    ids=str,
)
def test_what_is_good_is_not_named(given):
    assert checks.weak_settings(values(**given)) == []


def test_production_refuses_a_short_key():
    with pytest.raises(LaunchError) as refused:
        checks.check_secret_key(values(database_url=DATABASE, secret_key="a short secret key"))
    assert "at least 32" in str(refused.value) and "a short secret" not in str(refused.value)
    assert refused.value.code == checks.CONFIGURATION
    checks.check_secret_key(values(database_url=DATABASE, secret_key=GOOD_KEY))
    checks.check_secret_key(values(secret_key="short"))  # embedded: one machine, and a warning


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ({"auth_mode": "oidc"}, "OIDC_ISSUER"),
        ({"auth_mode": "oidc", "oidc_issuer": "https://id.example.edu"}, "OIDC_CLIENT_ID"),
        ({"jwt_jwks_url": "https://id.example.edu/jwks"}, "JWT_ISSUER"),
        ({"jwt_jwks_url": "file:///etc/passwd", "jwt_issuer": "x"}, "JWT_JWKS_URL"),
    ],
    ids=str,
)
def test_a_provider_needs_all_its_settings(given, name):
    with pytest.raises(LaunchError) as refused:
        checks.check_sign_in(values(**given))
    assert name in str(refused.value) and refused.value.code == checks.CONFIGURATION


@pytest.mark.slow
def test_secrets_do_not_reach_the_terminal_or_the_logs():
    """A mail server that is not there, wrong passwords, tokens that are none: no secret is told."""
    server = MailServer()  # never started
    desk = launched.make(
        "secrets",
        server,
        SMTP_URL=f"smtp://lab:{SMTP_SECRET}@127.0.0.1:{server.port}",
        SECRET_KEY=WEAK_KEY,
    )
    try:
        desk.start()
        token = knock(desk)
        send_a_mail(desk)
        logs = [path.read_text(errors="replace") for path in (desk.var / "log").rglob("*")]
        told = "".join([*logs, desk.said()])
    finally:
        launched.remove(desk)
    assert "Weak setting: SECRET_KEY" in told and '"status": 401' in told
    for secret in (SMTP_SECRET, WEAK_KEY, WRONG, desk.admin_password, token):
        assert secret not in told


def knock(desk):
    """Sign-ins and tokens, right and wrong. Returns a token that was good."""
    api = f"{desk.base_url}/api/v1"
    wrong = {"email": desk.admin_email, "password": WRONG}
    right = {"email": desk.admin_email, "password": desk.admin_password}
    assert requests.post(f"{api}/auth/login", json=wrong, timeout=20).status_code == 401
    assert requests.post(f"{desk.base_url}/login", data=wrong, timeout=20).status_code == 401
    token = requests.post(f"{api}/auth/login", json=right, timeout=20).json()["access_token"]
    for changed in (token + "x", f"e30.{token}.e30"):
        header = {"Authorization": f"Bearer {changed}"}
        assert requests.get(f"{api}/jobs", headers=header, timeout=20).status_code == 401
    return token


def send_a_mail(desk):
    """A submission, whose mail fails, and what is kept of the failure."""
    files = {"file": ("cube.stl", meshes.binary_stl())}
    answer = requests.post(f"{desk.base_url}/api/v1/submit", data=FORM, files=files, timeout=30)
    assert answer.status_code == 201, answer.text
    deadline = time.monotonic() + 30
    with connect(desk.database_url) as connection:
        while not (row := connection.execute("SELECT attempts, last_error FROM mails").fetchone())[
            0
        ]:
            assert time.monotonic() < deadline, "no mail was tried"
            time.sleep(0.1)
    assert SMTP_SECRET not in str(row)


def start_gunicorn(**environment):
    """gunicorn as a lab with servers of its own starts it: what it said, and its exit status; None
    when it went on to serve."""
    ours = {name.upper() for name in Settings.model_fields} | {checks.DONE}
    clean = {name: value for name, value in os.environ.items() if name not in ours}
    folder = make_folder("gunicorn")
    environment = {
        "PORT": str(free_port()),
        "VAR_DIR": str(folder / "var"),
        "STORAGE_DIR": str(folder / "storage"),
        "DATABASE_URL": DATABASE,
        "ENV_FILE": os.devnull,
        **environment,
    }
    process = subprocess.Popen(
        (sys.executable, "-m", "gunicorn", "--config", "gunicorn.conf.py", "app:server"),
        cwd=ROOT,
        env=clean | environment,
        stderr=subprocess.PIPE,
        text=True,
    )
    said = []
    try:
        for line in process.stderr:
            said.append(line)
            if "Listening at" in line:
                return "".join(said), None
        return "".join(said), process.wait(30)
    finally:
        process.terminate()
        process.communicate(timeout=30)
        shutil.rmtree(folder)


@pytest.mark.slow
def test_gunicorn_by_itself_looks_at_the_settings_too():
    said, status = start_gunicorn(SECRET_KEY="a short secret key")
    assert "at least 32" in said and status == 1 and "Traceback" not in said
    said, status = start_gunicorn(SECRET_KEY=GOOD_KEY, OIDC_TRUST_EMAIL="true")
    assert "Weak setting: OIDC_TRUST_EMAIL" in said and status is None
    said, status = start_gunicorn(SECRET_KEY=GOOD_KEY)
    assert "Weak setting" not in said and status is None
