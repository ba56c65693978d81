"""The lab's e-mails to students, each with a subject, a text part and an HTML part, and the monthly
summary for the lab's managers.

Each kind has two templates in this folder. Text that people typed is reduced to one line, and
escaped in the HTML part. Nothing is loaded from elsewhere: no images, fonts or trackers; the
summary's charts are attached to it.
"""

import re
import textwrap
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from reader.filenames import clean_filename, visible
from services.jobs.costs import cost_cents, format_money
from settings import Lab

# Stays in both parts until delivery, so that a stored letter confirms nothing.
CONFIRM_URL_MARK = "{{confirm_url}}"

TEXT_WIDTH = 72
SUBJECT_FILENAME = 60

SUBJECTS = {
    "received": "We have your model: {filename} ({short_id})",
    "approval": "Please confirm your 3D print: {filename} ({short_id})",
    "rejection": "Your 3D print needs a change: {filename} ({short_id})",
    "completion": "Your 3D print is ready to collect: {filename} ({short_id})",
}

_TYPED_BY_PEOPLE = (
    "student_name",
    "short_id",
    "original_filename",
    "display_name",
    "printer_name",
    "material",
    "color",
)
_HANGING = re.compile(r"(?:- |[A-Z][a-z ]*:[ ]{2,})?")


@dataclass(frozen=True)
class Letter:
    subject: str
    text: str
    html: str


def compose(kind: str, facts: Mapping[str, Any]) -> Letter:
    """The letter of a kind: "received", "approval", "rejection" or "completion".

    `facts`: student_name, short_id, original_filename, display_name, printer_name, material, color,
    weight_g (grams), time_hours, cost_cents, reasons, expires_at (aware, UTC or other), track_url,
    submit_url, lab (settings.Lab). Facts that a kind does not mention may be absent, and amounts
    that nobody has entered may be None. An approval contains CONFIRM_URL_MARK where its link goes.
    Raises KeyError for another kind, jinja2.UndefinedError for a missing fact.
    """
    subject = SUBJECTS[kind]
    known = _context(facts)
    filename = clean_filename(known["original_filename"], SUBJECT_FILENAME)
    text = _ENVIRONMENT.get_template(f"{kind}.txt.j2").render(known)
    return Letter(
        subject=subject.format(filename=filename, short_id=known["short_id"]),
        text=_wrap(text),
        html=_ENVIRONMENT.get_template(f"{kind}.html.j2").render(known),
    )


def compose_summary(facts: Mapping[str, Any]) -> Letter:
    """The monthly summary. `facts`: month ("October 2026"), before ("September 2026"), rows (of
    services.reports.words), charts (name, title, alt), reasons (reason, count), report_url, lab
    (settings.Lab)."""
    known = {**facts, "lab": facts["lab"].lab}
    known["reasons"] = [(_one_line(reason), count) for reason, count in facts["reasons"]]
    return Letter(
        subject=f"{known['month']} at {known['lab'].name}",
        text=_wrap(_ENVIRONMENT.get_template("summary.txt.j2").render(known)),
        html=_ENVIRONMENT.get_template("summary.html.j2").render(known),
    )


def format_moment(moment: datetime, zone: ZoneInfo) -> str:
    """A moment in the lab's zone: "Thursday 26 November 2026, 14:05 (Chicago time)"."""
    local = moment.astimezone(zone)
    place = zone.key.rpartition("/")[2].replace("_", " ")
    name = f"{place} time" if "/" in zone.key and not zone.key.startswith("Etc/") else place
    return f"{local:%A} {local.day} {local:%B %Y, %H:%M} ({name})"


def _context(facts: Mapping[str, Any]) -> dict[str, Any]:
    """The facts as the templates use them: cleaned, and with numbers in words."""
    lab: Lab = facts["lab"]
    known = {**facts, "lab": lab.lab, "confirm_url": CONFIRM_URL_MARK}
    known |= {
        name: _one_line(facts[name]) for name in _TYPED_BY_PEOPLE if facts.get(name) is not None
    }
    known["reasons"] = [_one_line(reason) for reason in facts.get("reasons") or []]
    known["weight"] = _number(facts.get("weight_g"), "g")
    hours = facts.get("time_hours")
    known["time"] = _number(hours, "hour" if hours == 1 else "hours")
    cents = facts.get("cost_cents")
    known["price"] = None if cents is None else format_money(cents)
    known["minimum"] = format_money(lab.pricing.minimum_cents)
    known["minimum_applies"] = _minimum_applies(facts, lab)
    expires_at = facts.get("expires_at")
    known["valid_until"] = expires_at and format_moment(expires_at, lab.lab.zone)
    return known


def _minimum_applies(facts: Mapping[str, Any], lab: Lab) -> bool:
    """Whether the price is the minimum because the weight alone would cost less."""
    weight, cents = facts.get("weight_g"), facts.get("cost_cents")
    material = lab.find_material(facts.get("material") or "")
    if weight is None or material is None or cents != lab.pricing.minimum_cents:
        return False
    return cost_cents(weight, material.cents_per_gram, 0) < lab.pricing.minimum_cents


def _number(value: float | Decimal | None, unit: str) -> str | None:
    """12.50 as "12.5 g", 3.0 as "3 hours"."""
    return None if value is None else f"{value:.2f}".rstrip("0").rstrip(".") + f" {unit}"


def _one_line(value: object) -> str:
    """Typed text without line breaks and control characters, and without the link's placeholder."""
    return visible(" ".join(str(value).split())).replace(CONFIRM_URL_MARK, "confirm_url")


def _wrap(text: str) -> str:
    """Lines of at most 72 characters, links kept whole, continuation lines indented."""
    lines: list[str] = []
    for line in text.strip().splitlines():
        start = _HANGING.match(line)
        lines += textwrap.wrap(
            line,
            TEXT_WIDTH,
            subsequent_indent=" " * (start.end() if start else 0),
            break_long_words="://" not in line and CONFIRM_URL_MARK not in line,
            break_on_hyphens=False,
        ) or [""]
    return "\n".join(lines) + "\n"


_ENVIRONMENT = Environment(
    loader=FileSystemLoader(Path(__file__).parent),
    autoescape=lambda name: bool(name and name.endswith(".html.j2")),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
)
