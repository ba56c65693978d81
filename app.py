"""Puts Printdesk together: Flask, the guard, the API, the student pages, the console, errors."""

import re
import secrets
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import dash
import structlog
from apiflask import APIFlask
from flask import Response, current_app, g, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_compress import Compress
from flask_cors import CORS
from sqlalchemy.exc import InterfaceError, OperationalError, SQLAlchemyError, TimeoutError
from werkzeug.exceptions import HTTPException, MethodNotAllowed, NotFound
from werkzeug.middleware.proxy_fix import ProxyFix

import student_pages.account
import student_pages.provider
import student_pages.sign_in
import student_pages.views
from api import (
    actions,
    admin,
    auth,
    docs,
    health,
    jobs,
    news,
    openapi,
    pictures,
    reading,
    stats,
    student,
)
from api import errors as api_errors
from components import toasts
from services import logs, work
from services.errors import Forbidden, Invalid, Malformed, NotSignedIn, PrintdeskError, Retryable
from services.people import accounts
from settings import ROOT, lab, settings
from tasks.app import send
from web import accesslog, assets, callbodies, exports, guard, limits, sessions
from web.receiving import PrintdeskRequest

log = structlog.get_logger()

API = "/api/v1"
SMALL_BODY = 1024**2  # bytes; submissions set their own, larger limit
_AUDITED = (Forbidden.code, NotSignedIn.code)


class Printdesk(APIFlask):
    request_class = PrintdeskRequest


def create_app() -> Printdesk:
    """The whole application, ready to be served. Once per process: Dash keeps its pages and
    callbacks in module state."""
    logs.configure()
    work.send_tasks_with(send)
    app = Printdesk(
        __name__,
        title="Printdesk",
        version="1",
        static_folder=None,  # type: ignore[arg-type]  # Flask takes None, and APIFlask passes it on
        template_folder="student_pages/templates",
        json_errors=False,
        docs_path=None,
        openapi_blueprint_url_prefix=API,
    )
    _configure(app)
    sessions.init(app)
    guard.init(app)
    accesslog.init(app)
    limits.init(app)
    Compress(app)
    assets.init(app)
    if origins := guard.cors_origins():
        CORS(app, resources={"/api/*": {"origins": origins}})
    app.before_request(reading.check_request)
    for module in (health, auth, student, jobs, news, pictures, actions, admin, stats, docs):
        app.register_blueprint(module.bp, url_prefix=API)
    app.add_url_rule(
        "/api/<path:path>",
        reading.CATCH_ALL,
        reading.refuse_unknown_route,
        methods=reading.METHODS,
    )
    openapi.init(app)
    app.register_blueprint(student_pages.views.bp)
    app.register_blueprint(student_pages.sign_in.bp)
    app.register_blueprint(student_pages.provider.bp)
    app.register_blueprint(student_pages.account.bp)
    app.register_blueprint(exports.bp)
    _handle_errors(app)
    app.after_request(_audit_refusal)
    _add_console(app)
    return app


def _configure(app: Printdesk) -> None:
    if settings().trusted_proxies:
        hops = settings().trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]
    app.config.update(
        SECRET_KEY=settings().secret_key,
        MAX_CONTENT_LENGTH=SMALL_BODY,
        PERMANENT_SESSION_LIFETIME=timedelta(hours=settings().session_hours),
        SESSION_REFRESH_EACH_REQUEST=False,
        SESSION_COOKIE_NAME="printdesk",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=settings().is_https,
        VALIDATION_ERROR_STATUS_CODE=400,
        COMPRESS_ALGORITHM=["br", "gzip"],
        COMPRESS_BR_LEVEL=4,
        COMPRESS_STREAMS=False,
    )


def _add_console(app: Printdesk) -> None:
    """The staff console: every page in pages/, every callback in callbacks/."""
    console = dash.Dash(
        __name__,
        server=app,
        use_pages=True,
        pages_folder=str(ROOT / "pages"),
        assets_folder=str(ROOT / "assets"),
        assets_ignore=r"^theme\.js$",
        assets_path_ignore=["^vendor$", "^student$", "^api$"],
        external_stylesheets=[
            assets.address("vendor/bootstrap/bootstrap.min.css"),
            assets.address("vendor/bootstrap-icons/bootstrap-icons.css"),
        ],
        title="Printdesk",
        update_title=None,
        suppress_callback_exceptions=True,
        serve_locally=True,
        enable_mcp=False,
        on_error=_show_callback_error,
        index_string=_INDEX,
    )
    import callbacks  # the registration is the effect; it needs the Dash application to exist

    assert callbacks is not None
    console.layout = dash.html.Div(dash.page_container)
    guard.allow_inline_scripts(console.csp_hashes)
    app.before_request(_lead_to_a_page)
    callbodies.init(app, lambda: console.callback_map)


_INDEX = """<!DOCTYPE html>
<html lang="en">
<head>
{%metas%}
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{%title%}</title>
<link rel="icon" href="/assets/favicon.svg" type="image/svg+xml">
<script src="/assets/theme.js"></script>
{%css%}
</head>
<body>
{%app_entry%}
{%config%}
{%scripts%}
{%renderer%}
</body>
</html>"""


