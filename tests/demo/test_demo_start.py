"""`make demo` as a whole: filled once, never half, and running like `make run`."""

import json
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from launch.supervisor import is_healthy
from settings import ROOT
from tests.support import launched
from tests.support.launched import Launched
from tests.support.mailserver import MailServer

pytestmark = [pytest.mark.system, pytest.mark.timeout(900)]

PATIENCE_S = 60


class Started(Launched):
    """A demo with little in it."""

    def spawn(self) -> subprocess.Popen[str]:
        command = (sys.executable, "-m", "demo", "--days", "5", "--pace", "0.1")
        with (self.folder / "out").open("w") as out, (self.folder / "err").open("w") as err:
            self.process = subprocess.Popen(
                command, cwd=ROOT, env=self.env(), stdout=out, stderr=err, text=True,
                start_new_session=True,
            )  # fmt: skip
        return self.process

    @property
    def place(self) -> Path:
        return Path(self.env()["VAR_DIR"]) / "demo"

    def wait_for(self, words: str) -> None:
        assert self.process is not None
        deadline = time.monotonic() + PATIENCE_S
        while words not in self.said():
            assert self.process.poll() is None, self.said()
            assert time.monotonic() < deadline, self.said()
            time.sleep(0.05)


@pytest.fixture
def demo() -> Iterator[Started]:
    mails = MailServer()
    made = launched.make("demo", mails)
    started = Started(made.folder, mails)
    yield started
    launched.remove(started)


def test_a_demo_that_was_broken_off_begins_anew_and_is_filled_once(demo):
    demo.spawn()
    demo.wait_for("Making the demo's history")
    family = demo.family()
    demo.process.send_signal(signal.SIGTERM)
    assert demo.process.wait(30) == 130
    assert "starts from scratch" in demo.said()
    assert not demo.place.exists()
    _, alive = psutil.wait_procs(family, 20)
    assert not [process for process in alive if process.status() != psutil.STATUS_ZOMBIE]

    demo.spawn()
    demo.wait_for("Ctrl-C")
    assert is_healthy("127.0.0.1", demo.port)
    notes = json.loads((demo.place / "demo.json").read_text())
    assert notes["jobs"] >= 7
    assert all(person["email"] in demo.said() for person in notes["people"])
    assert demo.get("/dashboard")[0] == 302
    assert not demo.place.with_name("demo.new").exists()
    assert demo.stop() == 0

    made_at = (demo.place / "demo.json").stat().st_mtime_ns
    demo.spawn()
    demo.wait_for("Ctrl-C")
    assert "Making" not in demo.said()
    assert (demo.place / "demo.json").stat().st_mtime_ns == made_at


def test_a_folder_of_somebody_else_is_left_alone(demo):
    demo.place.mkdir(parents=True)
    (demo.place / "precious").write_text("data")
    assert demo.spawn().wait(30) == 1
    assert "move it away" in demo.said()
    assert (demo.place / "precious").read_text() == "data"
    shutil.rmtree(demo.place)
