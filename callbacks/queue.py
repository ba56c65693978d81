"""The queue page: tabs, list, detail panel."""

from datetime import UTC, datetime
from typing import Any

from dash import Input, Output, State, callback
from dash.exceptions import PreventUpdate
from flask import g

from components import cards, ids, panel, parts
from components.parts import icon, moment
from models import Role, Status
from services import events, jobs, mail, work
from services.errors import NotFound
from services.jobs import Filters

PAGE_SIZE = 50


@callback(
    Output(ids.QUEUE_TABS, "children"),
    Output(ids.QUEUE_LIST, "children"),
    Output(ids.SHELL_UPDATED, "children"),
    Output(ids.SHELL_NEW, "children"),
    Output(ids.SHELL_NEW, "hidden"),
    Input(ids.QUEUE_POLL, "n_intervals"),
    Input(ids.QUEUE_CHANGED, "data"),
    Input(ids.QUEUE_VIEW, "data"),
    Input(ids.QUEUE_SELECTED, "data"),
    Input(ids.QUEUE_SEARCH, "value"),
    Input(ids.QUEUE_PRINTER, "value"),
    Input(ids.QUEUE_DISCIPLINE, "value"),
    Input(ids.QUEUE_SORT, "value"),
)
def show_queue(
    _intervals: Any,
    _changed: Any,
    view: dict[str, Any],
    chosen: str | None,
    search: str | None,
    printer: str | None,
    discipline: str | None,
    sort: str | None,
) -> tuple[Any, ...]:
    status = Status(view["status"])
    filters = Filters(
        status=status, search=search or "", printer=_chosen(printer), discipline=_chosen(discipline)
    )
    narrowed = filters != Filters(status=status)
    with work.unit() as session:
        counts = jobs.count_by_status(session, actor=g.actor)
        new = jobs.count_new(session, actor=g.actor)
        page = jobs.list_jobs(
            session,
            filters,
            actor=g.actor,
            sort=sort or "oldest",
            page=int(view["page"]),
            limit=PAGE_SIZE,
        )
    updated = [icon("bi-arrow-repeat"), " Updated ", moment(datetime.now(UTC), "time")]
    return (
        cards.tabs(counts, status),
        cards.job_list(page, status, narrowed, chosen or "", g.actor),
        updated,
        f"{new} new",
        new == 0,
    )


@callback(
    Output(ids.QUEUE_VIEW, "data"),
    Input(ids.QUEUE_SEARCH, "value"),
    Input(ids.QUEUE_PRINTER, "value"),
    Input(ids.QUEUE_DISCIPLINE, "value"),
    State(ids.QUEUE_VIEW, "data"),
    prevent_initial_call=True,
)
def back_to_first_page(_search: Any, _printer: Any, _discipline: Any, view: dict[str, Any]) -> Any:
    if view["page"] == 1:
        raise PreventUpdate
    return view | {"page": 1}


@callback(
    Output(ids.QUEUE_DETAIL, "children"),
    Output(ids.QUEUE_PANEL, "className"),
    Input(ids.QUEUE_SELECTED, "data"),
    Input(ids.QUEUE_POLL, "n_intervals"),
    Input(ids.QUEUE_CHANGED, "data"),
)
def show_detail(chosen: str | None, _intervals: Any, _changed: Any) -> tuple[Any, str]:
    closed, opened = "pd-section pd-panel", "pd-section pd-panel pd-panel-open"
    if not chosen:
        return panel.nothing_chosen(), closed
    try:
        with work.unit() as session:
            job = jobs.get(session, chosen, actor=g.actor)
            history = events.list_events(session, chosen)
            runs = jobs.list_print_runs(session, chosen)
            mails = (
                mail.list_mails(session, actor=g.actor, job_id=chosen)[0]
                if g.actor.may(Role.STAFF)
                else []
            )
    except NotFound:
        return panel.nothing_chosen(), closed
    return panel.detail(job, history, runs, mails, g.actor), opened


def _chosen(value: str | None) -> str:
    return "" if value in (None, parts.ALL) else str(value)