def _lead_to_a_page() -> ResponseReturnValue | None:
    """Dash answers every path with the same page; here an unknown one is a 404 instead."""
    if "\x00" in request.path:
        raise NotFound()  # no id holds it, and PostgreSQL cannot even be asked for it
    if request.path == "/":
        return redirect("/dashboard")
    pages = dash.page_registry.values()
    if _endpoint() == guard.CONSOLE_PAGE and not any(
        _leads_to(page, request.path) for page in pages
    ):
        raise NotFound()
    return None


def _endpoint() -> str | None:
    """Where the path leads to, also with a method that is not for it: a page that is not there is
    not there for any."""
    if not isinstance(request.routing_exception, MethodNotAllowed):
        return request.endpoint
    try:
        return str(current_app.url_map.bind_to_environ(request.environ).match(method="GET")[0])
    except HTTPException:
        return None


def _leads_to(page: Mapping[str, Any], path: str) -> bool:
    """Whether the path is the page's own, or one that its template describes."""
    template = page["path_template"]
    if template is None:
        return bool(path == page["path"])
    return re.fullmatch(re.sub(r"<[^>]+>", "[^/]+", template), path) is not None


def _handle_errors(app: Printdesk) -> None:
    app.register_error_handler(PrintdeskError, _show_refusal)
    app.register_error_handler(HTTPException, _show_http_error)
    app.register_error_handler(Exception, _show_fault)
    app.error_callback = _show_invalid_input  # type: ignore[assignment]  # its own, narrower union
    for away in (OperationalError, InterfaceError, TimeoutError):
        app.register_error_handler(away, _show_database_away)


def _show_refusal(error: PrintdeskError) -> ResponseReturnValue:
    g.refused = error.code
    if _wants_json():
        return api_errors.answer(error)
    status = api_errors.status_of(error)
    return _error_page(status, error.message), status


def _show_http_error(error: HTTPException) -> ResponseReturnValue:
    if error.code is not None and error.code < 400:
        return error.get_response()
    if _wants_json():
        return api_errors.answer_http(error)
    status = error.code or 500
    # Flask's own words are for programmers; the page has its own for each status.
    said = error.description if status == 429 else None
    return _error_page(status, said or ""), status


def _show_invalid_input(error: Any) -> ResponseReturnValue:
    """What APIFlask's validation found, in the error format: `fields` maps field to message."""
    fields = {
        name: "; ".join(messages)
        for place in (error.detail or {}).values()
        for name, messages in place.items()
    }
    return api_errors.answer(Invalid(**fields))


def _show_database_away(error: Exception) -> ResponseReturnValue:
    log.error("database_away", problem=str(error)[:300])
    return _show_refusal(
        Retryable("The database is not reachable at the moment. Nothing was changed.")
    )


def _show_fault(error: Exception) -> ResponseReturnValue:
    """A fault of ours: logged with a reference that the person can tell."""
    if isinstance(error, RecursionError):
        return _show_refusal(Invalid("This is nested too deeply."))
    reference = secrets.token_hex(4)
    log.exception("fault", reference=reference, endpoint=request.endpoint, exc_info=error)
    if _wants_json():
        return api_errors.answer_unknown(reference)
    return _error_page(500, "", reference), 500


def _show_callback_error(error: Exception) -> Any:
    """A callback that failed tells the person why, in a toast; nothing else on the page changes."""
    g.refused = error.code if isinstance(error, PrintdeskError) else "failed"
    if isinstance(error, Malformed):
        raise error  # no form of ours: it is answered with a 400, as everywhere else
    if isinstance(error, NotSignedIn):
        toasts.show("bad", "You have been signed out. Reload the page to sign in again.")
    elif isinstance(error, PrintdeskError):
        toasts.show("bad", error.message)
    elif isinstance(error, OperationalError | InterfaceError | TimeoutError):
        log.error("database_away", problem=str(error)[:300])
        toasts.show("bad", "The database is not reachable at the moment. Nothing was changed.")
    else:
        reference = secrets.token_hex(4)
        log.exception("callback_fault", reference=reference, exc_info=error)
        toasts.show("bad", f"Something went wrong here. Tell the lab this reference: {reference}.")


def _audit_refusal(response: Response) -> Response:
    """Refused access to what is for staff outlives the log.

    At most so many a minute from one address, so that nobody can fill the audit log; and without
    it, the refusal stands all the same.
    """
    actor = g.get("actor")
    if accesslog.refusal() not in _AUDITED or request.endpoint in guard.PUBLIC:
        return response
    if limits.count_refusal():
        rule = request.url_rule
        route, about = rule.rule if rule else "", accesslog.about()
        try:
            with work.unit() as unit:
                accounts.note_denied(
                    unit, actor, request.method, route, request.remote_addr, **about
                )
        except SQLAlchemyError:
            log.warning("refusal_not_audited", status=response.status_code)
    return response


def _wants_json() -> bool:
    return request.path.startswith(("/api/", "/_dash", "/_reload"))


def _error_page(status: int, message: str, reference: str = "") -> str:
    return render_template(
        "error.html",
        title="Something is missing" if status == 404 else "Sorry",
        code=status,
        message=message,
        reference=reference,
        lab=lab(),
    )


def __getattr__(name: str) -> Any:
    """`app:server` is what gunicorn serves; made when it is first asked for, and only once."""
    if name == "server":
        globals()["server"] = create_app()
        return globals()["server"]
    raise AttributeError(name)
