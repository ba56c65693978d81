"""The dialog for all actions: it takes a job's lock when it opens, extends it, and releases it. Its
fields and its effect come from the action's row."""

import time
from collections.abc import Sequence
from functools import partial
from typing import Any

from dash import (
    ALL,
    ClientsideFunction,
    Input,
    Output,
    State,
    clientside_callback,
    ctx,
    no_update,
)
from dash.exceptions import PreventUpdate
from flask import g

from callbacks import subjects
from components import answers, dialogs, ids, toasts
from components.answers import About
from components.dialogfacts import PlanFacts
from components.roles import role_callback
from models import Role
from services import work
from services.actions import batches, registry
from services.actions.rows import Action, Outcome, Show, Subject
from services.checks import sliced_offers
from services.errors import Conflict, Forbidden, LockedByOther, Malformed, NotFound, PrintdeskError
from services.files import siblings
from services.jobs import locks, queue, records

Updates = dict[str, Any]

_PARTS = {
    "is_open": (ids.DIALOG, "is_open"),
    "title": (ids.DIALOG_TITLE, "children"),
    "body": (ids.DIALOG_BODY, "children"),
    "error": (ids.DIALOG_ERROR, "children"),
    "submit": (ids.DIALOG_SUBMIT, "children"),
    "submit_color": (ids.DIALOG_SUBMIT, "color"),
    "submit_style": (ids.DIALOG_SUBMIT, "style"),
    "cancel": (ids.DIALOG_CANCEL, "children"),
    "about": (ids.DIALOG_ABOUT, "data"),
    "no_beat": (ids.DIALOG_BEAT, "disabled"),
    "changed": (ids.CHANGED, "data"),
}
# What pressing its button changes; the rest stays as it was when the dialog opened.
_AT_SUBMIT = ("is_open", "body", "error", "submit_style", "cancel", "about", "changed")


def _outputs(*names: str) -> dict[str, Output]:
    return {name: Output(*_PARTS[name], allow_duplicate=True) for name in names}


def _opened(**changed: Any) -> Updates:
    """The outputs, with no_update for those that are not given."""
    return dict.fromkeys(_PARTS, no_update) | changed


def _submitted(**changed: Any) -> Updates:
    """The outputs, with no_update for those that are not given."""
    return dict.fromkeys(_AT_SUBMIT, no_update) | changed


@role_callback(
    Role.STAFF,
    output=_outputs(*_PARTS),
    inputs={"pressed": Input(ids.DIALOG_PRESSED, "data")},
    prevent_initial_call=True,
)
def begin(pressed: Any) -> Updates:
    """Opens the dialog of the pressed button, and takes the job's lock if the action needs it."""
    about = _read(pressed)
    if about.job_ids is not None:
        return _begin_batch(about, about.job_ids)
    try:
        with work.unit() as session:
            row, view = subjects.open_subject(session, about, locks.acquire)
            if not row.asks:
                registry.perform(
                    session,
                    row.name,
                    about.subject_id,
                    _implied_values(row, view),
                    **_actor_and_subject(row),
                )
                return _opened(changed=_now())
            plan = _plan_facts(view) if Show.FILE in row.shows else None
    except Malformed:
        raise
    except PrintdeskError as refused:  # the page was out of date: say so, and refresh it
        toasts.show("bad", refused.message)
        return _opened(changed=_now())
    locked = subjects.takes_lock(row)
    return _opened(
        is_open=True,
        title=row.words.title,
        body=dialogs.body(row, view, g.actor, locked=locked, plan=plan),
        error="",
        submit=dialogs.submit_label(row),
        submit_color=dialogs.submit_color(row),
        submit_style={},
        cancel="Cancel",
        about=answers.write_about(row, view, locked=locked),
        no_beat=not locked,
        changed=_now() if locked else no_update,
    )


def _begin_batch(about: About, job_ids: Sequence[str]) -> Updates:
    """The dialog for one action on several jobs; jobs that no longer exist are left out."""
    with work.unit() as session:
        chosen = queue.list_by_id(session, job_ids[: batches.MAX_JOBS], actor=g.actor)
    row = next((row for row in batches.list_actions() if row.name == about.action), None)
    if row is None or not chosen:
        toasts.show("bad", "These jobs no longer exist.")
        return _opened(changed=_now())
    title = dialogs.batch_title(row, len(chosen))
    return _opened(
        is_open=True,
        title=title,
        body=dialogs.batch_body(row, chosen),
        error="",
        submit=dialogs.batch_submit_label(row, title),
        submit_color="primary",
        submit_style={},
        cancel="Cancel",
        about=answers.write_batch(row, [job.id for job in chosen]),
        no_beat=True,
    )


