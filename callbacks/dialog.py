"""The dialog: it takes the job's lock when it opens, keeps it, and gives it back."""

import time
from collections.abc import Callable, Mapping, Sequence
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
from sqlalchemy.orm import Session

from components import answers, dialogs, ids, printfields, toasts
from components.answers import About
from components.roles import role_callback
from models import Role
from services import work
from services.checks import modelchecks, sliced_offers
from services.errors import Conflict, Invalid, LockedByOther, Malformed, NotFound, PrintdeskError
from services.files import siblings, slicerlinks
from services.jobs import batches, editing, locks, overrides, queue, records, workflow
from services.jobs.workflow import TRANSITIONS, Lock

_DONE = {
    "approve": "Approved. The student gets an e-mail.",
    "reject": "Rejected. The student gets an e-mail.",
    "mark-printing": "Printing.",
    "mark-complete": "Completed. The student gets an e-mail.",
    "mark-picked-up": "Picked up.",
    "delete": "Deleted.",
    "prune": "Deleted for good.",
    "edit": "Saved.",
    "resend": "The e-mail is on its way.",
    "force-unlock": "The lock is released.",
}
# What a button does without asking.
_AT_ONCE: Mapping[str, Callable[..., Any]] = {
    "review": partial(records.set_reviewed, reviewed=True),
    "unreview": partial(records.set_reviewed, reviewed=False),
    "recheck": modelchecks.request,
    "opened": slicerlinks.note_opened,
}


@role_callback(
    Role.STAFF,
    Output(ids.DIALOG, "is_open"),
    Output(ids.DIALOG_TITLE, "children"),
    Output(ids.DIALOG_BODY, "children"),
    Output(ids.DIALOG_ERROR, "children"),
    Output(ids.DIALOG_SUBMIT, "children"),
    Output(ids.DIALOG_SUBMIT, "color"),
    Output(ids.DIALOG_ABOUT, "data"),
    Output(ids.DIALOG_BEAT, "disabled"),
    Output(ids.CHANGED, "data", allow_duplicate=True),
    Input(ids.QUEUE_PRESSED, "data"),
    prevent_initial_call=True,
)
def begin(pressed: Any) -> tuple[Any, ...]:
    """A button was pressed: opens the dialog, with the lock if the action needs it."""
    about = _read(pressed)
    if about.job_ids is not None:
        return _begin_batch(about.action, about.job_ids)
    if about.action in _AT_ONCE:
        with work.unit() as session:
            _AT_ONCE[about.action](session, about.job_id, actor=g.actor)
        return (*[no_update] * 8, _now())
    action, takes_lock = about.action, _takes_lock(about.action)
    try:
        with work.unit() as session:
            job = _open(session, about, locks.acquire)
            plan = _plan_facts(job) if action == "approve" else None
    except PrintdeskError as refused:  # the screen was behind: say so, and bring it up to date
        toasts.show("bad", refused.message)
        return (*[no_update] * 8, _now())
    label = TRANSITIONS[action].label if action in TRANSITIONS else action
    return (
        True,
        dialogs.title(action),
        dialogs.body(action, job, locked=takes_lock, plan=plan),
        "",
        dialogs.submit_label(action, label),
        "danger" if action in dialogs.DANGEROUS else "primary",
        answers.write_about(action, job, locked=takes_lock),
        not takes_lock,
        _now(),
    )


def _begin_batch(action: str, job_ids: Sequence[str]) -> tuple[Any, ...]:
    """The dialog for one action on several jobs; what is no more is left out."""
    with work.unit() as session:
        chosen = queue.list_by_id(session, job_ids[: batches.MAX_JOBS], actor=g.actor)
    if action not in batches.ACTIONS or not chosen:
        toasts.show("bad", "These jobs are not there any more.")
        return (*[no_update] * 8, _now())
    title = dialogs.batch_title(action, len(chosen))
    label = TRANSITIONS[action].label if action in TRANSITIONS else title.partition(" ")[0]
    return (
        *(True, title, dialogs.batch_body(action, chosen), "", label, "primary"),
        *({"jobs": [job.id for job in chosen], "action": action, "locked": False}, True, no_update),
    )


@role_callback(
    Role.STAFF,
    Output(ids.DIALOG, "is_open", allow_duplicate=True),
    Output(ids.DIALOG_ERROR, "children", allow_duplicate=True),
    Output(ids.CHANGED, "data", allow_duplicate=True),
    Input(ids.DIALOG_SUBMIT, "n_clicks"),
    Input(ids.field(ALL), "n_submit"),
    State(ids.DIALOG_ABOUT, "data"),
    State(ids.field(ALL), "value"),
    State(ids.field(ALL), "id"),
    running=[(Output(ids.DIALOG_SUBMIT, "disabled"), True, False)],
    prevent_initial_call=True,
)
def submit(
    _clicks: Any, _enters: Any, given: Any, values: list[Any], names: list[Any]
) -> tuple[Any, ...]:
    """Does what the dialog asks, on its button or on Enter in a field. A refusal keeps it open,
    with all that was typed, unless the job has moved on without it."""
    if not ctx.triggered[0]["value"]:
        raise PreventUpdate
    about = _read(given)
    if about.job_ids is not None:
        return _submit_batch(about.action, about.job_ids)
    fields = answers.read_fields(names, values)
    try:
        with work.unit() as session:
            job = _open(session, about, locks.acquire)
            _refuse_changed(job, about)
            _perform(session, about, fields)
    except Malformed:
        raise
    except PrintdeskError as refused:
        if not _has_moved_on(refused):
            return True, dialogs.refusal(refused), _now()
        toasts.show("bad", refused.message)
        return False, "", _now()
    toasts.show("ok", _DONE.get(about.action, "Done."))
    return False, "", _now()


