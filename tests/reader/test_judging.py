"""What the facts are taken to mean: fit, unit, weight, warnings."""

import math

import numpy as np
import pytest

from reader.errors import CouldNotRead, Unreadable
from reader.mesh import tilting
from reader.verdict import answers, estimates, fits, judging, units
from services.checks import results
from settings import lab
from tests.support import solids

FACTS = {
    "triangles": 12, "size": [120, 84, 40], "volume": 100_000.0, "surface": 20_000.0, "bodies": 1,
    "open_edges": 0, "holes": 0, "overshared_edges": 0, "flipped_edges": 0,
    "degenerate_triangles": 0, "unit": None, "items": 1, "notes": [], "tilted": [True] * 4,
}  # fmt: skip
BED = (250, 210, 220)


def judge(opinion=None, material="Filament", **changes):
    facts = answers.read_facts(FACTS | changes)
    known = results.lab_facts(), results.material_facts(material)
    return judging.judge(facts, opinion, *known)


def codes(**changes):
    return [warning["code"] for warning in judge(**changes)["warnings"]]


@pytest.mark.parametrize(
    ("size", "may", "way"),
    [
        ((250, 210, 220), False, "yes"),
        ((210, 250, 220), False, "turned"),
        ((220, 210, 250), False, "turned"),
        ((251, 1, 1), True, "might"),
        ((251, 1, 1), False, "no"),
    ],
)
def test_fit(size, may, way):
    assert fits.fit(size, BED, may) == way


@pytest.mark.parametrize(
    ("size", "fitting"),
    [
        ((380, 2, 2), True),  # along the diagonal of the room, which is 393 mm
        ((400, 2, 2), False),
        ((300, 5, 5), True),  # along the diagonal of the bed
        ((300, 245, 5), True),  # along the diagonal of the front
        ((330, 270, 5), False),
        ((260, 200, 4), True),  # leaning
        ((1000, 10, 10), False),
        ((225, 225, 225), False),
    ],
)
def test_tilting_is_found(size, fitting):
    corners, *_ = solids.box(*size)
    assert tilting.could_fit(corners, [list(BED)]) == [fitting]


def test_tilting_looks_at_the_shape_and_not_at_its_box():
    """A ball of 215 mm, cut to a long diamond, stands in a box that is too large."""
    diamond = np.array([(0, 0, 170), (0, 0, -170), (20, 0, 0), (-20, 0, 0), (0, 20, 0)], float)
    assert tilting.could_fit(diamond, [list(BED)]) == [True]
    flat = np.array([(0, 0, 0), (260, 0, 0), (260, 150, 0), (0, 150, 0)], float)
    assert tilting.could_fit(flat, [list(BED)]) == [True]


@pytest.mark.parametrize(
    ("size", "fits_somewhere", "unit"),
    [
        ((120, 84, 40), True, None),
        ((20, 20, 20), True, None),
        ((0.12, 0.084, 0.04), True, "metre"),
        ((0.073, 0.074, 0.215), True, "metre"),
        ((0.75, 0.5, 0.25), True, "inch"),  # 750 mm fits no printer
        ((0.9, 0.9, 0.9), True, "inch"),
        ((0.002, 0.001, 0.001), True, "metre"),
        ((5, 2.5, 1.375), True, "inch"),
        ((8.4, 6.2, 2.5), True, "centimetre"),
        ((2438.4, 1219.2, 609.6), False, "inch"),
        ((2438.4, 1219.2, 609.6), True, None),
        ((10, 1000, 10), False, None),
    ],
)
def test_unit(size, fits_somewhere, unit):
    guessed, reason = units.guess(size, results.lab_facts().printers, fits_somewhere)
    assert guessed == unit
    assert bool(reason) == bool(unit)


@pytest.mark.parametrize("longest", [0.001, 0.004, 0.02, 0.3, 0.61, 0.75, 0.99, 1, 3, 9.9])
@pytest.mark.parametrize("flatness", [0.1, 0.5, 1])
def test_a_guessed_unit_makes_it_fit_a_printer(longest, flatness):
    size = (longest, longest * flatness, longest * flatness)
    guessed, reason = units.guess(size, results.lab_facts().printers, True)
    grown = [side * units.MM[guessed] for side in size]
    ways = [fits.fit(grown, printer.build_volume_mm, False) for printer in lab().printers]
    assert set(ways) != {"no"}
    assert max(grown) >= (5 if longest >= 0.005 else 1)
    assert f"read as {'inches' if guessed == 'inch' else guessed + 's'} it is" in reason


