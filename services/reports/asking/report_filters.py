"""What a report is narrowed to, and how that stands in an address: a bookmark is a report."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from services.errors import Invalid
from services.reports.asking.periods import CUSTOM, PRESETS

DEFAULT_PERIOD = "30d"
_LONGEST = 64  # characters of a printer, material or discipline


class Confirmation(StrEnum):
    """Where a job's price is with its student."""

    CONFIRMED = "confirmed"
    WAITING = "waiting"
    EXPIRED = "expired"
    NONE = "none"


CONFIRMATION_LABELS = {
    Confirmation.CONFIRMED: "Confirmed",
    Confirmation.WAITING: "Waiting for the student",
    Confirmation.EXPIRED: "Link expired",
    Confirmation.NONE: "Not asked",
}
_CONFIRMATION_SQL = {
    Confirmation.CONFIRMED: "j.student_confirmed",
    Confirmation.WAITING: "j.status = 'PENDING' AND NOT j.is_confirmation_expired"
    " AND NOT j.student_confirmed",
    Confirmation.EXPIRED: "j.is_confirmation_expired AND NOT j.student_confirmed",
    Confirmation.NONE: "j.status <> 'PENDING' AND NOT j.is_confirmation_expired"
    " AND NOT j.student_confirmed",
}


@dataclass(frozen=True)
class Filters:
    """`first` and `last` count only with the period "custom". Empty means: not narrowed."""

    period: str = DEFAULT_PERIOD
    first: date | None = None
    last: date | None = None
    printer: str = ""
    material: str = ""
    discipline: str = ""
    confirmation: Confirmation | None = None

    @property
    def narrows_jobs(self) -> bool:
        """Whether it asks for something of the job besides its printer and its dates."""
        return bool(self.material or self.discipline or self.confirmation)

    def sql(self, printer: str = "j.printer") -> str:
        """Conditions on `jobs j`, each with its AND; `printer` is where the printer stands."""
        conditions = [
            f" AND {column} = :{name}"
            for name, column in (
                ("printer", printer),
                ("material", "j.material"),
                ("discipline", "j.discipline"),
            )
            if getattr(self, name)
        ]
        if self.confirmation:
            conditions.append(f" AND {_CONFIRMATION_SQL[self.confirmation]}")
        return "".join(conditions)

    def to_query(self) -> dict[str, str]:
        """As an address holds it; what is as usual is left out."""
        query = {
            "from": self.first.isoformat() if self.first else "",
            "to": self.last.isoformat() if self.last else "",
            "printer": self.printer,
            "material": self.material,
            "discipline": self.discipline,
            "confirmation": self.confirmation or "",
        }
        if self.period not in (DEFAULT_PERIOD, CUSTOM):
            query["period"] = self.period
        return {name: value for name, value in query.items() if value}


def read(query: Mapping[str, Any]) -> Filters:
    """The filters of an address. Raises Invalid with every wrong field; unknown ones are ignored,
    and printers or disciplines that the lab no longer has still have a history."""
    wrong: dict[str, str] = {}
    names = {name: _words(query.get(name)) for name in ("printer", "material", "discipline")}
    for name, value in names.items():
        if len(value) > _LONGEST or not value.isprintable():
            wrong[name] = "Choose one from the list."
    first, last = (_day(query, name, wrong) for name in ("from", "to"))
    if first and last and first > last:
        wrong["from"] = "The first day must not be after the last day."
    period = CUSTOM if first or last else _words(query.get("period")) or DEFAULT_PERIOD
    if period != CUSTOM and period not in PRESETS:
        wrong["period"] = f"Choose one of: {', '.join(PRESETS)}."
    confirmation = _words(query.get("confirmation"))
    if confirmation and confirmation not in set(Confirmation):
        wrong["confirmation"] = f"Choose one of: {', '.join(Confirmation)}."
    if wrong:
        raise Invalid(**wrong)
    return Filters(
        period=period,
        first=first,
        last=last,
        printer=names["printer"],
        material=names["material"],
        discipline=names["discipline"],
        confirmation=Confirmation(confirmation) if confirmation else None,
    )


def _words(value: Any) -> str:
    return value.strip() if isinstance(value, str) else ""


def _day(query: Mapping[str, Any], name: str, wrong: dict[str, str]) -> date | None:
    written = _words(query.get(name))
    if not written:
        return None
    try:
        day = date.fromisoformat(written)
    except ValueError:
        day = date.min
    if not 2000 <= day.year < 2100:
        wrong[name] = "Write the day as YYYY-MM-DD, from the year 2000 on."
        return None
    return day
