"""/account: one's own account, and in local mode one's own password. Plain Flask, so that passwords
go through a form of the browser's own kind, which password managers know."""

from flask import Blueprint, g, render_template, request
from flask.typing import ResponseReturnValue

from services import work
from services.errors import Invalid
from services.people import accounts
from settings import settings
from web import limits, sessions

bp = Blueprint("account", __name__)


@bp.get("/account")
def show_account() -> ResponseReturnValue:
    return _page()


@bp.post("/account")
@limits.password_changes
def change_password() -> ResponseReturnValue:
    old, new = request.form.get("old", ""), request.form.get("new", "")
    try:
        if new != request.form.get("again", ""):
            raise Invalid(again="This is not the same as the new password.")
        with work.unit() as unit:
            identity = accounts.change_own_password(unit, old, new, actor=g.actor)
    except Invalid as refused:
        return _page(errors=refused.fields), 400
    sessions.start(identity)  # this browser stays; every other one is out
    return _page(changed=True)


def _page(errors: dict[str, str] | None = None, changed: bool = False) -> str:
    with work.unit() as unit:
        identity = accounts.find_identity(unit, g.actor.id)
    return render_template(
        "account.html",
        title="Your account",
        email=identity.email if identity else "",
        local=settings().auth_mode == "local",
        errors=errors or {},
        changed=changed,
        min_length=accounts.MIN_PASSWORD,
        max_length=accounts.MAX_PASSWORD,
    )
