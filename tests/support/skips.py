"""A skipped test is a failed one where everything must run: with REQUIRE_ALL=1, as in CI.

`tests/skips.toml` names the exceptions. The hooks are pytest's, for conftest.py to import.
"""

import importlib.util
import os
import shutil
import subprocess
import tomllib
from collections.abc import Callable, Generator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from settings import ROOT

LIST = ROOT / "tests" / "skips.toml"
SAMPLE_MODELS = ROOT.parent / "shared" / "models"
CAP_SYS_ADMIN = 1 << 21


def is_required() -> bool:
    return os.environ.get("REQUIRE_ALL") == "1"


def cannot_mount() -> bool:
    status = Path("/proc/self/status")
    if not status.exists():
        return True
    rights = next(line for line in status.read_text().splitlines() if line.startswith("CapEff"))
    return not int(rights.split()[1], 16) & CAP_SYS_ADMIN


def cannot_unshare() -> bool:
    try:
        command = ("unshare", "--user", "--net", "true")
        return subprocess.run(command, capture_output=True, check=False).returncode != 0
    except OSError:
        return True


CONDITIONS: dict[str, Callable[[], bool]] = {
    "no sample models": lambda: not SAMPLE_MODELS.is_dir(),
    "no embreex": lambda: importlib.util.find_spec("embreex") is None,
    "no mounting": cannot_mount,
    "no network namespaces": cannot_unshare,
    "no apt-get": lambda: shutil.which("apt-get") is None,
}


@dataclass(frozen=True)
class Skip:
    """Tests that may be skipped where the condition holds."""

    where: str
    why: str
    tests: tuple[str, ...]


@cache
def listed() -> tuple[Skip, ...]:
    content = tomllib.loads(LIST.read_text(encoding="utf-8"))
    return tuple(Skip(one["where"], one["why"], tuple(one["tests"])) for one in content["skips"])


@cache
def allowed_here() -> frozenset[str]:
    return frozenset(name for skip in listed() if CONDITIONS[skip.where]() for name in skip.tests)


def judge(report: pytest.TestReport) -> None:
    """Makes a failure of a skip that the list does not allow here, and of an exception on the list
    that has outlived its reason."""
    test = report.nodeid.partition("[")[0]
    is_allowed = bool({test, test.partition("::")[0]} & allowed_here())
    if report.skipped and not hasattr(report, "wasxfail") and not is_allowed:
        report.outcome = "failed"
        report.longrepr = f"Skipped, and {LIST.name} does not allow it here: {_reason(report)}"
    elif report.when == "call" and report.passed and is_allowed:
        report.outcome = "failed"
        report.longrepr = f"It ran, though {LIST.name} says that it cannot here."


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if is_required():
        judge(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    report = yield
    if is_required() and report.skipped:
        report.outcome = "failed"
        report.longrepr = f"A whole file is skipped: {_reason(report)}"
    return report


def _reason(report: pytest.TestReport | pytest.CollectReport) -> str:
    return str(report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr)