def _submit_batch(action: str, job_ids: Sequence[str]) -> tuple[Any, ...]:
    outcomes = batches.perform(action, job_ids, actor=g.actor)
    failed = [outcome for outcome in outcomes if outcome.problem]
    if failed:
        return True, dialogs.batch_failures(outcomes), _now()
    toasts.show("ok", f"Done for {'1 job' if len(outcomes) == 1 else f'{len(outcomes)} jobs'}.")
    return False, "", _now()


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
    Output(ids.DIALOG_ABOUT, "data", allow_duplicate=True),
    Output(ids.DIALOG_BODY, "children", allow_duplicate=True),
    Output(ids.DIALOG_BEAT, "disabled", allow_duplicate=True),
    Output(ids.CHANGED, "data", allow_duplicate=True),
    Input(ids.DIALOG, "is_open"),
    State(ids.DIALOG_ABOUT, "data"),
    prevent_initial_call=True,
)
def release(is_open: Any, given: Any) -> tuple[Any, ...]:
    """However the dialog was closed, the lock goes back."""
    if is_open:
        raise PreventUpdate
    about = _read(given)
    if _holds_lock(about):
        try:
            with work.unit() as session:
                locks.release(session, about.job_id, actor=g.actor)
        except PrintdeskError:
            pass  # deleted, or taken over meanwhile: there is nothing left to give back
    return None, "", True, _now()


@role_callback(
    Role.STAFF,
    Output(ids.DIALOG_ERROR, "children", allow_duplicate=True),
    Output(ids.DIALOG_BEAT, "disabled", allow_duplicate=True),
    Input(ids.DIALOG_BEAT, "n_intervals"),
    State(ids.DIALOG_ABOUT, "data"),
    State(ids.DIALOG, "is_open"),
    State(ids.DIALOG_ERROR, "children"),
    prevent_initial_call=True,
)
def keep_lock(_intervals: Any, given: Any, is_open: Any, told: Any) -> tuple[Any, ...]:
    """The heartbeat of an open dialog. A lock that was lost is taken again as soon as nobody else
    has it; meanwhile the dialog says who has."""
    about = _read(given)
    if not is_open or not _holds_lock(about):
        raise PreventUpdate
    try:
        with work.unit() as session:
            _open(session, about, partial(locks.resume, since=about.since))
    except PrintdeskError as refused:
        return dialogs.lock_lost(refused), _has_moved_on(refused)
    if dialogs.is_lock_lost(told):
        return "", False
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


def _open(session: Session, about: About, take: Callable[..., Any]) -> records.JobView:
    """The job for the dialog, with its lock if need be: `take` is how. Raises what the action
    would be refused with; that the job has moved on comes before that somebody is editing it."""
    if not dialogs.is_known(about.action):
        raise NotFound("There is no such action.")
    taken: LockedByOther | None = None
    if _takes_lock(about.action):
        try:
            take(session, about.job_id, actor=g.actor)
        except LockedByOther as refused:
            taken = refused
    job = records.get(session, about.job_id, actor=g.actor)
    row = TRANSITIONS.get(about.action)
    if row is not None and job.status not in row.sources:
        raise workflow.moved_on(session, about.job_id)
    if taken is not None:
        raise taken
    return job


def _has_moved_on(refused: PrintdeskError) -> bool:
    """Whether the dialog has lost its purpose; what was typed in it outlives all else."""
    return isinstance(refused, Conflict | NotFound) and not isinstance(refused, LockedByOther)


def _holds_lock(about: About) -> bool:
    """Whether the open dialog is one that has taken a lock."""
    return about.job_ids is None and _takes_lock(about.action)


def _takes_lock(action: str) -> bool:
    """Also where the service only asks that nobody else holds it: while somebody writes why a print
    failed, another should read who is at work, and not be first."""
    if action in TRANSITIONS:
        return TRANSITIONS[action].lock is not Lock.NONE
    return action in ("edit", "resend")


def _refuse_changed(job: records.JobView, about: About) -> None:
    """While the lock was lost, somebody else may have had it. Raises Conflict."""
    if not about.is_as_shown(job):
        raise Conflict("The details of this job were changed meanwhile. Look at them again.")


def _perform(session: Session, about: About, fields: dict[str, Any]) -> None:
    actor, action, job_id = g.actor, about.action, about.job_id
    if action == "edit":
        changes = editing.Changes(**answers.read_changes(fields))
        editing.edit(session, job_id, changes, actor=actor)
        locks.release(session, job_id, actor=actor)
    elif action == "resend":
        _resend(session, job_id)
    elif action == "force-unlock":
        locks.force_release(session, job_id, answers.text(fields, "reason"), actor=actor)
    else:
        if action in ("delete", "prune"):
            _check_typed_id(session, job_id, answers.text(fields, "short_id"))
        workflow.move(session, job_id, action, actor=actor, request=answers.read_request(fields))


def _resend(session: Session, job_id: str) -> None:
    kind = dialogs.MAIL_OF_STATUS.get(records.get(session, job_id, actor=g.actor).status)
    if kind is None:
        raise workflow.moved_on(session, job_id)
    overrides.resend_email(session, job_id, kind, actor=g.actor)


def _check_typed_id(session: Session, job_id: str, typed: str) -> None:
    short_id = records.get(session, job_id, actor=g.actor).short_id
    if typed.strip().lower() != short_id:
        raise Invalid(short_id=f"Type {short_id} to delete this job.")


def _plan_facts(job: records.JobView) -> printfields.PlanFacts:
    return printfields.PlanFacts(sliced_offers.offer(job), siblings.find_superseding(job))


def _now() -> float:
    """A value that differs from the one before: it makes the queue refresh."""
    return time.time()
