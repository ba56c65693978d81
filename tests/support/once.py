"""Resources shared by the processes of a test run: created once, by the first that needs them."""

import fcntl
import shutil
from collections.abc import Callable
from pathlib import Path

from tests.support import testrun


def once(name: str, make: Callable[[Path], None]) -> Path:
    """The folder that `make` has filled, in this process or in another one. When that fails, the
    next to ask tries again."""
    folder = testrun.shared_folder() / name
    done = folder.with_suffix(".done")
    with open(folder.with_suffix(".lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not done.exists():
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(mode=0o711)
            make(folder)
            done.touch()
    return folder
