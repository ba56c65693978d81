"""The facts about a model on a card and in the panel."""

import json

import plotly.utils
import pytest

from components import dialogfacts, modelfacts
from reader.verdict import answers
from services.actions import registry
from services.checks import results
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
            facts = answers.read_facts(FACTS | changes)
            model = results.judge(facts, None, "Filament")
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
            {"size": [0.5, 0.5, 0.5], "unit": "millimeter"},
            [("0.5 × 0.5 × 0.5 mm", ""), ("Very small", "pd-chip-warn")],
        ),
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
    broken = results.failed("The model has no triangles in it.")
    assert shown(broken)[1] == [("Cannot be read as a model", "pd-chip-bad")]
    stopped = results.failed("It could not be checked: the reader crashed.")
    assert shown(stopped)[1] == [("Could not be checked", "pd-chip-bad")]


def test_a_job_without_a_check_shows_nothing(shown):
    job, chips = shown({"state": "ok"})
    assert chips == []
    assert modelfacts.rows(job) == []
    assert modelfacts.remarks(job) is None


def rows_of(job):
    return {name: text_of(value) for name, value in modelfacts.rows(job) if value is not None}


STANDS = ["as it stands"] * 2
# A model with a flaw of each kind, and where each part of its result is said.
FLAWS = {
    **{"bodies": 2, "open_edges": 3, "holes": 1, "overshared_edges": 4, "flipped_edges": 5},
    **{"degenerate_triangles": 6, "size": [5, 2.5, 1.375], "volume": 12_500.0, "surface": 4_200.0},
}
CHECKS = "3 open edges, 1 hole · 2 bodies · 5 flipped edges · 4 over-shared edges"
SAID = {
    **{"triangles": ("Triangles", "84,312 · 6 without an area")},
    **{"degenerate_triangles": ("Triangles", "84,312 · 6 without an area")},
    **{"size_mm": ("Size", "5 × 2.5 × 1.4 mm")},
    **{"volume_cm3": ("Volume / surface", "12 cm³ / 42 cm²")},
    **{"surface_cm2": ("Volume / surface", "12 cm³ / 42 cm²")},
    **dict.fromkeys(("bodies", "open_edges", "holes", "watertight"), ("Checks", CHECKS)),
    **dict.fromkeys(("overshared_edges", "flipped_edges"), ("Checks", CHECKS)),
    "units": (
        "Unit",
        "Assumed to be millimetres; perhaps inches. As millimetres it is only 5 × 2.5 × 1.38 "
        "mm; read as inches it is 127 × 63.5 × 34.9 mm.",
    ),
    "fits": (
        "Fits",
        "Prusa MK4S – as it standsPrusa XL – as it standsRaise3D Pro 2 Plus – as it stands"
        "Formlabs Form 3 (Resin) – as it stands",
    ),
    **{"estimate_g": ("Estimate", "≈ 4.7–8.6 g · $3.00")},
    **{"estimate_cents": ("Estimate", "≈ 4.7–8.6 g · $3.00")},
}
# The warnings stand in a list of their own; a result that is there has no error.
NOT_IN_ROWS = {"state", "error", "checker", "warnings"}


def test_the_panel_says_what_was_found(shown):
    job, _ = shown(**FLAWS)
    rows = rows_of(job)
    assert {name: rows[row] for name, (row, _) in SAID.items()} == {
        name: words for name, (_, words) in SAID.items()
    }
    assert {*SAID} | NOT_IN_ROWS == {*job.model}, "a part of the result is not shown"
    remarks = text_of(modelfacts.remarks(job))
    assert all(warning["text"] in remarks for warning in job.model["warnings"])
    assert "ask the student for a closed (watertight) model" in remarks


def test_the_panel_says_that_nothing_is_wrong(shown):
    rows = rows_of(shown()[0])
    assert rows["Checks"] == "Watertight · 1 body · normals consistent · no over-shared edges"
    assert rows["Triangles"] == "84,312 · none without an area"
    assert rows["Volume / surface"] == "100 cm³ / 200 cm²"


