"""The tables are created by migrations alone, and every migration can be reverted."""

import os
import subprocess
import sys

import pytest
from psycopg2.errors import InsufficientPrivilege

from models import Base
from settings import ROOT
from tests.support import servers

TABLES = """
SELECT table_name FROM information_schema.tables WHERE table_schema = 'public' ORDER BY 1
"""
REST = """
SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace
UNION SELECT typname FROM pg_type WHERE typnamespace = 'public'::regnamespace AND typtype = 'e'
UNION SELECT sequence_name FROM information_schema.sequences WHERE sequence_schema = 'public'
"""


@pytest.fixture
def fresh(postgres_and_redis):
    worker = os.environ.get("PYTEST_XDIST_WORKER", "gw0")
    return servers.make_database(f"migrations_{worker}")


# One process for all: starting one takes longer than a migration.
FORTH_BACK_AND_FORTH = """
import sys
from alembic import command, config
settings = config.Config("alembic.ini")
for revision in sys.argv[1:]:
    command.upgrade(settings, revision)
    command.downgrade(settings, "-1")
    command.upgrade(settings, revision)
"""


def alembic(url, *arguments):
    return run(url, "-m", "alembic", *arguments)


def run(url, *arguments):
    result = subprocess.run(
        (sys.executable, *arguments),
        cwd=ROOT,
        env=os.environ | {"DATABASE_URL": url},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


def ask(url, query):
    with servers.connect(url) as connection:
        return {row[0] for row in connection.execute(query)}


def revisions(url):
    """From the oldest to the newest."""
    lines = alembic(url, "history").splitlines()
    return [line.split(" -> ")[1].split(" ")[0].rstrip(",") for line in reversed(lines)]


def test_up_down_and_up_again(fresh):
    alembic(fresh, "upgrade", "head")
    tables = {table.name for table in Base.metadata.sorted_tables}
    assert ask(fresh, TABLES) == tables | {"alembic_version"}
    alembic(fresh, "downgrade", "base")
    assert ask(fresh, TABLES) == {"alembic_version"}
    assert ask(fresh, REST) == set()
    alembic(fresh, "upgrade", "head")
    assert ask(fresh, TABLES) == tables | {"alembic_version"}


def test_each_migration_can_be_taken_back_by_itself(fresh):
    run(fresh, "-c", FORTH_BACK_AND_FORTH, *revisions(fresh))


def test_models_and_migrations_agree(fresh):
    alembic(fresh, "upgrade", "head")
    assert "No new upgrade operations detected" in alembic(fresh, "check")


def test_the_migrations_form_one_line_of_numbers(fresh):
    found = revisions(fresh)
    assert found == [f"{number:04}" for number in range(1, len(found) + 1)]
    files = sorted((ROOT / "migrations" / "versions").glob("*.py"))
    assert [file.name[:4] for file in files] == found


@pytest.mark.parametrize("table", ["events", "audit_log"])
@pytest.mark.parametrize(
    "statement",
    ["UPDATE {} SET user_name = 'x'", "DELETE FROM {}", "TRUNCATE {}", "TRUNCATE {} CASCADE"],
)
def test_history_cannot_be_rewritten_even_in_sql(fresh, table, statement):
    alembic(fresh, "upgrade", "head")
    with servers.connect(fresh) as connection:
        connection.execute("ALTER TABLE events DROP CONSTRAINT fk_events_job_id_jobs")
        columns = "job_id, event_type" if table == "events" else "id, action"
        values = "'a job', 'AType'" if table == "events" else "1, 'AType'"
        connection.execute(
            f"INSERT INTO {table} (timestamp, details, triggered_by, user_name, {columns})"
            f" VALUES (now(), '{{}}', 'system', 'System', {values})"
        )
        with pytest.raises(InsufficientPrivilege, match="append-only"):
            connection.execute(statement.format(table))


def test_history_is_not_emptied_along_with_the_jobs(database):
    with (
        servers.connect(database) as connection,
        pytest.raises(InsufficientPrivilege, match="events is append-only"),
    ):
        connection.execute("TRUNCATE jobs CASCADE")
