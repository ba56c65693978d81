"""What a sandboxed child gives up before it touches a file. reader/sandbox.py says what holds.

Each part is tried by itself: where a system lacks one, the others still stand.
Sources: setrlimit(2), prctl(2), unshare(2), and the kernel's userspace-api/landlock.
"""

import ctypes
import os
import resource
import signal
import struct
import sys
from contextlib import suppress
from typing import Any

NICENESS = 10

_NEW_NETWORK, _NEW_USER = 0x40000000, 0x10000000
_SET_PARENT_DEATH_SIGNAL, _SET_NO_NEW_PRIVILEGES = 1, 38
_LANDLOCK_CREATE, _LANDLOCK_ADD, _LANDLOCK_RESTRICT = 444, 445, 446
_LANDLOCK_VERSION_FLAG = 1
_BENEATH = 1
# All that changes files: write, remove, and make of every kind; by version of Landlock.
_WRITES = 1 << 1 | sum(1 << bit for bit in range(4, 13))
_REFER, _TRUNCATE = 1 << 13, 1 << 14

_WRITE_FLAGS = os.O_WRONLY | os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_TRUNC
_REFUSED = (
    "socket.",
    "subprocess.",
    "os.exec",
    "os.fork",
    "os.posix_spawn",
    "os.spawn",
    "os.system",
    "os.kill",
)
_CHANGES = ("os.remove", "os.rename", "os.mkdir", "os.rmdir", "os.link", "os.symlink", "os.chmod")


def confine(*, folders: list[str], memory_mb: int, cpu_s: int, file_mb: int, parent: int) -> None:
    """Takes this process's rights away, for good. It may write only into `folders`.

    The process must still have one thread, and no library loaded that opens files later on.
    """
    _limit(memory_mb, cpu_s, file_mb)
    if sys.platform == "linux":
        _leave_network()
        _die_with(parent)
        _bind_writes(folders)
    sys.addaudithook(_Hook(folders))


def _limit(memory_mb: int, cpu_s: int, file_mb: int) -> None:
    megabyte = 1024 * 1024
    for name, amount in (
        ("RLIMIT_AS", memory_mb * megabyte),
        ("RLIMIT_CPU", cpu_s),
        ("RLIMIT_FSIZE", file_mb * megabyte),
        ("RLIMIT_NOFILE", 64),
        ("RLIMIT_CORE", 0),
    ):
        # The soft CPU limit sends SIGXCPU, which tells it from other ends; the hard one kills.
        hard = amount + 2 if name == "RLIMIT_CPU" else amount
        with suppress(ValueError, OSError):  # macOS refuses RLIMIT_AS
            resource.setrlimit(getattr(resource, name), (amount, hard))
    with suppress(OSError):
        os.nice(NICENESS)


def _libc() -> Any:
    return ctypes.CDLL(None, use_errno=True)


def _leave_network() -> None:
    """A network of its own, without any interface. Not allowed everywhere."""
    _libc().unshare(_NEW_USER | _NEW_NETWORK)


def _die_with(parent: int) -> None:
    """A killed worker must not leave a reader behind."""
    _libc().prctl(_SET_PARENT_DEATH_SIGNAL, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(0)


def _bind_writes(folders: list[str]) -> None:
    """Landlock: every change of files outside `folders` is refused by the kernel."""
    libc = _libc()
    libc.prctl(_SET_NO_NEW_PRIVILEGES, 1, 0, 0, 0)
    version = libc.syscall(_LANDLOCK_CREATE, None, 0, _LANDLOCK_VERSION_FLAG)
    if version < 1:
        return
    rights = _WRITES | (_REFER if version >= 2 else 0) | (_TRUNCATE if version >= 3 else 0)
    handled = struct.pack("<Q", rights)
    ruleset = libc.syscall(_LANDLOCK_CREATE, handled, ctypes.c_size_t(len(handled)), 0)
    if ruleset < 0:
        return
    for folder in [*folders, os.devnull]:
        descriptor = os.open(folder, getattr(os, "O_PATH", 0) | os.O_CLOEXEC)
        allowed = rights if os.path.isdir(folder) else rights & (1 << 1 | _TRUNCATE)
        rule = struct.pack("<Qi", allowed, descriptor)
        libc.syscall(_LANDLOCK_ADD, ruleset, _BENEATH, rule, 0)
        os.close(descriptor)
    libc.syscall(_LANDLOCK_RESTRICT, ruleset, 0)
    os.close(ruleset)


class _Hook:
    """Refuses to Python code what the kernel may not have been able to refuse."""

    def __init__(self, folders: list[str]) -> None:
        self.folders = tuple(os.path.realpath(folder) for folder in folders)

    def __call__(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event.startswith(_REFUSED):
            raise PermissionError(f"{event} is not allowed here")
        if event == "open" and _writes(arguments[1], arguments[2]):
            self._check(arguments[0])
        elif event in _CHANGES:
            for path in arguments[:2]:
                self._check(path)

    def _check(self, path: Any) -> None:
        if not isinstance(path, str | bytes | os.PathLike):
            return  # an open file, or a mode
        real = os.path.realpath(os.fsdecode(path))
        inside = any(os.path.commonpath((real, folder)) == folder for folder in self.folders)
        if not inside and real != os.devnull:
            raise PermissionError(f"{real} is outside this process's folder")


def _writes(mode: Any, flags: Any) -> bool:
    return bool(
        (isinstance(mode, str) and set(mode) & set("wax+"))
        or (isinstance(flags, int) and flags & _WRITE_FLAGS)
    )
