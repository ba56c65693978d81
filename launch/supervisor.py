"""Runs everything: the servers it embeds, the web server, and the background work.

It starts them, prints a welcome when Printdesk is ready, restarts what dies, and stops everything
in order. It imports neither SQLAlchemy, Dash nor Celery, because it stays in memory as long as they
do.
"""

import http.client
import json
import os
import re
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from types import FrameType
from typing import IO

from launch import checks, embedded, processes
from launch.processes import MAX_DELAY_S, STEADY_AFTER_S, LaunchError, Program, Running
from settings import ROOT, Settings, is_every_address

HEALTHY_WITHIN_S = 60
# The order of stopping: first the source of new work, then the work, then the servers that store
# it.
STOP_ORDER = ("web", "background", "redis", "postgres")
TROUBLE = re.compile(
    rb"\b(CRITICAL|ERROR)\b|\[(critical|error)\s*\]|level[\"']?[=:]\s*[\"']?(critical|error)"
)
TROUBLE_LINES = 3


class StopRequested(Exception):
    """Printdesk was asked to stop while it was busy with something else."""


@dataclass
class Child:
    """A program to keep running, and how far its log has been searched for errors."""

    name: str
    make: Callable[[], Program]
    running: Running
    failures: int = 0
    again_at: float | None = None
    log_position: int = 0


