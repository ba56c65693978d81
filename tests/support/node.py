"""Tools from npm, for the tests alone: installed once from a folder's lock file."""

import fcntl
import shutil
import subprocess
from pathlib import Path


def has_node() -> bool:
    return shutil.which("node") is not None and shutil.which("npm") is not None


def install(folder: Path) -> None:
    """Installs what the lock file names, once; test processes that come meanwhile wait."""
    lock_file = folder / "package-lock.json"
    with (folder / ".install.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = folder / "node_modules" / ".package-lock.json"
        if done.exists() and done.stat().st_mtime >= lock_file.stat().st_mtime:
            return
        command = ("npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts")
        result = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
        assert result.returncode == 0, result.stderr
