"""What the one dialog asks, for each action."""

import json
from typing import Any

import dash_bootstrap_components as dbc
from dash import dcc, html
from dash.development.base_component import Component

from components import forms, ids, printfields
from components.parts import breakable
from components.printfields import PlanFacts
from models import STATUS_LABELS, MailKind, Status
from services.errors import Invalid, PrintdeskError
from services.jobs.batches import Outcome
from services.jobs.costs import format_money
from services.jobs.records import JobView
from settings import lab

_TITLES = {
    "approve": "Approve this job",
    "reject": "Reject this job",
    "mark-printing": "Start printing",
    "mark-complete": "Complete this print",
    "mark-picked-up": "Hand over this print",
    "mark-failed": "Mark this print as failed",
    "revert-completion": "Back to Printing",
    "revert-pickup": "Back to Completed",
    "force-confirm": "Confirm for the student",
    "change-status": "Change the status by hand",
    "archive": "Archive this job",
    "delete": "Delete this job",
    "prune": "Delete this job for good",
    "edit": "Edit the details",
    "resend": "Send the e-mail again",
    "force-unlock": "Release the lock",
}
_LABELS = {"edit": "Save", "resend": "Send", "force-unlock": "Release"}
_WORDS = {
    "approve": "The student gets an e-mail with the price and a link to confirm it.",
    "reject": "The student gets an e-mail with your reasons.",
    "mark-printing": "The print run is counted from now, on the printer below.",
    "mark-complete": "The student gets an e-mail that the print is ready to collect.",
    "mark-picked-up": "The student has paid and has the print.",
    "mark-failed": "The job goes back to “Ready to print”. The student need not confirm again.",
    "revert-completion": "The print run goes on as if it had not been completed.",
    "revert-pickup": "The print waits to be collected again.",
    "force-confirm": "Use this when the student confirmed in another way.",
    "change-status": "For repairs: no e-mail is sent. The history shows who did it and why.",
    "archive": "The job and its files go to the archive.",
    "delete": "The job, its files and its history are deleted for good. This cannot be undone.",
    "prune": "The job, its files and its history are deleted for good. This cannot be undone.",
    "edit": "The history shows what was changed.",
    "resend": "An approval is sent with a new link; the old link stops working.",
    "force-unlock": "Whoever is editing the job loses what they have not saved.",
}
_REASONS = {
    "mark-failed": "Why did the print fail?",
    "force-confirm": "How did the student confirm?",
    "change-status": "Why is the status changed by hand?",
    "force-unlock": "Why is the lock released?",
}
_LOCK_LOST = "pd-errors pd-lock-lost"
DANGEROUS = ("reject", "delete", "prune", "mark-failed", "force-unlock")


def dialog() -> list[Component]:
    """The dialog, empty, and what opens it: callbacks/dialog.py fills it."""
    return [dcc.Store(id=ids.QUEUE_PRESSED), _modal()]


def _modal() -> Component:
    return dbc.Modal(
        [
            dbc.ModalHeader(dbc.ModalTitle(id=ids.DIALOG_TITLE), close_button=True),
            dbc.ModalBody(
                [
                    html.Div(id=ids.DIALOG_BODY),
                    html.Div(id=ids.DIALOG_ERROR, role="alert", **{"aria-live": "assertive"}),
                ]
            ),
            dbc.ModalFooter(
                [
                    dbc.Button("Cancel", id=ids.DIALOG_CANCEL, color="outline-secondary"),
                    dbc.Button(id=ids.DIALOG_SUBMIT, color="primary"),
                ]
            ),
            dcc.Store(id=ids.DIALOG_ABOUT),
            dcc.Interval(id=ids.DIALOG_BEAT, interval=60_000, disabled=True),
        ],
        id=ids.DIALOG,
        is_open=False,
        fade=False,
        centered=True,
        scrollable=True,
        fullscreen="sm-down",
        labelledby=ids.DIALOG_TITLE,
    )


def is_known(action: str) -> bool:
    return action in _TITLES


def title(action: str) -> str:
    return _TITLES[action]


def submit_label(action: str, label: str) -> str:
    return _LABELS.get(action, label)


def body(action: str, job: JobView, *, locked: bool, plan: PlanFacts | None = None) -> list[Any]:
    """The dialog's content for an action on a job. `plan` is what is known of its print; `locked`
    tells assets/console.js to give the lock back when the page is left."""
    return [
        html.P(
            [
                html.Strong(breakable(job.display_name)),
                html.Br(),
                f"{job.student_name} · {job.student_email}",
            ],
            className="pd-dialog-job",
        ),
        html.P(_words(action, job)),
        *_fields(action, job, plan),
        html.Span(**{"data-pd-locked-job": job.id}) if locked else None,
        _choices() if action in ("approve", "edit") else None,
    ]


