"""The access table: every route, page and callback of Printdesk, with the lowest role that may use
it.

tests/web/test_roles.py compares these tables with what is registered, and asks for each row as
everybody below it. Whoever adds a route, a page or a callback adds its row here.
"""

import inspect
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

import dash
from dash_auth import protected
from flask import Flask

from models import Role
from tests.support.callbacks import name_of
from tests.support.client import APPROVAL


class Lowest(IntEnum):
    """The lowest level of access; every higher level may use it too."""

    ANYONE = 0
    STUDENT = 1  # whoever has the job's id or the link of its mail, without an account
    MANAGER = 2  # whoever is signed in: it reads, and changes nothing of the lab's
    STAFF = 3
    ADMIN = 4

    @property
    def role(self) -> Role:
        """The role of somebody who is signed in."""
        return Role[self.name]


ANYONE, STUDENT, MANAGER, STAFF, ADMIN = Lowest


@dataclass(frozen=True)
class Row:
    """`sent` is what a request needs to get as far as the role: a route's JSON, or values of a
    callback's parts. "<job>" and the like in it stand for ids; see tests/support/scene.py."""

    lowest: Lowest
    sent: Any = None


REASON = {"reason": "Because of the test"}
_SOMEBODY = {"name": "Somebody New", "email": "new@lab.example", "role": "staff"}