def test_a_guess_says_why_it_is_not_the_likelier_unit():
    reason = units.guess((0.75, 0.5, 0.25), results.lab_facts().printers, True)[1]
    assert reason.endswith("it is 19 × 12.7 × 6.35 mm. As metres it would fit no printer.")


def test_a_declared_unit_is_not_guessed_at():
    assert judge(unit="inch", size=[5, 2.5, 1.375])["units"] == {
        "declared": "inch", "guessed": None, "reason": None
    }  # fmt: skip


def test_a_good_model_has_nothing_to_remark():
    model = judge()
    assert model["warnings"] == []
    assert model["state"] == "ok"
    assert model["watertight"]
    assert set(model["fits"].values()) == {"yes"}
    assert model["volume_cm3"] == 100
    assert model["surface_cm2"] == 200


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"open_edges": 42, "holes": 14}, "open_edges"),
        ({"flipped_edges": 3}, "flipped_edges"),
        ({"volume": -5.0}, "inside_out"),
        ({"volume": 0.0}, "flat"),
        ({"overshared_edges": 6}, "overshared_edges"),
        ({"degenerate_triangles": 1}, "degenerate_triangles"),
        ({"size": [2438.4, 1219.2, 609.6], "tilted": [False] * 4}, "too_large"),
        ({"size": [5, 2.5, 1.375]}, "units"),
        ({"size": [0.02, 0.02, 0.02], "unit": "millimeter"}, "tiny"),
        ({"notes": [{"code": "trailing_bytes", "count": 1}]}, "trailing_bytes"),
        ({"opinion": answers.NotAsked("the second is tired")}, "read_once"),
        ({"notes": [{"code": "one_reader"}]}, "one_reader"),
        ({"notes": [{"code": "readers_disagree", "first": 1, "second": 2}]}, "readers_disagree"),
        ({"opinion": answers.Opinion(triangles=12, size=(120, 84, 41), unit="inch")},
         "readers_disagree"),
        ({"opinion": answers.Opinion(triangles=13, size=(120, 84, 40), unit="inch")},
         "readers_disagree"),
        ({"opinion": Unreadable("It cannot be read.")}, "readers_disagree"),
        ({"opinion": "it took longer than 20 seconds"}, "readers_disagree"),
    ],
)  # fmt: skip
def test_a_fault_is_remarked(changes, code):
    found = judge(**changes)["warnings"]
    assert code in [warning["code"] for warning in found]
    for warning in found:
        assert warning["text"].endswith(".")
        assert len(warning["text"]) < 400


def test_what_follows_a_few_of_many_triangles_is_not_called_complete():
    few, many = (
        judge(notes=[{"code": "trailing_bytes", "count": count}])["warnings"][0]["text"]
        for count in (1000, 5000)
    )
    assert "The model is complete" in few
    assert "goes on for 5,000 bytes" in many and "only the 12 triangles" in many
    assert "complete" not in many


def test_a_second_reader_that_agrees_is_not_mentioned():
    assert codes(opinion=answers.Opinion(triangles=12, size=(120, 84, 40), unit="inch")) == []


@pytest.mark.parametrize(
    "changes",
    [
        {"volume": math.nan},
        {"size": [1, 2]},
        {"triangles": 0},
        {"open_edges": -1},
        {"more": 1},
        {"notes": [{"code": "x" * 99}]},
        {"size": [1, 2, 1e99]},
    ],
)
def test_an_answer_that_makes_no_sense_is_no_result(changes):
    with pytest.raises(CouldNotRead):
        answers.read_facts(FACTS | changes)


@pytest.mark.parametrize("side", [1, 5, 20, 100, 300])
def test_the_weight_lies_between_an_empty_and_a_solid_cube(side):
    filament = results.material_facts("Filament")
    low, high = estimates.grams(side**3, 6 * side**2, filament, results.lab_facts().weight_range)
    solid = side**3 / 1000 * filament.density_g_cm3
    assert filament.infill * solid * lab().estimate.low <= low < high <= solid * 1.5
    assert high <= 2 * low


def test_a_model_without_a_volume_has_no_estimate():
    model = judge(volume=0.0)
    assert (model["estimate_g"], model["estimate_cents"]) == (None, None)


def test_an_unknown_material_has_no_estimate():
    assert judge(material="Chocolate")["estimate_g"] is None
