"""The detail panel: one job with all that is known of it."""

from typing import Any

from dash import dcc, html
from dash.development.base_component import Component

from components import ids, jobpanel, modelfacts, preview
from components.cards import action_buttons, lock_note, slicer_link, thumbnail
from components.parts import (
    STATUS_ICONS,
    apart,
    button,
    chip,
    color_chip,
    facts,
    file_size,
    icon,
    moment,
)
from models import STATUS_LABELS, MailState, Role, Status
from services.actors import Actor
from services.checks import thumbnails
from services.events import EventView
from services.files import slicerlinks
from services.files.jobfiles import JobFile
from services.jobs import editing
from services.jobs.costs import format_money
from services.jobs.records import JobView, PrintRunView
from services.jobs.workflow import list_actions
from services.mail.outbox import MailView

_MAIL_STATES = {
    MailState.QUEUED: "waiting to be sent",
    MailState.SENT: "sent",
    MailState.FAILED: "could not be delivered",
    MailState.CANCELLED: "not needed any more",
}


def top(job: JobView, files: list[JobFile] | str, actor: Actor) -> list[Any]:
    """What stands above the notes. `files` may be the reason why they cannot be listed."""
    return [
        _head(job, actor),
        lock_note(job, actor),
        html.Div(thumbnail(job, small=False), className="pd-viewer"),
        _no_picture(job),
        html.Div([preview.open_button(job), *_file_tools(job, actor)], className="pd-viewer-tools"),
        html.Div(_actions(job, actor), className="pd-panel-actions"),
        facts(_facts(job)),
        modelfacts.remarks(job),
        html.Div(
            [_edit_button(job, actor), _recheck_button(job, actor)], className="pd-panel-actions"
        ),
        html.H3("Files"),
        *_files(files, job),
    ]


def below(history: list[EventView], runs: list[PrintRunView], mails: list[MailView]) -> list[Any]:
    """What stands below the notes."""
    return [
        *_runs(runs),
        *_mails(mails),
        html.H3("History"),
        html.Ul(
            [_event(event, times) for event, times in _collapsed(history)], className="pd-history"
        ),
    ]


def _head(job: JobView, actor: Actor) -> Component:
    return html.Div(
        [
            html.Div(
                [
                    html.H2(
                        dcc.Link(f"Job {job.short_id}", href=f"/job/{job.id}"),
                        className="pd-panel-title",
                        tabIndex="-1",  # the focus comes here when the panel covers the page
                    ),
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
            jobpanel.close_button(),
        ],
        className="pd-panel-head",
    )


def _file_tools(job: JobView, actor: Actor) -> list[Component | None]:
    link = slicer_link(job, actor)
    if link is None:
        return []
    copy = html.Button(
        [icon("bi-clipboard"), html.Span(" Copy path", className="visually-hidden")],
        type="button",
        className="btn btn-outline-secondary",
        title="Copy path",
        **{"data-pd-copy": slicerlinks.link(job).path},
    )
    return [link, copy]


def _edit_button(job: JobView, actor: Actor) -> Component | None:
    if job.status not in editing.EDITABLE or not actor.may(Role.STAFF):
        return None
    return button(
        [icon("bi-pencil"), " Edit details"],
        ids.QUEUE_PRESSED,
        {"job": job.id, "action": "edit"},
        disabled=job.is_locked_by_other_than(actor),
    )


def _files(files: list[JobFile] | str, job: JobView) -> list[Any]:
    if isinstance(files, str):
        return [
            html.P([icon("bi-exclamation-triangle-fill"), f" {files}"], className="pd-text-bad")
        ]
    return [html.Ul([_file(file, job) for file in files], className="pd-files")]


def _file(file: JobFile, job: JobView) -> Component:
    marks = [
        chip("File to print", "bi-check-circle-fill", "ok") if file.is_authoritative else None,
        chip("As submitted") if file.is_original and not file.is_authoritative else None,
        chip("Newer, from a slicer: used when approved", "bi-arrow-up-circle", "warn")
        if file.supersedes and job.status is Status.UPLOADED
        else None,
    ]
    return html.Li(
        [
            html.Span(file.name, className="pd-file-name"),
            html.Span(
                [f"{file_size(file.size)} · ", moment(file.modified_at)], className="pd-muted"
            ),
            *marks,
        ]
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
            apart(job.student_name, html.A(job.student_email, href=f"mailto:{job.student_email}")),
        ),
        ("Class", apart(job.class_number, job.discipline)),
        ("Model", apart(html.Bdi(job.original_filename, dir="ltr"), file_size(job.file_size))),
        *modelfacts.rows(job),
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


def _runs(runs: list[PrintRunView]) -> list[Any]:
    if not runs:
        return []
    rows = [
        html.Li(
            [
                f"{run.outcome.value.capitalize() if run.outcome else 'Running'} · ",
                moment(run.started_at),
                " · ",
                *apart(run.operator_name, *([run.reason] if run.reason else [])),
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


def _collapsed(history: list[EventView]) -> list[tuple[EventView, int]]:
    """The history with notes that saved themselves several times in a row as one line."""
    lines: list[tuple[EventView, int]] = []
    for event in history:
        if lines and event.event_type == "NotesUpdated":
            last, times = lines[-1]
            if (last.event_type, last.triggered_by) == (event.event_type, event.triggered_by):
                lines[-1] = last, times + 1
                continue
        lines.append((event, 1))
    return lines


def _event(event: EventView, times: int) -> Component:
    return html.Li(
        [
            event.text,
            f" ({times} times) " if times > 1 else " ",
            moment(event.timestamp),
            html.Span([" · ", html.Bdi(event.user_name)], className="pd-history-who"),
        ]
    )
