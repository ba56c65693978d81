"""The PostgreSQL and Redis of a test run, and what every test process gets of them.

Nothing is started until a test asks for it with the fixture `postgres_and_redis`, mostly by way of
`database`. The first process that needs them has keeper.py start both and migrate one database;
each process takes a copy of that database and a Redis database of its own. Where they will listen
is known before, so that whatever reads the settings first reads the right ones.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import psycopg2
from psycopg2 import extensions

from launch import embedded
from settings import ROOT, Settings, settings
from tests.support import testrun
from tests.support.once import once

TEMPLATE = embedded.DATABASE
# Where the settings of a test lead that did not ask: the error that follows says what to do.
_NOWHERE = Path("/ask-for-the-fixture-database")
_UNASKED = {
    "DATABASE_URL": f"postgresql://postgres@/nowhere?host={_NOWHERE}",
    "REDIS_URL": f"unix://{_NOWHERE}/redis.sock?db=0",
}

_keeper: subprocess.Popen[bytes] | None = None


def set_up() -> None:
    """Begins or joins a run, and sets the environment that settings.py reads."""
    # A developer's .env must not reach the tests.
    Settings.model_config["env_file"] = None
    os.environ["ENV_FILE"] = os.devnull
    testrun.begin()
    own = testrun.shared_folder() / testrun.worker()
    for name in ("var", "storage"):
        (own / name).mkdir(parents=True, exist_ok=True)
    for name in Settings.model_fields:
        os.environ.pop(name.upper(), None)
    os.environ |= _own_urls() | {
        "SECRET_KEY": "only-for-tests-" + testrun.worker(),
        "VAR_DIR": str(own / "var"),
        "STORAGE_DIR": str(own / "storage"),
        "RATE_LIMIT_SUBMIT": "1000/second",
        "RATE_LIMIT_LOGIN": "1000/second",
        "RATE_LIMIT_RESEND": "1000/second",
    }


def tear_down() -> None:
    """Ends the run if this process began it."""
    testrun.end()
    if _keeper is not None and testrun.FOLDER not in os.environ:
        _keeper.wait()


@cache
def join() -> None:
    """Starts the run's servers unless it has them, and makes this process's database."""
    once("servers", _start)
    copy_database(_shared_url(), _own_name())


def lead_settings(to_servers: bool) -> None:
    """Leads the settings to this process's databases for a test that asks for them, and nowhere
    for any other: what it reaches must not depend on the tests before it."""
    wanted = _own_urls() if to_servers else _UNASKED
    if os.environ["DATABASE_URL"] != wanted["DATABASE_URL"]:
        os.environ |= wanted
        settings.cache_clear()
        if work := sys.modules.get("services.work"):
            work.dispose()


class Plain(extensions.connection):
    """A connection that is asked without a cursor made by hand."""

    def execute(self, statement: str | bytes, values: Any = None) -> extensions.cursor:
        cursor = self.cursor()
        cursor.execute(statement, values)
        return cursor


@contextmanager
def connect(database_url: str) -> Iterator[Plain]:
    """A plain connection in autocommit, closed at the end."""
    connection = psycopg2.connect(database_url, connection_factory=Plain)
    connection.autocommit = True
    with closing(connection):
        yield connection


def silence_triggers(connection: Plain) -> None:
    """Lets this connection empty what is append-only. Nor are jobs counted then: whoever empties
    `jobs` empties `job_counts` too."""
    connection.execute("SET session_replication_role = replica")


def make_database(name: str, template: str | None = None) -> str:
    """A fresh database on the run's server; empty without a template. Returns its URL."""
    return copy_database(_shared_url(), name, template or "template0")


def database_url(name: str) -> str:
    """The URL of a database on the run's server."""
    return _shared_url().replace(f"/{TEMPLATE}?", f"/{name}?")


def copy_database(shared_url: str, name: str, template: str = TEMPLATE) -> str:
    admin_url = shared_url.replace(f"/{TEMPLATE}?", "/postgres?")
    with connect(admin_url) as connection:
        connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}" STRATEGY FILE_COPY')
    return shared_url.replace(f"/{TEMPLATE}?", f"/{name}?")


@cache
def _shared_url() -> str:
    """The URL of the migrated database that each process copies."""
    var = testrun.shared_folder() / "var"
    return embedded.Postgres(var, var / "log" / "postgres.log").url


@cache
def _own_urls() -> dict[str, str]:
    var = testrun.shared_folder() / "var"
    redis = embedded.Redis(var, var / "log" / "redis.log")
    number = int(testrun.worker()[2:]) + 1
    return {
        "DATABASE_URL": database_url(_own_name()),
        "REDIS_URL": redis.url.replace("db=0", f"db={number}"),
    }


def _own_name() -> str:
    return f"test_{testrun.worker()}"


def _start(folder: Path) -> None:
    global _keeper
    with (folder / "log").open("wb") as log:
        _keeper = subprocess.Popen(
            (sys.executable, "-m", "tests.support.keeper"),
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=log,
            start_new_session=True,
        )
    assert _keeper.stdout is not None
    with _keeper.stdout as said:
        if said.readline() != b"ready\n":
            raise RuntimeError(f"The servers did not start:\n{(folder / 'log').read_text()}")
