"""Where files of strangers are parsed: a child process of its own, with limits.

`run` starts a process that reads one file, answers with lines of JSON on a pipe, and is gone. It is
a fresh interpreter, or a fork of a warm parent (reader/warm.py) where that is kept. Whatever the
file does to it, the caller lives on and gets the reason in words.

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
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import structlog

from reader import children, tasks
from reader.children import Child
from reader.errors import CouldNotRead, Interrupted, ReaderError, Unreadable
from reader.tasks import OUT_OF_MEMORY_HERE, UNREADABLE, WHOLE_FILE

log = structlog.get_logger()

MAX_ANSWER_BYTES = 4 * 1024 * 1024
OUT_OF_MEMORY = 71  # the child's exit status when Python itself ran out
_STDERR_BYTES = 2000
_MEMORY_WORDS = (b"MemoryError", b"bad_alloc", b"Cannot allocate memory", b"failed to map segment")
# What other processes, people and the kernel end a process with; a crash has other signals.
_FROM_OUTSIDE = frozenset(
    {signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT}
)


@dataclass(frozen=True)
class Limits:
    """What a child may use. `file_mb` bounds each file it writes."""

    memory_mb: int = 1024
    cpu_s: int = 20
    wall_s: float = 30
    file_mb: int = 64


USUAL = Limits()


@dataclass(frozen=True)
class Answer:
    """The results of a task by name, or why there is none; and why there are no more of them if it
    ended early."""

    results: Mapping[str, dict[str, Any] | ReaderError]
    problem: ReaderError | None = None

    def get(self, name: str) -> dict[str, Any]:
        """Raises Unreadable, Interrupted or CouldNotRead when there is no such result, and why."""
        result = self.results.get(name, self.problem)
        if isinstance(result, dict):
            return result
        raise result or CouldNotRead("the reader crashed")


def run(task: str, *arguments: Any, output: Path | None = None, limits: Limits = USUAL) -> Answer:
    """Does a task of reader/tasks.py in a child process, and returns its results.

    `output` is the one folder besides its own that the child may write into; it must exist. The
    task learns of it only through `arguments`. The answer's `problem` is Unreadable when the task
    says that the file is at fault, Interrupted when the child was killed from outside, and
    CouldNotRead when it needed too much, hung or crashed.
    """
    private = Path(tempfile.mkdtemp(prefix="printdesk-check-"))
    try:
        return _run(task, arguments, private, output, limits)
    finally:
        shutil.rmtree(private, ignore_errors=True)


def run_unconfined(task: str, *arguments: Any) -> Answer:
    """The same in this process and without limits: for files that the caller has made itself."""
    results: dict[str, dict[str, Any] | ReaderError] = {}
    try:
        for name, result in tasks.find(task)(*arguments):
            results[name] = _result(result, USUAL)
    except Unreadable as problem:
        return Answer(results, problem)
    return Answer(results)


def _run(
    task: str, arguments: tuple[Any, ...], private: Path, output: Path | None, limits: Limits
) -> Answer:
    plan = {
        "task": task,
        "arguments": arguments,
        "private": str(private),
        "folders": [str(private), *([str(output.resolve())] if output else [])],
        "memory_mb": limits.memory_mb,
        "cpu_s": limits.cpu_s,
        "file_mb": limits.file_mb,
    }
    reading, writing = os.pipe()
    with open(private / "stderr", "w+b") as complaints, open(reading, "rb", buffering=0) as pipe:
        try:
            child = children.start(plan, writing, complaints)
        finally:
            os.close(writing)
        lines, status, problem = _follow(child, pipe.fileno(), limits)
        complaints.seek(-min(_STDERR_BYTES, complaints.seek(0, os.SEEK_END)), os.SEEK_END)
        said = complaints.read()
    results, is_sound = _parse(lines, limits)
    if problem is None and (status != 0 or not is_sound):
        problem = _problem(status, said, limits)
    if problem is not None:
        log.warning(
            "sandbox_failed",
            task=task,
            status=status,
            problem=problem.message,
            said=said.decode(errors="replace"),
        )
    return Answer(results, problem or _refusal(results))


def _follow(child: Child, pipe: int, limits: Limits) -> tuple[bytes, int, CouldNotRead | None]:
    """What a child says, its exit status, and why it had to be stopped."""
    deadline = time.monotonic() + limits.wall_s
    lines, problem = b"", None
    try:
        lines, is_complete = _read(pipe, deadline)
        if len(lines) == MAX_ANSWER_BYTES:
            problem = CouldNotRead("the reader crashed")  # it would go on talking
        elif not is_complete or not child.wait(deadline):
            problem = CouldNotRead(_too_slow(limits.wall_s))
    finally:
        status = child.stop()
    return lines, status, problem


def _read(descriptor: int, deadline: float) -> tuple[bytes, bool]:
    """All that the child says, until it closes its end, and whether that came in time. A longer
    answer is cut."""
    pieces: list[bytes] = []
    room = MAX_ANSWER_BYTES
    while room > 0:
        left = deadline - time.monotonic()
        if left <= 0 or not select.select([descriptor], [], [], left)[0]:
            return b"".join(pieces), False
        piece = os.read(descriptor, min(room, 65536))
        if not piece:
            break
        pieces.append(piece)
        room -= len(piece)
    return b"".join(pieces), True


def _parse(lines: bytes, limits: Limits) -> tuple[dict[str, dict[str, Any] | ReaderError], bool]:
    """The results, and whether all lines are some. A line that was cut off has none."""
    results: dict[str, dict[str, Any] | ReaderError] = {}
    for line in lines.splitlines():
        try:
            found = json.loads(line).items()
        except (ValueError, AttributeError, RecursionError):
            return results, False
        results |= {name: _result(result, limits) for name, result in found}
    return results, bool(results)


def _result(result: Any, limits: Limits) -> dict[str, Any] | ReaderError:
    if not isinstance(result, dict):
        return CouldNotRead("the reader returned an invalid answer")
    if UNREADABLE in result:
        return Unreadable(str(result[UNREADABLE]))
    return _out_of_memory(limits) if OUT_OF_MEMORY_HERE in result else result


def _refusal(results: Mapping[str, dict[str, Any] | ReaderError]) -> ReaderError | None:
    """What is wrong with the whole file."""
    whole = results.get(WHOLE_FILE)
    return whole if isinstance(whole, Unreadable) else None


def _too_slow(seconds: float) -> str:
    whole = math.ceil(seconds)
    return f"it took longer than {whole} second{'' if whole == 1 else 's'}"


def _problem(status: int, said: bytes, limits: Limits) -> CouldNotRead:
    """Why a child ended early, in words that follow "could not be checked: "."""
    if status == -signal.SIGXCPU:
        return CouldNotRead(_too_slow(limits.cpu_s))
    if status == OUT_OF_MEMORY or any(words in said for words in _MEMORY_WORDS):
        return _out_of_memory(limits)
    if -status in _FROM_OUTSIDE or b"KeyboardInterrupt" in said:  # while Python itself started
        return Interrupted("the reader was stopped by the system")
    return CouldNotRead("the reader crashed")


def _out_of_memory(limits: Limits) -> CouldNotRead:
    return CouldNotRead(f"it needed more than {_size(limits.memory_mb)} of memory")


def _size(megabytes: int) -> str:
    return f"{megabytes / 1024:g} GB" if megabytes >= 1024 else f"{megabytes} MB"
