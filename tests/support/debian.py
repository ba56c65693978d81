"""Debian's own PostgreSQL and Redis, as a lab's IT would give them: on TCP, with passwords."""

import os
import secrets
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from signal import SIGINT, SIGTERM

from launch import processes
from launch.ownership import choose_account, make_private, write_private
from launch.processes import Account, Program
from tests.support.mailserver import free_port
from tests.support.testrun import make_folder

READY_WITHIN_S = 60
_ENV = {"PATH": os.defpath, "LC_ALL": "C.UTF-8", "HOME": "/"}


def postgres_bin() -> Path | None:
    """The programs of the newest version that is installed."""
    found = Path("/usr/lib/postgresql").glob("*/bin/postgres")
    newest = max(found, key=lambda path: int(path.parts[4]), default=None)
    return newest and newest.parent


def are_installed() -> bool:
    return postgres_bin() is not None and shutil.which("redis-server") is not None


@contextmanager
def servers() -> Iterator[dict[str, str]]:
    """Both, fresh and running. Yields the settings that lead to them."""
    folder = make_folder("debian")
    account, password = choose_account(folder / "postgres"), secrets.token_hex(16)
    running = []
    try:
        for name in ("postgres", "redis"):
            make_private(folder / name, account)
        ports = {"postgres": free_port(), "redis": free_port()}
        initialise(folder / "postgres", account, password)
        for program in (
            postgres(folder / "postgres", account, ports["postgres"]),
            redis(folder / "redis", account, ports["redis"], password),
        ):
            running.append(processes.start(program, folder))
        yield {
            "DATABASE_URL": create_database(ports["postgres"], password),
            "REDIS_URL": await_redis(ports["redis"], password),
        }
    finally:
        for server in reversed(running):
            server.stop()
        shutil.rmtree(folder, ignore_errors=True)


def initialise(data: Path, account: Account | None, password: str) -> None:
    file = data.with_name("password")
    write_private(file, password, account)
    run(
        *("initdb", "-D", str(data), "-U", "postgres", "-E", "UTF8", "--no-sync"),
        *("--auth=scram-sha-256", f"--pwfile={file}"),
        account=account,
    )


def postgres(data: Path, account: Account | None, port: int) -> Program:
    own = {"listen_addresses": "127.0.0.1", "port": port, "unix_socket_directories": ""}
    options = [word for name, value in own.items() for word in ("-c", f"{name}={value}")]
    argv = (str(program("postgres")), "-D", str(data), *options)
    return Program("postgres", argv, data, data.parent / "pg.log", _ENV, ((SIGINT, 30),), account)


def redis(data: Path, account: Account | None, port: int, password: str) -> Program:
    argv = ("redis-server", "--bind", "127.0.0.1", "--port", str(port), "--requirepass", password)
    argv += ("--dir", str(data), "--databases", "16")
    return Program("redis", argv, data, data.parent / "redis.log", _ENV, ((SIGTERM, 20),), account)


def create_database(port: int, password: str) -> str:
    where = ("-h", "127.0.0.1", "-p", str(port))
    ready = (str(program("pg_isready")), *where)
    wait_until(lambda: subprocess.run(ready, capture_output=True, check=False).returncode == 0)
    run("createdb", *where, "-U", "postgres", "printdesk", PGPASSWORD=password)
    return f"postgresql://postgres:{password}@127.0.0.1:{port}/printdesk"


def await_redis(port: int, password: str) -> str:
    from redis import Redis
    from redis.exceptions import ConnectionError

    url = f"redis://:{password}@127.0.0.1:{port}/0"

    def answers() -> bool:
        try:
            with Redis.from_url(url) as client:
                return bool(client.ping())
        except ConnectionError:
            return False

    wait_until(answers)
    return url


def wait_until(is_ready: Callable[[], bool]) -> None:
    deadline = time.monotonic() + READY_WITHIN_S
    while not is_ready():
        assert time.monotonic() < deadline, f"not ready after {READY_WITHIN_S} s"
        time.sleep(0.1)


def program(name: str) -> Path:
    folder = postgres_bin()
    assert folder is not None
    return folder / name


def run(name: str, *arguments: str, account: Account | None = None, **env: str) -> None:
    result = subprocess.run(
        (str(program(name)), *arguments),
        cwd="/",
        env=_ENV | env,
        user=account.uid if account else None,
        group=account.gid if account else None,
        extra_groups=[] if account else None,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
