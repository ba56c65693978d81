"""Chromium, and pages that fail their test when something goes wrong unseen."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from playwright.sync_api import (
    Browser,
    ConsoleMessage,
    Page,
    Request,
    expect,
    sync_playwright,
)

from settings import ROOT

ARGUMENTS = [
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # Without a graphics card, pages are drawn by the processor; the detour by OpenGL takes a core.
    "--disable-gpu-compositing",
    # WebGL for the 3D preview
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
]
# Warnings that tell of nothing of ours.
OF_THE_BROWSER = (
    r"GPU stall due to ReadPixels",  # it draws without a graphics card
    r"Automatic fallback to software WebGL",
    r"willReadFrequently",  # Plotly reads back what it has drawn
    r"The AudioContext was not allowed to start",  # nobody has clicked yet; the page says so itself
)
BROWSERS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")


def install() -> None:
    """Makes sure that there is one; `make` has mostly done so before."""
    subprocess.run((ROOT / ".ci" / "chromium", sys.executable), check=True)


def find_chromium() -> str | None:
    """The system's Chromium; None where there is only Playwright's own."""
    return next(filter(None, map(shutil.which, BROWSERS)), None)


def arguments() -> list[str]:
    return [*ARGUMENTS, *(["--no-sandbox"] if os.geteuid() == 0 else [])]


@contextmanager
def open_browser() -> Iterator[Browser]:
    """The system's Chromium, else Playwright's own."""
    expect.set_options(timeout=15_000)  # several browsers and servers share the machine's cores
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=find_chromium(), args=arguments(), timeout=60_000
        )
        try:
            yield browser
        finally:
            browser.close()


@dataclass
class Problems:
    """What went wrong in a page without being asked: errors and warnings in its console, errors in
    its script, and requests to anywhere but Printdesk. `ignore` names what a test causes on
    purpose."""

    origin: str
    found: list[str] = field(default_factory=list)
    ignored: list[str] = field(default_factory=lambda: [*OF_THE_BROWSER])

    def ignore(self, *patterns: str) -> None:
        self.ignored += patterns

    def watch(self, page: Page) -> None:
        page.on("console", self._on_console)
        page.on("pageerror", lambda error: self.found.append(f"script error: {error}"))
        page.on("request", self._on_request)

    def unexpected(self) -> list[str]:
        return [
            problem
            for problem in self.found
            if not any(re.search(pattern, problem) for pattern in self.ignored)
        ]

    def _on_console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.found.append(f"console: {message.text} {message.location.get('url', '')}")

    def _on_request(self, request: Request) -> None:
        parts = urlsplit(request.url)
        ours = urlsplit(self.origin)
        if parts.scheme in ("http", "https", "ws", "wss") and parts.netloc != ours.netloc:
            self.found.append(f"request to another origin: {request.url}")
