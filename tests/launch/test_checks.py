"""Weak settings are named at the start, and production refuses the worst; no secret is repeated."""

import os
import shutil
import socket
import subprocess
import sys
import time

import pytest
import requests

from launch import checks
from launch.processes import LaunchError
from settings import ROOT, Settings
from settings import settings as read_settings
from tests.support import launched, meshes
from tests.support.client import FORM
from tests.support.mailserver import MailServer, free_port
from tests.support.servers import connect
from tests.support.testrun import make_folder

GOOD_KEY = "264c422792b758affb1030a4f26512d5d069118300dbb6273f80689962c6e8c7"
DATABASE = "postgresql://printdesk:the-db-secret@db.example.edu/printdesk"

SMTP_SECRET, WEAK_KEY, WRONG = "the-smtp-secret", "a weak key", "the wrong and secret password"


def values(**given):
    return Settings(_env_file=None, **({"database_url": "", "secret_key": ""} | given))


@pytest.mark.parametrize(
    "scheme",
    [
        *("postgresql", "postgres", "PostgreSQL", "postgresql+psycopg2", "postgresql+psycopg"),
        *("postgres+psycopg", "postgresql+asyncpg"),
    ],
)
def test_a_database_is_found_by_any_spelling_of_its_address(scheme):
    given = f" {scheme}://lab:p%40ss@db.example.edu:5433/printdesk?sslmode=require\n"
    wanted = "postgresql://lab:p%40ss@db.example.edu:5433/printdesk?sslmode=require"
    assert values(database_url=given).database_url == wanted


@pytest.mark.parametrize("nothing", ["", "  "])
def test_an_empty_address_means_the_embedded_database(nothing, monkeypatch):
    assert values(database_url=nothing).database_url == ""
    monkeypatch.setenv("DATABASE_URL", nothing)
    assert Settings(_env_file=None).database_url == ""


@pytest.mark.parametrize(
    "wrong",
    ["mysql://lab:the-secret@db/x", "db.example.edu the-secret", "postgresql:", "postgresql://"],
)
def test_what_is_no_address_of_postgresql_is_refused_and_not_repeated(wrong, monkeypatch):
    monkeypatch.setitem(Settings.model_config, "env_file", None)
    monkeypatch.setenv("DATABASE_URL", wrong)
    read_settings.cache_clear()
    with pytest.raises(LaunchError) as refused:
        checks.read_settings()
    read_settings.cache_clear()
    assert "DATABASE_URL: must begin with postgresql://" in str(refused.value)
    assert "the-secret" not in str(refused.value)


def test_the_defaults_are_not_weak():
    assert checks.weak_settings(values()) == []


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ({"host": "0.0.0.0"}, "HOST"),
        ({"host": "192.0.2.7", "public_url": "http://print.example.edu"}, "HOST"),
        ({"secret_key": "hunter2"}, "SECRET_KEY"),
        ({"secret_key": "x" * 64}, "SECRET_KEY"),
        ({"admin_password": "short pass"}, "ADMIN_PASSWORD"),
        ({"admin_password": "Password-2026-2027"}, "ADMIN_PASSWORD"),
        ({"admin_password": "jane.doe is here", "admin_email": "Jane.Doe@x.edu"}, "ADMIN_PASSWORD"),
        ({"oidc_issuer": "http://id.example.edu"}, "OIDC_ISSUER"),
        ({"jwt_jwks_url": "http://id.example.edu/jwks", "jwt_audience": "x"}, "JWT_JWKS_URL"),
        ({"jwt_jwks_url": "https://id.example.edu/jwks"}, "JWT_AUTHORIZED_PARTIES"),
        ({"smtp_url": "smtp://lab:the-secret@mail.example.edu"}, "SMTP_URL"),
    ],
    ids=str,
)
def test_a_weak_setting_is_one_line_and_refused_in_production(given, name):
    [line] = checks.weak_settings(values(**given))
    assert name in line and "\n" not in line
    for secret in (given.get("secret_key"), given.get("admin_password"), "the-secret"):
        assert not secret or secret not in line
    checks.check_production(values(**given))  # embedded: one machine, and a warning
    assert f"Weak setting: {line}" in checks.warnings(values(**given))
    [refused, *others] = refusals(**given)
    assert line in refused
    # Where PUBLIC_URL is missing too, that is said by itself.
    assert len(others) <= (1 if given.get("host") == "0.0.0.0" else 0)


