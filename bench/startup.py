"""The time until a warm `make run` answers, and its memory, idle and after use.

Seconds alone say more about the machine than about Printdesk, so they are also given as a multiple
of the reference: a bare gunicorn with a Flask "hello", from start to its first answer. Memory is
PSS: shared pages are divided among the processes that share them, so that the sum is the real
total. The limits are IDLE_MB and USED_MB. Used: each page and every part of it that is fetched, by
several people at once, with 2,000 jobs of two years.
"""

import http.client
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from components import ids  # noqa: E402  # after the path is set
from components.charts.catalogue import SECTIONS  # noqa: E402
from launch.embedded import Postgres  # noqa: E402
from launch.supervisor import is_healthy  # noqa: E402
from tests.support.labs import ADMIN, Lab  # noqa: E402
from tests.support.mailserver import free_port  # noqa: E402
from tests.support.servers import connect  # noqa: E402

HELLO = """
from flask import Flask
server = Flask(__name__)
@server.get("/")
def hello():
    return "hello"
"""
ROUNDS = 3
SETTLE_S = 8
IDLE_MB, USED_MB = 430, 520
JOBS, DAYS = 2_000, 730
PEOPLE, TURNS = 6, 3
PAGES = ("/dashboard", "/reports", "/people", "/mail", "/submit")
REPORT = {"report-view.data": {"period": "all"}, "report-theme.data": "light"}


def main() -> None:
    folder = Path(tempfile.mkdtemp(prefix="pd-bench-"))
    folder.chmod(0o711)
    try:
        reference = min(time_reference(folder) for _ in range(ROUNDS))
        print(f"reference: bare gunicorn + Flask answers after {reference:.2f} s")
        time_printdesk(folder)  # the first start makes the databases
        warm = [time_printdesk(folder) for _ in range(ROUNDS)]
        print(f"printdesk: warm start healthy after {min(warm):.2f} s (best of {ROUNDS})")
        print(f"ratio: {min(warm) / reference:.1f} times the reference")
        time_printdesk(folder, measure=True)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def time_reference(folder: Path) -> float:
    (folder / "hello.py").write_text(HELLO)
    port = free_port()
    argv = [sys.executable, "-m", "gunicorn", "--bind", f"127.0.0.1:{port}"]
    argv += ["--no-control-socket", "--log-level", "error", "hello:server"]
    began = time.perf_counter()
    process = subprocess.Popen(argv, cwd=folder)
    try:
        while not answers(port):
            time.sleep(0.01)
        return time.perf_counter() - began
    finally:
        process.terminate()
        process.wait()


def time_printdesk(folder: Path, *, measure: bool = False) -> float:
    port = free_port()
    env = os.environ | {
        **ADMIN,
        "RATE_LIMIT_LOGIN": "1000/second",
        "PORT": str(port),
        "VAR_DIR": str(folder / "var"),
        "STORAGE_DIR": str(folder / "storage"),
    }
    began = time.perf_counter()
    process = subprocess.Popen(
        (sys.executable, "-m", "launch"), cwd=ROOT, env=env, stdout=subprocess.DEVNULL
    )
    try:
        while not is_healthy("127.0.0.1", port):
            if process.poll() is not None:
                sys.exit("Printdesk did not start.")
            time.sleep(0.01)
        took = time.perf_counter() - began
        if measure:
            time.sleep(SETTLE_S)
            print_memory(process.pid, f"idle, {SETTLE_S} s after the start", IDLE_MB)
            fill(folder / "var")
            use(folder, port)
            time.sleep(SETTLE_S)
            print_memory(process.pid, f"{SETTLE_S} s after {PEOPLE} people used it", USED_MB)
        return took
    finally:
        process.terminate()
        process.wait()


def fill(var: Path) -> None:
    script = (ROOT / "bench" / "reports.sql").read_text(encoding="utf-8").rstrip(";\n")
    script = script.replace(":jobs", str(JOBS)).replace(":days", str(DAYS))
    with connect(Postgres(var, var / "log" / "postgres.log").url) as connection:
        for statement in script.split(";\n"):
            connection.execute(statement.encode())


def use(folder: Path, port: int) -> None:
    """What several people do at once, each some times."""
    people = [Lab(JOBS, folder, "", "", port) for _ in range(PEOPLE)]
    for each in people:
        each.sign_in()
    with ThreadPoolExecutor(PEOPLE) as pool:
        list(pool.map(visit, people))


def visit(person: Lab) -> None:
    for _ in range(TURNS):
        for path in PAGES:
            assert person.ask("GET", path).status == http.client.OK, path
        for page in PAGES[:4]:
            address = {"_pages_location.pathname": page, "_pages_location.search": ""}
            person.call("_pages_content.children", address)
        for name in SECTIONS:
            person.call(f"{ids.report_section(name)}.children", REPORT)


def print_memory(pid: int, when: str, aim: float) -> None:
    supervisor = psutil.Process(pid)
    print(f"memory, {when}:")
    total = 0.0
    for process in [supervisor, *supervisor.children(recursive=True)]:
        memory = process.memory_full_info()
        # PSS exists on Linux only; USS leaves shared pages out.
        megabytes = getattr(memory, "pss", memory.uss) / 1e6
        total += megabytes
        print(f"  {megabytes:7.1f} MB  {describe(process)}")
    print(f"  {total:7.1f} MB  together; the aim is at most {aim} MB")


def describe(process: psutil.Process) -> str:
    """A short name: `launch`, `gunicorn`, `postgres: checkpointer`."""
    line = " ".join(process.cmdline())
    found = re.search(r"-m (\S+)|(postgres: .*\S)|(redis-server|postgres -D)", line)
    return next(filter(None, found.groups()), line) if found else line[:60]


def answers(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/")
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


if __name__ == "__main__":
    main()