ROUTES = {
    # The console
    "GET /": Row(MANAGER),
    "GET /<path:path>": Row(MANAGER),  # the pages below
    "GET /_dash-component-suites/<string:package_name>/<path:fingerprinted_path>": Row(MANAGER),
    "GET /_dash-dependencies": Row(MANAGER),
    "GET /_dash-layout": Row(MANAGER),
    "POST /_dash-update-component": Row(MANAGER, {}),  # the callbacks below
    "GET /_favicon.ico": Row(MANAGER),
    "GET /_reload-hash": Row(MANAGER),
    "GET /account": Row(MANAGER),
    "POST /account": Row(MANAGER),
    "GET /reports/export/<name>.<any(csv, xlsx):kind>": Row(MANAGER),
    # Signing in and out
    "GET /login": Row(ANYONE),
    "POST /login": Row(ANYONE),
    "GET /login/callback": Row(ANYONE),
    "POST /logout": Row(ANYONE),
    "GET /signed-out": Row(ANYONE),
    "POST /api/v1/auth/login": Row(ANYONE, {}),
    # Students
    "GET /submit": Row(ANYONE),
    "POST /submit": Row(ANYONE),
    "GET /submit/success": Row(ANYONE),
    "GET /track": Row(ANYONE),
    "POST /track": Row(ANYONE),
    "GET /track/<job_id>": Row(STUDENT),
    "GET /confirm/<token>": Row(STUDENT),
    "POST /confirm/<token>": Row(STUDENT),
    "GET /confirm/expired": Row(ANYONE),
    "POST /confirm/resend": Row(ANYONE),
    "POST /api/v1/submit": Row(ANYONE),
    "POST /api/v1/submit/resend-confirmation": Row(ANYONE, {}),
    "POST /api/v1/confirm/<token>": Row(STUDENT),
    "GET /api/v1/confirm/expired": Row(ANYONE),
    # Files, and what describes the API
    "GET /assets/<path:filename>": Row(ANYONE),
    "GET /favicon.ico": Row(ANYONE),
    "GET /api/v1/health": Row(ANYONE),
    "GET /api/v1/docs": Row(ANYONE),
    "GET /api/v1/openapi.json": Row(ANYONE),
    # Answers 404, so that a wrong address is told from a missing sign-in
    "DELETE /api/<path:path>": Row(ANYONE),
    "GET /api/<path:path>": Row(ANYONE),
    "PATCH /api/<path:path>": Row(ANYONE),
    "POST /api/<path:path>": Row(ANYONE),
    "PUT /api/<path:path>": Row(ANYONE),
    # The queue, read
    "GET /api/v1/jobs": Row(MANAGER),
    "GET /api/v1/jobs/<job_id>": Row(MANAGER),
    "GET /api/v1/jobs/<job_id>/preview": Row(MANAGER),
    "GET /api/v1/jobs/<job_id>/thumbnail": Row(MANAGER),
    "GET /api/v1/news": Row(MANAGER),
    "GET /api/v1/stats": Row(MANAGER),
    "GET /api/v1/stats/detailed": Row(MANAGER),
    # The queue, worked on
    "PATCH /api/v1/jobs/<job_id>": Row(STAFF, {"color": "Blue"}),
    "DELETE /api/v1/jobs/<job_id>": Row(STAFF),
    "PATCH /api/v1/jobs/<job_id>/notes": Row(STAFF, {"notes": "x"}),
    "POST /api/v1/jobs/<job_id>/lock": Row(STAFF),
    "POST /api/v1/jobs/<job_id>/lock/extend": Row(STAFF),
    "POST /api/v1/jobs/<job_id>/unlock": Row(STAFF),
    "POST /api/v1/jobs/<job_id>/recheck": Row(STAFF),
    "POST /api/v1/jobs/<job_id>/review": Row(STAFF, {"reviewed": True}),
    "POST /api/v1/jobs/<job_id>/approve": Row(STAFF, APPROVAL),
    "POST /api/v1/jobs/<job_id>/reject": Row(STAFF, {"reasons": ["Too thin"]}),
    "POST /api/v1/jobs/<job_id>/mark-printing": Row(STAFF),
    "POST /api/v1/jobs/<job_id>/mark-complete": Row(STAFF),
    "POST /api/v1/jobs/<job_id>/mark-picked-up": Row(STAFF),
    "POST /api/v1/jobs/<job_id>/revert-completion": Row(STAFF),
    "POST /api/v1/jobs/<job_id>/revert-pickup": Row(STAFF),
    "POST /api/v1/jobs/<job_id>/admin/force-confirm": Row(STAFF, REASON),
    "POST /api/v1/jobs/<job_id>/admin/mark-failed": Row(STAFF, REASON),
    "POST /api/v1/jobs/<job_id>/admin/change-status": Row(
        STAFF, REASON | {"new_status": "PENDING"}
    ),
    "POST /api/v1/jobs/<job_id>/admin/resend-email": Row(STAFF, {"email_type": "approval"}),
    "POST /api/v1/jobs/<job_id>/opened": Row(STAFF),
    # Administration
    "POST /api/v1/jobs/<job_id>/archive": Row(ADMIN),
    "POST /api/v1/jobs/<job_id>/prune": Row(ADMIN),
    "GET /api/v1/people": Row(ADMIN),
    "POST /api/v1/people": Row(ADMIN, _SOMEBODY),
    "POST /api/v1/people/<person_id>/role": Row(ADMIN, {"role": "admin"}),
    "POST /api/v1/people/<person_id>/password": Row(ADMIN),
    "POST /api/v1/people/<person_id>/forget": Row(ADMIN),
    "POST /api/v1/people/<person_id>/deactivate": Row(ADMIN),
    "POST /api/v1/people/<person_id>/reactivate": Row(ADMIN),
    "POST /api/v1/jobs/<job_id>/admin/force-unlock": Row(ADMIN, REASON),
    "POST /api/v1/admin/archive": Row(ADMIN, {"retention_days": 0}),
    "POST /api/v1/admin/prune": Row(ADMIN, {"retention_days": 0}),
    "POST /api/v1/admin/audit/start": Row(ADMIN),
    "GET /api/v1/admin/audit/report": Row(ADMIN),
    "DELETE /api/v1/admin/audit/orphaned-file": Row(ADMIN, {"file_path": "x"}),
}

# Dash's pages. Whoever is below reads in words whom the page is for.
PAGES = {
    "/dashboard": Row(MANAGER),
    "/job/<job_id>": Row(MANAGER),
    "/reports": Row(MANAGER),
    "/mail": Row(STAFF),
    "/people": Row(ADMIN),
}

_APPROVE = {"job": "<job>", "action": "approve", "locked": True}
_VIEW = {"queue-view.data": {"status": "PENDING", "page": 1}}
_OF_A_REPORT = {"report-theme.data": "light"}

