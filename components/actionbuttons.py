"""The buttons of actions, made from their rows."""

from typing import Any

from dash import html
from dash.development.base_component import Component

from components import ids
from components.parts import button, icon, moment
from services.actions import registry
from services.actions.rows import Action, Lock, Look, Place, Subject
from services.actions.workflow import revert_until
from services.actors import Actor
from services.jobs.records import JobView
from services.people.staff_list import PersonView

_LOOKS = {
    Look.MAIN: "primary",
    Look.ACCENT: "outline-primary",
    Look.PLAIN: "outline-secondary",
    Look.DANGER: "outline-danger",
}
# Where many buttons stand side by side, they have no icons.
_WITHOUT_ICONS = Place.CARD | Place.PANEL | Place.LIST
_ORDER = list(Look)


def on_job(job: JobView, actor: Actor, place: Place) -> list[Component]:
    """The buttons for the job's actions in one place; on a card, the most frequent action comes
    last.

    While another person edits the job, buttons of actions that need the lock are disabled.
    """
    rows = registry.offered(job, actor, place)
    if place is Place.CARD:
        rows = sorted(rows, key=lambda row: _ORDER.index(row.look))
    return [_on_job(row, job, actor, place) for row in rows]


def _on_job(row: Action, job: JobView, actor: Actor, place: Place) -> Component:
    moves = row.transition is not None
    waits = moves or row.lock is not Lock.NONE
    label = _label(row, place)
    if row.transition is not None and row.transition.in_window:
        label.append(_time_left(job))
    return button(
        label,
        ids.DIALOG_PRESSED,
        {"job": job.id, "action": row.name},
        _LOOKS[row.look],
        disabled=waits and job.is_locked_by_other_than(actor),
    )


def on_person(person: PersonView, actor: Actor) -> list[Component]:
    return [
        button(
            _label(row, Place.LIST),
            ids.DIALOG_PRESSED,
            {"action": row.name, "person": person.id},
            _LOOKS[row.look],
            **{"aria-label": f"{row.label}: {person.name}"},
        )
        for row in registry.offered(person, actor, Place.LIST, subject=Subject.PERSON)
    ]


def for_people(actor: Actor) -> list[Component]:
    """The buttons of actions that do not concern a listed person, such as adding one."""
    return [
        button(
            _label(row, Place.PAGE_HEAD),
            ids.DIALOG_PRESSED,
            {"action": row.name, "person": ""},
            _LOOKS[row.look],
        )
        for row in registry.offered(None, actor, Place.PAGE_HEAD, subject=Subject.PERSON)
    ]


def for_selection(actor: Actor) -> list[Component]:
    """The buttons of batch actions; assets/queue.js shows those of the open tab."""
    return [
        html.Button(
            _label(row, Place.SELECTION),
            type="button",
            className="btn btn-primary",
            **{
                "data-pd-batch": row.name,
                "data-pd-statuses": " ".join(sorted(row.sources)),
            },
        )
        for row in registry.offered(None, actor, Place.SELECTION)
    ]


def is_selectable(job: JobView, actor: Actor) -> bool:
    """Whether there is a batch action for this job's status."""
    rows = registry.offered(None, actor, Place.SELECTION)
    return any(job.status in row.sources for row in rows)


def _label(row: Action, place: Place) -> list[Any]:
    if row.words.icon and place not in _WITHOUT_ICONS:
        return [icon(row.words.icon), f" {row.label}"]
    return [row.label]


def _time_left(job: JobView) -> Component:
    """How long the action is still possible: " · 12 min left"."""
    until = revert_until(job.status_changed_at)
    return html.Small([" · ", moment(until, "left")], className="pd-time-left")
