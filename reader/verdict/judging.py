"""What the facts of a model mean for the lab's printers, materials and prices."""

from typing import Any

from reader.errors import Unreadable
from reader.gate.filetypes import STL_TRAILING
from reader.lab import Lab, Material, Printer
from reader.verdict import estimates, fits, units
from reader.verdict.answers import Facts, NotAsked, Opinion

# Raise it when the same file would get another result: all jobs are then checked again.
VERSION = 2

SIZE_TOLERANCE = 1e-4


def judge(
    facts: Facts,
    opinion: Opinion | Unreadable | NotAsked | str | None,
    lab: Lab,
    material: Material | None,
) -> dict[str, Any]:
    """The facts in figures and words for people. `opinion` is the second reader's (of a 3MF), its
    refusal, why it was not asked, why it gave none in words, or None where there is no second
    reader. Sizes in mm, cm2, cm3, grams and cents."""
    fitting = {
        printer.id: fits.fit(facts.size, printer.build_volume_mm, may)
        for printer, may in zip(lab.printers, facts.tilted, strict=True)
    }
    fits_somewhere = not fitting or any(way != "no" for way in fitting.values())
    declared = facts.unit
    guessed, reason = (
        (None, None) if declared else units.guess(facts.size, lab.printers, fits_somewhere)
    )
    result: dict[str, Any] = {
        "state": "ok",
        "error": None,
        "triangles": facts.triangles,
        "size_mm": [_rounded(side) for side in facts.size],
        "volume_cm3": _rounded(abs(facts.volume) / 1e3),
        "surface_cm2": _rounded(facts.surface / 1e2),
        "bodies": facts.bodies,
        "open_edges": facts.open_edges,
        "holes": facts.holes,
        "overshared_edges": facts.overshared_edges,
        "flipped_edges": facts.flipped_edges,
        "degenerate_triangles": facts.degenerate_triangles,
        "watertight": facts.open_edges == 0,
        "units": {"declared": declared, "guessed": guessed, "reason": reason},
        "fits": fitting,
        **estimates.estimate(abs(facts.volume), facts.surface, material, lab.weight_range),
    }
    result["warnings"] = [
        {"code": code, "text": text}
        for code, text in (
            *_about_size(facts, fits_somewhere, guessed, reason, lab.printers),
            *_about_surface(facts),
            *_about_file(facts, opinion),
        )
    ]
    return result


def _about_size(
    facts: Facts,
    fits_somewhere: bool,
    guessed: str | None,
    reason: str | None,
    printers: tuple[Printer, ...],
) -> list[tuple[str, str]]:
    found = []
    size = " × ".join(f"{side:.4g}" for side in facts.size)
    if guessed:
        found.append(
            (
                "units",
                f"The unit may be wrong. {reason} Ask the student which size is intended, and "
                "have the model exported in millimetres.",
            )
        )
    if max(facts.size) < units.SMALLEST_IN_METRES and not guessed:
        found.append(
            (
                "tiny",
                f"At {size} mm it is too small to print. Ask the student which size is intended, "
                "and have the model exported at that size.",
            )
        )
    if not fits_somewhere:
        largest = max(printers, key=lambda printer: max(printer.build_volume_mm))
        room = " × ".join(f"{side:g}" for side in largest.build_volume_mm)
        found.append(
            (
                "too_large",
                f"At {size} mm it fits no printer; {largest.name} has {room} mm. "
                "It must be scaled down or split into parts.",
            )
        )
    if facts.volume == 0 or min(facts.size) == 0:
        found.append(
            ("flat", "It has no thickness, so there is nothing to print. It needs solid walls.")
        )
    return found


