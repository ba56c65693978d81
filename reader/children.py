"""How a child of the sandbox is started, waited for and ended: a fresh interpreter, or a fork of a
warm parent (reader/warm.py) where this process keeps one."""

import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import IO, Any, Protocol

import structlog

from reader import warm

log = structlog.get_logger()

ROOT = Path(__file__).resolve().parent.parent  # the folder that the child imports from

START_S = 60.0  # a warm parent has loaded its libraries by then, on the slowest machine
STOP_S = 10.0
# What a warm parent has loaded counts as a child's address space: with less it starts afresh.
WARM_MB = 512
WARM_TASKS = {"model"}


class Child(Protocol):
    pid: int

    def wait(self, deadline: float) -> bool:
        """Whether it has ended by then."""

    def stop(self) -> int:
        """Ends the child and all it may have started; its exit status, as subprocess has it."""


def start(plan: Mapping[str, Any], answer: int, complaints: IO[bytes]) -> Child:
    """Starts a child that does what a plan says, answers on the descriptor `answer`, and writes its
    standard error into `complaints`."""
    fits = plan["task"] in WARM_TASKS and plan["memory_mb"] >= WARM_MB
    child = _warm.fork(plan, answer, complaints) if fits else None
    return child or Interpreter(plan, answer, complaints)


def keep_warm() -> None:
    """For a process that has one model after another read: from now on they are read by forks of a
    warm parent, which is started when the first one is."""
    _warm.is_kept = warm.is_possible()


def cool_down() -> None:
    """Ends the warm parent, and keeps none any more."""
    _warm.is_kept = False
    _warm.end()


class Interpreter:
    """A child process that is a fresh interpreter."""

    def __init__(self, plan: Mapping[str, Any], answer: int, complaints: IO[bytes]) -> None:
        whole = {**plan, "answer": answer, "parent": os.getpid()}
        self._process = subprocess.Popen(
            (sys.executable, "-s", "-P", "-m", "reader.child", json.dumps(whole)),
            cwd=plan["private"],
            env=environment(plan["private"]),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=complaints,
            pass_fds=(answer,),
            start_new_session=True,
        )
        self.pid = self._process.pid

    def wait(self, deadline: float) -> bool:
        try:
            self._process.wait(max(0.1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            return False
        return True

    def stop(self) -> int:
        with suppress(ProcessLookupError, PermissionError):  # gone; macOS says so of zombies
            os.killpg(self._process.pid, signal.SIGKILL)
        return self._process.wait()


class _Gone(Exception):
    """The warm parent has ended."""


class _WarmParent:
    """One such process, and the socket to it."""

    def __init__(self) -> None:
        self.connection, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self.process = subprocess.Popen(
                (sys.executable, "-s", "-P", "-m", "reader.warm", str(theirs.fileno())),
                cwd="/",
                env=environment("/"),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                pass_fds=(theirs.fileno(),),
                start_new_session=True,
            )

    def receive(self, within_s: float) -> dict[str, Any] | None:
        """What it says, or None when that takes longer. Raises _Gone."""
        if not select.select([self.connection], [], [], max(0.0, within_s))[0]:
            return None
        message = self.connection.recv(4096)
        if not message:
            raise _Gone
        told: dict[str, Any] = json.loads(message)
        return told

    def end(self) -> None:
        """Its child dies with it."""
        self.connection.close()
        self.process.kill()
        self.process.wait()


class _Fork:
    """A child that is a fork of the warm parent."""

    def __init__(self, keeper: "_Keeper", parent: _WarmParent, pid: int) -> None:
        self.pid = pid
        self._keeper, self._parent = keeper, parent
        self._status: int | None = None

    def wait(self, deadline: float) -> bool:
        self._listen(max(0.1, deadline - time.monotonic()))
        return self._status is not None

    def stop(self) -> int:
        try:
            if self._status is None:
                with suppress(OSError):
                    self._parent.connection.send(warm.STOP)
                self._listen(STOP_S)
            if self._status is None:
                self._keeper.end()
        finally:
            self._keeper.lock.release()
        return -signal.SIGKILL if self._status is None else self._status

    def _listen(self, within_s: float) -> None:
        try:
            if told := self._parent.receive(within_s):
                self._status = int(told["status"])
        except (_Gone, OSError):
            self._keeper.end()
            self._status = -signal.SIGKILL  # killed from outside, and its child with it


class _Keeper:
    """This process's warm parent: started when it is needed, and again when it has ended."""

    def __init__(self) -> None:
        self.is_kept = False
        self.lock = threading.Lock()  # it does one thing at a time
        self._parent: _WarmParent | None = None
        self._owner = 0

    def fork(self, plan: Mapping[str, Any], answer: int, complaints: IO[bytes]) -> _Fork | None:
        """A child of the warm parent. None where none is kept, it is busy, or does not start."""
        if not self.is_kept:
            return None
        if self._owner != os.getpid():  # inherited by a fork: the parent is another process's
            self.lock, self._parent, self._owner = threading.Lock(), None, os.getpid()
        if not self.lock.acquire(blocking=False):
            return None
        for _ in range(2):  # the one that was there may have ended meanwhile
            try:
                return self._ask(plan, answer, complaints)
            except (_Gone, OSError) as problem:
                log.info("warm_parent_gone", problem=repr(problem))
                self.end()
        self.lock.release()
        return None

    def _ask(self, plan: Mapping[str, Any], answer: int, complaints: IO[bytes]) -> _Fork:
        self._parent = self._parent or _WarmParent()
        files = [answer, complaints.fileno()]
        socket.send_fds(self._parent.connection, [json.dumps(plan).encode()], files)
        told = self._parent.receive(START_S)
        if told is None:
            raise _Gone
        return _Fork(self, self._parent, int(told["pid"]))

    def end(self) -> None:
        if self._parent is not None and self._owner == os.getpid():
            self._parent.end()
        self._parent = None


_warm = _Keeper()


def environment(private: str) -> dict[str, str]:
    """Nothing of the caller's goes along, which has settings and secrets in its environment."""
    return {
        "PATH": os.defpath,
        "LANG": "C.UTF-8",
        "HOME": private,
        "TMPDIR": private,
        "PYTHONPATH": str(ROOT),
        "PYTHONDONTWRITEBYTECODE": "1",
        # Threads of a numerical library cost address space, and time of the others.
        "OPENBLAS_NUM_THREADS": "1",
        "OMP_NUM_THREADS": "1",
        "MKL_NUM_THREADS": "1",
        "MALLOC_ARENA_MAX": "1",
        # Memory that is freed is used again, and not given back and asked for page by page.
        "MALLOC_MMAP_THRESHOLD_": "33554432",
        "MALLOC_TRIM_THRESHOLD_": "134217728",
        "MALLOC_TOP_PAD_": "16777216",
    }
