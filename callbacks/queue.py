"""The queue: tabs, list, and the panel of the chosen job."""

import hashlib
import json
from typing import Any

from dash import ClientsideFunction, Input, Output, State, clientside_callback, no_update
from dash.exceptions import PreventUpdate
from flask import g

from components import cards, ids, jobpanel, notes, panel, queueview
from components.roles import role_callback
from models import Role
from services import events, work
from services.errors import NotFound, PrintdeskError
from services.files import jobfiles
from services.jobs import queue, records
from services.jobs.records import JobView
from services.mail import outbox

PAGE_SIZE = 50


@role_callback(
    Role.MANAGER,
    Output(ids.QUEUE_TABS, "children"),
    Output(ids.QUEUE_LIST, "children"),
    Output(ids.QUEUE_SHOWN, "data"),
    Input(ids.REFRESH, "data"),
    Input(ids.QUEUE_VIEW, "data"),
    State(ids.QUEUE_SHOWN, "data"),
)
def show_queue(_refresh: Any, given: Any, shown: Any) -> tuple[Any, ...]:
    """Tabs and list; what is as it was is not sent, and so not drawn again."""
    view = queueview.read(given)
    with work.unit() as session:
        counts = queue.count_by_status(
            session, actor=g.actor, filters=view.everywhere, at_most=cards.COUNTED
        )
        page = queue.list_jobs(
            session,
            view.filters,
            actor=g.actor,
            sort=view.sort,
            page=view.page,
            limit=PAGE_SIZE,
            counted=counts,
        )
    return _changed(
        shown,
        tabs=cards.tabs(counts, view),
        jobs=cards.job_list(page, view, counts, g.actor),
    )


@role_callback(
    Role.MANAGER,
    Output(ids.DETAIL, "children"),
    Output(ids.DETAIL_MORE, "children"),
    Output(ids.NOTES_ABOUT, "data"),
    Output(ids.DETAIL_SHOWN, "data"),
    Input(ids.QUEUE_SELECTED, "data"),
    Input(ids.REFRESH, "data"),
    State(ids.DETAIL_SHOWN, "data"),
)
def show_detail(chosen: Any, _refresh: Any, shown: Any) -> tuple[Any, ...]:
    """The chosen job, in the parts above and below its notes."""
    if not chosen or not isinstance(chosen, str):
        return _changed(shown, top=jobpanel.nothing_chosen(), below=[], notes=None)
    try:
        with work.unit() as session:
            job = records.get(session, chosen, actor=g.actor)
            history = events.list_events(session, job.id)
            runs = records.list_print_runs(session, job.id)
            mails = _mails(session, job)
    except NotFound:
        return _changed(shown, top=jobpanel.not_there(), below=[], notes=None)
    return _changed(
        shown,
        top=panel.top(job, _files(job), g.actor),
        below=panel.below(history, runs, mails),
        notes=notes.about(job, history, g.actor),
    )


def _changed(shown: Any, **parts: Any) -> tuple[Any, ...]:
    """The parts, with no_update for those that are as the page shows them, and what it shows then.

    Dash builds every element of a part anew, and with it go the focus and the place that somebody
    had scrolled to.
    """
    marks = {name: _mark(part) for name, part in parts.items()}
    known = shown if isinstance(shown, dict) else {}
    if marks == known:
        raise PreventUpdate
    drawn = [no_update if known.get(name) == marks[name] else part for name, part in parts.items()]
    return (*drawn, marks)


def _mark(part: Any) -> str:
    drawn = json.dumps(part, default=lambda component: component.to_plotly_json())
    return hashlib.sha256(drawn.encode()).hexdigest()[:16]


def _files(job: JobView) -> list[jobfiles.JobFile] | str:
    try:
        return jobfiles.list_files(job)
    except PrintdeskError as problem:
        return problem.message


def _mails(session: Any, job: JobView) -> list[outbox.MailView]:
    if not g.actor.may(Role.STAFF):
        return []
    return outbox.list_mails(session, actor=g.actor, job_id=job.id)[0]


# From the controls to the view, and from the view to the page's address: see assets/queue.js.
clientside_callback(
    ClientsideFunction("printdesk", "readControls"),
    Output(ids.QUEUE_VIEW, "data"),
    Input(ids.QUEUE_GO, "data"),
    *(
        Input(ids.queue(name), "value")
        for name in queueview.DEFAULTS
        if name not in ("status", "page")
    ),
    State(ids.QUEUE_VIEW, "data"),
    prevent_initial_call=True,
)
clientside_callback(
    ClientsideFunction("printdesk", "showView"),
    Output(ids.QUEUE_ADDRESS, "data"),
    Input(ids.QUEUE_VIEW, "data"),
    Input(ids.QUEUE_SELECTED, "data"),
)
clientside_callback(ClientsideFunction("printdesk", "showNotes"), Input(ids.NOTES_ABOUT, "data"))
