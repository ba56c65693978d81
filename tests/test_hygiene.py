"""Things that must not be in the repository."""

import json
import re
import subprocess
from pathlib import Path

import pytest

from settings import ROOT

FOLDERS = "|".join(("work", "farm", "root", "home"))
MACHINE_PATHS = re.compile(rf"(?<![\w.$}}~-])/({FOLDERS})/\w")
ADDRESS = re.compile(r"(?:https?:)?//[\w.-]+\.[a-z]{2,}", re.IGNORECASE)
# Elements and functions that make a browser load something.
LOADS = re.compile(
    r"<(?:script|link|img|iframe|source|video|audio)\b[^>]*?(?:src|href)\s*=\s*[\"']([^\"']+)"
    r"|url\(\s*[\"']?([^)\"']+)|@import\s+[\"']([^\"']+)"
    r"|\b(?:import|from)\s*\(?\s*[\"']([^\"']+)[\"']|\bfetch\(\s*[\"']([^\"']+)"
)
BINARY = {".woff2", ".png", ".jpg", ".ico", ".mp3", ".ogg", ".wav", ".stl", ".3mf", ".gz"}


def files():
    """What git has or would add."""
    listed = subprocess.run(
        ("git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"),
        cwd=ROOT,
        capture_output=True,
        check=False,
    )
    if listed.returncode != 0:
        pytest.skip("this is not a git repository")
    names = listed.stdout.decode().split("\0")
    found = [ROOT / name for name in names if name and (ROOT / name).is_file()]
    assert found
    return found


def own_files():
    """Those of them that were written here."""
    return [path for path in files() if not {"vendor", "node_modules"} & set(path.parts)]


def text_of(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.suffix not in BINARY else ""


def test_no_file_knows_the_machine_it_was_written_on():
    wrong = [
        f"{path.relative_to(ROOT)}: {match.group()}"
        for path in own_files()
        for match in MACHINE_PATHS.finditer(text_of(path))
    ]
    assert not wrong, "\n".join(wrong)


def test_pages_and_assets_load_nothing_from_elsewhere():
    wrong = []
    for path in own_files():
        if path.suffix not in (".html", ".css", ".js", ".svg", ".j2"):
            continue
        for match in LOADS.finditer(text_of(path)):
            address = next(filter(None, match.groups()))
            if ADDRESS.match(address):
                wrong.append(f"{path.relative_to(ROOT)}: {address}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt"])
def test_requirements_are_pinned_and_name_no_host(name):
    lines = [line.strip() for line in (ROOT / name).read_text().splitlines()]
    wanted = [line for line in lines if line and not line.startswith(("#", "-r "))]
    assert wanted
    for line in wanted:
        assert re.match(r"[A-Za-z0-9._-]+(\[[a-z0-9,]+\])?==[\w.!+]+( ;.*)?$", line), line
    assert not any("://" in line or line.startswith(("-i", "--")) for line in lines)


def test_lock_files_of_npm_name_no_registry_and_pin_what_is_inside():
    locks = [path for path in own_files() if path.name == "package-lock.json"]
    assert len(locks) > 2
    for path in locks:
        packages = json.loads(path.read_text())["packages"]
        for name, package in packages.items():
            assert not name or package["integrity"].startswith("sha512-"), (path, name)
            assert "resolved" not in package, (path, name)


@pytest.mark.parametrize("kind", ["requirements", "requirements-dev"])
def test_what_is_asked_for_is_pinned(kind):
    asked = [
        re.split(r"[\[<>=;\s]", line)[0].lower().replace("_", "-")
        for line in (ROOT / f"{kind}.in").read_text().splitlines()
        if line.strip() and not line.startswith(("#", "-"))
    ]
    assert asked
    pinned = (ROOT / f"{kind}.txt").read_text().lower().replace("_", "-")
    for name in asked:
        assert re.search(rf"^{re.escape(name)}==", pinned, re.MULTILINE), name


def test_nothing_secret_or_made_is_in_the_repository():
    names = {path.relative_to(ROOT).as_posix() for path in files()}
    made = [
        name
        for name in names
        if re.search(r"^\.env$|^var/|(^|/)(__pycache__|node_modules|\.venv)/|\.log$", name)
    ]
    assert not made
    assert {name for name in names if name.startswith("storage/")} <= {"storage/.gitkeep"}


def test_every_text_file_is_utf_8_with_plain_line_ends():
    for path in own_files():
        content = path.read_bytes()
        if path.suffix not in BINARY:
            content.decode("utf-8")
            assert b"\r\n" not in content, path
            assert not content or content.endswith(b"\n"), path
