"""Every rule of our CSS applies to something: unused classes are removed."""

import re

from settings import ROOT

MAKERS = ("components", "pages", "callbacks", "student_pages", "assets", "web")
# What dash-bootstrap-components draws around what we give it.
BY_LIBRARIES = {
    "btn-danger",  # a dialog's button, and its color
    "btn-outline-danger",
    "form-check-label",
    "input-group",
    "input-group-text",
    "modal-content",
    "modal-dialog",
    "modal-dialog-centered",
    "modal-dialog-scrollable",
    "modal-footer",
    "modal-title",
}
# Names that are put together from the part that is written here and another word.
PUT_TOGETHER = ("pd-cell-", "pd-chip-", "pd-step-", "pd-text-", "queue-")


def styles():
    return [path for path in (ROOT / "assets").rglob("*.css") if "vendor" not in path.parts]


def made():
    """All that makes HTML, as one text."""
    return "\n".join(
        path.read_text(encoding="utf-8")
        for folder in MAKERS
        for path in (ROOT / folder).rglob("*")
        if path.suffix in (".py", ".js", ".html") and "vendor" not in path.parts
    )


def selected(path):
    """The classes and ids that the rules of a style sheet name."""
    text = re.sub(r"/\*.*?\*/", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    for selector in re.findall(r"([^{}]+)\{", text):
        yield from re.findall(r"[.#](-?[_a-zA-Z][\w-]*)", selector)


def test_no_rule_is_for_something_that_is_made_nowhere():
    words = set(re.findall(r"[\w-]+", made()))
    known = words | BY_LIBRARIES
    assert len(styles()) > 3
    dead = {
        f"{path.name}: {name}"
        for path in styles()
        for name in selected(path)
        if name not in known and not any(is_made_of(name, part, words) for part in PUT_TOGETHER)
    }
    assert not dead


def is_made_of(name, part, words):
    return name.startswith(part) and part in words and name.removeprefix(part) in words


def test_every_exception_is_still_needed():
    named = {name for path in styles() for name in selected(path)}
    assert named >= BY_LIBRARIES
    for part in PUT_TOGETHER:
        assert any(name.startswith(part) for name in named), part


def test_every_variable_is_set_and_used():
    text = "\n".join(path.read_text(encoding="utf-8") for path in styles())
    by_others = set(re.findall(r"--pd-[\w-]+", made()))
    is_set = set(re.findall(r"(--pd-[\w-]+)\s*:", text))
    is_used = set(re.findall(r"var\((--pd-[\w-]+)", text))
    assert is_set | by_others >= is_used
    assert is_used | by_others >= is_set
