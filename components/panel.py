"""The detail panel: one job with all its details."""

from typing import Any

from dash import dcc, html
from dash.development.base_component import Component

from components import actionbuttons, jobpanel, modelfacts, preview
from components.cards import lock_note, slicer_link, thumbnail
from components.parts import (
    STATUS_ICONS,
    chip,
    color_chip,
    dot_separated,
    facts,
    file_size,
    icon,
    moment,
)
from models import STATUS_LABELS, MailState, Status
from services.actions.rows import Place
from services.actors import Actor
from services.checks import thumbnails
from services.events import EventView
from services.files import slicerlinks
from services.files.jobfiles import JobFile
from services.jobs.costs import format_money
from services.jobs.records import JobView, PrintRunView
from services.mail.outbox import MailView

_MAIL_STATES = {
    MailState.QUEUED: "waiting to be sent",
    MailState.SENT: "sent",
    MailState.FAILED: "could not be delivered",
    MailState.CANCELLED: "cancelled",
}


def top(job: JobView, files: list[JobFile] | str, actor: Actor) -> list[Any]:
    """The content above the notes. `files` may be the reason why they cannot be listed."""
    return [
        _head(job, actor),
        lock_note(job, actor),
        html.Div(thumbnail(job, small=False), className="pd-viewer"),
        _no_picture(job),
        html.Div([preview.open_button(job), *_file_tools(job, actor)], className="pd-viewer-tools"),
        html.Div(actionbuttons.on_job(job, actor, Place.PANEL), className="pd-panel-actions"),
        facts(_facts(job)),
        modelfacts.remarks(job),
        html.Div(actionbuttons.on_job(job, actor, Place.PANEL_FACTS), className="pd-panel-actions"),
        html.H3("Files"),
        *_files(files, job),
    ]


def below(history: list[EventView], runs: list[PrintRunView], mails: list[MailView]) -> list[Any]:
    """The content below the notes."""
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
            *actionbuttons.on_job(job, actor, Place.PANEL_HEAD),
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
        chip("Newer sliced file: used once approved", "bi-arrow-up-circle", "warn")
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


def _facts(job: JobView) -> list[tuple[str, Any]]:
    return [
        (
            "Student",
            dot_separated(
                job.student_name, html.A(job.student_email, href=f"mailto:{job.student_email}")
            ),
        ),
        ("Class", dot_separated(job.class_number, job.discipline)),
        (
            "Model",
            dot_separated(html.Bdi(job.original_filename, dir="ltr"), file_size(job.file_size)),
        ),
        *modelfacts.rows(job),
        ("Printer", job.printer_name),
        ("Material", color_chip(job.material, job.color)),
        ("Weight", f"{job.weight_g:g} g" if job.weight_g else None),
        ("Time", f"{job.time_hours:g} h" if job.time_hours else None),
        ("Cost", html.Strong(format_money(job.cost_cents)) if job.cost_cents is not None else None),
        ("Submitted", moment(job.created_at)),
        ("Confirmed", moment(job.student_confirmed_at) if job.student_confirmed_at else None),
        ("Confirm until", _deadline(job)),
        ("Rejection reason", "; ".join(job.reject_reasons) if job.reject_reasons else None),
        ("Folder", html.Code(job.folder)),
    ]


def _deadline(job: JobView) -> Any:
    if job.status is not Status.PENDING or job.confirmation_expires_at is None:
        return None
    when = moment(job.confirmation_expires_at)
    return [when, html.Strong(" – expired")] if job.is_confirmation_expired else when


def _runs(runs: list[PrintRunView]) -> list[Any]:
    if not runs:
        return []
    rows = [
        html.Li(
            [
                f"{run.outcome.value.capitalize() if run.outcome else 'Running'} · ",
                moment(run.started_at),
                " · ",
                *dot_separated(run.operator_name, *([run.reason] if run.reason else [])),
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
    """The history, with consecutive automatic saves of the notes combined into one line."""
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