# By first output and function.
CALLBACKS = {
    "_pages_content.children (dash.dash.update)": Row(MANAGER),
    # The queue and one job
    "queue-tabs.children (queue.show_queue)": Row(MANAGER, _VIEW),
    "detail-top.children (queue.show_detail)": Row(MANAGER, {"queue-selected.data": "<job>"}),
    "preview-view.children (preview.show_preview)": Row(
        MANAGER, {"preview-open.data": {"job": "<job>"}, "queue-selected.data": "<job>"}
    ),
    # The dialog of actions; whose role is asked depends on the action
    "dialog-modal.is_open (dialog.begin)": Row(STAFF, {"dialog-pressed.data": _APPROVE}),
    "dialog-modal.is_open (dialog.submit)": Row(STAFF, {"dialog-about.data": _APPROVE}),
    "dialog-error.children (dialog.keep_lock)": Row(STAFF, {"dialog-about.data": _APPROVE}),
    "dialog-modal.is_open (dialog.cancel)": Row(MANAGER),
    # Nobody is refused who closes it: without the lock there is none to give back.
    "dialog-about.data (dialog.release)": Row(
        MANAGER, {"dialog-modal.is_open": False, "dialog-about.data": _APPROVE}
    ),
    # Reports
    "report-head.children (reports.show_key_figures)": Row(MANAGER),
    "report-section-flow.children (reports.show_section)": Row(MANAGER, _OF_A_REPORT),
    "report-section-printers.children (reports.show_section)": Row(MANAGER, _OF_A_REPORT),
    "report-section-rejections.children (reports.show_section)": Row(MANAGER, _OF_A_REPORT),
    "report-section-people.children (reports.show_section)": Row(MANAGER, _OF_A_REPORT),
    "report-section-materials.children (reports.show_section)": Row(MANAGER, _OF_A_REPORT),
    # Mail
    "mail-list.children (mail.show_mails)": Row(STAFF),
    # The debug panel
    "debug-server.children (shell.show_server)": Row(STAFF, {"debug-open.data": True}),
    # People
    "people-list.children (people.show_people)": Row(ADMIN),
}

# These run in the browser, on what is there already; the server refuses to run them for anybody.
IN_THE_BROWSER = {
    "dialog-cost.children",
    "preview-state.children",
    "queue-address.data",
    "queue-view.data",
    "report-view.data",
    "shell-refresh.data",
    "_pages_dummy.children",
    "nothing, after debug-clock.n_intervals",
    "nothing, after notes-about.data",
    "nothing, after shell-news-clock.n_intervals",
    "nothing, after shell-refresh-clock.n_intervals",
    'nothing, after {"name":["ALL"],"type":"report-chart"}.clickData',
}


def routes(app: Flask) -> Iterator[tuple[str, str]]:
    """(method, rule) of all that Flask knows, as often as it is registered."""
    for rule in app.url_map.iter_rules():
        methods = set(rule.methods or ())
        if rule.provide_automatic_options:
            methods.discard("OPTIONS")
        if "GET" in methods:
            methods.discard("HEAD")
        yield from ((method, rule.rule) for method in sorted(methods))


def pages() -> list[str]:
    """The path of every page that Dash knows, or the template of its paths."""
    return [page["path_template"] or page["path"] for page in dash.page_registry.values()]


def name_of_callback(callback: dict[str, Any]) -> str:
    """The name in CALLBACKS or IN_THE_BROWSER of a callback, as /_dash-dependencies tells it."""
    first = re.sub(r"@[0-9a-f]+", "", callback["output"].strip(".")).split("...")[0]
    if callback["no_output"]:
        first = f"nothing, after {name_of(callback['inputs'][0])}"
    function = dash.get_app().callback_map[callback["output"]].get("callback")
    if function is None:
        return first
    function = declaration(function).get("output", function)
    return f"{first} ({function.__module__.removeprefix('callbacks.')}.{function.__name__})"


def declaration(function: Callable[..., Any]) -> Mapping[str, Any]:
    """What dash-auth's `protected` was told of a function that it keeps, `output`, and when it runs
    it: `groups`, `unauthenticated_output` and the like. Empty when it does not keep it."""
    kept = inspect.unwrap(function)
    return inspect.getclosurevars(kept).nonlocals if kept.__module__ == protected.__module__ else {}
