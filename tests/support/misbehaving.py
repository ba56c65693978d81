"""What a file might make its reader do: tasks for the sandbox's child, run by test_sandbox.py."""

import ctypes
import errno
import os
import socket
import time
from contextlib import suppress
from pathlib import Path

libc = ctypes.CDLL(None, use_errno=True)


def answer(*arguments):
    return {"arguments": list(arguments), "cwd": os.getcwd(), "environment": dict(os.environ)}


def about_itself(seconds=0):
    """Its parent, and the files that it has open."""
    folder = Path("/proc/self/fd")
    files = {}
    for number in os.listdir(folder) if folder.exists() else ():
        with suppress(FileNotFoundError):  # the listing's own
            files[number] = os.readlink(folder / number)
    time.sleep(float(seconds))
    return {"parent": os.getppid(), "files": files}


def sleep():
    time.sleep(60)


def spin():
    while True:
        pass


def allocate():
    return {"length": len(bytearray(1 << 34))}


def allocate_slowly():
    kept = []
    while True:
        kept.append(bytearray(10_000_000))


def crash():
    ctypes.string_at(0)


def fail():
    raise RuntimeError("on purpose")


def exit_well():
    os._exit(0)


def write_to_the_pipe(content, times):
    for number in range(3, 20):
        for _ in range(int(times)):
            try:
                os.write(number, content.encode())
            except OSError:
                break
    os._exit(0)


def fill_the_disk(folder):
    with open(Path(folder) / "big", "wb") as file:
        while True:
            file.write(bytes(1 << 20))


def open_socket():
    with socket.socket():
        return {}


def connect_natively(port):
    """As a library that has been taken over would: past Python. Gives the error's name."""
    number = libc.socket(socket.AF_INET, socket.SOCK_STREAM, 0)
    address = socket.AF_INET.to_bytes(2, "little") + int(port).to_bytes(2, "big") + b"\x7f\0\0\1"
    done = libc.connect(number, address + bytes(8), 16)
    return {"error": None if done == 0 else errno.errorcode[ctypes.get_errno()]}


def start_program():
    os.execv("/bin/true", ["true"])


def write_file(path):
    Path(path).write_text("written")
    return {}


def write_natively(path):
    number = libc.open(path.encode(), os.O_WRONLY | os.O_CREAT, 0o600)
    return {"error": None if number >= 0 else errno.errorcode[ctypes.get_errno()]}


def remove_file(path):
    os.remove(path)
    return {}


def is_alone():
    """Whether this system gave the child a network of its own, and keeps its writes inside."""
    namespace = os.readlink("/proc/self/ns/net")
    landlock = libc.syscall(444, None, 0, 1) >= 1
    return {"network": namespace, "landlock": landlock}


def import_numpy():
    import numpy

    return {"sum": int(numpy.arange(4).sum())}
