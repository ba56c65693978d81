"""With REQUIRE_ALL=1, only tests in tests/skips.toml may be skipped, and that list is current."""

import ast
import os
import subprocess
import sys

import pytest

from settings import ROOT
from tests.support import skips

CASES = """
import pytest

def test_runs(): pass
def test_skips(): pytest.skip("because")
@pytest.mark.skipif(True, reason="because")
def test_is_skipped(): pass
@pytest.mark.xfail(strict=True)
def test_is_expected_to_fail(): assert False
"""


def run(folder, content, required):
    (folder / "test_cases.py").write_text(content)
    result = subprocess.run(
        (
            sys.executable,
            "-m",
            "pytest",
            "-p",
            "tests.support.skips",
            "-p",
            "no:cacheprovider",
            "-rN",
            ".",
        ),
        cwd=folder,
        env=os.environ
        | {"REQUIRE_ALL": required, "PYTHONPATH": str(ROOT), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    return result.stdout


def test_a_skip_fails_where_everything_must_run(tmp_path):
    said = run(tmp_path, CASES, "1")
    assert "1 failed, 1 passed, 1 xfailed" in said and "1 error" in said
    assert said.count("skips.toml does not allow it here: Skipped: because") == 2


def test_a_skip_is_a_skip_elsewhere(tmp_path):
    assert "1 passed, 2 skipped, 1 xfailed" in run(tmp_path, CASES, "")


def test_a_file_that_is_skipped_while_it_is_read_fails_too(tmp_path):
    content = "import pytest\npytest.importorskip('no_such_package')\ndef test(): pass\n"
    said = run(tmp_path, content, "1")
    assert "1 error" in said and "A whole file is skipped" in said


@pytest.mark.parametrize(
    ("name", "outcome", "expected"),
    [
        ("tests/a.py::test_listed", "skipped", "skipped"),
        ("tests/a.py::test_listed[case]", "skipped", "skipped"),
        ("tests/b.py::test_any", "skipped", "skipped"),
        ("tests/a.py::test_other", "skipped", "failed"),
        ("tests/a.py::test_listed[case]", "passed", "failed"),
        ("tests/b.py::test_any", "passed", "failed"),
        ("tests/a.py::test_other", "passed", "passed"),
        ("tests/a.py::test_listed", "failed", "failed"),
    ],
)
def test_what_the_list_names_may_be_skipped_and_nothing_else(monkeypatch, name, outcome, expected):
    allowed = frozenset({"tests/a.py::test_listed", "tests/b.py"})
    monkeypatch.setattr(skips, "allowed_here", lambda: allowed)
    report = pytest.TestReport(name, ("", 0, ""), {}, outcome, ("", 0, "because"), "call")
    skips.judge(report)
    assert report.outcome == expected


def test_the_list_names_tests_that_exist_each_once_with_a_condition_and_a_reason():
    names = [name for skip in skips.listed() for name in skip.tests]
    assert names and len(set(names)) == len(names)
    for skip in skips.listed():
        assert skip.where in skips.CONDITIONS
        assert skip.why.endswith(".")
    for name in names:
        file, _, test = name.partition("::")
        functions = {
            node.name
            for node in ast.parse((ROOT / file).read_text(encoding="utf-8")).body
            if isinstance(node, ast.FunctionDef)
        }
        assert not test or test in functions, name