class Supervisor:
    def __init__(self, values: Settings) -> None:
        self.values = values
        self.var = values.var_dir
        self.run_dir, self.log_dir = self.var / "run", self.var / "log"
        self.children: dict[str, Child] = {}
        self.env: dict[str, str] = {}
        self._sockets: tuple[Path, ...] = ()
        self._stop = False
        self._wake_in, self._wake_out = socket.socketpair()

    def run(self) -> int:
        """Starts, serves until asked to stop, and stops. Returns the exit status."""
        with self._signals(), self._checked():
            try:
                sign_in = self._start()
                self._say(*checks.warnings(self.values), to=sys.stderr)
                self._say(*self.welcome(sign_in))
                while True:
                    self._pause(1)
                    self._look_after()
            except StopRequested:
                self._say("", "Stopping.")
                return 0
            finally:
                self._stop_all()

    def welcome(self, sign_in: dict[str, str | None]) -> list[str]:
        """The lines that are printed once Printdesk is ready."""
        return welcome(self.values, sign_in)

    @contextmanager
    def _checked(self) -> Iterator[None]:
        """Runs the checks before the first process starts, and holds the lock while Printdesk
        runs."""
        checks.check_production(self.values)
        checks.check_sign_in(self.values)
        checks.check_writable("VAR_DIR", self.var)
        checks.check_writable("STORAGE_DIR", self.values.storage_dir)
        for folder in (self.run_dir, self.log_dir):
            folder.mkdir(mode=0o700, exist_ok=True)
        with checks.hold_lock(self.run_dir / "lock"):
            processes.stop_leftovers(self.run_dir, STOP_ORDER)
            checks.check_port(self.values.host, self.values.port)
            yield

    def _start(self) -> dict[str, str | None]:
        self.env = self._child_env()
        servers = self._start_servers()
        preparing = self._start_preparing()
        try:
            for server in servers:
                child = self.children[server.name]
                embedded.wait_ready(server, lambda child=child: child.running, self._pause)  # type: ignore[misc]
            self._read_answer(preparing)  # the tables are ready
            self._add("web", self._web)
            self._add("background", self._background)
            sign_in = self._read_answer(preparing)
        finally:
            preparing.kill()
            preparing.communicate()
        self._wait_healthy()
        for child in self.children.values():
            child.log_position = child.running.program.log.stat().st_size
        return sign_in

    def _child_env(self) -> dict[str, str]:
        values = self.values
        key = values.secret_key or checks.keep_secret_key(self.var / "secret_key")
        return {
            # Otherwise each thread would keep its own heap of freed memory. The pieces of an
            # upload, up to a megabyte, must not be mapped one by one: new pages cost more than the
            # work on them.
            "MALLOC_ARENA_MAX": "2",
            "MALLOC_MMAP_THRESHOLD_": str(4 * 1024**2),
            "MALLOC_TRIM_THRESHOLD_": str(8 * 1024**2),
            **os.environ,
            "VAR_DIR": str(self.var),
            "STORAGE_DIR": str(values.storage_dir),
            "SECRET_KEY": key,
            "DATABASE_URL": values.database_url,
            "REDIS_URL": values.redis_url,
            "PYTHONUNBUFFERED": "1",
            checks.DONE: "1",
        }

    def _start_servers(self) -> list[embedded.Postgres | embedded.Redis]:
        servers: list[embedded.Postgres | embedded.Redis] = []
        if not self.values.redis_url:
            redis = embedded.Redis(self.var, self.log_dir / "redis.log")
            self.env["REDIS_URL"] = redis.url
            self._sockets += (redis.socket.parent,)
            servers.append(redis)
        if not self.values.database_url:
            postgres = embedded.Postgres(self.var, self.log_dir / "postgres.log")
            self.env["DATABASE_URL"] = postgres.url
            self._sockets += (postgres.sockets,)
            servers.append(postgres)
        for server in servers:
            self._add(server.name, lambda server=server: _prepared(server))  # type: ignore[misc]
            self._check_stop()
        return servers

    def _start_preparing(self) -> subprocess.Popen[bytes]:
        """Starts launch.prepare before PostgreSQL answers, because its imports take as long."""
        with (self.log_dir / "prepare.log").open("wb") as log:
            return subprocess.Popen(
                (sys.executable, "-m", "launch.prepare"),
                cwd=ROOT,
                env=self.env,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                start_new_session=True,
                preexec_fn=processes.watch_parent(signal.SIGTERM),
                bufsize=0,
            )

    def _read_answer(self, preparing: subprocess.Popen[bytes]) -> dict[str, str | None]:
        """The next JSON line of `launch.prepare`. Raises LaunchError with its message instead."""
        assert preparing.stdout is not None
        line = b""
        while not line.endswith(b"\n"):
            self._check_stop()
            ready, _, _ = select.select([preparing.stdout], [], [], 0.1)
            if not ready:
                continue
            more = preparing.stdout.read(1)  # no further: the next line is for the next call
            if not more:
                words = processes.read_tail(self.log_dir / "prepare.log", lines=1)
                raise LaunchError(f"Printdesk could not be prepared: {words or 'no reason given'}")
            line += more
        found: dict[str, str | None] = json.loads(line)
        return found

    def _web(self) -> Program:
        argv = ("-m", "gunicorn", "--config", "gunicorn.conf.py", "app:server")
        program = self._program("web", argv, ((signal.SIGTERM, 25),))
        # Its workers watch for their parent, and end by themselves within a second.
        return replace(program, forward_signal_to_group=True, death_signal=signal.SIGKILL)

    def _background(self) -> Program:
        # The extra arguments are only for people who read the output of `ps`.
        argv = ("-m", "launch.background", "celery", "worker", "beat")
        # SIGTERM lets a running task end, SIGQUIT gives it back to the queue.
        return self._program("background", argv, ((signal.SIGTERM, 15), (signal.SIGQUIT, 5)))

    def _program(
        self,
        name: str,
        argv: tuple[str, ...],
        stop_steps: tuple[tuple[signal.Signals, float], ...],
    ) -> Program:
        return Program(
            name=name,
            argv=(sys.executable, *argv),
            cwd=ROOT,
            log=self.log_dir / f"{name}.log",
            env=self.env,
            stop_steps=stop_steps,
        )

    def _add(self, name: str, make: Callable[[], Program]) -> None:
        self.children[name] = Child(name, make, processes.start(make(), self.run_dir))

    def _wait_healthy(self) -> None:
        deadline = time.monotonic() + HEALTHY_WITHIN_S
        while not is_healthy(self.values.host, self.values.port):
            for child in self.children.values():
                if ended := child.running.find_end():
                    raise LaunchError(f"{child.name} did not start ({ended}). {_log_end(child)}")
            if time.monotonic() > deadline:
                words = f"Printdesk is not healthy after {HEALTHY_WITHIN_S} s."
                raise LaunchError(f"{words} {_log_end(self.children['web'])}")
            self._pause(0.05)

    def _look_after(self) -> None:
        for child in self.children.values():
            if child.again_at is not None:
                if time.monotonic() >= child.again_at:
                    self._restart(child)
            elif ended := child.running.find_end():
                if child.running.age_s > STEADY_AFTER_S:
                    child.failures = 0
                delay = min(2**child.failures, MAX_DELAY_S)
                child.failures += 1
                child.again_at = time.monotonic() + delay
                self._complain(f"{child.name} ended ({ended}); starting it again in {delay} s.")
            if child.name not in ("postgres", "redis"):
                self._surface_trouble(child)

    def _restart(self, child: Child) -> None:
        try:
            child.running = processes.start(child.make(), self.run_dir)
            child.again_at = None
        except (LaunchError, OSError) as problem:
            self._complain(f"{child.name} cannot start: {problem}")
            child.again_at = time.monotonic() + MAX_DELAY_S

    def _surface_trouble(self, child: Child) -> None:
        """Prints the errors that a child has logged since the last call."""
        log = child.running.program.log
        with suppress(OSError), log.open("rb") as file:
            if file.seek(0, os.SEEK_END) == child.log_position:
                return
            file.seek(child.log_position)
            lines = file.read(1_000_000).split(b"\n")
            child.log_position = file.tell()
            trouble = [line.decode(errors="replace") for line in lines if TROUBLE.search(line)]
            for line in trouble[:TROUBLE_LINES]:
                self._complain(f"{child.name}: {line.strip()[:300]}")
            if len(trouble) > TROUBLE_LINES:
                self._complain(f"{child.name}: {len(trouble) - TROUBLE_LINES} more in {log}")

    def _stop_all(self) -> None:
        for name in STOP_ORDER:
            if child := self.children.get(name):
                child.running.stop()
        embedded.remove_socket_folders(self._sockets)

    @contextmanager
    def _signals(self) -> Iterator[None]:
        """Signals set a flag and end the pause; repeated ones change nothing, because stopping
        takes limited time. The previous handlers are restored, because children of tests inherit
        them."""
        self._wake_out.setblocking(False)
        numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGCHLD)
        earlier = {number: signal.signal(number, self._on_signal) for number in numbers}
        wakeup = signal.set_wakeup_fd(self._wake_out.fileno(), warn_on_full_buffer=False)
        try:
            yield
        finally:
            signal.set_wakeup_fd(wakeup)
            for number, handler in earlier.items():
                signal.signal(number, handler)

    def _on_signal(self, number: int, _frame: FrameType | None) -> None:
        self._stop = self._stop or number != signal.SIGCHLD

    def _pause(self, seconds: float) -> None:
        """Waits, at most until a child ends. Raises StopRequested."""
        self._check_stop()
        ready, _, _ = select.select([self._wake_in], [], [], seconds)
        if ready:
            self._wake_in.recv(4096)
        self._check_stop()

    def _check_stop(self) -> None:
        if self._stop:
            raise StopRequested

    def _say(self, *lines: str, to: IO[str] | None = None) -> None:
        # The terminal may be gone, and stopping must go on.
        with suppress(OSError):
            for line in lines:
                print(line, file=to or sys.stdout, flush=True)

    def _complain(self, line: str) -> None:
        self._say(f"{time.strftime('%H:%M:%S')} {line}", to=sys.stderr)


