"""The staff notes of a job: a field that saves itself. assets/notes.js does the work.

It is separate from the panel's content, which every refresh redraws, so that half-typed text stays.
"""

from typing import Any

from dash import dcc, html
from dash.development.base_component import Component

from components import ids
from models import Role
from services.actors import Actor
from services.events import EventView
from services.jobs import records
from services.jobs.records import JobView


def section(actor: Actor) -> Component:
    """The field, empty and hidden until a job is chosen."""
    return html.Section(
        [
            html.H3(html.Label("Staff notes", htmlFor=ids.NOTES_TEXT)),
            html.Textarea(
                id=ids.NOTES_TEXT,
                className="form-control",
                rows=3,
                maxLength=records.MAX_NOTES,
                readOnly=not actor.may(Role.STAFF),
                placeholder="Only staff see notes." if actor.may(Role.STAFF) else "No notes.",
                **{"aria-describedby": ids.NOTES_STATE},
            ),
            html.P(id=ids.NOTES_STATE, className="pd-muted pd-notes-state", role="status"),
            html.Div(id=ids.NOTES_CONFLICT, className="pd-notes-conflict", hidden=True),
            dcc.Store(id=ids.NOTES_ABOUT),
        ],
        id=ids.NOTES,
        className="pd-notes",
        hidden=True,
    )


def about(job: JobView, history: list[EventView], actor: Actor) -> dict[str, Any]:
    """The current notes, who saved them, and when."""
    last = next((event for event in history if event.event_type == "NotesUpdated"), None)
    return {
        "job": job.id,
        "text": job.notes or "",
        "by": last.user_name if last else None,
        "mine": last is not None and last.triggered_by == actor.id,
        "at": last.timestamp.isoformat() if last else None,
    }
