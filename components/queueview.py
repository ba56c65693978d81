"""The view of the queue: status, page, order and filters, from the page's address or its dcc.Store.

Neither is trusted. `read` accepts valid values and uses the defaults for the rest.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from components.parts import ALL
from models import Status
from services.actions.job_fields import MAX_REASON
from services.jobs.filters import SORTS, Filters
from settings import lab

MAX_SEARCH = 200
MAX_PAGE = 100_000
# Each part of the view with its default.
DEFAULTS: Mapping[str, Any] = {
    "status": Status.UPLOADED.value,
    "page": 1,
    "search": "",
    "printer": ALL,
    "discipline": ALL,
    "material": ALL,
    "from": "",
    "to": "",
    "expired": False,
    "unreviewed": False,
    "reason": ALL,
    "sort": "oldest",
}


@dataclass(frozen=True)
class View:
    status: Status
    page: int
    sort: str
    filters: Filters  # the status among them

    @property
    def everywhere(self) -> Filters:
        """The same filters for every status."""
        return Filters(**(self.filters.__dict__ | {"status": None}))

    @property
    def is_narrowed(self) -> bool:
        return self.everywhere != Filters()


def parts(given: Mapping[str, Any]) -> dict[str, Any]:
    """Every part of the view, from an address's query or a store. Unknown values are left out."""
    read = {name: _READERS[name](given.get(name)) for name in DEFAULTS}
    return {name: DEFAULTS[name] if value is None else value for name, value in read.items()}


def read(given: Mapping[str, Any] | None) -> View:
    view = parts(given if isinstance(given, Mapping) else {})
    filters = Filters(
        status=Status(view["status"]),
        search=view["search"],
        printer=_narrowing(view["printer"]),
        discipline=_narrowing(view["discipline"]),
        material=_narrowing(view["material"]),
        submitted_from=_day(view["from"]),
        submitted_to=_day(view["to"]),
        confirmation_expired=view["expired"] or None,
        unreviewed=view["unreviewed"] or None,
        reason=_narrowing(view["reason"]),
    )
    return View(Status(view["status"]), view["page"], view["sort"], filters)


def _narrowing(value: str) -> str:
    return "" if value == ALL else value


def _day(value: str) -> date | None:
    try:
        found = date.fromisoformat(value)
    except ValueError:
        return None
    return found if 1900 <= found.year <= 9000 else None  # its midnight is a time in every zone


def _one_of(choices: Any) -> Any:
    return lambda value: value if isinstance(value, str) and value in choices() else None


def _page(value: Any) -> int | None:
    text = str(value)
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(MAX_PAGE))):
        return None
    return int(text) if 1 <= int(text) <= MAX_PAGE else None


def _search(value: Any) -> str | None:
    return _storable(value)[:MAX_SEARCH] if isinstance(value, str) else None


def _reason(value: Any) -> str | None:
    """Any text, because staff can enter their own reasons."""
    is_one = isinstance(value, str) and value.strip() and len(value) <= MAX_REASON
    return value if is_one and value == _storable(value) else None


def _storable(words: str) -> str:
    """Without NUL and unpaired surrogates, which the database does not accept in a query."""
    return words.replace("\x00", "").encode(errors="ignore").decode()


def _date_text(value: Any) -> str | None:
    """The date in the format of its control, whatever its format was."""
    day = _day(value) if isinstance(value, str) else None
    return day.isoformat() if day else None


def _is_set(value: Any) -> bool:
    return value in (True, "1", "true", "True")


_READERS: Mapping[str, Any] = {
    "status": _one_of(lambda: Status.__members__),
    "page": _page,
    "search": _search,
    "printer": _one_of(lambda: [printer.id for printer in lab().printers]),
    "discipline": _one_of(lambda: lab().choices.disciplines),
    "material": _one_of(lambda: [material.name for material in lab().materials]),
    "from": _date_text,
    "to": _date_text,
    "expired": _is_set,
    "unreviewed": _is_set,
    "reason": _reason,
    "sort": _one_of(lambda: SORTS),
}