def production(**given):
    """As a lab with a database of its own sets it: nothing about it is weak."""
    good = {
        "database_url": DATABASE,
        "secret_key": GOOD_KEY,
        "public_url": "https://print.example.edu",
    }
    return values(**(good | given))


def refusals(**given):
    """The lines that production refuses these settings with, as they are told."""
    given = given if "host" not in given else {"public_url": ""} | given
    with pytest.raises(LaunchError) as refused:
        checks.check_production(production(**given))
    assert refused.value.code == checks.CONFIGURATION
    lines = f"printdesk: {refused.value}".splitlines()
    assert all(line.startswith("printdesk: DATABASE_URL is set, so this") for line in lines)
    return lines


def test_production_names_all_that_is_weak_at_once():
    lines = refusals(
        host="0.0.0.0",
        public_url="http://print.example.edu",
        secret_key="a" * 40,
        admin_password="password",
        smtp_url="smtp://lab:the-secret@mail.example.edu",
        jwt_jwks_url="http://id.example.edu/jwks",
        jwt_issuer="http://id.example.edu",
    )
    names = ("HOST", "SECRET_KEY", "ADMIN_PASSWORD", "JWT_JWKS_URL", "JWT_AUDIENCE", "SMTP_URL")
    assert len(lines) == len(names)
    assert all(name in line for name, line in zip(names, lines, strict=True))
    assert "the-secret" not in "".join(lines) and "a" * 40 not in "".join(lines)


def test_production_needs_a_key():
    [line] = refusals(secret_key="")
    assert "SECRET_KEY is missing" in line


def test_production_starts_silently_with_good_settings():
    checks.check_production(production(host="0.0.0.0"))
    assert checks.warnings(production(host="0.0.0.0")) == []


def test_what_some_providers_need_is_a_warning_in_production_too():
    trusting = production(oidc_trust_email=True)
    checks.check_production(trusting)
    [line] = checks.warnings(trusting)
    assert line.startswith("Weak setting: OIDC_TRUST_EMAIL")


@pytest.mark.parametrize("host", ["0.0.0.0", "::"])
def test_unreachable_link_addresses_are_reported_and_refused_in_production(host):
    lines = refusals(host=host)
    assert "HOST lets" in lines[0] and "PUBLIC_URL is not set" in lines[1]
    embedded = values(host=host, public_url="", port=8051)
    [_, line] = checks.warnings(embedded)
    assert f"links in e-mails begin with http://{socket.gethostname()}:8051" in line
    assert checks.warnings(values(host=host, public_url="https://print.example.edu")) == []


def test_behind_a_proxy_on_the_same_machine_links_are_warned_of():
    [line] = checks.warnings(production(public_url=""))
    assert "PUBLIC_URL is not set" in line and "http://127.0.0.1:8050" in line


@pytest.mark.parametrize(
    "given",
    [
        {"host": "0.0.0.0", "public_url": "https://print.example.edu"},
        {"secret_key": GOOD_KEY},
        {"admin_password": "correct horse battery"},
        {"admin_password": "weak", "auth_mode": "oidc"},
        {"oidc_issuer": "http://127.0.0.1:9000"},
        {"smtp_url": "smtp+starttls://lab:secret@mail.example.edu:587"},
        {"smtp_url": "smtps://lab:secret@mail.example.edu"},
        {"smtp_url": "smtp://mail.example.edu"},
        {"smtp_url": "smtp://lab:secret@127.0.0.1:2525"},
        {"smtp_url": "smtp://lab:secret@[::1]"},
        {"host": "127.0.0.2"},
    ],
    ids=str,
)
def test_what_is_good_is_not_named(given):
    assert checks.weak_settings(values(**given)) == []


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("smtp://127.0.0.1:99999", "from 1 to 65535"),
        ("smtp://127.0.0.1:0", "from 1 to 65535"),
        ("smtp://mail.example.edu:587x", "from 1 to 65535"),
        ("127.0.0.1:1", "must begin with smtp://"),
        ("mail.example.edu", "must begin with smtp://"),
        ("http://mail.example.edu", "must begin with smtp://"),
        ("smtp://", "name a host"),
        ("smtp://lab:the-secret@:25", "must name a host"),
        ("smtp://mail..edu", "must name a host"),
        ("smtp://[::1", "cannot be read"),
        ("smtps://lab:the-secret/12@mail.example.edu", "%2F"),
        ("smtps://lab:the-secret%C3%A4@mail.example.edu", "ASCII"),
    ],
)
def test_a_mistyped_mail_server_is_one_line_at_the_start(configure, url, words):
    configure(SMTP_URL=url)
    with pytest.raises(LaunchError) as refused:
        checks.read_settings()
    [line] = str(refused.value).splitlines()
    assert line.startswith("SMTP_URL: ") and words in line
    assert "the-secret" not in line
    assert refused.value.code == checks.CONFIGURATION


