"""A warm parent: a process that has loaded what readers need, and is forked for each file.

Most of a small file's time is the start of an interpreter. `python -m reader.warm FD` loads numpy
and its kin once, and then waits on a socket. For each plan it forks a child, which is confined as
ever and thrown away after its one file (reader/child.py). The parent itself opens no stranger's
file, has one thread, and nothing of its caller's: no environment, no open files but the socket.

It ends when its caller does, after IDLE_S without work, which gives its memory back, and after
MAX_FILES, so that its children do not share one memory layout for ever. Linux only: elsewhere a
fork of a process with such libraries is not safe, and each file gets a fresh interpreter.
"""

import gc
import importlib
import json
import os
import select
import signal
import socket
import sys
import traceback
from contextlib import suppress
from typing import Any

from reader import child

IDLE_S = 60.0
MAX_FILES = 200
MAX_PLAN_BYTES = 64 * 1024
STOP = b"stop"

_LIBRARIES = (
    *("numpy", "scipy.sparse.csgraph", "scipy.spatial", "fast_simplification"),
    *("PIL.Image", "PIL.PngImagePlugin", "PIL.WebPImagePlugin"),
    *("reader.mesh.measuring", "reader.mesh.tilting", "reader.mesh.stl", "reader.mesh.obj"),
    *("reader.mesh.threemf", "reader.pictures.thumbnail", "reader.pictures.preview"),
)
# For the kinds of files that need them: the first of a kind loads them.
_FOR_3MF = ("lib3mf", "trimesh", "networkx", "lxml.etree", "reader.mesh.second_opinion")
_FOR_OBJ = ("mapbox_earcut",)


def is_possible() -> bool:
    return sys.platform == "linux" and hasattr(os, "pidfd_open")


def main(connection: socket.socket) -> None:
    for library in _LIBRARIES:
        importlib.import_module(library)
    for _ in range(MAX_FILES):
        gc.collect()
        gc.freeze()  # a child's collections leave the shared pages alone
        if not select.select([connection], [], [], IDLE_S)[0]:
            return
        message, files, _, _ = socket.recv_fds(connection, MAX_PLAN_BYTES, 2)
        if not message:
            return
        _serve(connection, json.loads(message), files)


def _serve(connection: socket.socket, plan: dict[str, Any], files: list[int]) -> None:
    """Forks a child for one plan, and tells how it ended."""
    path = str(plan["arguments"][0]).lower() if plan["arguments"] else ""
    for library in (_FOR_3MF if path.endswith(".3mf") else ()) + (
        _FOR_OBJ if path.endswith(".obj") else ()
    ):
        with suppress(ImportError, OSError):  # lib3mf has no wheel for every machine
            importlib.import_module(library)
    parent = os.getpid()
    pid = os.fork()
    if pid == 0:
        _become_child(connection, plan, files, parent)
    for file in files:
        os.close(file)
    _tell(connection, {"pid": pid})
    handle = os.pidfd_open(pid)
    try:
        ready, _, _ = select.select([connection.fileno(), handle], [], [])
        if handle not in ready:  # to be stopped, or the caller is gone
            connection.recv(len(STOP))
            os.kill(pid, signal.SIGKILL)
        # Not reaped yet, so its number is still its own: all that it may have started ends too.
        os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(pid, signal.SIGKILL)
        _, status, usage = os.wait4(pid, 0)
    finally:
        os.close(handle)
    cpu_s = usage.ru_utime + usage.ru_stime
    _tell(connection, {"status": os.waitstatus_to_exitcode(status), "cpu_s": cpu_s})


def _tell(connection: socket.socket, message: dict[str, Any]) -> None:
    with suppress(BrokenPipeError, ConnectionResetError):  # the next wait finds the caller gone
        connection.send(json.dumps(message).encode())


def _become_child(
    connection: socket.socket, plan: dict[str, Any], files: list[int], parent: int
) -> None:
    """As a fresh interpreter begins: with a session, a folder and files of its own."""
    status = 1
    try:
        os.setsid()
        connection.close()
        answer, complaints = files
        os.dup2(complaints, 2)
        os.close(complaints)
        os.chdir(plan["private"])
        os.environ.update(HOME=plan["private"], TMPDIR=plan["private"])
        status = child.work({**plan, "answer": answer, "parent": parent})
    except BaseException:
        traceback.print_exc()
    finally:
        child.leave(status)


if __name__ == "__main__":
    with socket.socket(fileno=int(sys.argv[1])) as caller:
        main(caller)
