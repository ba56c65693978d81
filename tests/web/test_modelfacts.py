"""What a card and the panel say about a model."""

import json

import plotly.utils
import pytest

from components import modelfacts
from services.modelcheck import answer, verdict
from settings import lab
from tests.support import jobs

FACTS = {
    "triangles": 84_312, "size": [120, 84, 40], "volume": 100_000.0, "surface": 20_000.0,
    "bodies": 1, "open_edges": 0, "holes": 0, "overshared_edges": 0, "flipped_edges": 0,
    "degenerate_triangles": 0, "unit": None, "items": 1, "notes": [], "tilted": [True] * 4,
}  # fmt: skip


@pytest.fixture
def shown(database, storage_root):
    """What is said of a job with such facts: the words, and the chips' tones."""
    job = jobs.submit()

    def show(model=None, **changes):
        if model is None:
            facts = answer.read_facts(FACTS | changes)
            model = verdict.judge(facts, None, lab().find_material("Filament"))
        jobs.change(job.id, model=model)
        found = jobs.read(job.id)
        return found, [
            (text_of(chip), chip.className.removeprefix("pd-chip").strip())
            for chip in modelfacts.chips(found)
        ]

    return show


def text_of(component):
    """The words in a component, in order."""
    tree = json.loads(json.dumps(component, cls=plotly.utils.PlotlyJSONEncoder))

    def words(node):
        if isinstance(node, dict):
            return words(node["props"].get("children"))
        if isinstance(node, list):
            return "".join(words(part) for part in node)
        return node if isinstance(node, str) else ""

    return words(tree)


@pytest.mark.parametrize(
    ("changes", "chips"),
    [
        ({}, [("120 × 84 × 40 mm", ""), ("Fits · watertight", "pd-chip-ok")]),
        (
            {"size": [84, 40, 225]},
            [("84 × 40 × 225 mm", ""), ("Fits turned · watertight", "pd-chip-ok")],
        ),
        (
            {"size": [2438.4, 1219.2, 609.6], "tilted": [False] * 4},
            [
                ("2438 × 1219 × 610 mm", ""),
                ("Too large for every printer — inches?", "pd-chip-bad"),
            ],
        ),
        (
            {"size": [300, 300, 300], "tilted": [False, True, True, False]},
            [("300 × 300 × 300 mm", ""), ("Too large for Prusa MK4S", "pd-chip-bad")],
        ),
        (
            {"open_edges": 42, "holes": 14},
            [("120 × 84 × 40 mm", ""), ("Not watertight · 14 holes", "pd-chip-warn")],
        ),
        (
            {"size": [5, 2.5, 1.375]},
            [("5 × 2.5 × 1.4 mm", ""), ("Very small — inches?", "pd-chip-warn")],
        ),
        (
            {"size": [260, 10, 10]},
            [("260 × 10 × 10 mm", ""), ("Might fit when tilted", "pd-chip-warn")],
        ),
    ],
)
def test_a_card_says_size_and_verdict(shown, changes, chips):
    assert shown(**changes)[1] == chips


def test_a_card_says_that_a_check_is_under_way_or_has_failed(shown):
    assert shown({"state": "pending"})[1] == [("Checking…", "")]
    broken = verdict.failed("The model has no triangles in it.")
    assert shown(broken)[1] == [("Cannot be read as a model", "pd-chip-bad")]
    stopped = verdict.failed("It could not be checked: the reader crashed.")
    assert shown(stopped)[1] == [("Could not be checked", "pd-chip-bad")]


def test_a_job_of_before_the_checks_says_nothing(shown):
    job, chips = shown({"state": "ok"})
    assert chips == []
    assert modelfacts.rows(job) == []
    assert modelfacts.remarks(job) is None


def test_the_panel_says_what_was_found(shown):
    job, _ = shown(open_edges=3, holes=1)
    rows = {name: text_of(value) for name, value in modelfacts.rows(job)}
    assert rows["Size"] == "120 × 84 × 40 mm – fits Prusa MK4S"
    assert rows["Triangles"] == "84,312"
    assert rows["Checks"] == "3 open edges · 1 body · normals consistent"
    low, high = job.model["estimate_g"]
    assert rows["Estimate"] == f"≈ {low:.0f}–{high:.0f} g · from $3.00"
    assert "ask the student for a closed (watertight) model" in text_of(modelfacts.remarks(job))


def test_nothing_to_remark_is_no_list(shown):
    assert modelfacts.remarks(shown()[0]) is None
