"""The cost of submitting a 50 MB model: time, and memory of the web processes.

Seconds say more about the machine than about Printdesk, so they are given as a multiple of the
reference: reading the same bytes, hashing them with SHA-256, writing and syncing them, in the same
run. Memory is the growth of the peak of the web processes during an upload. No mark to pass.
"""

import contextlib
import hashlib
import http.client
import os
import socket
import statistics
import sys
import time
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.support import launched, meshes  # noqa: E402  # after the path is set
from tests.support.launched import Launched  # noqa: E402
from tests.support.mailserver import MailServer  # noqa: E402

MEGABYTES = 50
ROUNDS = 9
PIECE = 1024**2
IDLE_S = 0.1  # of computing in a second
BOUNDARY = "----bench"
FIELDS = {
    "student_name": "Ada Lovelace",
    "discipline": "Engineering",
    "class_number": "ARCH 4000",
    "print_method": "Filament",
    "color": "True Red",
    "printer": "prusa_mk4s",
    "acknowledged_minimum_charge": "Yes",
}


def main() -> None:
    mails = MailServer()
    mails.start()
    printdesk = launched.make("bench", mails).start()
    try:
        model = meshes.large_binary_stl(printdesk.folder / "model.stl", MEGABYTES)
        warm_up(printdesk)
        measure(printdesk, model)
    finally:
        launched.remove(printdesk)
        mails.stop()


def measure(printdesk: Launched, model: Path) -> None:
    copy = printdesk.storage / "copy"
    references, uploads, growths = [], [], []
    for number in range(ROUNDS):
        wait_idle(printdesk)  # a worker reads the model before
        references.append(time_reference(model, copy))
        before = reset_peaks(printdesk)
        began = time.perf_counter()
        status = upload(printdesk.port, model, f"bench{number}@uni.example")
        uploads.append(time.perf_counter() - began)
        assert status == http.client.CREATED, status
        growths.append(growth(printdesk, before))
    reference = statistics.median(references)
    ratios = [upload / reference for upload in uploads]
    print(f"reference: read, hash, write and sync {MEGABYTES} MB: {spread(references)} s")
    print(f"printdesk: submission answered after {spread(uploads)} s")
    print(f"ratio: {spread(ratios)} times the reference")
    if growths[0] is not None:
        grown = [value for value in growths if value is not None]
        print(f"memory: the web processes' peak grows by {spread(grown)} MB")


def spread(values: list[float]) -> str:
    return f"{statistics.median(values):.2f} ({min(values):.2f} to {max(values):.2f})"


def time_reference(model: Path, copy: Path) -> float:
    began = time.perf_counter()
    digest = hashlib.sha256()
    with model.open("rb") as source, copy.open("wb") as target:
        while piece := source.read(PIECE):
            digest.update(piece)
            target.write(piece)
        target.flush()
        os.fsync(target.fileno())
    taken = time.perf_counter() - began
    copy.unlink()
    return taken


def upload(port: int, model: Path, email: str) -> int:
    """Sends the model as a browser's form does, straight from the disk. Returns the status."""
    head, tail = frame(email, model.name)
    length = len(head) + model.stat().st_size + len(tail)
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    connection.putrequest("POST", "/api/v1/submit")
    connection.putheader("Content-Type", f"multipart/form-data; boundary={BOUNDARY}")
    connection.putheader("Content-Length", str(length))
    connection.endheaders()
    assert isinstance(connection.sock, socket.socket)
    with model.open("rb") as file:
        connection.sock.sendall(head)
        connection.sock.sendfile(file)
        connection.sock.sendall(tail)
    try:
        return connection.getresponse().status
    finally:
        connection.close()


def frame(email: str, name: str) -> tuple[bytes, bytes]:
    """What stands before and after the file in the form."""
    fields = {**FIELDS, "student_email": email}
    head = "".join(
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{field}"\r\n\r\n{value}\r\n'
        for field, value in fields.items()
    )
    head += (
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n'
        "Content-Type: model/stl\r\n\r\n"
    )
    return head.encode(), f"\r\n--{BOUNDARY}--\r\n".encode()


def warm_up(printdesk: Launched) -> None:
    """Small submissions until every web process has imported what its first one needs."""
    small = printdesk.folder / "small.stl"
    for number in range(12):
        small.write_bytes(meshes.binary_stl(header=f"warm {number}".encode()))
        upload(printdesk.port, small, f"warm{number}@uni.example")


def wait_idle(printdesk: Launched) -> None:
    while True:
        before = cpu_seconds(printdesk)
        time.sleep(1)
        if cpu_seconds(printdesk) - before < IDLE_S:
            return


def cpu_seconds(printdesk: Launched) -> float:
    """What all processes have used so far; what has ended counts with its parent."""
    used = 0.0
    for process in printdesk.family():
        with contextlib.suppress(psutil.Error):  # it has ended meanwhile
            used += sum(process.cpu_times())
    return used


def web_processes(printdesk: Launched) -> list[psutil.Process]:
    found = []
    for process in printdesk.family():
        with contextlib.suppress(psutil.Error):
            if "gunicorn" in " ".join(process.cmdline()):
                found.append(process)
    return found


def reset_peaks(printdesk: Launched) -> dict[int, float] | None:
    """Each web process's memory in MB, from where its peak counts again; None without /proc."""
    if not Path("/proc/self/clear_refs").exists():
        return None
    for process in web_processes(printdesk):
        # "5" resets the peak (VmHWM) to the present resident size: proc(5).
        Path(f"/proc/{process.pid}/clear_refs").write_text("5")
    return {process.pid: peak_mb(process.pid) for process in web_processes(printdesk)}


def growth(printdesk: Launched, before: dict[int, float] | None) -> float | None:
    """By how many MB the peaks of all web processes together have grown since `reset_peaks`."""
    if before is None:
        return None
    return sum(peak_mb(pid) - at_first for pid, at_first in before.items())


def peak_mb(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text()
    [kilobytes] = [line.split()[1] for line in status.splitlines() if line.startswith("VmHWM")]
    return int(kilobytes) / 1024


if __name__ == "__main__":
    main()