@pytest.mark.parametrize(
    "url",
    [
        "smtp://127.0.0.1",
        "smtps://mail.example.edu/",
        "smtp+starttls://lab%40x.edu:p%2Fss@mail.example.edu:587",
        "smtp://[::1]:2525",
        "smtp://mail.zürich.example",
        " smtp://mail_server:25 ",
    ],
)
def test_a_mail_server_is_written_in_many_ways(url):
    assert values(smtp_url=url).smtp_url == url.strip()


def test_every_invalid_setting_has_a_line_without_its_value(configure):
    configure(PORT="the-secret", PUBLIC_URL="print.example.edu", WEB_WORKERS="two")
    with pytest.raises(LaunchError) as refused:
        checks.read_settings()
    lines = f"printdesk: {refused.value}".splitlines()
    assert [line.split(":")[1] for line in lines] == [" PORT", " PUBLIC_URL", " WEB_WORKERS"]
    assert "the-secret" not in "".join(lines)
    assert "the-secret" not in str(refused.value.__cause__)


@pytest.mark.parametrize(
    ("given", "address"),
    [
        ({}, "http://127.0.0.1:8050"),
        ({"host": "::1", "port": 80}, "http://[::1]:80"),
        ({"host": "192.0.2.7"}, "http://192.0.2.7:8050"),
        ({"host": "lab-pc"}, "http://lab-pc:8050"),
        ({"host": "0.0.0.0"}, "http://lab.example.edu:8050"),
        ({"host": "::"}, "http://lab.example.edu:8050"),
        ({"host": "0.0.0.0", "public_url": "https://x.example/"}, "https://x.example"),
    ],
    ids=str,
)
def test_links_begin_with_a_reachable_address(monkeypatch, given, address):
    monkeypatch.setattr(socket, "gethostname", lambda: "lab.example.edu")
    assert values(**given).base_url == address


def test_a_machine_without_a_name_is_linked_by_its_own_address(monkeypatch):
    monkeypatch.setattr(socket, "gethostname", lambda: "a name")
    assert values(host="0.0.0.0").base_url == "http://127.0.0.1:8050"


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
    deadline = time.monotonic() + 60
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


def test_gunicorn_alone_checks_the_settings_too():
    weak = {"SECRET_KEY": "a" * 40, "ADMIN_PASSWORD": "password", "HOST": "0.0.0.0"}
    weak["PUBLIC_URL"] = "http://print.example.edu"
    said, status = start_gunicorn(**weak)
    assert status == checks.CONFIGURATION
    lines = said.splitlines()
    assert ["HOST" in lines[0], "SECRET_KEY" in lines[1], "ADMIN_PASSWORD" in lines[2]] == [
        True
    ] * 3
    assert len(lines) == 3 and "a" * 40 not in said
    said, status = start_gunicorn(SECRET_KEY=GOOD_KEY, SMTP_URL="smtp://lab:the-secret@mail:587x")
    assert status == checks.CONFIGURATION
    assert said.startswith("printdesk: SMTP_URL: ") and len(said.splitlines()) == 1
    good = {"SECRET_KEY": GOOD_KEY, "PUBLIC_URL": "https://print.example.edu"}
    said, status = start_gunicorn(**good, OIDC_TRUST_EMAIL="true")
    assert "Weak setting: OIDC_TRUST_EMAIL" in said and status is None
    said, status = start_gunicorn(**good)
    assert "Weak setting" not in said and status is None
