"""Lighthouse (npm) on a page of a running Printdesk, in the Chromium of the browser tests."""

import json
from pathlib import Path
from typing import Any

from tests.support import browsing, node

FOLDER = Path(__file__).parent
# Its performance score is made of times, which say more about the machine than about the page.
CATEGORIES = ("accessibility", "best-practices")


def look_at(url: str, folder: Path) -> dict[str, Any]:
    """Lighthouse's report of a page, as its JSON has it; `folder` is for its files."""
    node.install(FOLDER)
    chromium = browsing.find_chromium()
    report = folder / "report.json"
    ran = node.run(
        FOLDER / "node_modules" / "lighthouse" / "cli" / "index.js",
        url,
        "--quiet",
        "--output=json",
        f"--output-path={report}",
        f"--only-categories={','.join(CATEGORIES)}",
        f"--chrome-flags={' '.join(('--headless', *browsing.arguments()))}",
        cwd=folder,
        env={"CHROME_PATH": chromium} if chromium else None,
    )
    assert report.exists(), ran.stdout + ran.stderr
    found: dict[str, Any] = json.loads(report.read_text(encoding="utf-8"))
    return found