@role_callback(
    Role.STAFF,
    output=_outputs(*_AT_SUBMIT),
    inputs={
        "clicks": Input(ids.DIALOG_SUBMIT, "n_clicks"),
        "enters": Input(ids.field(ALL), "n_submit"),
    },
    state={
        "given": State(ids.DIALOG_ABOUT, "data"),
        "typed": State(ids.field(ALL), "value"),
        "names": State(ids.field(ALL), "id"),
    },
    running=[(Output(ids.DIALOG_SUBMIT, "disabled"), True, False)],
    prevent_initial_call=True,
)
def submit(clicks: Any, enters: Any, given: Any, typed: list[Any], names: list[Any]) -> Updates:
    """Performs the dialog's action, on its button or on Enter in a field. If the action is refused,
    the dialog stays open with everything that was typed, unless the job has changed status."""
    if not ctx.triggered[0]["value"]:
        raise PreventUpdate
    about = _read(given)
    if about.job_ids is not None:
        return _submit_batch(about.action, about.job_ids)
    row = registry.get(about.action, about.subject)
    entered = answers.read_fields(names, typed)
    try:
        with work.unit() as session:
            _, view = subjects.open_subject(session, about, locks.acquire)
            subjects.refuse_changed(row, view, about)
            values = answers.read_values(row, view, entered)
            outcome = registry.perform(
                session, row.name, about.subject_id, values, **_actor_and_subject(row)
            )
            if subjects.takes_lock(row) and row.transition is None:
                locks.release(session, about.subject_id, actor=g.actor)
    except Malformed:
        raise
    except PrintdeskError as refused:
        if not (_has_moved_on(refused) or _is_final(row, refused)):
            return _submitted(is_open=True, error=dialogs.refusal(refused), changed=_now())
        toasts.show("bad", refused.message)
        return _submitted(is_open=False, error="", changed=_now())
    if outcome.password:
        return _show_password(outcome)
    toasts.show("ok", row.words.done)
    return _submitted(is_open=False, error="", changed=_now())


def _submit_batch(action: str, job_ids: Sequence[str]) -> Updates:
    results = batches.perform(action, job_ids, actor=g.actor)
    if any(result.problem for result in results):
        return _submitted(is_open=True, error=dialogs.batch_failures(results), changed=_now())
    toasts.show("ok", f"Done for {'1 job' if len(results) == 1 else f'{len(results)} jobs'}.")
    return _submitted(is_open=False, error="", changed=_now())


def _show_password(outcome: Outcome) -> Updates:
    """The dialog stays open and shows the new password, once."""
    shown = dialogs.made_password(outcome.view.name, outcome.password or "")
    return _submitted(
        is_open=True,
        body=shown,
        error="",
        submit_style={"display": "none"},
        cancel="Close",
        about=None,
        changed=_now(),
    )


@role_callback(
    Role.MANAGER,
    Output(ids.DIALOG, "is_open", allow_duplicate=True),
    Input(ids.DIALOG_CANCEL, "n_clicks"),
    prevent_initial_call=True,
)
def cancel(clicks: Any) -> bool:
    if not clicks:
        raise PreventUpdate
    return False


@role_callback(
    Role.MANAGER,
    output=_outputs("about", "body", "no_beat", "changed"),
    inputs={"is_open": Input(ids.DIALOG, "is_open")},
    state={"given": State(ids.DIALOG_ABOUT, "data")},
    prevent_initial_call=True,
)
def release(is_open: Any, given: Any) -> Updates:
    """Empties the dialog, however it was closed, because it may have shown a password, and releases
    the lock."""
    if is_open:
        raise PreventUpdate
    closed: Updates = {"about": None, "body": "", "no_beat": True, "changed": no_update}
    about = answers.read_about(given)
    if about is None:
        return closed
    if subjects.holds_lock(about):
        try:
            with work.unit() as session:
                locks.release(session, about.subject_id, actor=g.actor)
        except PrintdeskError:
            pass  # deleted, or the lock was taken over: there is nothing left to release
    return closed | {"changed": _now()}


@role_callback(
    Role.STAFF,
    output=_outputs("error", "no_beat"),
    inputs={"beat": Input(ids.DIALOG_BEAT, "n_intervals")},
    state={
        "given": State(ids.DIALOG_ABOUT, "data"),
        "is_open": State(ids.DIALOG, "is_open"),
        "shown_error": State(ids.DIALOG_ERROR, "children"),
    },
    prevent_initial_call=True,
)
def keep_lock(beat: Any, given: Any, is_open: Any, shown_error: Any) -> Updates:
    """The heartbeat of an open dialog. A lost lock is taken again as soon as nobody else holds it;
    until then the dialog shows who holds it."""
    about = _read(given)
    if not is_open or not subjects.holds_lock(about):
        raise PreventUpdate
    try:
        with work.unit() as session:
            subjects.open_subject(session, about, partial(locks.resume, since=about.since))
    except PrintdeskError as refused:
        return {"error": dialogs.lock_lost(refused), "no_beat": _has_moved_on(refused)}
    if dialogs.is_lock_lost(shown_error):
        return {"error": "", "no_beat": False}
    raise PreventUpdate


clientside_callback(
    ClientsideFunction("printdesk", "cost"),
    Output(ids.DIALOG_COST, "children"),
    Input(ids.field("weight_g"), "value"),
    Input(ids.field("material"), "value"),
    State(ids.DIALOG_PRICES, "data"),
)


def _read(given: Any) -> About:
    about = answers.read_about(given)
    if about is None:
        raise PreventUpdate
    return about


def _has_moved_on(refused: PrintdeskError) -> bool:
    """Whether the dialog's action is no longer possible. A lock held by somebody else is not such a
    reason: the dialog keeps what was typed."""
    return isinstance(refused, Conflict | NotFound) and not isinstance(refused, LockedByOther)


def _is_final(row: Action, refused: PrintdeskError) -> bool:
    """Whether another attempt would be refused too, and no typed text would be lost."""
    return row.subject is Subject.PERSON and isinstance(refused, Forbidden)


def _implied_values(row: Action, view: Any) -> Any:
    """The values that the button of an action without a dialog implies."""
    return row.implied(view) if row.implied else {}


def _actor_and_subject(row: Action) -> dict[str, Any]:
    return {"actor": g.actor, "subject": row.subject}


def _plan_facts(job: records.JobView) -> PlanFacts:
    return PlanFacts(sliced_offers.offer(job), siblings.find_superseding(job))


def _now() -> float:
    """A value that differs from the previous one, so that the queue refreshes."""
    return time.time()
