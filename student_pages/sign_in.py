"""The sign-in page for staff, and sign-out."""

from flask import Blueprint, g, redirect, render_template, request
from flask.typing import ResponseReturnValue

from services import work
from services.errors import NotSignedIn
from services.people import accounts
from settings import settings
from student_pages import provider
from web import guard, limits, sessions

bp = Blueprint("sign_in", __name__)


@bp.get("/login")
def show_login() -> ResponseReturnValue:
    if g.actor is not None:
        return redirect(guard.safe_next(request.args.get("next", "")))
    return provider.begin_sign_in() if settings().auth_mode == "oidc" else _page()


@bp.post("/login")
@limits.sign_ins
def send_login() -> ResponseReturnValue:
    email = request.form.get("email", "").replace("\x00", "")
    try:
        with work.unit() as unit:
            identity = accounts.sign_in(unit, email, request.form.get("password", ""))
    except NotSignedIn as refused:
        with work.unit() as unit:
            accounts.note_refusal(unit, email, limits.client_address())
        return _page(email, refused.message), 401
    sessions.start(identity)
    return redirect(guard.safe_next(request.form.get("next", "")), code=303)


@bp.post("/logout")
def sign_out() -> ResponseReturnValue:
    if settings().auth_mode == "oidc":
        return provider.sign_out()
    sessions.end()
    return redirect("/login", code=303)


def _page(email: str = "", error: str = "") -> str:
    target = request.values.get("next", "")
    return render_template(
        "login.html",
        title="Sign in",
        email=email,
        error=error,
        next=guard.safe_next(target) if target else "",
    )
