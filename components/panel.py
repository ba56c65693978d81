"""The detail panel: one job with all that is known of it."""

from typing import Any

from dash import html
from dash.development.base_component import Component

from components import ids, modelfacts, preview
from components.cards import action_buttons, lock_note, thumbnail
from components.parts import STATUS_ICONS, button, color_chip, empty, facts, file_size, icon, moment
from models import STATUS_LABELS, MailState, Role, Status
from services import thumbnails
from services.actors import Actor
from services.costs import format_money
from services.events import EventView
from services.jobs import JobView, PrintRunView
from services.mail import MailView
from services.workflow import list_actions

_MAIL_STATES = {
    MailState.QUEUED: "waiting to be sent",
    MailState.SENT: "sent",
    MailState.FAILED: "could not be delivered",
    MailState.CANCELLED: "not needed any more",
}


def nothing_chosen() -> Component:
    return empty("bi-hand-index", "No job chosen", "Choose a job to see all of it here.")


def detail(
    job: JobView,
    history: list[EventView],
    runs: list[PrintRunView],
    mails: list[MailView],
    actor: Actor,
) -> list[Any]:
    """The panel's content."""
    return [
        _head(job, actor),
        lock_note(job, actor),
        html.Div(thumbnail(job, small=False), className="pd-viewer"),
        _no_picture(job),
        html.Div(preview.open_button(job), className="pd-viewer-tools"),
        facts(_facts(job)),
        modelfacts.remarks(job),
        _recheck_button(job, actor),
        html.Div(_actions(job, actor), className="pd-panel-actions"),
        html.H3("Staff notes"),
        html.P(job.notes or "No notes.", className="pd-notes" if job.notes else "pd-muted"),
        _notes_button(job, actor),
        *_runs(runs),
        *_mails(mails),
        html.H3("History"),
        html.Ul([_event(event) for event in history], className="pd-history"),
    ]


def _head(job: JobView, actor: Actor) -> Component:
    return html.Div(
        [
            html.Div(
                [
                    html.H2(f"Job {job.short_id}", className="pd-panel-title"),
                    html.Div(
                        [
                            icon(STATUS_ICONS[job.status]),
                            f" {STATUS_LABELS[job.status]} · ",
                            moment(job.status_changed_at),
                        ],
                        className="pd-card-sub",
                    ),
                ]
            ),
            _review_button(job, actor),
            button(
                "Close",
                ids.QUEUE_SELECTED,
                "",
                className="btn btn-outline-secondary pd-panel-close",
            ),
        ],
        className="pd-panel-head",
    )


def _no_picture(job: JobView) -> Component | None:
    if thumbnails.url(job) is not None:
        return None
    return html.P(thumbnails.why_missing(job), className="pd-muted")


def _review_button(job: JobView, actor: Actor) -> Component | None:
    if job.status is not Status.UPLOADED or not actor.may(Role.STAFF):
        return None
    name = "review" if job.is_new else "unreview"
    label = "Mark as reviewed" if job.is_new else "Mark as not reviewed"
    return button(
        [icon("bi-eye" if job.is_new else "bi-eye-slash"), f" {label}"],
        ids.QUEUE_PRESSED,
        {"job": job.id, "action": name},
        "outline-primary",
        disabled=job.is_locked_by_other_than(actor),
    )


def _recheck_button(job: JobView, actor: Actor) -> Component | None:
    if job.model.get("state") == "pending" or not actor.may(Role.STAFF):
        return None
    return button(
        [icon("bi-arrow-repeat"), " Check again"],
        ids.QUEUE_PRESSED,
        {"job": job.id, "action": "recheck"},
    )


def _facts(job: JobView) -> list[tuple[str, Any]]:
    return [
        (
            "Student",
            [
                job.student_name,
                " · ",
                html.A(job.student_email, href=f"mailto:{job.student_email}"),
            ],
        ),
        ("Class", f"{job.class_number} · {job.discipline}"),
        ("Model", f"{job.original_filename} · {file_size(job.file_size)}"),
        *modelfacts.rows(job),
        ("File to print", job.display_name if job.display_name != job.original_name else None),
        ("Printer", job.printer_name),
        ("Material", color_chip(job.material, job.color)),
        ("Weight", f"{job.weight_g:g} g" if job.weight_g else None),
        ("Time", f"{job.time_hours:g} h" if job.time_hours else None),
        ("Cost", html.Strong(format_money(job.cost_cents)) if job.cost_cents is not None else None),
        ("Submitted", moment(job.created_at)),
        ("Confirmed", moment(job.student_confirmed_at) if job.student_confirmed_at else None),
        ("Confirm until", _deadline(job)),
        ("Rejected for", "; ".join(job.reject_reasons) if job.reject_reasons else None),
        ("Folder", html.Code(job.folder)),
    ]


def _deadline(job: JobView) -> Any:
    if job.status is not Status.PENDING or job.confirmation_expires_at is None:
        return None
    when = moment(job.confirmation_expires_at)
    return [when, html.Strong(" – expired")] if job.is_confirmation_expired else when


def _actions(job: JobView, actor: Actor) -> list[Component]:
    offered = list_actions(job, actor)
    buttons = action_buttons(job, offered, actor)
    resendable = {Status.PENDING, Status.REJECTED, Status.COMPLETED}
    if job.status in resendable and actor.may(Role.STAFF):
        buttons.append(
            button(
                "Send e-mail again",
                ids.QUEUE_PRESSED,
                {"job": job.id, "action": "resend"},
                disabled=job.is_locked_by_other_than(actor),
            )
        )
    if job.is_locked_by_other_than(actor) and actor.may(Role.ADMIN):
        buttons.append(
            button(
                "Release the lock",
                ids.QUEUE_PRESSED,
                {"job": job.id, "action": "force-unlock"},
                "danger",
            )
        )
    return buttons


def _notes_button(job: JobView, actor: Actor) -> Component | None:
    if not actor.may(Role.STAFF):
        return None
    return button(
        "Edit notes",
        ids.QUEUE_PRESSED,
        {"job": job.id, "action": "notes"},
        disabled=job.is_locked_by_other_than(actor),
    )


def _runs(runs: list[PrintRunView]) -> list[Any]:
    if not runs:
        return []
    rows = [
        html.Li(
            [
                f"{run.outcome.value.capitalize() if run.outcome else 'Running'} · ",
                moment(run.started_at),
                f" · {run.operator_name}",
                f" · {run.reason}" if run.reason else "",
            ]
        )
        for run in runs
    ]
    return [html.H3("Print runs"), html.Ul(rows, className="pd-history")]


def _mails(mails: list[MailView]) -> list[Any]:
    if not mails:
        return []
    rows = [
        html.Li(
            [
                f"{mail.kind.value.capitalize()}: {_MAIL_STATES[mail.state]} ",
                moment(mail.sent_at or mail.created_at),
                f" · {mail.last_error}" if mail.last_error else "",
            ]
        )
        for mail in mails
    ]
    return [html.H3("E-mails"), html.Ul(rows, className="pd-history")]


def _event(event: EventView) -> Component:
    return html.Li(
        [
            event.text,
            " ",
            moment(event.timestamp),
            html.Span(f" · {event.user_name}", className="pd-history-who"),
        ]
    )
