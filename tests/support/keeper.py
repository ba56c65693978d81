"""Keeps the PostgreSQL and Redis of a test run for all its processes.

`python -m tests.support.keeper` is started by the first process that needs them. It starts both,
migrates one database, says "ready", and stops them when the process that began the run lets go of
the file `alive`. The kernel lets go of it for a process that was killed.
"""

import fcntl
import os
import subprocess
import sys
from pathlib import Path

from launch import embedded
from settings import ROOT
from tests.support.testrun import shared_folder


def main() -> None:
    folder = shared_folder()
    with (folder / "keeper").open("wb") as own, (folder / "alive").open("rb") as alive:
        fcntl.flock(own, fcntl.LOCK_EX)
        started = embedded.start(folder / "var", durable=False)
        try:
            migrate(started.database_url, folder)
            sys.stdout.write("ready\n")
            sys.stdout.flush()
            fcntl.flock(alive, fcntl.LOCK_SH)
        finally:
            started.stop()


def migrate(database_url: str, folder: Path) -> None:
    own = {"DATABASE_URL": database_url, "SECRET_KEY": "only-for-tests", "VAR_DIR": str(folder)}
    command = (sys.executable, "-m", "alembic", "upgrade", "head")
    subprocess.run(command, cwd=ROOT, env=os.environ | own, stdout=sys.stderr, check=True)


if __name__ == "__main__":
    main()
