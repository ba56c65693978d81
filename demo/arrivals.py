"""What is submitted on each day: who sends what, when, and for which printer.

Each day has random numbers of its own, made from the seed and the date: so a day is the same in
every demo of that seed that it belongs to, however much comes before and after it.
"""

import math
import random
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import PurePath
from typing import Literal

from demo import cast, catalogue, flaws, meshfiles, terms
from demo.cast import Student
from demo.catalogue import Design
from demo.terms import Opening
from settings import Material, Printer, lab

ORDINARY = 4.2  # submissions on a day of a term, in the first year
# How often people press Submit in each hour of the day.
_HOURS = (5, 3, 2, 1, 1, 1, 2, 4, 8, 14, 17, 18, 16, 18, 20, 21, 20, 17, 13, 12, 12, 12, 10, 8)
_SUFFIXES = {".stl": 79, ".3mf": 12, ".obj": 9}
_PREFERENCE = (0.48, 0.28, 0.24)  # for the first, second… of the printers that a model fits on


# Nobody has looked at it yet, and all is well with it or not; the student does not answer; the
# address is mistyped; it prints for more than a day; the student has confirmed just now.
Fate = Literal["", "unseen", "unsound", "silent", "undelivered", "long", "keen"]


@dataclass(frozen=True)
class Sent:
    """One submission. `key` names it, and begins its random numbers; `scale` is the longest side
    that the file's numbers give, in mm. `fate` is what must become of it, if anything."""

    key: str
    at: datetime
    student: Student
    email: str
    design: str
    flaw: str
    scale: float
    filename: str
    material: str
    printer: str
    color: str
    fate: Fate = ""

    @property
    def look(self) -> str:
        """What the picture shows: the same for every size."""
        return f"{self.design}/{self.flaw if flaws.shows(self.flaw) else flaws.NONE}"

    @property
    def suffix(self) -> str:
        return PurePath(self.filename).suffix

    def content(self) -> bytes:
        """The file. Each has a size of its own, so no two are the same."""
        mesh = flaws.FLAWS[self.flaw].change(catalogue.shape(self.design))
        return meshfiles.WRITERS[self.suffix](mesh.copy().apply_scale(self.scale))

    def mended(self, at: datetime) -> "Sent":
        """The same model, sent once more without what was wrong with it."""
        stem = PurePath(self.filename).stem
        rng = random.Random(f"{self.key}/mended")
        size = min(
            _size(catalogue.DESIGNS[self.design], rng),
            0.92 * max(_printer(self.printer).build_volume_mm),
        )
        return replace(
            self,
            key=f"{self.key}+",
            at=at,
            flaw=flaws.NONE,
            scale=size,
            filename=f"{stem}{rng.choice((' fixed', '_v2', ' (1)', '_repaired'))}{self.suffix}",
        )


def of_day(seed: int, day: date, pace: float, opening: Opening, *, is_lively: bool) -> list[Sent]:
    """A day's submissions, in order. `pace`: how many there are, against those of an ordinary day
    in the first year."""
    found = []
    disciplines = lab().choices.disciplines
    students = cast.students(seed, day, disciplines)
    for discipline in disciplines:
        rng = random.Random(f"{seed}/{day}/{discipline}")
        share = cast.share_of(discipline) / sum(map(cast.share_of, disciplines))
        expected = ORDINARY * pace * share
        expected *= terms.demand(day, discipline, is_lively=is_lively)
        for number in range(_poisson(rng, expected)):
            if students[discipline]:
                key = f"{seed}/{day}/{discipline}/{number}"
                found.append(make(key, day, students[discipline], opening))
    return sorted(found, key=lambda sent: (sent.at, sent.key))


def staged(seed: int, at: datetime, fate: Fate, opening: Opening) -> Sent:
    """One submission more, for what the demo must end with."""
    disciplines = lab().choices.disciplines
    students = cast.students(seed, opening.day_of(at), disciplines)
    everybody = [student for discipline in disciplines for student in students[discipline]]
    key = f"{seed}/{at.isoformat()}/{fate}"
    return replace(make(key, opening.day_of(at), everybody, opening, fate), at=at)


