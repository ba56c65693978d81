"""The mail page."""

from typing import Any

import dash_bootstrap_components as dbc
from dash import ALL, Input, Output, callback, ctx, html
from dash.development.base_component import Component
from dash.exceptions import PreventUpdate
from flask import g

from components import ids
from components.parts import chip, empty, moment
from models import MailState
from services import mail, work
from services.mail import MailView

_STATES = {
    MailState.QUEUED: ("Waiting", "bi-hourglass-split", ""),
    MailState.SENT: ("Sent", "bi-check-circle-fill", "ok"),
    MailState.FAILED: ("Could not be delivered", "bi-exclamation-triangle-fill", "bad"),
    MailState.CANCELLED: ("Not needed any more", "bi-slash-circle", ""),
}


@callback(
    Output(ids.MAIL_LIST, "children"),
    Input(ids.MAIL_POLL, "n_intervals"),
    Input(ids.MAIL_CHANGED, "data"),
)
def show_mails(_intervals: Any, _changed: Any) -> Component:
    with work.unit() as session:
        mails, total = mail.list_mails(session, actor=g.actor, limit=100)
    if not mails:
        return empty("bi-envelope", "No mail yet", "Mails to students appear here.")
    return html.Div(
        [
            html.P(f"The newest {len(mails)} of {total:,}.") if total > len(mails) else None,
            html.Ul([_item(item) for item in mails], className="pd-mail-list"),
        ]
    )


@callback(
    Output(ids.MAIL_CHANGED, "data"),
    Input(ids.retry(ALL), "n_clicks"),
    prevent_initial_call=True,
)
def retry(_clicks: Any) -> str:
    if not ctx.triggered or not ctx.triggered[0]["value"]:
        raise PreventUpdate
    pressed: Any = ctx.triggered_id
    with work.unit() as session:
        mail.retry_now(session, pressed["mail"], actor=g.actor)
    return f"{pressed['mail']}-{ctx.triggered[0]['value']}"


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
                    f"To {item.recipient} · Job {item.short_id} · ",
                    moment(item.sent_at or item.created_at),
                ],
                className="pd-mail-meta",
            ),
            html.Div(item.last_error, className="pd-bad") if item.last_error else None,
            html.Details(
                [html.Summary("Read"), html.Pre(item.text, className="pd-mail-body")],
            ),
            dbc.Button("Try again", id=ids.retry(item.id), color="outline-secondary")
            if item.state is MailState.FAILED
            else None,
        ],
        className="pd-mail",
    )
