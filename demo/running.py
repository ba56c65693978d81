"""Fills the demo's folder once, then runs it as `make run` does.

The folder is filled beside its place and renamed at the end: half a history is never found there.
"""

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import Any

from launch import checks, embedded, processes
from launch.processes import LaunchError
from launch.supervisor import Supervisor, address_of
from settings import ROOT, Settings, is_loopback

NOTES = "demo.json"
INTERRUPTED = 130
STALE_AFTER_DAYS = 7


def main(arguments: list[str]) -> int:
    wanted = _read_arguments(arguments)
    try:
        values = checks.read_settings()
        folder = values.var_dir
        if wanted.new and (folder / NOTES).exists():
            _remove(folder)
        if not (folder / NOTES).exists():
            checks.check_port(values.host, values.port)  # better said before than after the wait
            fill(folder, wanted)
        return Demo(values).run()
    except LaunchError as problem:
        print(f"printdesk: {problem}", file=sys.stderr, flush=True)
        return problem.code
    except KeyboardInterrupt:
        print("\nStopped. The next `make demo` starts from scratch.", flush=True)
        return INTERRUPTED


def _read_arguments(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make demo")
    parser.add_argument("--new", action="store_true", help="recreate the history, up to today")
    parser.add_argument(
        "--seed",
        type=int,
        default=os.environ.get("SEED") or "1",
        help="random seed; a different number makes a different lab (SEED, 1)",
    )
    parser.add_argument("--days", type=int, default=730, help="days of history (730)")
    parser.add_argument(
        "--pace", type=float, default=1.0, help="activity; below 1 makes a smaller lab (1)"
    )
    return parser.parse_args(arguments)


class Demo(Supervisor):
    """Tells at the start who may sign in."""

    def welcome(self, sign_in: dict[str, str | None]) -> list[str]:
        notes = read_notes(self.values.var_dir)
        return ["", *describe(self.values, notes, datetime.now(UTC)), ""]


def read_notes(folder: Path) -> dict[str, Any]:
    """What the filling has noted: see demo/filling.py."""
    notes: dict[str, Any] = json.loads((folder / NOTES).read_text(encoding="utf-8"))
    return notes


def describe(values: Settings, notes: dict[str, Any], now: datetime) -> list[str]:
    """What the person at the terminal needs to begin."""
    address = address_of(values)
    ends_at = datetime.fromisoformat(notes["ends_at"])
    people = [f"{person['email']:<30}({person['role']})" for person in notes["people"]]
    lines = [
        f"Printdesk is running with an invented lab: {notes['jobs']:,} jobs until"
        f" {ends_at.day} {ends_at:%B %Y} (seed {notes['seed']}).",
        "",
        f"  Staff console   {address}/dashboard",
        f"  Student page    {address}/submit",
        f"  Sign in with    {people[0]}",
        *(f"                  {person}" for person in people[1:]),
        f"  Password        {notes['password']}",
        f"  E-mails         kept and shown on {address}/mail; nothing is sent to anybody",
        f"  Logs            {values.var_dir / 'log'}",
        "",
    ]
    if not is_loopback(values.host):
        lines += ["HOST lets other machines in, and everybody knows this password.", ""]
    if (now - ends_at).days >= STALE_AFTER_DAYS:
        lines += ["The history ends there; `make demo ARGS=--new` makes a new one.", ""]
    return [*lines, "Ctrl-C stops everything."]


def fill(folder: Path, wanted: argparse.Namespace) -> None:
    """Makes the folder with its whole history. Raises LaunchError, KeyboardInterrupt; then nothing
    is there, and what lies beside it is cleared by the next try."""
    if folder.exists() and any(folder.iterdir()):
        raise LaunchError(f"{folder} exists and was not created by `make demo`: move it away.")
    draft = folder.with_name(f"{folder.name}.new")
    checks.check_writable("VAR_DIR", draft)
    (draft / "run").mkdir(exist_ok=True)
    with checks.hold_lock(draft / "run" / "lock"), _terminated_as_interrupted():
        _clear(draft)
        with _database(draft) as url:
            _play(draft, url, wanted)
        # The database has not waited for the disk while it was filled.
        os.sync()
        if folder.exists():
            folder.rmdir()
        draft.rename(folder)


def _clear(draft: Path) -> None:
    """Ends and removes what an interrupted filling left behind."""
    processes.stop_leftovers(draft / "run", ("postgres",))
    for item in draft.iterdir():
        if item.name != "run":
            shutil.rmtree(item) if item.is_dir() else item.unlink()
    (draft / "log").mkdir(mode=0o700)


@contextmanager
def _database(draft: Path) -> Iterator[str]:
    postgres = embedded.Postgres(draft, draft / "log" / "postgres.log", durable=False)
    postgres.prepare()
    running = processes.start(postgres.program(), draft / "run")
    try:
        embedded.wait_ready(postgres, lambda: running, time.sleep)
        yield postgres.url
    finally:
        running.stop()
        embedded.remove_socket_folders((postgres.sockets,))


def _play(draft: Path, url: str, wanted: argparse.Namespace) -> None:
    """A process of its own, so that what it loads does not stay in memory for as long as we do."""
    environment = os.environ | {
        "VAR_DIR": str(draft),
        "STORAGE_DIR": str(draft / "storage"),
        "DATABASE_URL": url,
        "SECRET_KEY": checks.keep_secret_key(draft / "secret_key"),
        # Two processes share the work; threads of a library would only stand in their way.
        "OPENBLAS_NUM_THREADS": "1",
        "OMP_NUM_THREADS": "1",
    }
    numbers = {name: getattr(wanted, name) for name in ("seed", "days", "pace")}
    command = [sys.executable, "-m", "demo.filling"]
    command += [f"--{name}={number}" for name, number in numbers.items()]
    # Safe: this process has one thread here.
    child = subprocess.Popen(
        command, cwd=ROOT, env=environment, preexec_fn=processes.watch_parent(signal.SIGTERM)
    )
    try:
        code = child.wait()
    finally:
        child.terminate()
        child.wait()
    if code:
        raise LaunchError(f"the demo could not be filled (exit {code}); see the error above.")


@contextmanager
def _terminated_as_interrupted() -> Iterator[None]:
    def interrupt(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _remove(folder: Path) -> None:
    """Makes room for a new history; never under a running demo."""
    with checks.hold_lock(folder / "run" / "lock"):
        (folder / NOTES).unlink()
        shutil.rmtree(folder)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
