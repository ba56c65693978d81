"""The queue: tabs, toolbar choices, job cards."""

from collections.abc import Mapping
from typing import Any

from dash import html
from dash.development.base_component import Component

from components import ids, modelfacts
from components.parts import button, chip, color_chip, empty, icon, moment
from models import STATUS_LABELS, Status
from services import thumbnails
from services.actors import Actor
from services.costs import format_money
from services.jobs import JobPage, JobView
from services.workflow import Transition, list_actions

# Overrides and rarer actions live in the detail panel.
_ON_CARDS = (
    "reject",
    "approve",
    "mark-printing",
    "mark-failed",
    "mark-complete",
    "revert-completion",
    "mark-picked-up",
    "revert-pickup",
)
_COLORS = {
    "approve": "primary",
    "mark-printing": "primary",
    "mark-complete": "primary",
    "mark-picked-up": "primary",
    "reject": "outline-danger",
    "mark-failed": "outline-danger",
    "delete": "outline-danger",
    "prune": "outline-danger",
}
_EMPTY = {
    Status.UPLOADED: "New submissions appear here by themselves.",
    Status.PENDING: "Approved jobs wait here for the student's confirmation.",
    Status.READYTOPRINT: "Jobs that students have confirmed appear here.",
    Status.PRINTING: "Jobs on a printer appear here.",
    Status.COMPLETED: "Finished prints wait here to be collected.",
    Status.PAIDPICKEDUP: "Jobs that were paid and collected appear here.",
    Status.REJECTED: "Rejected submissions appear here.",
    Status.ARCHIVED: "Old jobs are archived here.",
}


def tabs(counts: Mapping[Status, int], active: Status) -> list[Component]:
    return [
        html.Li(
            button(
                [
                    STATUS_LABELS[status],
                    html.Span(f"{counts[status]:,}", className="pd-count"),
                ],
                ids.QUEUE_VIEW,
                {"status": status.value, "page": 1},
                className=f"pd-tab{' active' if status is active else ''}",
                role="tab",
                **{"aria-selected": "true" if status is active else "false"},
            ),
            role="presentation",
        )
        for status in Status
    ]


def job_list(page: JobPage, status: Status, narrowed: bool, chosen: str, actor: Actor) -> Component:
    """The cards of one page of the queue, or why there are none."""
    if not page.jobs:
        if narrowed:
            return empty("bi-search", "No job matches", "Change the search or the filters.")
        label = STATUS_LABELS[status].lower()
        return empty("bi-inbox", f"Nothing is {label}", _EMPTY[status])
    cards = [card(job, job.id == chosen, actor) for job in page.jobs]
    return html.Div([html.Ul(cards, className="pd-list"), _pager(page, {"status": status.value})])


def card(job: JobView, is_chosen: bool, actor: Actor) -> Component:
    classes = "pd-card"
    classes += " pd-card-new" if job.is_new else ""
    classes += " pd-card-selected" if is_chosen else ""
    return html.Li(
        [
            html.Div(thumbnail(job, small=True), className="pd-card-thumb"),
            html.Div(
                [
                    _title(job, is_chosen),
                    moment(job.created_at, "ago", "pd-age"),
                    html.Div(_about(job), className="pd-card-sub"),
                    html.Div(_chips(job), className="pd-chips"),
                    html.Div(_actions(job, actor), className="pd-card-actions"),
                ],
                className="pd-card-body",
            ),
        ],
        className=classes,
        **{"data-job": job.id},
    )


def thumbnail(job: JobView, *, small: bool) -> Component:
    """The model's picture, or why there is none."""
    address = thumbnails.url(job)
    if address is None:
        why = thumbnails.why_missing(job)
        return html.Span([icon("bi-boxes"), html.Span(why, className="visually-hidden")], title=why)
    pixels = 128 if small else 512
    return html.Img(
        src=f"{address}&size={pixels}",
        alt=f"Picture of {job.original_filename}",
        width=pixels,
        height=pixels,
    )


def action_buttons(job: JobView, transitions: list[Transition], actor: Actor) -> list[Component]:
    """Buttons from the transition table; they do nothing while another person edits the job."""
    return [
        button(
            row.label,
            ids.QUEUE_PRESSED,
            {"job": job.id, "action": row.action},
            _COLORS.get(row.action, "outline-secondary"),
            disabled=job.is_locked_by_other_than(actor),
        )
        for row in transitions
    ]


def lock_note(job: JobView, actor: Actor) -> Component | None:
    """Who is editing the job, if it is somebody else."""
    if not job.is_locked_by_other_than(actor):
        return None
    return html.Span([icon("bi-lock-fill"), f"{job.locked_by} is editing"], className="pd-lock")


def _title(job: JobView, is_chosen: bool) -> Component:
    return html.H3(
        [
            html.Span("New", className="pd-badge-new") if job.is_new else None,
            button(
                job.display_name,
                ids.QUEUE_SELECTED,
                job.id,
                className=None,
                **{"aria-pressed": "true" if is_chosen else "false"},
            ),
        ],
        className="pd-card-title",
    )


def _about(job: JobView) -> str:
    return " · ".join((job.student_name, job.student_email, job.class_number, job.discipline))


def _chips(job: JobView) -> list[Component]:
    chips = [
        chip(job.printer_name, "bi-printer"),
        color_chip(job.material, job.color),
        *modelfacts.chips(job),
    ]
    if job.cost_cents is not None:
        amounts = f"{job.weight_g:g} g · {job.time_hours:g} h · {format_money(job.cost_cents)}"
        chips.append(chip(amounts, "bi-tag"))
    if job.status is Status.PENDING and job.is_confirmation_expired:
        chips.append(chip("Confirmation expired", "bi-exclamation-triangle-fill", "warn"))
    if job.status is Status.REJECTED and job.reject_reasons:
        chips.append(chip("; ".join(job.reject_reasons), "bi-x-circle-fill", "bad"))
    if job.notes:
        chips.append(chip("Notes", "bi-sticky"))
    return chips


def _actions(job: JobView, actor: Actor) -> list[Component]:
    offered = {row.action: row for row in list_actions(job, actor)}
    shown = [offered[name] for name in _ON_CARDS if name in offered]
    return [lock_note(job, actor), *action_buttons(job, shown, actor)]


def _pager(page: JobPage, view: dict[str, Any]) -> Component | None:
    if page.pages == 1:
        return None
    return html.Nav(
        [
            button(
                "Previous", ids.QUEUE_VIEW, view | {"page": page.page - 1}, disabled=page.page <= 1
            ),
            html.Span(f"Page {page.page} of {page.pages} · {page.filtered:,} jobs"),
            button(
                "Next",
                ids.QUEUE_VIEW,
                view | {"page": page.page + 1},
                disabled=page.page >= page.pages,
            ),
        ],
        className="pd-pager",
        **{"aria-label": "Pages of the queue"},
    )
