"""Links between the documents work, and the workflows refer to existing files."""

import re
import subprocess
import tomllib
from pathlib import Path

import pytest
import yaml

from settings import ROOT

LINK = re.compile(r"\]\(\s*<?([^)\s>]+)>?(?:\s+\"[^\"]*\")?\s*\)")
VENDORED = sorted(path for path in (ROOT / "assets" / "vendor").iterdir() if path.is_dir())
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))


def documents():
    """Every *.md that git has or would add."""
    command = ("git", "ls-files", "--cached", "--others", "--exclude-standard", "-z", "*.md")
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, check=True, text=True).stdout
    found = [ROOT / name for name in listed.split("\0") if name and (ROOT / name).is_file()]
    assert len(found) > 8
    return found


def links_of(document):
    """Where its links and pictures lead, as (path, heading); other sites are left out."""
    text = re.sub(r"(?ms)^```.*?^```|`[^`\n]*`", "", document.read_text(encoding="utf-8"))
    for target in LINK.findall(text):
        if not re.match(r"[a-z]+:", target):
            path, _, heading = target.partition("#")
            yield (document.parent / path).resolve() if path else document, heading


def headings_of(document):
    """As GitHub names them in addresses."""
    lines = re.findall(r"(?m)^#+ (.+)$", document.read_text(encoding="utf-8"))
    return {re.sub(r"[^\w\- ]", "", line.lower()).replace(" ", "-") for line in lines}


@pytest.mark.parametrize("document", documents(), ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_leads_to_a_file_and_a_heading(document):
    for path, heading in links_of(document):
        assert path.exists(), path
        assert path.is_relative_to(ROOT), path
        assert not heading or heading in headings_of(path), f"{path.name}#{heading}"


def test_the_index_leads_to_every_guide_and_every_picture():
    index = ROOT / "docs" / "README.md"
    linked = {path for path, _ in links_of(index)}
    files = {path for path in (ROOT / "docs").rglob("*") if path.is_file()} - {index}
    assert len(files) > 8
    assert files - linked == set()


def test_the_readme_leads_to_the_index_and_the_open_doors():
    linked = {path.relative_to(ROOT).as_posix() for path, _ in links_of(ROOT / "README.md")}
    assert {"docs/README.md", "CONTRIBUTING.md", "SECURITY.md", "LICENSE"} <= linked


def test_the_newest_entry_of_the_changelog_is_the_version():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    versions = re.findall(r"(?m)^## (\S+)", (ROOT / "CHANGELOG.md").read_text())
    assert versions[0] == project["version"]
    assert project["license"] == "MIT"
    assert (ROOT / "LICENSE").read_text().startswith("MIT License")


@pytest.mark.parametrize("folder", VENDORED, ids=lambda path: path.name)
def test_what_is_shipped_has_its_licence_beside_it_and_in_the_list(folder):
    assert len(VENDORED) > 2
    assert (folder / "LICENSE").stat().st_size > 500
    linked = {path for path, _ in links_of(ROOT / "docs" / "licences.md")}
    assert folder / "LICENSE" in linked


@pytest.mark.parametrize("folder", VENDORED, ids=lambda path: path.name)
def test_the_list_has_the_version_that_is_shipped(folder):
    text = (ROOT / "docs" / "licences.md").read_text(encoding="utf-8")
    [version] = re.findall(rf"\| ([\d.]+) \|.*`assets/vendor/{folder.name}/`", text)
    assert any(version in path.read_text(encoding="utf-8") for path in folder.glob("*.[jc]s*"))


def jobs_of(workflow):
    return yaml.safe_load(workflow.read_text(encoding="utf-8"))["jobs"]


def commands_of(workflow):
    return [
        step["run"] for job in jobs_of(workflow).values() for step in job["steps"] if "run" in step
    ]


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.stem)
def test_a_workflow_calls_what_is_there(workflow):
    targets = set(re.findall(r"(?m)^([a-z-]+):", (ROOT / "Makefile").read_text()))
    commands = commands_of(workflow)
    assert commands
    for command in commands:
        if wanted := re.match(r"make (\S+)", command):
            assert wanted[1] in targets, command
        if script := re.match(r"\.ci/\S+", command):
            assert (ROOT / script[0]).stat().st_mode & 0o100, command


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.stem)
def test_a_workflow_has_few_rights_and_an_end(workflow):
    assert yaml.safe_load(workflow.read_text())["permissions"] == {"contents": "read"}
    for job in jobs_of(workflow).values():
        assert job["timeout-minutes"] <= 60
        for step in job["steps"]:
            assert "run" in step or re.fullmatch(
                r"actions/[a-z-]+@(v\d+|[0-9a-f]{40})", step["uses"]
            )


def test_both_commands_of_the_readme_run_on_each_python():
    checks = jobs_of(ROOT / ".github" / "workflows" / "checks.yml")
    for name, command in (("test", "make test"), ("run", ".ci/try-run")):
        assert checks[name]["strategy"]["matrix"]["python"] == ["3.11", "3.12", "3.13"]
        assert any(step.get("run", "").startswith(command) for step in checks[name]["steps"])


def test_ci_runs_all_three_and_lets_nothing_be_skipped():
    script = (ROOT / ".ci" / "run").read_text()
    assert re.findall(r"(?m)^make (\S+)$", script) == ["test", "test-system", "lint"]
    assert "export REQUIRE_ALL=1" in script
    checks = yaml.safe_load((ROOT / ".github" / "workflows" / "checks.yml").read_text())
    assert checks["env"]["REQUIRE_ALL"] == "1"


@pytest.mark.parametrize("path", sorted((ROOT / ".github").rglob("*.yml")), ids=lambda p: p.stem)
def test_every_yaml_file_can_be_read(path: Path):
    assert isinstance(yaml.safe_load(path.read_text(encoding="utf-8")), dict)


def test_every_kind_of_package_is_looked_after():
    updates = yaml.safe_load((ROOT / ".github" / "dependabot.yml").read_text())["updates"]
    assert {one["package-ecosystem"] for one in updates} == {"pip", "npm", "github-actions"}