def _prepared(server: embedded.Postgres | embedded.Redis) -> Program:
    server.prepare()
    return server.program()


def _log_end(child: Child) -> str:
    log = child.running.program.log
    return f"The end of {log}:\n{processes.read_tail(log)}"


def is_healthy(host: str, port: int) -> bool:
    """Requests the health route, as a monitor does."""
    reachable = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    connection = http.client.HTTPConnection(reachable, port, timeout=5)
    try:
        connection.request("GET", "/api/v1/health")
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def address_of(values: Settings) -> str:
    """The address for the person at the terminal."""
    if not values.public_url and is_every_address(values.host):
        return f"http://127.0.0.1:{values.port}"
    return values.base_url


def welcome(values: Settings, sign_in: dict[str, str | None]) -> list[str]:
    """The lines that the person at the terminal needs to get started."""
    address = address_of(values)
    password = sign_in["password"] or "the password you chose"
    lines = ["", "Printdesk is running.", ""]
    lines += [f"  Staff console   {address}/dashboard", f"  Student page    {address}/submit"]
    if values.auth_mode == "local":
        lines += [f"  Sign in with    {sign_in['email']}", f"  Password        {password}"]
        if sign_in["password"]:
            lines += ["                  (generated now and shown only once)"]
    else:
        lines += ["  Sign in with    your organisation's account"]
    if not values.smtp_url:
        lines += [f"  E-mails         kept and shown on {address}/mail (SMTP_URL is not set)"]
    return [
        *lines,
        f"  Logs            {values.var_dir / 'log'}",
        "",
        "Ctrl-C stops everything.",
        "",
    ]
