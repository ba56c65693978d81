"""One run of the tests: its folder, which all of its processes share, and its beginning and end."""

import fcntl
import os
import shutil
import tempfile
import time
from pathlib import Path
from typing import IO

FOLDER = "PRINTDESK_TEST_RUN"  # holds the run's folder, for the processes that inherit it
END_WITHIN_S = 60

_alive: IO[bytes] | None = None


def make_folder(name: str) -> Path:
    """A temporary folder that PostgreSQL's account may pass through, as pytest's own is not."""
    folder = Path(tempfile.mkdtemp(prefix=f"pd-{name}-")).resolve()
    folder.chmod(0o711)
    return folder


def begin() -> None:
    """Begins a run, unless this process belongs to one."""
    global _alive
    if FOLDER not in os.environ:
        folder = make_folder("tests")
        _alive = (folder / "alive").open("wb")
        fcntl.flock(_alive, fcntl.LOCK_EX)
        os.environ[FOLDER] = str(folder)


def end() -> None:
    """Ends the run that this process began, and the servers with it; not that of another."""
    global _alive
    if _alive is not None:
        fcntl.flock(_alive, fcntl.LOCK_UN)
        _alive.close()
        _alive = None
        _await_keeper(shared_folder())
        shutil.rmtree(os.environ.pop(FOLDER), ignore_errors=True)


def shared_folder() -> Path:
    """The run's folder, the same for all its processes."""
    return Path(os.environ[FOLDER])


def worker() -> str:
    """This process's name within the run: "gw0", "gw1"..."""
    return os.environ.get("PYTEST_XDIST_WORKER", "gw0")


def _await_keeper(folder: Path) -> None:
    """Waits until tests/support/keeper.py, if it was ever started, has stopped its servers."""
    with (folder / "keeper").open("ab") as lock:
        deadline = time.monotonic() + END_WITHIN_S
        while time.monotonic() < deadline:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return
            except BlockingIOError:
                time.sleep(0.02)
