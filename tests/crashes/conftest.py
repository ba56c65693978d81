import json
import signal
import subprocess
import sys
from dataclasses import dataclass

import pytest

from settings import ROOT, settings
from tests.support import jobs


@pytest.fixture
def people(database, storage_root):
    """An empty lab with its people; see tests/support/jobs.py."""
    return jobs.add_people()


@dataclass(frozen=True)
class Crash:
    """What a child did before it died, or before it was done."""

    killed: bool
    steps: list[str]

    @property
    def committed(self) -> bool:
        return "commit" in self.steps


@pytest.fixture(scope="module")
def crasher(tmp_path_factory):
    """Does something in a child process that dies after a step: see tests/support/crasher.py."""
    trace = tmp_path_factory.mktemp("crashes") / "trace"
    command = (sys.executable, "-m", "tests.support.crasher")
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    process = subprocess.Popen(command, cwd=ROOT, **pipes)

    def crash(doing, *, last=0, after_s=0.0, **order):
        environment = {"SMTP_URL": settings().smtp_url}
        order |= {"doing": doing, "last": last, "after_s": after_s, "trace": str(trace)}
        process.stdin.write(json.dumps(order | {"environment": environment}) + "\n")
        process.stdin.flush()
        code = int(process.stdout.readline())
        assert code in (0, -signal.SIGKILL, -signal.SIGALRM), f"the child failed: {code}"
        return Crash(code != 0, trace.read_text().splitlines())

    yield crash
    process.stdin.close()
    process.stdout.close()
    assert process.wait() == 0
