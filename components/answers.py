"""What comes back from a dialog: which button was pressed, what it is about, and what was typed.

All of it is the browser's word. What the page could not have sent is Malformed; what a person may
have typed is read as far as its kind goes, and judged by the services.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from models import Status
from services.errors import Invalid, Malformed
from services.jobs.effects import OTHER_REASON, PrintPlan
from services.jobs.records import JobView
from services.jobs.workflow import Request

# What the dialogs for approving and editing begin with.
_SHOWN = ("material", "printer", "color", "weight_g", "time_hours")
_OF_A_PAGE = "This page of the console is out of date. Reload it."


@dataclass(frozen=True)
class About:
    """An action on a job, or on several. Of an open dialog also since when it has been open, and
    what it showed of how the job is printed."""

    action: str
    job_id: str = ""
    job_ids: tuple[str, ...] | None = None
    since: datetime | None = None
    shown: Any = None

    def is_as_shown(self, job: JobView) -> bool:
        return self.shown is None or self.shown == _shown(job)


def write_about(action: str, job: JobView, *, locked: bool) -> dict[str, Any]:
    """What the dialog's dcc.Store holds while it is open; `locked` is for the browser's scripts."""
    shown = _shown(job) if action in ("approve", "edit") else None
    since = job.as_of.astimezone(UTC).isoformat()
    return {"job": job.id, "action": action, "locked": locked, "since": since, "shown": shown}


def read_about(given: Any) -> About | None:
    """A press, or the store of an open dialog; None where there is none. Raises Malformed."""
    if not given:
        return None
    if not isinstance(given, dict):
        raise Malformed(_OF_A_PAGE)
    action = _text(given.get("action"))
    if "jobs" not in given:
        since = given.get("since")
        return About(
            action,
            _text(given.get("job")),
            since=_time(since) if since is not None else None,
            shown=given.get("shown"),
        )
    if not isinstance(given["jobs"], list):
        raise Malformed(_OF_A_PAGE)
    return About(action, job_ids=tuple(map(_text, given["jobs"])))


def read_fields(names: Any, values: Any) -> dict[str, Any]:
    """The dialog's fields by name: texts, numbers, and lists of texts. Raises Malformed."""
    if len(names) != len(values):
        raise Malformed(_OF_A_PAGE)
    return {
        _text(name.get("name") if isinstance(name, dict) else None): _value(value)
        for name, value in zip(names, values, strict=True)
    }


def text(fields: Mapping[str, Any], name: str) -> str:
    """What was typed in a field; empty where there is no such field. Raises Malformed."""
    value = fields.get(name)
    return _text(value) if value is not None else ""


def number(fields: Mapping[str, Any], name: str) -> float | None:
    """None for what is no number."""
    value = fields.get(name)
    if not isinstance(value, int | float) or isinstance(value, bool):
        return None
    try:
        return float(value)
    except OverflowError:  # JSON knows whole numbers of any length
        return float("inf")


def read_request(fields: Mapping[str, Any]) -> Request:
    """The fields of whichever dialog it was, in the workflow's words. Raises Invalid, Malformed."""
    own = text(fields, "custom_reason").strip()
    reasons = fields.get("reasons") or []
    if not isinstance(reasons, list):
        raise Malformed(_OF_A_PAGE)
    chosen = [reason for reason in reasons if not (own and reason == OTHER_REASON)]
    return Request(
        plan=_plan(fields) if "weight_g" in fields else None,
        reasons=(*chosen, own) if own else tuple(chosen),
        reason=text(fields, "reason"),
        new_status=_status(text(fields, "new_status")),
    )


def read_changes(fields: Mapping[str, Any]) -> dict[str, Any]:
    """What is to be edited. Fields that the dialog did not have, or that were left empty, change
    nothing. Raises Invalid, Malformed."""
    wrong = {}
    changes: dict[str, Any] = {}
    for name in ("material", "printer", "color"):
        changes[name] = text(fields, name)
    for name, words in (("weight_g", "the weight"), ("time_hours", "the time")):
        if fields.get(name) in (None, ""):
            continue
        changes[name] = number(fields, name)
        if changes[name] is None:
            wrong[name] = f"Enter {words} as a number."
    if wrong:
        raise Invalid(**wrong)
    return {name: value for name, value in changes.items() if value != ""}


def _plan(fields: Mapping[str, Any]) -> PrintPlan:
    weight, hours = number(fields, "weight_g"), number(fields, "time_hours")
    if weight is None or hours is None:
        wrong = {"weight_g": "Enter the weight in grams."} if weight is None else {}
        wrong |= {"time_hours": "Enter the time in hours."} if hours is None else {}
        raise Invalid(**wrong)
    how = (text(fields, name) or None for name in ("material", "printer", "color"))
    return PrintPlan(weight, hours, *how)


def _status(value: str) -> Status | None:
    if value and value not in Status.__members__:
        raise Malformed(_OF_A_PAGE)
    return Status(value) if value else None


def _shown(job: JobView) -> list[Any]:
    return [getattr(job, name) for name in _SHOWN]


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise Malformed(_OF_A_PAGE)
    return value


def _time(value: Any) -> datetime:
    try:
        read = datetime.fromisoformat(_text(value))
    except ValueError:
        raise Malformed(_OF_A_PAGE) from None
    if read.tzinfo is None:
        raise Malformed(_OF_A_PAGE)
    return read


def _value(value: Any) -> Any:
    """A checklist is a list of texts; all else is one value."""
    if isinstance(value, dict):
        raise Malformed(_OF_A_PAGE)
    if isinstance(value, list):
        return list(map(_text, value))
    return value
