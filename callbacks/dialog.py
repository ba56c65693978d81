"""The dialog: it takes the job's lock when it opens, keeps it, and gives it back."""

import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from dash import (
    ALL,
    ClientsideFunction,
    Input,
    Output,
    State,
    callback,
    clientside_callback,
    ctx,
    html,
    no_update,
)
from dash.exceptions import PreventUpdate
from flask import g
from sqlalchemy.orm import Session

from components import dialogs, ids, printfields, toasts
from models import Status
from services import (
    batches,
    editing,
    jobs,
    locks,
    modelchecks,
    overrides,
    siblings,
    sliced,
    slicerlinks,
    work,
    workflow,
)
from services.effects import PrintPlan
from services.errors import Invalid, NotFound, PrintdeskError
from services.workflow import TRANSITIONS, Lock, Request

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
    "review": partial(jobs.set_reviewed, reviewed=True),
    "unreview": partial(jobs.set_reviewed, reviewed=False),
    "recheck": modelchecks.request,
    "opened": slicerlinks.note_opened,
}


@callback(
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
def begin(pressed: dict[str, Any] | None) -> tuple[Any, ...]:
    """A button was pressed: opens the dialog, with the lock if the action needs it."""
    if not pressed:
        raise PreventUpdate
    action = str(pressed["action"])
    if "jobs" in pressed:
        return _begin_batch(action, [str(job_id) for job_id in pressed["jobs"]])
    job_id = str(pressed["job"])
    if action in _AT_ONCE:
        with work.unit() as session:
            _AT_ONCE[action](session, job_id, actor=g.actor)
        return (*[no_update] * 8, _now())
    takes_lock = _takes_lock(action)
    try:
        with work.unit() as session:
            job = _open(session, job_id, action, takes_lock)
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
        {"job": job_id, "action": action, "locked": takes_lock},
        not takes_lock,
        _now(),
    )


def _begin_batch(action: str, job_ids: list[str]) -> tuple[Any, ...]:
    """The dialog for one action on several jobs; what is no more is left out."""
    with work.unit() as session:
        chosen = jobs.list_by_id(session, job_ids[: batches.MAX_JOBS], actor=g.actor)
    if action not in batches.ACTIONS or not chosen:
        toasts.show("bad", "These jobs are not there any more.")
        return (*[no_update] * 8, _now())
    title = dialogs.batch_title(action, len(chosen))
    label = TRANSITIONS[action].label if action in TRANSITIONS else title.partition(" ")[0]
    return (
        *(True, title, dialogs.batch_body(action, chosen), "", label, "primary"),
        *({"jobs": [job.id for job in chosen], "action": action, "locked": False}, True, no_update),
    )


@callback(
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
    _clicks: Any, _enters: Any, about: Any, values: list[Any], names: list[Any]
) -> tuple[Any, ...]:
    """Does what the dialog asks, on its button or on Enter in a field. Wrong input keeps it open;
    anything else closes it and tells."""
    if not ctx.triggered[0]["value"] or not about:
        raise PreventUpdate
    if "jobs" in about:
        return _submit_batch(about)
    fields = {name["name"]: value for name, value in zip(names, values, strict=True)}
    try:
        with work.unit() as session:
            _perform(session, about["action"], about["job"], fields)
    except Invalid as refused:
        wrong = list(refused.fields.values()) or [refused.message]
        return True, html.Ul([html.Li(text) for text in wrong], className="pd-errors"), _now()
    except PrintdeskError as refused:
        toasts.show("bad", refused.message)
        return False, "", _now()
    toasts.show("ok", _DONE.get(about["action"], "Done."))
    return False, "", _now()


def _submit_batch(about: dict[str, Any]) -> tuple[Any, ...]:
    outcomes = batches.perform(str(about["action"]), list(about["jobs"]), actor=g.actor)
    failed = [outcome for outcome in outcomes if outcome.problem]
    if failed:
        return True, dialogs.batch_failures(outcomes), _now()
    toasts.show("ok", f"Done for {'1 job' if len(outcomes) == 1 else f'{len(outcomes)} jobs'}.")
    return False, "", _now()


@callback(
    Output(ids.DIALOG, "is_open", allow_duplicate=True),
    Input(ids.DIALOG_CANCEL, "n_clicks"),
    prevent_initial_call=True,
)
def cancel(clicks: Any) -> bool:
    if not clicks:
        raise PreventUpdate
    return False


@callback(
    Output(ids.DIALOG_ABOUT, "data", allow_duplicate=True),
    Output(ids.DIALOG_BODY, "children", allow_duplicate=True),
    Output(ids.DIALOG_BEAT, "disabled", allow_duplicate=True),
    Output(ids.CHANGED, "data", allow_duplicate=True),
    Input(ids.DIALOG, "is_open"),
    State(ids.DIALOG_ABOUT, "data"),
    prevent_initial_call=True,
)
def release(is_open: bool, about: Any) -> tuple[Any, ...]:
    """However the dialog was closed, the lock goes back."""
    if is_open or not about:
        raise PreventUpdate
    if about["locked"]:
        try:
            with work.unit() as session:
                locks.release(session, about["job"], actor=g.actor)
        except PrintdeskError:
            pass  # deleted, or taken over meanwhile: there is nothing left to give back
    return None, "", True, _now()


