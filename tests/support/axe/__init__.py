"""axe-core (npm) on a page as it stands: what WCAG 2.1 AA and good practice find wrong with it."""

from functools import cache
from pathlib import Path

from playwright.sync_api import Page

from tests.support import node

FOLDER = Path(__file__).parent
_RUN = """async () => {
  const found = await axe.run(document, { resultTypes: ['violations'] });
  return found.violations.map((rule) => [rule.id, rule.help, rule.nodes.map((node) =>
    node.target.join(' ') + ': ' +
      node.any.concat(node.all, node.none).map((c) => c.message).join('; '))]);
}"""


@cache
def _source() -> str:
    node.install(FOLDER)
    return (FOLDER / "node_modules" / "axe-core" / "axe.min.js").read_text(encoding="utf-8")


def check(page: Page, state: str) -> None:
    """Fails with every rule that the page breaks, and where. `state` names what is shown.

    Colours are looked at when nothing moves any more: a half-faded dialog has no contrast.
    """
    page.evaluate(_source())
    page.evaluate(
        "() => Promise.all(document.getAnimations().filter((a) => a.effect"
        ".getComputedTiming().iterations < 100).map((a) => a.finished.catch(() => 0)))"
    )
    broken = page.evaluate(_RUN)
    lines = [f"{rule}: {words}\n    " + "\n    ".join(where[:5]) for rule, words, where in broken]
    assert not broken, f"{state}:\n  " + "\n  ".join(lines)
