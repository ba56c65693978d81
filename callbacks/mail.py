"""The mail page."""

from typing import Any

from dash import Input, Output, ctx, dcc, html
from dash.development.base_component import Component
from flask import g

from components import ids
from components.parts import button, chip, empty, linked, moment
from components.roles import role_callback
from models import MailState, Role
from services import work
from services.errors import Malformed
from services.mail import outbox
from services.mail.outbox import MailView

_STATES = {
    MailState.QUEUED: ("Waiting", "bi-hourglass-split", ""),
    MailState.SENT: ("Sent", "bi-check-circle-fill", "ok"),
    MailState.FAILED: ("Could not be delivered", "bi-exclamation-triangle-fill", "bad"),
    MailState.CANCELLED: ("Cancelled", "bi-slash-circle", ""),
}


@role_callback(
    Role.STAFF,
    Output(ids.MAIL_LIST, "children"),
    Input(ids.REFRESH, "data"),
    Input(ids.MAIL_PRESSED, "data"),
)
def show_mails(_refresh: Any, pressed: Any) -> Component:
    """The outbox, after making an e-mail due if its “Try again” was pressed."""
    with work.unit() as session:
        if ctx.triggered_id == ids.MAIL_PRESSED and pressed:
            outbox.retry_now(session, _read(pressed), actor=g.actor)
        mails, total = outbox.list_mails(session, actor=g.actor, limit=100)
    if not mails:
        return empty("bi-envelope", "No e-mails yet", "E-mails to students appear here.")
    return html.Div(
        [
            html.P(f"The newest {len(mails)} of {total:,}.") if total > len(mails) else None,
            html.Ul([_item(item) for item in mails], className="pd-mail-list"),
        ]
    )


def _read(pressed: Any) -> str:
    """The id of the e-mail whose button was pressed. Raises Malformed."""
    mail_id = pressed.get("mail") if isinstance(pressed, dict) else None
    if not isinstance(mail_id, str):
        raise Malformed("There is no such mail.")
    return mail_id


def _item(item: MailView) -> Component:
    label, icon_name, tone = _STATES[item.state]
    return html.Li(
        [
            html.Div(
                [
                    html.Span(item.subject, className="pd-mail-subject"),
                    chip(label, icon_name, tone),
                ],
                className="pd-mail-head",
            ),
            html.Div(
                [
                    f"To {item.recipient} · ",
                    _about(item),
                    " · ",
                    moment(item.sent_at or item.created_at),
                ],
                className="pd-mail-meta",
            ),
            html.Div(item.last_error, className="pd-bad") if item.last_error else None,
            html.Details(
                [html.Summary("Read"), html.Pre(linked(item.text), className="pd-mail-body")],
            ),
            button("Try again", ids.MAIL_PRESSED, {"mail": item.id})
            if item.state is MailState.FAILED
            else None,
        ],
        className="pd-mail",
    )


def _about(item: MailView) -> Any:
    if item.short_id is None:
        return "Monthly summary"
    return dcc.Link(f"Job {item.short_id}", href=f"/job/{item.job_id}")
