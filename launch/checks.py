"""What is looked at before anything starts, each with one line that says what to do."""

import errno
import fcntl
import os
import secrets
import socket
import tempfile
from pathlib import Path
from typing import IO

from pydantic import ValidationError

from launch.processes import LaunchError
from settings import Settings, settings

CONFIGURATION = 2  # the exit status when a setting is wrong


def read_settings() -> Settings:
    try:
        return settings()
    except ValidationError as problem:
        first = problem.errors()[0]
        name = "_".join(str(part) for part in first["loc"]).upper()
        raise LaunchError(f"{name}: {first['msg']}", CONFIGURATION) from problem


def check_secret_key(values: Settings) -> None:
    if values.database_url and not values.secret_key:
        raise LaunchError(
            "DATABASE_URL is set, so SECRET_KEY must be set too (any long random text, the same on"
            " every machine).",
            CONFIGURATION,
        )


def check_writable(name: str, folder: Path) -> None:
    """Makes the folder if needed. `name` is the setting to change when that fails."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as problem:
        words = problem.strerror or str(problem)
        raise LaunchError(f"Cannot write in {folder}: {words}. Set {name} to a folder that is"
                          " yours, or change its owner.") from problem  # fmt: skip


def hold_lock(path: Path) -> IO[bytes]:
    """A lock that ends with this process, however it ends. Keep what is returned."""
    file = path.open("ab")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as problem:
        file.close()
        if problem.errno not in (errno.EWOULDBLOCK, errno.EACCES):
            raise
        raise LaunchError(
            f"Printdesk is already running on {path.parent.parent}: stop it, or set VAR_DIR and"
            " PORT to others."
        ) from problem
    return file


def check_port(host: str, port: int) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except (OSError, OverflowError) as problem:
            busy = isinstance(problem, OSError) and problem.errno == errno.EADDRINUSE
            words = "is already in use" if busy else f"cannot be used ({problem})"
            other = "PORT" if busy else "HOST or PORT"
            raise LaunchError(f"{host}:{port} {words}: set {other} to another.") from problem


def keep_secret_key(path: Path) -> str:
    """The key kept in the file, which is made at first for its owner only."""
    if not path.exists() or not path.read_text().strip():
        draft = path.with_name(path.name + ".new")
        draft.unlink(missing_ok=True)
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_hex(32) + "\n")
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    path.chmod(0o600)
    return path.read_text().strip()