def _choices() -> Component:
    """What goes with each material, for assets/console.js."""
    choices = {
        material.name: {
            "printer": [
                {"label": f"{printer.name} ({printer.material})", "value": printer.id}
                for printer in lab().printers
                if printer.material == material.name
            ],
            "color": [{"label": color, "value": color} for color in material.colors],
        }
        for material in lab().materials
    }
    return html.Span(**{"data-pd-choices": json.dumps(choices)})


def batch_title(action: str, number: int) -> str:
    jobs = "1 job" if number == 1 else f"{number} jobs"
    return {
        "mark-picked-up": f"Hand over {jobs}",
        "archive": f"Archive {jobs}",
        "review": f"Mark {jobs} as reviewed",
    }[action]


def batch_body(action: str, chosen: list[JobView]) -> list[Any]:
    """What is about to be done to several jobs at once."""
    known = [job.cost_cents for job in chosen if job.cost_cents is not None]
    total = html.P(["Together: ", html.Strong(format_money(sum(known)))], className="pd-price-line")
    return [
        html.P(_WORDS.get(action, "They lose their “New” badge.")),
        html.Ul(
            [html.Li(f"{job.display_name} · {job.student_name}") for job in chosen],
            className="pd-batch",
        ),
        total if action == "mark-picked-up" else None,
    ]


def batch_failures(outcomes: list[Outcome]) -> Component:
    """What could not be done, job by job."""
    failed = [outcome for outcome in outcomes if outcome.problem]
    done = len(outcomes) - len(failed)
    return html.Div(
        [
            html.P(f"{done} of {len(outcomes)} done. These were not:"),
            html.Ul([html.Li([html.Strong(each.name), f" – {each.problem}"]) for each in failed]),
        ],
        className="pd-errors",
    )


def refusal(refused: PrintdeskError) -> Component:
    """Why nothing was done; the dialog stays open with all that was typed."""
    wrong = list(refused.fields.values()) if isinstance(refused, Invalid) else []
    return html.Ul([html.Li(text) for text in wrong or [refused.message]], className="pd-errors")


def lock_lost(refused: PrintdeskError) -> Component:
    """What the heartbeat of an open dialog tells."""
    words = f"{refused.message} What you typed stays here."
    return html.Ul([html.Li(words)], className=_LOCK_LOST)


def is_lock_lost(told: Any) -> bool:
    """Whether the dialog, as the browser sends it back, tells what `lock_lost` has made."""
    props = told.get("props") if isinstance(told, dict) else None
    return isinstance(props, dict) and props.get("className") == _LOCK_LOST


def _words(action: str, job: JobView) -> str:
    if action == "edit" and job.status is Status.PENDING:
        return (
            "If the price changes, the student gets a new e-mail, and the old link stops working."
        )
    return _WORDS[action]


def _fields(action: str, job: JobView, plan: PlanFacts | None) -> list[Any]:
    if action == "approve" and plan is not None:
        return printfields.approve(job, plan)
    if action == "edit":
        return printfields.edit(job)
    if action == "reject":
        return _reject_fields()
    if action == "mark-printing":
        return [html.P(["Printer: ", html.Strong(job.printer_name)])]
    if action == "mark-picked-up":
        price = format_money(job.cost_cents) if job.cost_cents is not None else "not set"
        return [html.P(["Price: ", html.Strong(price)], className="pd-price-line")]
    fields: list[Any] = []
    if action == "change-status":
        fields.append(_status_field(job))
    if action in ("delete", "prune"):
        fields.append(forms.text("short_id", f"Type {job.short_id} to delete it"))
    if action in _REASONS:
        fields.append(forms.area("reason", _REASONS[action]))
    return fields


def _reject_fields() -> list[Any]:
    reasons = lab().choices.rejection_reasons
    return [
        html.Fieldset(
            [
                html.Legend("Reasons", className="form-label"),
                dbc.Checklist(
                    options=[{"label": reason, "value": reason} for reason in reasons],
                    value=[],
                    id=ids.field("reasons"),
                ),
            ],
            className="pd-choices",
        ),
        forms.area("custom_reason", "In your own words (optional)"),
    ]


def _status_field(job: JobView) -> Component:
    options = [
        {"label": STATUS_LABELS[status], "value": status.value}
        for status in Status
        if status is not job.status
    ]
    return forms.select("new_status", "New status", options, None)


MAIL_OF_STATUS = {
    Status.PENDING: MailKind.APPROVAL,
    Status.REJECTED: MailKind.REJECTION,
    Status.COMPLETED: MailKind.COMPLETION,
}
