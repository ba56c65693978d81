"""Small disks that can be filled and made read-only. They need root, and a kernel that mounts."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

PAGE = 4096


@dataclass(frozen=True)
class Disk:
    """A file system in memory, of its own size."""

    path: Path

    @property
    def free_pages(self) -> int:
        return os.statvfs(self.path).f_bavail

    def fill(self, leaving: int) -> None:
        """Takes all the room but so many pages of 4 KB."""
        with self._filling.open("ab") as file:
            while self.free_pages > leaving:
                file.write(bytes(PAGE))
                file.flush()

    def make_room(self) -> None:
        self._filling.unlink()

    def remount(self, how: str) -> None:
        """`ro` or `rw`."""
        subprocess.run(("mount", "-o", f"remount,{how}", self.path), check=True)

    @property
    def _filling(self) -> Path:
        return self.path / "filling"


@contextmanager
def small_disk(path: Path, size: str = "1m") -> Iterator[Disk]:
    """Skips the test where nothing can be mounted."""
    path.mkdir()
    options = ("-o", f"size={size}", "tmpfs", path)
    if os.geteuid() != 0:
        pytest.skip("only root can mount a small disk")
    if subprocess.run(("mount", "-t", "tmpfs", *options), check=False).returncode:
        pytest.skip("this machine does not let a small disk be mounted")
    try:
        yield Disk(path)
    finally:
        subprocess.run(("umount", path), check=True)
