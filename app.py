"""Puts Printdesk together: Flask, the guard, the API, the student pages, the console, errors."""

from datetime import timedelta
from typing import Any

import dash
from apiflask import APIFlask
from flask_compress import Compress
from flask_cors import CORS
from werkzeug.middleware.proxy_fix import ProxyFix

import callbacks
from api import routes
from callbacks import errors as callback_errors
from components.skeleton import INDEX
from services import database, logs, work
from settings import ROOT, settings
from student_pages import account, provider, sign_in, views
from tasks.app import send
from web import (
    accesslog,
    assets,
    callbodies,
    errors,
    exports,
    guard,
    limits,
    pages,
    refusals,
    sessions,
)
from web.receiving import PrintdeskRequest

SMALL_BODY = 1024**2  # bytes; submissions set their own, larger limit


class Printdesk(APIFlask):
    request_class = PrintdeskRequest


def create_app() -> Printdesk:
    """The whole application, ready to serve. Call it once per process: Dash keeps its pages and
    callbacks in module state."""
    logs.configure()
    work.send_tasks_with(send)
    database.expect_answers_within(database.WEB_PATIENCE_S)
    app = Printdesk(
        __name__,
        title="Printdesk",
        version="1",
        static_folder=None,  # type: ignore[arg-type]  # Flask takes None, and APIFlask passes it on
        template_folder="student_pages/templates",
        json_errors=False,
        docs_path=None,
        openapi_blueprint_url_prefix=routes.PREFIX,
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
    routes.init(app)
    for module in (views, sign_in, provider, account, exports):
        app.register_blueprint(module.bp)
    errors.init(app)
    refusals.init(app)
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
        on_error=callback_errors.show,
        index_string=INDEX,
    )
    callbacks.register()
    console.layout = dash.html.Div(dash.page_container)
    guard.allow_inline_scripts(console.csp_hashes)
    pages.init(app, dash.page_registry)
    callbodies.init(app, lambda: console.callback_map)


def __getattr__(name: str) -> Any:
    """`app:server`, which gunicorn serves; created at the first access, and only once."""
    if name == "server":
        globals()["server"] = create_app()
        return globals()["server"]
    raise AttributeError(name)
