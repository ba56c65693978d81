"""The time until a warm `make run` answers, and its memory.

Seconds alone say more about the machine than about Printdesk, so they are also given as a multiple
of the reference: a bare gunicorn with a Flask "hello", from start to its first answer. Memory is
PSS: shared pages are divided among the processes that share them, so that the sum is the real
total. There is no pass mark: read the numbers.
"""

import http.client
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from launch.supervisor import is_healthy  # noqa: E402  # after the path is set
from tests.support.mailserver import free_port  # noqa: E402

HELLO = """
from flask import Flask
server = Flask(__name__)
@server.get("/")
def hello():
    return "hello"
"""
ROUNDS = 3
SETTLE_S = 8


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
            print_memory(process.pid)
        return took
    finally:
        process.terminate()
        process.wait()


def print_memory(pid: int) -> None:
    supervisor = psutil.Process(pid)
    print(f"memory, {SETTLE_S} s after the start:")
    total = 0.0
    for process in [supervisor, *supervisor.children(recursive=True)]:
        memory = process.memory_full_info()
        # PSS exists on Linux only; USS leaves shared pages out.
        megabytes = getattr(memory, "pss", memory.uss) / 1e6
        total += megabytes
        print(f"  {megabytes:7.1f} MB  {describe(process)}")
    print(f"  {total:7.1f} MB  together")


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
