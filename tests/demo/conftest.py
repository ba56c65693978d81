"""A small demo: a hundred days of a lab in which little happens, made as `make demo` makes it."""

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from settings import ROOT, settings
from tests.support import servers
from tests.support.once import once

END = datetime(2026, 5, 6, 15, tzinfo=UTC)  # a Wednesday morning, two weeks before the finals
DAYS, PACE = 100, 0.07
PATIENCE_S = 800


@dataclass(frozen=True)
class Made:
    """One demo: where it lies, and its database."""

    folder: Path
    database_url: str

    def environment(self) -> dict[str, str]:
        return {
            "DATABASE_URL": self.database_url,
            "VAR_DIR": str(self.folder),
            "STORAGE_DIR": str(self.folder / "storage"),
            "SECRET_KEY": f"only-for-the-demo-{self.folder.name}",
        }

    def begin(self) -> subprocess.Popen[str]:
        self.folder.mkdir(parents=True)
        command = [sys.executable, "-m", "demo.filling", "--seed=1", f"--days={DAYS}"]
        command += [f"--pace={PACE}", f"--end={END.isoformat()}"]
        return subprocess.Popen(
            command,
            cwd=ROOT,
            env=os.environ | self.environment() | {"OPENBLAS_NUM_THREADS": "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )


@pytest.fixture(scope="session")
def twins(postgres_and_redis: None) -> tuple[Made, Made]:
    """Two demos of one seed, each with a database and a secret of its own. The processes of a test
    run share them."""
    names = ("demo_one", "demo_two")

    def make(folder: Path) -> None:
        urls = [servers.make_database(name, servers.TEMPLATE) for name in names]
        fill([Made(folder / name, url) for name, url in zip(names, urls, strict=True)])

    folder = once("demo", make)
    one, two = (Made(folder / name, servers.database_url(name)) for name in names)
    return one, two


def fill(demos: list[Made]) -> None:
    """Both at once."""
    running = [made.begin() for made in demos]
    try:
        for process in running:
            said, _ = process.communicate(timeout=PATIENCE_S)
            assert process.returncode == 0, said
    finally:
        for process in running:
            process.terminate()
            process.wait()


@pytest.fixture
def visit() -> Iterator[object]:
    """Makes the settings those of a demo until the test ends."""
    from services import work

    changes = pytest.MonkeyPatch()

    def go(made: Made) -> None:
        for name, value in made.environment().items():
            changes.setenv(name, value)
        settings.cache_clear()
        work.dispose()

    yield go
    changes.undo()
    settings.cache_clear()
    work.dispose()


@pytest.fixture
def demo(twins, visit) -> Made:
    """The settings are those of a demo: its rows and folders can be looked at, and not changed."""
    visit(twins[0])
    return twins[0]
