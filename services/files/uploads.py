"""Receives a file: it is streamed to disk and hashed on the way, and never held in memory."""

import contextlib
import hashlib
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from services.errors import TooLarge
from services.files import storage


@dataclass(frozen=True)
class Upload:
    """A received file: its path, its size in bytes, and its SHA-256 in hex."""

    path: Path
    filename: str
    size: int
    sha256: str


class Receiver:
    """A writable file in the storage's upload folder that hashes what is written to it.

    Raises TooLarge as soon as more than `max_bytes` arrive, StorageUnavailable, StorageFull.
    """

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._hash = hashlib.sha256()
        self.size = 0
        with storage.translated():
            descriptor, name = tempfile.mkstemp(dir=storage.uploads_dir(), prefix="upload-")
        self.path = Path(name)
        self._file: BinaryIO = os.fdopen(descriptor, "wb", buffering=0)

    def write(self, piece: bytes) -> int:
        self.size += len(piece)
        if self.size > self._max_bytes:
            raise TooLarge(
                f"The file is larger than {self._max_bytes // 1024**2} MB. "
                "Simplify the mesh, or split the model into parts.",
                max_bytes=self._max_bytes,
            )
        self._hash.update(piece)
        with storage.translated():
            view = memoryview(piece)
            while view:
                view = view[self._file.write(view) :]
        return len(piece)

    def finish(self, filename: str) -> Upload:
        """Makes the file durable and returns its facts."""
        with storage.translated():
            os.fchmod(self._file.fileno(), 0o644)
            os.fsync(self._file.fileno())
            self._file.close()
        return Upload(self.path, filename, self.size, self._hash.hexdigest())

    def discard(self) -> None:
        """Removes the file, unless a job has taken it over. May be called twice."""
        self._file.close()
        with contextlib.suppress(OSError):  # otherwise the sweep removes it later
            self.path.unlink(missing_ok=True)

    # Methods that the form parser requires of a file:
    def seek(self, *_: int) -> int:
        return 0

    def read(self, _: int = -1) -> bytes:
        return b""

    def close(self) -> None:
        self.discard()
