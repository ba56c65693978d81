"""The queue: tabs, toolbar choices, job cards."""

import json
from collections.abc import Mapping
from typing import Any

from dash import html
from dash.development.base_component import Component

from components import actionbuttons, ids, modelfacts
from components.parts import age, breakable, button, chip, color_chip, dot_separated, empty, icon
from components.queueview import View
from models import STATUS_LABELS, Status
from services.actions import registry
from services.actions.rows import Place
from services.actors import Actor
from services.checks import thumbnails
from services.files import slicerlinks
from services.jobs.costs import format_money
from services.jobs.queue import JobPage
from services.jobs.records import JobView

_EMPTY = {
    Status.UPLOADED: "New submissions appear here automatically.",
    Status.PENDING: "Approved jobs wait here for the student's confirmation.",
    Status.READYTOPRINT: "Jobs that students have confirmed appear here.",
    Status.PRINTING: "Jobs on a printer appear here.",
    Status.COMPLETED: "Finished prints wait here to be collected.",
    Status.PAIDPICKEDUP: "Jobs that have been paid for and collected appear here.",
    Status.REJECTED: "Rejected submissions appear here.",
    Status.ARCHIVED: "Old jobs are archived here.",
}


_TO_SLICE = (Status.UPLOADED, Status.PENDING, Status.READYTOPRINT, Status.PRINTING)
# The age is highlighted only while the job waits for the lab.
_WAITING = frozenset(Status) - {Status.PAIDPICKEDUP, Status.REJECTED, Status.ARCHIVED}


COUNTED = 1000  # matches of a search; above that, "1,000+" is shown


def tabs(counts: Mapping[Status, int], view: View) -> list[Component]:
    """A tab for each status, with how many jobs match the filters there."""
    return [
        html.Li(
            button(
                [
                    STATUS_LABELS[status],
                    html.Span(_counted(counts[status], view), className="pd-count"),
                ],
                ids.QUEUE_GO,
                {"status": status.value, "page": 1},
                className=f"pd-tab{' active' if status is view.status else ''}",
                role="tab",
                **{"aria-selected": "true" if status is view.status else "false"},
            ),
            role="presentation",
        )
        for status in Status
    ]


def job_list(
    page: JobPage, view: View, counts: Mapping[Status, int], actor: Actor
) -> list[Component | None]:
    """The cards of one page of the queue, or why there are none."""
    if not page.jobs:
        return [_nothing(page, view, counts)]
    cards = [card(job, actor) for job in page.jobs]
    return [html.Ul(cards, className="pd-list"), _pager(page, view)]


def _nothing(page: JobPage, view: View, counts: Mapping[Status, int]) -> Component:
    label = STATUS_LABELS[view.status].lower()
    if page.filtered:  # a page that no longer exists: its jobs have left this status
        first = button("Show the first page", ids.QUEUE_GO, {"page": 1})
        return html.Div([empty("bi-inbox", "This page is empty now", ""), first])
    if not view.is_narrowed:
        return empty("bi-inbox", f"No jobs are {label}", _EMPTY[view.status])
    elsewhere = [status for status in Status if counts[status]]
    if not elsewhere:
        return empty("bi-search", "No job matches", "Change the search or the filters.")
    links = [
        button(
            f"{STATUS_LABELS[status]} ({_counted(counts[status], view)})",
            ids.QUEUE_GO,
            {"status": status.value, "page": 1},
        )
        for status in elsewhere
    ]
    return html.Div(
        [
            empty("bi-search", f"No matching jobs are {label}", "Matches in other statuses:"),
            html.Div(links, className="pd-elsewhere"),
        ]
    )


def card(job: JobView, actor: Actor) -> Component:
    return html.Li(
        [
            html.Div(
                [thumbnail(job, small=True), _mark(job, actor)],
                className="pd-card-thumb",
            ),
            html.Div(
                [
                    _title(job),
                    age(job.created_at, is_urgent=job.status in _WAITING),
                    html.Div([*_about(job), lock_note(job, actor)], className="pd-card-sub"),
                    html.Div(_chips(job), className="pd-chips"),
                    html.Div(_actions(job, actor), className="pd-card-actions"),
                ],
                className="pd-card-body",
            ),
        ],
        className="pd-card pd-card-new" if job.is_new else "pd-card",
        **{"data-job": job.id, "data-short-id": job.short_id},
    )


def _mark(job: JobView, actor: Actor) -> Component | None:
    """The selection checkbox, if there is a batch action for the job; assets/queue.js keeps track
    of the selected jobs."""
    if not actionbuttons.is_selectable(job, actor):
        return None
    return html.Button(
        icon("bi-check-lg"),
        type="button",
        className="pd-mark",
        role="checkbox",
        **{
            "aria-checked": "false",
            "aria-label": f"Select {job.display_name}",
            "data-pd-mark": job.id,
        },
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


def slicer_link(job: JobView, actor: Actor) -> Component | None:
    """Opens the job's file in this computer's slicer; assets/console.js handles the click."""
    rows = registry.offered(job, actor, Place.FILE_LINK)
    if not rows:
        return None
    [row], link = rows, slicerlinks.link(job)
    return html.A(
        [icon(row.words.icon), f" {row.label}"],
        href=link.url,
        className="btn btn-outline-secondary",
        **{
            "data-pd-slicer": link.browser_url,
            "data-pd-path": link.path,
            "data-pd-value": json.dumps({"job": job.id, "action": row.name}),
        },
    )


def lock_note(job: JobView, actor: Actor) -> Component | None:
    """Who is editing the job, if it is somebody else."""
    if not job.is_locked_by_other_than(actor):
        return None
    words = [icon("bi-lock-fill"), html.Bdi(job.locked_by), " is editing"]
    return html.Span(words, className="pd-lock")


def _title(job: JobView) -> Component:
    return html.H2(
        [
            html.Span("New", className="pd-badge-new") if job.is_new else None,
            button(
                breakable(job.display_name),
                ids.QUEUE_SELECTED,
                job.id,
                className=None,
                **{"aria-pressed": "false", "title": job.display_name},
            ),
        ],
        className="pd-card-title",
    )


def _about(job: JobView) -> list[Any]:
    return dot_separated(job.student_name, job.student_email, job.class_number, job.discipline)


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


def _actions(job: JobView, actor: Actor) -> list[Component | None]:
    link = slicer_link(job, actor) if job.status in _TO_SLICE else None
    return [link, *actionbuttons.on_job(job, actor, Place.CARD)]


def _pager(page: JobPage, view: View) -> Component | None:
    if page.pages == 1:
        return None
    first, last = (page.page - 1) * page.limit + 1, min(page.page * page.limit, page.filtered)
    return html.Nav(
        [
            _page_button("Previous", page.page - 1, page),
            html.Span(
                f"{first:,}–{last:,} of {_counted(page.filtered, view)} · "
                f"page {page.page:,} of {page.pages:,}"
            ),
            _page_button("Next", page.page + 1, page),
        ],
        className="pd-pager",
        **{"aria-label": "Pages of the queue"},
    )


def _counted(number: int, view: View) -> str:
    return f"{COUNTED:,}+" if view.is_narrowed and number > COUNTED else f"{number:,}"


def _page_button(label: str, number: int, page: JobPage) -> Component:
    return button(label, ids.QUEUE_GO, {"page": number}, disabled=not 1 <= number <= page.pages)