@callback(
    Output(ids.DIALOG_ERROR, "children", allow_duplicate=True),
    Input(ids.DIALOG_BEAT, "n_intervals"),
    State(ids.DIALOG_ABOUT, "data"),
    State(ids.DIALOG, "is_open"),
    prevent_initial_call=True,
)
def keep_lock(_intervals: Any, about: Any, is_open: bool) -> Any:
    """The heartbeat of an open dialog."""
    if not is_open or not about or not about["locked"]:
        raise PreventUpdate
    try:
        with work.unit() as session:
            locks.extend(session, about["job"], actor=g.actor)
    except PrintdeskError as refused:
        return f"{refused.message} Close this and open it again."
    raise PreventUpdate


clientside_callback(
    ClientsideFunction("printdesk", "cost"),
    Output(ids.DIALOG_COST, "children"),
    Input(ids.field("weight_g"), "value"),
    Input(ids.field("material"), "value"),
    State(ids.DIALOG_PRICES, "data"),
)


def _open(session: Session, job_id: str, action: str, takes_lock: bool) -> jobs.JobView:
    """The job for the dialog, locked if need be. Raises what the action would be refused with."""
    if not dialogs.is_known(action):
        raise NotFound("There is no such action.")
    if takes_lock:
        locks.acquire(session, job_id, actor=g.actor)
    job = jobs.get(session, job_id, actor=g.actor)
    if action in TRANSITIONS and job.status not in TRANSITIONS[action].sources:
        raise workflow.moved_on(session, job_id)
    return job


def _takes_lock(action: str) -> bool:
    return action == "edit" or (action in TRANSITIONS and TRANSITIONS[action].lock is Lock.HELD)


def _perform(session: Session, action: str, job_id: str, fields: dict[str, Any]) -> None:
    actor = g.actor
    if action == "edit":
        editing.edit(session, job_id, _changes(fields), actor=actor)
        locks.release(session, job_id, actor=actor)
    elif action == "resend":
        kind = dialogs.MAIL_OF_STATUS[jobs.get(session, job_id, actor=actor).status]
        overrides.resend_email(session, job_id, kind, actor=actor)
    elif action == "force-unlock":
        locks.force_release(session, job_id, fields.get("reason") or "", actor=actor)
    else:
        if action in ("delete", "prune"):
            _check_typed_id(session, job_id, fields.get("short_id"))
        workflow.move(session, job_id, action, actor=actor, request=_request(fields))


def _check_typed_id(session: Session, job_id: str, typed: Any) -> None:
    short_id = jobs.get(session, job_id, actor=g.actor).short_id
    if (typed or "").strip().lower() != short_id:
        raise Invalid(short_id=f"Type {short_id} to delete this job.")


def _request(fields: dict[str, Any]) -> Request:
    """The fields of whichever dialog it was, in the workflow's words."""
    own = (fields.get("custom_reason") or "").strip()
    chosen = [reason for reason in fields.get("reasons") or [] if not (own and reason == "Other")]
    return Request(
        plan=_plan(fields) if "weight_g" in fields else None,
        reasons=(*chosen, own) if own else tuple(chosen),
        reason=fields.get("reason") or "",
        new_status=Status(fields["new_status"]) if fields.get("new_status") else None,
    )


def _changes(fields: dict[str, Any]) -> editing.Changes:
    """Fields that the dialog did not have, or that were left empty, change nothing."""
    known = {name: fields.get(name) for name in editing.Changes.__dataclass_fields__}
    wrong = {
        name: f"Enter {words} as a number."
        for name, words in (("weight_g", "the weight"), ("time_hours", "the time"))
        if not isinstance(known[name], int | float | None)
    }
    if wrong:
        raise Invalid(**wrong)
    return editing.Changes(**{name: value for name, value in known.items() if value != ""})


def _plan_facts(job: jobs.JobView) -> printfields.PlanFacts:
    return printfields.PlanFacts(sliced.offer(job), siblings.find_superseding(job))


def _plan(fields: dict[str, Any]) -> PrintPlan:
    wrong = {}
    for name, words in (("weight_g", "the weight in grams"), ("time_hours", "the time in hours")):
        if not isinstance(fields.get(name), int | float):
            wrong[name] = f"Enter {words}."
    if wrong:
        raise Invalid(**wrong)
    return PrintPlan(
        float(fields["weight_g"]),
        float(fields["time_hours"]),
        fields.get("material"),
        fields.get("printer"),
        fields.get("color"),
    )


def _now() -> float:
    """A value that differs from the one before: it makes the queue refresh."""
    return time.time()
