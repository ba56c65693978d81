"""The queue: tabs, list, and the panel of the chosen job."""

from typing import Any

from dash import ClientsideFunction, Input, Output, State, clientside_callback
from flask import g

from callbacks.redrawing import changed
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
    output={
        "tabs": Output(ids.QUEUE_TABS, "children"),
        "jobs": Output(ids.QUEUE_LIST, "children"),
        "shown": Output(ids.QUEUE_SHOWN, "data"),
    },
    inputs={"refresh": Input(ids.REFRESH, "data"), "given": Input(ids.QUEUE_VIEW, "data")},
    state={"shown": State(ids.QUEUE_SHOWN, "data")},
)
def show_queue(refresh: Any, given: Any, shown: Any) -> dict[str, Any]:
    """Tabs and list. Unchanged parts are not sent, so they are not redrawn."""
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
    return changed(
        shown,
        tabs=cards.tabs(counts, view),
        jobs=cards.job_list(page, view, counts, g.actor),
    )


@role_callback(
    Role.MANAGER,
    output={
        "top": Output(ids.DETAIL, "children"),
        "below": Output(ids.DETAIL_MORE, "children"),
        "notes": Output(ids.NOTES_ABOUT, "data"),
        "shown": Output(ids.DETAIL_SHOWN, "data"),
    },
    inputs={"chosen": Input(ids.QUEUE_SELECTED, "data"), "refresh": Input(ids.REFRESH, "data")},
    state={"shown": State(ids.DETAIL_SHOWN, "data")},
)
def show_detail(chosen: Any, refresh: Any, shown: Any) -> dict[str, Any]:
    """The chosen job, in the parts above and below its notes."""
    if not chosen or not isinstance(chosen, str):
        return changed(shown, top=jobpanel.nothing_chosen(), below=[], notes=None)
    try:
        with work.unit() as session:
            job = records.get(session, chosen, actor=g.actor)
            history = events.list_events(session, job.id)
            runs = records.list_print_runs(session, job.id)
            mails = _mails(session, job)
    except NotFound:
        return changed(shown, top=jobpanel.not_there(), below=[], notes=None)
    return changed(
        shown,
        top=panel.top(job, _files(job), g.actor),
        below=panel.below(history, runs, mails),
        notes=notes.about(job, history, g.actor),
    )


def _files(job: JobView) -> list[jobfiles.JobFile] | str:
    try:
        return jobfiles.list_files(job)
    except PrintdeskError as problem:
        return problem.message


def _mails(session: Any, job: JobView) -> list[outbox.MailView]:
    if not g.actor.may(Role.STAFF):
        return []
    return outbox.list_mails(session, actor=g.actor, job_id=job.id)[0]


# The controls update the view, and the view updates the page's address: see assets/queue.js.
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
