"""The PostgreSQL and Redis of a test run, and what every test process gets of them.

The first process of a run starts both, in a temporary folder, and migrates one database. The
processes of pytest-xdist inherit its environment; each takes a copy of that database and a Redis
database of its own.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import psycopg

from launch import embedded
from settings import ROOT, Settings

SHARED = "PRINTDESK_TEST_SERVERS"  # holds the run's folder, for the processes that inherit it
TEMPLATE = embedded.DATABASE

_started: embedded.Started | None = None


def make_folder(name: str) -> Path:
    """A temporary folder that PostgreSQL's account may pass through, as pytest's own is not."""
    folder = Path(tempfile.mkdtemp(prefix=f"pd-{name}-")).resolve()
    folder.chmod(0o711)
    return folder


def set_up() -> None:
    """Starts or joins the run's servers, and sets the environment that settings.py reads."""
    global _started
    # A developer's .env must not reach the tests.
    Settings.model_config["env_file"] = None
    os.environ["ENV_FILE"] = os.devnull
    if SHARED not in os.environ:
        folder = make_folder("tests")
        _started = embedded.start(folder / "var", durable=False)
        os.environ[SHARED] = f"{folder}\n{_started.database_url}\n{_started.redis_url}"
        _migrate(_started.database_url)
    folder_name, database_url, redis_url = os.environ[SHARED].split("\n")
    worker = os.environ.get("PYTEST_XDIST_WORKER", "gw0")
    own = Path(folder_name) / worker
    for name in ("var", "storage"):
        (own / name).mkdir(parents=True, exist_ok=True)
    for name in Settings.model_fields:
        os.environ.pop(name.upper(), None)
    os.environ |= {
        "DATABASE_URL": copy_database(database_url, f"test_{worker}"),
        "REDIS_URL": redis_url.replace("db=0", f"db={int(worker[2:]) + 1}"),
        "SECRET_KEY": "only-for-tests-" + worker,
        "VAR_DIR": str(own / "var"),
        "STORAGE_DIR": str(own / "storage"),
        "RATE_LIMIT_SUBMIT": "1000/second",
        "RATE_LIMIT_LOGIN": "1000/second",
        "RATE_LIMIT_RESEND": "1000/second",
    }


def shared_folder() -> Path:
    """The run's folder, the same for all its processes."""
    return Path(os.environ[SHARED].split("\n")[0])


def tear_down() -> None:
    """Stops what this process started; nothing in the others."""
    global _started
    if _started is not None:
        folder = shared_folder()
        del os.environ[SHARED]
        _started.stop()
        _started = None
        shutil.rmtree(folder, ignore_errors=True)


def connect(database_url: str) -> psycopg.Connection[tuple[object, ...]]:
    """A plain connection in autocommit, from a URL as SQLAlchemy takes it."""
    return psycopg.connect(database_url.replace("+psycopg", "", 1), autocommit=True)


def silence_triggers(connection: psycopg.Connection[tuple[object, ...]]) -> None:
    """Lets this connection empty what is append-only. Nor are jobs counted then: whoever empties
    `jobs` empties `job_counts` too."""
    connection.execute("SET session_replication_role = replica")


def make_database(name: str, template: str | None = None) -> str:
    """A fresh database on the run's server; empty without a template. Returns its URL."""
    _, shared_url, _ = os.environ[SHARED].split("\n")
    return copy_database(shared_url, name, template or "template0")


def database_url(name: str) -> str:
    """The URL of a database on the run's server."""
    _, shared_url, _ = os.environ[SHARED].split("\n")
    return shared_url.replace(f"/{TEMPLATE}?", f"/{name}?")


def copy_database(shared_url: str, name: str, template: str = TEMPLATE) -> str:
    admin_url = shared_url.replace(f"/{TEMPLATE}?", "/postgres?")
    with connect(admin_url) as connection:
        connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}" STRATEGY FILE_COPY')
    return shared_url.replace(f"/{TEMPLATE}?", f"/{name}?")


def _migrate(database_url: str) -> None:
    result = subprocess.run(
        (sys.executable, "-m", "alembic", "upgrade", "head"),
        cwd=ROOT,
        env=os.environ | {"DATABASE_URL": database_url, "SECRET_KEY": "only-for-tests"},
        capture_output=True,
        text=True,
        check=False,
    )
    if result.returncode:
        tear_down()
        raise RuntimeError(f"The migrations failed:\n{result.stderr}")
