"""Child processes that end with this one, and clean-up of those that an earlier run left behind.

Each child runs in its own session, so that Ctrl-C reaches only the supervisor, which then stops
them in order. On Linux the kernel also signals a child when its parent is killed. What is running
is recorded in `run/<name>.json`; the next start ends whatever such a record still finds alive.
"""

import ctypes
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil

LOG_LIMIT_BYTES = 5 * 1024 * 1024
LOGS_KEPT = 3
STEADY_AFTER_S = 60  # a child that lived this long starts its next delay from the beginning
MAX_DELAY_S = 30
PR_SET_PDEATHSIG = 1
# A process's start time is computed from the boot time, which may be corrected by a second.
CLOCK_SLACK_S = 2.0

_libc = ctypes.CDLL(None) if sys.platform == "linux" else None


class LaunchError(Exception):
    """Printdesk cannot start, and one line says why and what to do. `code` is the exit status."""

    def __init__(self, message: str, code: int = 1) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True)
class Account:
    """The user that a server runs as when the supervisor itself is root."""

    name: str
    uid: int
    gid: int


@dataclass(frozen=True)
class Program:
    """A program to run. `stop_steps` are tried in turn: a signal, and the seconds to wait.

    With `forward_signal_to_group` the signal also goes to the program's own children, every second:
    gunicorn signals its workers once, and one that is just being forked misses that. `death_signal`
    is what it gets when the supervisor is killed: the first step's, unless given.
    """

    name: str
    argv: tuple[str, ...]
    cwd: Path
    log: Path
    env: Mapping[str, str]
    stop_steps: tuple[tuple[signal.Signals, float], ...]
    account: Account | None = None
    forward_signal_to_group: bool = False
    death_signal: signal.Signals | None = None


@dataclass
class Running:
    """A started program. After `stop` nothing of its process group is alive."""

    program: Program
    popen: subprocess.Popen[bytes]
    record: Path
    started: float = field(default_factory=time.monotonic)

    @property
    def age_s(self) -> float:
        return time.monotonic() - self.started

    def find_end(self) -> str | None:
        """A description of how it ended, or None while it runs. Ends remaining processes of its
        group."""
        code = self.popen.poll()
        if code is None:
            return None
        self._forget()
        return f"exit {code}" if code >= 0 else f"signal {-code}"

    def stop(self) -> None:
        for step, patience in self.program.stop_steps:
            if self.popen.poll() is not None:
                break
            self.popen.send_signal(step)
            self._wait(step, patience)
        self._forget()

    def _wait(self, step: signal.Signals, patience_s: float) -> None:
        deadline = time.monotonic() + patience_s
        while (left := deadline - time.monotonic()) > 0:
            with suppress(subprocess.TimeoutExpired):
                self.popen.wait(min(left, 1) if self.program.forward_signal_to_group else left)
                return
            if self.program.forward_signal_to_group:
                os.killpg(self.popen.pid, step)

    def _forget(self) -> None:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.popen.pid, signal.SIGKILL)
        self.popen.wait()
        self.record.unlink(missing_ok=True)


def start(program: Program, run_dir: Path) -> Running:
    """Starts the program. Call it from the main thread: the kernel's death signal is tied to the
    thread that started the child."""
    account = program.account
    with open_log(program.log) as log:
        popen = subprocess.Popen(
            program.argv,
            cwd=program.cwd,
            env=dict(program.env),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            user=account.uid if account else None,
            group=account.gid if account else None,
            extra_groups=[] if account else None,
            # Safe: this process has one thread here.
            preexec_fn=watch_parent(program.death_signal or program.stop_steps[0][0]),
        )
    record = run_dir / f"{program.name}.json"
    created = _created(popen.pid) or time.time()
    record.write_text(json.dumps({"pid": popen.pid, "created": created}))
    return Running(program, popen, record)


def watch_parent(death_signal: signal.Signals) -> Callable[[], None] | None:
    """A function for the child to run first: it asks the kernel for a signal when the parent dies.
    Call this in the parent; None on systems without that feature."""
    if _libc is None:
        return None
    parent, prctl = os.getpid(), _libc.prctl

    def ask() -> None:
        prctl(PR_SET_PDEATHSIG, int(death_signal), 0, 0, 0)
        if os.getppid() != parent:  # it died before the kernel knew
            os._exit(1)

    return ask


def open_log(path: Path):  # type: ignore[no-untyped-def]  # a raw binary file, closed by the caller
    """Opens a log for appending, after moving a long one aside."""
    if path.exists() and path.stat().st_size > LOG_LIMIT_BYTES:
        for number in range(LOGS_KEPT - 1, 0, -1):
            older = path.with_suffix(f".log.{number}")
            if older.exists():
                older.replace(path.with_suffix(f".log.{number + 1}"))
        path.replace(path.with_suffix(".log.1"))
    return path.open("ab")


def read_tail(path: Path, lines: int = 15) -> str:
    """The last lines of a log, as text."""
    with suppress(OSError), path.open("rb") as file:
        file.seek(max(0, file.seek(0, os.SEEK_END) - 16_384))
        return "\n".join(file.read().decode(errors="replace").splitlines()[-lines:])
    return ""


def stop_leftovers(run_dir: Path, names: tuple[str, ...], patience_s: float = 15) -> None:
    """Ends processes that an earlier supervisor of the same folder recorded but did not stop."""
    for name in names:
        record = run_dir / f"{name}.json"
        with suppress(OSError, ValueError, KeyError, TypeError):
            known = json.loads(record.read_text())
            end(list(_session(int(known["pid"]), float(known["created"]))), patience_s)
        record.unlink(missing_ok=True)


def processes_in(folder: Path, name: str) -> list[psutil.Process]:
    """The living processes of this name that work in the folder, oldest first."""
    found = []
    for process in psutil.process_iter(["name", "cwd", "create_time"]):
        if process.info["name"] == name and process.info["cwd"] == str(folder):
            found.append(process)
    return sorted(found, key=lambda process: float(process.info["create_time"]))


def end(
    leftovers: list[psutil.Process],
    patience_s: float,
    first: signal.Signals = signal.SIGTERM,
) -> None:
    """Asks the oldest process to stop, which ends its children, then kills whatever remains."""
    for process in leftovers[:1]:
        with suppress(psutil.NoSuchProcess):
            process.send_signal(first)
    _, alive = psutil.wait_procs(leftovers, patience_s)
    for process in alive:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(alive, 5)


def _session(leader: int, created: float) -> Iterator[psutil.Process]:
    """The recorded process and those of its session; nothing if the pid has been reused by another
    process."""
    now = _created(leader)
    if now is not None and abs(now - created) > CLOCK_SLACK_S:
        return
    for pid in [leader, *(other for other in psutil.pids() if other != leader)]:
        with suppress(ProcessLookupError, PermissionError, psutil.Error):
            if os.getsid(pid) == leader:
                process = psutil.Process(pid)
                if process.create_time() >= created - CLOCK_SLACK_S:
                    yield process


def _created(pid: int) -> float | None:
    try:
        return psutil.Process(pid).create_time()
    except psutil.NoSuchProcess:
        return None
