"""Prepares a start of Printdesk: the tables, the storage folders, the first administrator.

Run as its own short process, `python -m launch.prepare`, so that the supervisor needs neither
SQLAlchemy nor Alembic in its memory. It waits for the database, may run several times and at the
same time as another, and writes two JSON lines for the supervisor:

    {"tables": "the newest migration"}
    {"email": "the administrator's e-mail or empty", "password": "just made, or null"}

After the first line, other processes may start; the modules for the rest are imported after it.
"""

import json
import re
import sys
import time
from contextlib import closing
from pathlib import Path

import psycopg2

from launch.processes import LaunchError
from services import database
from services.errors import Invalid, PrintdeskError
from settings import ROOT, settings

WAIT_FOR_DATABASE_S = 30
MIGRATION_LOCK = 0x5072696E74  # any number, the same for every Printdesk process


def main() -> int:
    try:
        migrate()
        print(json.dumps({"tables": newest_revision()}), flush=True)
        print(json.dumps(prepare_lab()), flush=True)
    except Invalid as problem:
        words = "; ".join(f"{name}: {text}" for name, text in problem.fields.items())
        sys.stderr.write(f"the first administrator (ADMIN_EMAIL, ADMIN_PASSWORD): {words}\n")
        return 1
    except (LaunchError, PrintdeskError, psycopg2.Error) as problem:
        sys.stderr.write(f"{problem}\n")
        return 1
    return 0


def prepare_lab() -> dict[str, str | None]:
    """Prepares the storage root and the first administrator. Returns how to sign in."""
    from sqlalchemy import select

    from models import Job
    from services import work
    from services.files import storage
    from services.people import accounts

    with work.unit() as session:
        has_jobs = session.scalar(select(Job.id).limit(1)) is not None
        storage.prepare_root(has_jobs)
        password = accounts.ensure_first_admin(
            session,
            email=settings().admin_email,
            password=settings().admin_password,
        )
        email = accounts.first_admin_email(session)
    return {"email": email, "password": password}


def migrate() -> None:
    """Brings the tables to the newest migration. One process at a time does it; the others wait."""
    with closing(_connect()) as connection:
        if _current_revision(connection) == newest_revision():
            return
        _ask(connection, f"SELECT pg_advisory_lock({MIGRATION_LOCK})")
        if _current_revision(connection) == newest_revision():
            return
        # Slow to import, and needed only when there is something to do.
        from alembic import command
        from alembic.config import Config

        command.upgrade(Config(str(ROOT / "alembic.ini")), "head")


def newest_revision(folder: Path = ROOT / "migrations" / "versions") -> str | None:
    """The migration that no other follows, read from the files without importing them."""
    revisions, followed = set(), set()
    for path in folder.glob("*.py"):
        text = path.read_text(encoding="utf-8")
        if found := _read_name(text, "revision"):
            revisions.add(found)
        if found := _read_name(text, "down_revision"):
            followed.add(found)
    newest = revisions - followed
    return newest.pop() if len(newest) == 1 else None


def _read_name(text: str, name: str) -> str | None:
    found = re.search(rf"""^{name}\b[^=\n]*=\s*["']([^"']+)["']""", text, re.MULTILINE)
    return found[1] if found else None


def _connect() -> database.Connection:
    deadline = time.monotonic() + WAIT_FOR_DATABASE_S
    while True:
        try:
            connection = database.connect(settings().database_url)
        except psycopg2.OperationalError as problem:
            if time.monotonic() > deadline:
                raise LaunchError(f"The database does not answer: {problem}") from problem
            time.sleep(0.03)
        else:
            connection.autocommit = True
            return connection


def _current_revision(connection: database.Connection) -> object:
    """The revision of the tables; None for an empty database."""
    if _ask(connection, "SELECT to_regclass('alembic_version')") is None:
        return None
    return _ask(connection, "SELECT version_num FROM alembic_version")


def _ask(connection: database.Connection, query: str) -> object:
    """The first value of the result; None if it is empty."""
    with connection.cursor() as cursor:
        cursor.execute(query)
        row = cursor.fetchone()
    return row[0] if row else None


if __name__ == "__main__":
    sys.exit(main())