def _about_surface(facts: Facts) -> list[tuple[str, str]]:
    found = []
    if facts.open_edges:
        found.append(
            (
                "open_edges",
                f"The surface is not closed: {_count(facts.holes, 'hole')} with "
                f"{_count(facts.open_edges, 'open edge')}. Look at the sliced layers, repair it in "
                "the slicer, or ask the student for a closed (watertight) model.",
            )
        )
    if facts.flipped_edges:
        found.append(
            (
                "flipped_edges",
                f"Along {_count(facts.flipped_edges, 'edge')} one triangle faces inward and its "
                "neighbour outward. Slicers mostly turn them; look at the sliced layers.",
            )
        )
    elif facts.volume < 0:
        found.append(
            (
                "inside_out",
                "The whole surface faces inward. Slicers mostly turn it; look at the layers.",
            )
        )
    if facts.overshared_edges:
        found.append(
            (
                "overshared_edges",
                f"Parts touch along {_count(facts.overshared_edges, 'edge')} that more than two "
                "triangles share. This prints; there is nothing to do.",
            )
        )
    if facts.degenerate_triangles:
        found.append(
            (
                "degenerate_triangles",
                f"{_count(facts.degenerate_triangles, 'triangle')} without an area. They do no "
                "harm to a print.",
            )
        )
    return found


def _about_file(
    facts: Facts, opinion: Opinion | Unreadable | NotAsked | str | None
) -> list[tuple[str, str]]:
    found = []
    for note in facts.notes:
        if note.code == "trailing_bytes":
            found.append((note.code, _about_surplus(note.count, facts.triangles)))
        elif note.code == "one_reader":
            found.append(
                (
                    note.code,
                    "Only one of two readers understands this 3MF. Compare size and parts in the "
                    "slicer before printing.",
                )
            )
        elif note.code == "readers_disagree":
            found.append(_disagreement(f"{note.first:,} and {note.second:,} triangles"))
    return found + _about_opinion(facts, opinion)


def _about_opinion(
    facts: Facts, opinion: Opinion | Unreadable | NotAsked | str | None
) -> list[tuple[str, str]]:
    found = []
    if isinstance(opinion, NotAsked):
        found.append(
            (
                "read_once",
                f"Read by one reader only: {opinion.because}. There is nothing to do.",
            )
        )
    elif isinstance(opinion, Opinion):
        if opinion.triangles != facts.triangles:
            found.append(
                _disagreement(f"{facts.triangles:,} and {opinion.triangles:,} placed triangles")
            )
        elif not _same_size(facts.size, opinion.size):
            one, other = (" × ".join(f"{x:.5g}" for x in s) for s in (facts.size, opinion.size))
            found.append(_disagreement(f"{one} mm and {other} mm"))
    elif isinstance(opinion, Unreadable):
        found.append(_disagreement("the other one cannot read it"))
    elif opinion:
        found.append(_disagreement(f"the other one gave up: {opinion}"))
    return found


def _about_surplus(surplus: int, triangles: int) -> str:
    words = f"The file goes on for {_count(surplus, 'byte')} after its last triangle. "
    if surplus <= STL_TRAILING:
        return words + (
            "The model is complete, but some slicers refuse the file: export it again if yours "
            "does."
        )
    return words + (
        f"These results cover only the {_count(triangles, 'triangle')} that its header declares: "
        "compare size and shape in the slicer, and have it exported again if they differ."
    )


def _disagreement(how: str) -> tuple[str, str]:
    return (
        "readers_disagree",
        f"Two readers see this 3MF differently ({how}). Compare size and parts in the slicer "
        "before printing.",
    )


def _same_size(one: tuple[float, ...], other: tuple[float, ...]) -> bool:
    limit = SIZE_TOLERANCE * max(*one, *other, 1e-9)
    return all(abs(a - b) <= limit for a, b in zip(one, other, strict=True))


def _count(number: int, thing: str) -> str:
    return f"{number:,} {thing}{'' if number == 1 else 's'}"


def _rounded(value: float) -> float:
    """Six significant digits: more than any file knows."""
    return float(f"{value:.6g}")
