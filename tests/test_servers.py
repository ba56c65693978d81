"""The servers of a test run: started only for tests that request them, and stopped at the end."""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from launch.processes import processes_in
from services import work
from settings import ROOT, settings
from tests.support import testrun

ALONE = {name: value for name, value in os.environ.items() if name != testrun.FOLDER}
RUN = """
from tests.support import servers, testrun
servers.set_up()
servers.join()
print(testrun.shared_folder(), flush=True)
input()
"""


def test_a_test_that_asks_for_no_database_finds_none():
    with pytest.raises(OperationalError, match="ask-for-the-fixture-database"):
        work.ping()
    assert "ask-for-the-fixture-database" in settings().redis_url


def test_a_test_that_asks_finds_its_own(postgres_and_redis):
    with work.unit() as session:
        name = session.execute(text("SELECT current_database()")).scalar_one()
    assert name == f"test_{testrun.worker()}"


def test_plain_functions_are_tested_without_any_server(tmp_path):
    plain = "tests/services/jobs/test_costs.py"
    subprocess.run(
        (sys.executable, "-m", "pytest", plain, "-p", "no:cacheprovider"),
        cwd=ROOT,
        env=ALONE | {testrun.FOLDER: str(tmp_path)},
        capture_output=True,
        check=True,
    )
    assert not list(tmp_path.glob("servers*"))


def test_the_servers_end_with_a_run_that_is_killed():
    command = (sys.executable, "-c", RUN)
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, cwd=ROOT, env=ALONE, **pipes) as run:
        folder = Path(run.stdout.readline().strip())
        data = folder / "var" / "postgres"
        assert processes_in(data, "postgres")
        run.kill()
    deadline = time.monotonic() + 60
    while processes_in(data, "postgres") or processes_in(folder / "var" / "redis", "redis-server"):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    shutil.rmtree(folder, ignore_errors=True)
