"""What the approve dialog offers from the sliced file that an approval would take."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from models import Job
from reader.errors import ReaderError
from reader.sliced import asking
from reader.sliced.facts import SlicedFacts
from services.errors import PrintdeskError
from services.files import siblings, storage
from settings import Printer, lab

if TYPE_CHECKING:
    from services.jobs.records import JobView

_RESIN = "Resin"


@dataclass(frozen=True)
class SlicedOffer:
    """A sliced file and what it says. `hints` are sentences on what differs from the job.

    `printer_name` is the printer it is sliced for: the lab's name for it, else the slicer's.
    `other_printer` is that printer when the job asks for another, and could be printed on it.
    """

    file_name: str
    facts: SlicedFacts
    hints: tuple[str, ...]
    printer_name: str | None
    other_printer: Printer | None

    @property
    def weight_g(self) -> float | None:
        return self.facts.weight_g

    @property
    def time_hours(self) -> float | None:
        """Hours, up to the next hundredth: they are charged up, and a person reads them."""
        hours = self.facts.time_hours
        return None if hours is None else math.ceil(hours * 100 - 1e-6) / 100


def offer(job: Job | JobView) -> SlicedOffer | None:
    """What the file that would become the one to print says, or None when there is no such file or
    it says nothing. Never raises for a file: the dialog must open whatever lies in the folder."""
    try:
        name = siblings.find_superseding(job)
        if name is None:
            return None
        with storage.translated():
            facts = asking.ask(storage.path_of(job.folder) / name)
    except (PrintdeskError, ReaderError, ValueError):
        return None
    return None if facts is None else _offer(job, name, facts)


def _offer(job: Job | JobView, file_name: str, facts: SlicedFacts) -> SlicedOffer:
    printer = _known_printer(facts.printer) if facts.printer else None
    can_change = printer and printer.id != job.printer and printer.material == job.material
    return SlicedOffer(
        file_name,
        facts,
        tuple(_hints(job, facts, printer)),
        printer.name if printer else facts.printer,
        printer if can_change else None,
    )


def _hints(job: Job | JobView, facts: SlicedFacts, sliced_for: Printer | None) -> list[str]:
    hints = []
    if facts.filament_types and job.material == _RESIN:
        listed = " and ".join(facts.filament_types)
        hints.append(f"It is sliced for filament ({listed}), and the job asks for {job.material}.")
    if facts.printer is not None and (sliced_for is None or sliced_for.id != job.printer):
        named = sliced_for.name if sliced_for else facts.printer
        wanted = lab().printer_name(job.printer)
        hints.append(f"It is sliced for the {named}, and the job asks for the {wanted}.")
    return hints


def _known_printer(said: str) -> Printer | None:
    """The lab's printer that a slicer calls so: `MK4S`, `Original Prusa XL - 5T`, `XLIS`. The one
    with the longest matching name, so that a Pro 2 Plus is not taken for a Pro 2."""
    matching = [
        (length, printer) for printer in lab().printers if (length := _match(said, printer))
    ]
    return max(matching, key=lambda found: found[0])[1] if matching else None


def _match(said: str, printer: Printer) -> int:
    """How many letters of the printer's name, or of its model alone, a slicer's name has."""
    plain = _plain(said)
    names = {_plain(printer.name), _plain(printer.id), _plain(printer.id.partition("_")[2])}
    return max((len(name) for name in names if name and name in plain), default=0)


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())
