"""What the browser sends from a dialog: the pressed button, its subject, and the typed values.

None of it is trusted. Data that our pages could not have sent raises Malformed; values that a
person may have typed are converted to their type here, and validated by the services.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from services.actions import fields
from services.actions.rows import Action, Subject
from services.errors import Malformed

_PAGE_OUTDATED = "This page of the console is out of date. Reload it."


@dataclass(frozen=True)
class About:
    """An action on a job, a person, or several jobs. For an open dialog, also when it was opened,
    and the values that its fields showed."""

    action: str
    subject: Subject
    subject_id: str = ""
    job_ids: tuple[str, ...] | None = None
    since: datetime | None = None
    shown: Any = None

    def is_as_shown(self, row: Action, view: Any) -> bool:
        return self.shown is None or self.shown == _shown(row, view)


def write_about(row: Action, view: Any, *, locked: bool) -> dict[str, Any]:
    """The data of the dialog's dcc.Store while it is open; `locked` is for the browser's
    scripts."""
    about = {"action": row.name, row.subject.value: view.id if view is not None else ""}
    if row.subject is Subject.JOB:
        about |= {"since": view.as_of.astimezone(UTC).isoformat()}
    return about | {"locked": locked, "shown": _shown(row, view)}


def write_batch(row: Action, job_ids: list[str]) -> dict[str, Any]:
    return {"action": row.name, "jobs": job_ids, "locked": False}


def read_about(given: Any) -> About | None:
    """Reads a button press or the store of an open dialog; None if empty. Raises Malformed."""
    if not given:
        return None
    if not isinstance(given, dict):
        raise Malformed(_PAGE_OUTDATED)
    action = _text(given.get("action"))
    if "jobs" in given:
        if not isinstance(given["jobs"], list):
            raise Malformed(_PAGE_OUTDATED)
        return About(action, Subject.JOB, job_ids=tuple(map(_text, given["jobs"])))
    subject = next((kind for kind in Subject if kind.value in given), None)
    if subject is None:
        raise Malformed(_PAGE_OUTDATED)
    since = given.get("since")
    return About(
        action,
        subject,
        _text(given[subject.value]),
        since=_time(since) if since is not None else None,
        shown=given.get("shown"),
    )


def read_fields(names: Any, values: Any) -> dict[str, Any]:
    """The dialog's fields by name: texts, numbers, and lists of texts. Raises Malformed."""
    if len(names) != len(values):
        raise Malformed(_PAGE_OUTDATED)
    return {
        _text(name.get("name") if isinstance(name, dict) else None): _value(value)
        for name, value in zip(names, values, strict=True)
    }


def read_values(row: Action, view: Any, typed: Mapping[str, Any]) -> dict[str, Any]:
    """The typed values, converted to the types of the row's fields, and the values that its button
    implies. Raises Invalid for an id that was not typed, Malformed."""
    values = dict(row.implied(view)) if row.implied else {}
    for field in row.fields_for(view):
        if isinstance(field, fields.TypedId):
            field.compare(_words(typed, field.name), view.short_id)
        else:
            values[field.name] = KINDS[type(field)](typed, field.name)
    return values


def _words(typed: Mapping[str, Any], name: str) -> str:
    """The text typed in a field; empty if there is no such field. Raises Malformed."""
    value = typed.get(name)
    return _text(value) if value is not None else ""


def _number(typed: Mapping[str, Any], name: str) -> float | None:
    """None for an empty field; NaN for text that is not a number."""
    value = typed.get(name)
    if value in (None, ""):
        return None
    if not isinstance(value, int | float) or isinstance(value, bool):
        return float("nan")
    try:
        return float(value)
    except OverflowError:  # JSON allows integers of any length
        return float("inf")


def _several(typed: Mapping[str, Any], name: str) -> list[str]:
    value = typed.get(name) or []
    if not isinstance(value, list):
        raise Malformed(_PAGE_OUTDATED)
    return list(map(_text, value))


KINDS: dict[type[fields.Field], Callable[[Mapping[str, Any], str], Any]] = {
    fields.Text: _words,
    fields.Choice: _words,
    fields.Number: _number,
    fields.Several: _several,
}


def _shown(row: Action, view: Any) -> list[Any] | None:
    """The initial values of the fields; None if the subject provides none."""
    names = [field.name for field in row.fields if field.keeps]
    return [getattr(view, name) for name in names] if names and view is not None else None


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise Malformed(_PAGE_OUTDATED)
    return value


def _time(value: Any) -> datetime:
    try:
        read = datetime.fromisoformat(_text(value))
    except ValueError:
        raise Malformed(_PAGE_OUTDATED) from None
    if read.tzinfo is None:
        raise Malformed(_PAGE_OUTDATED)
    return read


def _value(value: Any) -> Any:
    """A checklist is a list of texts; every other field is one value."""
    if isinstance(value, dict):
        raise Malformed(_PAGE_OUTDATED)
    if isinstance(value, list):
        return list(map(_text, value))
    return value
