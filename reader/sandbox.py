"""Where files of strangers are parsed: a child process of its own, with limits.

`run` starts a fresh interpreter that reads one file, answers with one line of JSON on a pipe, and
is gone. Whatever the file does to it, the caller lives on and gets the reason in words.

What holds, and where:

- Everywhere: wall time (the child's whole session is killed), CPU time, file size, open files, no
  core dumps, a private temp folder as working directory, removed afterwards; an environment without
  our settings and secrets; the answer is bounded and must be JSON.
- Linux: address space; the child dies with its parent; no new privileges.
- Linux that allows user namespaces: a network namespace without any interface, so that no socket
  reaches anything. Containers often forbid it. Then only a hook in Python stands between: it
  refuses sockets and programs to Python code, and not to a native library that has been taken over.
- Linux with Landlock (5.13 and later): the kernel refuses every write outside the private folder
  and `output`. Elsewhere the same Python hook refuses it to Python code only.
- macOS does not keep to an address space limit; there only time and CPU bound a reader.
"""

import json
import math
import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import structlog

from reader.errors import CouldNotRead, Unreadable

log = structlog.get_logger()

ROOT = Path(__file__).resolve().parent.parent  # the folder that the child imports from

MAX_ANSWER_BYTES = 4 * 1024 * 1024
OUT_OF_MEMORY = 71  # the child's exit status when Python itself ran out
_STDERR_BYTES = 2000
_MEMORY_WORDS = (b"MemoryError", b"bad_alloc", b"Cannot allocate memory", b"failed to map segment")


@dataclass(frozen=True)
class Limits:
    """What a child may use. `file_mb` bounds each file it writes."""

    memory_mb: int = 1024
    cpu_s: int = 20
    wall_s: float = 30
    file_mb: int = 64


def run(
    task: str, *arguments: str, output: Path | None = None, limits: Limits = Limits()
) -> dict[str, Any]:
    """Does a task of reader/child.py in a child process, and returns its answer.

    `output` is the one folder besides its own that the child may write into; it must exist. The
    task learns of it only through `arguments`. Raises Unreadable when the task says that the file
    is at fault, CouldNotRead when the child needed too much, hung or crashed.
    """
    private = Path(tempfile.mkdtemp(prefix="printdesk-check-"))
    try:
        answer = _run(task, arguments, private, output, limits)
    finally:
        shutil.rmtree(private, ignore_errors=True)
    if "unreadable" in answer:
        raise Unreadable(str(answer["unreadable"]))
    return answer


def _run(
    task: str, arguments: tuple[str, ...], private: Path, output: Path | None, limits: Limits
) -> dict[str, Any]:
    reading, writing = os.pipe()
    with open(private / "stderr", "w+b") as complaints, open(reading, "rb", buffering=0) as pipe:
        plan = {
            "task": task,
            "arguments": arguments,
            "answer": writing,
            "folders": [str(private), *([str(output.resolve())] if output else [])],
            "memory_mb": limits.memory_mb,
            "cpu_s": limits.cpu_s,
            "file_mb": limits.file_mb,
            "parent": os.getpid(),
        }
        try:
            child = subprocess.Popen(
                (sys.executable, "-s", "-P", "-m", "reader.child", json.dumps(plan)),
                cwd=private,
                env=_environment(private),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=complaints,
                pass_fds=(writing,),
                start_new_session=True,
            )
        finally:
            os.close(writing)
        deadline = time.monotonic() + limits.wall_s
        try:
            line = _read(pipe.fileno(), deadline)
            if len(line) == MAX_ANSWER_BYTES:
                raise CouldNotRead("the reader crashed")  # it would go on talking
            status = child.wait(max(0.1, deadline - time.monotonic()))
        except (subprocess.TimeoutExpired, TimeoutError):
            log.warning("sandbox_too_slow", task=task)
            raise CouldNotRead(_too_slow(limits.wall_s)) from None
        finally:
            _kill(child)
        complaints.seek(-min(_STDERR_BYTES, complaints.seek(0, os.SEEK_END)), os.SEEK_END)
        said = complaints.read()
    answer = _parse(line) if status == 0 else None
    if answer is None:
        log.warning("sandbox_failed", task=task, status=status, said=said.decode(errors="replace"))
        raise CouldNotRead(_reason(status, said, limits))
    return answer


def _environment(private: Path) -> dict[str, str]:
    """Nothing of ours goes along: settings and secrets are in the environment."""
    return {
        "PATH": os.defpath,
        "LANG": "C.UTF-8",
        "HOME": str(private),
        "TMPDIR": str(private),
        "PYTHONPATH": str(ROOT),
        "PYTHONDONTWRITEBYTECODE": "1",
        # Threads of a numerical library cost address space, and time of the others.
        "OPENBLAS_NUM_THREADS": "1",
        "OMP_NUM_THREADS": "1",
        "MKL_NUM_THREADS": "1",
        "MALLOC_ARENA_MAX": "1",
    }


def _read(descriptor: int, deadline: float) -> bytes:
    """All that the child says, until it closes its end. A longer answer is cut, and so no JSON."""
    pieces: list[bytes] = []
    room = MAX_ANSWER_BYTES
    while room > 0:
        left = deadline - time.monotonic()
        if left <= 0 or not select.select([descriptor], [], [], left)[0]:
            raise TimeoutError
        piece = os.read(descriptor, min(room, 65536))
        if not piece:
            break
        pieces.append(piece)
        room -= len(piece)
    return b"".join(pieces)


def _kill(child: "subprocess.Popen[bytes]") -> None:
    """Ends the child and all it may have started."""
    with suppress(ProcessLookupError, PermissionError):  # gone; macOS says so of zombies
        os.killpg(child.pid, signal.SIGKILL)
    child.wait()


def _parse(line: bytes) -> dict[str, Any] | None:
    try:
        answer = json.loads(line)
    except ValueError:
        return None
    return answer if isinstance(answer, dict) else None


def _too_slow(seconds: float) -> str:
    whole = math.ceil(seconds)
    return f"it took longer than {whole} second{'' if whole == 1 else 's'}"


def _reason(status: int, said: bytes, limits: Limits) -> str:
    """Why a child failed, in words that follow "could not be checked: "."""
    if status == -signal.SIGXCPU:
        return _too_slow(limits.cpu_s)
    if status == OUT_OF_MEMORY or any(words in said for words in _MEMORY_WORDS):
        return f"it needed more than {_size(limits.memory_mb)} of memory"
    if status == -signal.SIGKILL:  # the kernel's way when the machine has no memory left
        return "the reader was stopped by the system"
    return "the reader crashed"


def _size(megabytes: int) -> str:
    return f"{megabytes / 1024:g} GB" if megabytes >= 1024 else f"{megabytes} MB"
