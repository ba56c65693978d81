"""The dialog for all actions: its content comes from the action's row; callbacks/dialog.py fills
it."""

from collections.abc import Sequence
from typing import Any

import dash_bootstrap_components as dbc
from dash import dcc, html
from dash.development.base_component import Component

from components import dialogfacts, dialogfields, ids
from components.dialogfacts import PlanFacts
from components.parts import breakable
from services.actions.batches import Result
from services.actions.rows import Action, Show, Subject
from services.actors import Actor
from services.errors import Invalid, PrintdeskError
from services.jobs.costs import format_money
from services.jobs.records import JobView
from services.people.staff_list import PersonView

_LOCK_LOST = "pd-errors pd-lock-lost"


def dialog() -> list[Component]:
    """The empty dialog, and the stores that open it."""
    return [dcc.Store(id=ids.DIALOG_PRESSED), _modal()]


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


def body(
    row: Action, view: Any, actor: Actor, *, locked: bool, plan: PlanFacts | None = None
) -> list[Any]:
    """The dialog's content for an action on a job or a person; `view` is None if it does not exist
    yet. `locked` tells assets/console.js to release the lock when the page is left."""
    text = row.words.text(view) if callable(row.words.text) else row.words.text
    return [
        _head(row.subject, view) if view is not None else None,
        html.P(text) if text else None,
        *dialogfacts.above(row, view, plan),
        *dialogfields.draw(row, view, actor, plan),
        *dialogfacts.below(row, view),
        html.Span(**{"data-pd-locked-job": view.id}) if locked else None,
    ]


def submit_label(row: Action) -> str:
    return row.words.submit or row.label


def submit_color(row: Action) -> str:
    return "danger" if row.is_dangerous else "primary"


def _head(subject: Subject, view: Any) -> Component:
    """The job or person, as the dialog's heading."""
    if subject is Subject.PERSON:
        person: PersonView = view
        return html.P([html.Strong(person.name), html.Br(), person.email])
    job: JobView = view
    return html.P(
        [
            html.Strong(breakable(job.display_name)),
            html.Br(),
            f"{job.student_name} · {job.student_email}",
        ],
        className="pd-dialog-job",
    )


def batch_title(row: Action, number: int) -> str:
    return row.words.many.format(jobs="1 job" if number == 1 else f"{number} jobs")


def batch_submit_label(row: Action, title: str) -> str:
    """The action's label; for an action without a dialog for one job, the title's first word."""
    return row.label if row.asks else title.partition(" ")[0]


def batch_body(row: Action, chosen: Sequence[JobView]) -> list[Any]:
    """The jobs of a batch action, for confirmation."""
    known = [job.cost_cents for job in chosen if job.cost_cents is not None]
    total = html.P(["Total: ", html.Strong(format_money(sum(known)))], className="pd-price-line")
    return [
        html.P(row.words.text),
        html.Ul(
            [html.Li(f"{job.display_name} · {job.student_name}") for job in chosen],
            className="pd-batch",
        ),
        total if Show.PRICE in row.shows else None,
    ]


def batch_failures(results: Sequence[Result]) -> Component:
    """The jobs for which a batch action failed, each with the reason."""
    failed = [result for result in results if result.problem]
    done = len(results) - len(failed)
    return html.Div(
        [
            html.P(f"{done} of {len(results)} done. These failed:"),
            html.Ul([html.Li([html.Strong(each.name), f" – {each.problem}"]) for each in failed]),
        ],
        className="pd-errors",
    )


def made_password(who: str, password: str) -> list[Any]:
    """The new password, which is shown only once."""
    return [
        html.P(["Give this password to ", html.Strong(who), ". It is shown only once."]),
        html.P(html.Code(password, className="pd-secret")),
        html.P(
            "They sign in with it and can change it on their account page.", className="pd-muted"
        ),
    ]


def refusal(refused: PrintdeskError) -> Component:
    """The reason for a refusal; the dialog stays open with everything that was typed."""
    wrong = list(refused.fields.values()) if isinstance(refused, Invalid) else []
    return html.Ul([html.Li(text) for text in wrong or [refused.message]], className="pd-errors")


def lock_lost(refused: PrintdeskError) -> Component:
    """The message of an open dialog that has lost its lock."""
    words = f"{refused.message} What you typed is kept."
    return html.Ul([html.Li(words)], className=_LOCK_LOST)


def is_lock_lost(shown_error: Any) -> bool:
    """Whether the dialog shows the message of `lock_lost`, according to the browser."""
    props = shown_error.get("props") if isinstance(shown_error, dict) else None
    return isinstance(props, dict) and props.get("className") == _LOCK_LOST