def make(key: str, day: date, students: list[Student], opening: Opening, fate: Fate = "") -> Sent:
    """One submission of the day, by one of the students."""
    rng = random.Random(key)
    hour = rng.choices(range(24), _HOURS)[0] + rng.random()
    student = rng.choices(students, [student.keenness for student in students])[0]
    design, flaw, size = _model(student, fate, rng)
    material = _material(design, size, rng)
    printer = _choose_printer(material, size, rng)
    return Sent(
        key=key,
        at=opening.at(day, min(hour, 23.95)),
        student=student,
        email=_as_typed(student.email, fate, rng),
        design=design.key,
        flaw=flaw,
        scale=size * rng.uniform(*flaws.FLAWS[flaw].scale),
        filename=_filename(design, rng),
        material=material.name,
        printer=printer.id,
        color=_color(material, rng),
        fate=fate,
    )


def _model(student: Student, fate: Fate, rng: random.Random) -> tuple[Design, str, float]:
    """What is drawn, what is wrong with it, and how large it should be."""
    if fate == "long":
        design = catalogue.BUILDING[0]
        return design, flaws.NONE, 0.95 * design.size[1]
    designs = catalogue.designs_of(student.discipline)
    if not fate:
        design = rng.choice(designs)
        return design, flaws.choose(design.key, rng), _size(design, rng)
    design = rng.choice([design for design in designs if not design.is_thin])
    flaw = rng.choice(("gaping", "inches")) if fate == "unsound" else flaws.NONE
    return design, flaw, _size(design, rng)


def _poisson(rng: random.Random, expected: float) -> int:
    limit, product, count = math.exp(-expected), rng.random(), 0
    while product > limit:
        product *= rng.random()
        count += 1
    return count


def _size(design: Design, rng: random.Random) -> float:
    """A longest side, mostly in the lower half. No two are quite the same, so no two files are."""
    least, most = design.size
    return rng.triangular(least, most, least + 0.35 * (most - least))


def _material(design: Design, size: float, rng: random.Random) -> Material:
    """Resin for what is small and fine: here, any material but the first."""
    first, *others = [material for material in lab().materials if _beds(material)]
    fine = [m for m in others if size < 0.9 * max(min(bed) for bed in _beds(m))]
    if fine and rng.random() < 0.08 + design.resin / 10:
        return rng.choice(fine)
    return first


def _beds(material: Material) -> list[tuple[float, float, float]]:
    return [p.build_volume_mm for p in lab().printers if p.material == material.name]


def _choose_printer(material: Material, size: float, rng: random.Random) -> Printer:
    """The first one that is large enough, mostly. Not everybody looks it up."""
    known = [printer for printer in lab().printers if printer.material == material.name]
    if rng.random() < 0.03:
        return rng.choice(known)
    fitting = [p for p in known if size <= max(p.build_volume_mm)] or known[-1:]
    weights = [_PREFERENCE[min(place, 2)] for place in range(len(fitting))]
    return rng.choices(fitting, weights)[0]


def _printer(printer_id: str) -> Printer:
    return next(printer for printer in lab().printers if printer.id == printer_id)


def _color(material: Material, rng: random.Random) -> str:
    """Some colours are asked for again and again."""
    liked = ("True White", "True Black", "Gray", "Black", "White", "Clear", "Blue", "True Red")
    weights = [6 if color in liked else 1 for color in material.colors]
    return rng.choices(material.colors, weights)[0]


def _filename(design: Design, rng: random.Random) -> str:
    ending = rng.choices(
        ("", " final", "_v2", "_v3", " FINAL final", f"_{rng.randint(1, 40)}", " (2)"),
        (40, 8, 12, 6, 2, 20, 4),
    )[0]
    suffix = rng.choices(list(_SUFFIXES), list(_SUFFIXES.values()))[0]
    return f"{rng.choice(design.names)}{ending}{suffix}"


def _as_typed(email: str, fate: Fate, rng: random.Random) -> str:
    """Some write it in capitals, and a few get it wrong."""
    if fate == "undelivered" or (not fate and rng.random() < 0.006):
        return email.replace(cast.DOMAIN, cast.MISTYPED)
    return email.capitalize() if rng.random() < 0.03 else email