def test_both_ends_of_the_price_range_are_shown(shown):
    job = shown(volume=1_000_000.0, surface=60_000.0)[0]
    assert rows_of(job)["Estimate"] == "≈ 194–351 g · $19.35–$35.08"
    assert job.model["estimate_cents"] == [1935, 3508]


@pytest.mark.parametrize(
    ("size", "tilted", "lines"),
    [
        ([120, 84, 40], [True] * 4, ["as it stands"] * 4),
        ([200, 240, 40], [True] * 4, ["turned about z", *STANDS, "might, when tilted"]),
        ([84, 40, 225], [True] * 4, ["laid on another side", *STANDS, "might, when tilted"]),
        ([300, 300, 300], [False] * 4, ["too large", "as it stands", "as it stands", "too large"]),
        ([10, 10, 600], [False] * 4, ["too large", "too large", "as it stands", "too large"]),
        ([200, 240, 230], [False] * 4, ["too large", *["as it stands"] * 2, "too large"]),
    ],
)  # fmt: skip
def test_the_panel_says_how_it_fits_each_printer(shown, size, tilted, lines):
    job, _ = shown(size=size, tilted=tilted)
    fits = dict(modelfacts.rows(job))["Fits"]
    said = [text_of(line).partition(" – ") for line in fits.children]
    assert [name for name, _, _ in said] == [
        *("Prusa MK4S", "Prusa XL", "Raise3D Pro 2 Plus", "Formlabs Form 3 (Resin)")
    ]
    assert [words for _, _, words in said] == lines


def test_the_jobs_own_printer_is_named_first(shown):
    job, _ = shown()
    jobs.change(job.id, printer="raise3d_pro2plus")
    first, *_ = dict(modelfacts.rows(jobs.read(job.id)))["Fits"].children
    assert text_of(first) == "Raise3D Pro 2 Plus – as it stands"


def test_a_printer_that_the_lab_no_longer_has_is_not_judged(shown):
    job, _ = shown()
    jobs.change(job.id, printer="sold_last_year")
    job = jobs.read(job.id)
    assert [text_of(chip) for chip in modelfacts.chips(job)] == ["120 × 84 × 40 mm", "Watertight"]
    assert "sold" not in rows_of(job)["Fits"]


@pytest.mark.parametrize(
    ("unit", "words"),
    [
        ("inch", "Inches, as stated in the file"),
        ("millimeter", "Millimetres, as stated in the file"),
        (None, "Assumed to be millimetres: the file does not state a unit"),
    ],
)
def test_the_panel_shows_the_source_of_the_unit(shown, unit, words):
    assert rows_of(shown(unit=unit)[0])["Unit"] == words


def test_without_remarks_there_is_no_list(shown):
    assert modelfacts.remarks(shown()[0]) is None


def test_a_remark_without_advice_is_not_a_warning(shown):
    facts = answers.read_facts(FACTS)
    model = results.judge(facts, answers.NotAsked("the second is tired"), "")
    found, _ = shown(model)
    drawn = json.dumps(modelfacts.remarks(found), cls=plotly.utils.PlotlyJSONEncoder)
    assert "Read by one reader only: the second is tired." in drawn
    assert "bi-info-circle" in drawn and "triangle-fill" not in drawn


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"model": {"state": "pending"}}, "Checking…"),
        ({"model": {"state": "failed", "error": "x", "warnings": []}}, "Cannot be read as a model"),
        ({"size": [300, 300, 300], "tilted": [False] * 4}, "Too large for Prusa MK4S"),
    ],
)
def test_the_approve_dialog_shows_the_same_chips_as_the_card(shown, changes, words):
    job, _ = shown(**changes)
    fields = dialogfacts.above(registry.get("approve"), job, dialogfacts.PlanFacts(None, None))
    assert words in "".join(text_of(field) for field in fields if field is not None)
