"""/account: the signed-in person's account and, in local mode, their password. Plain Flask, so that
the password is changed in an ordinary HTML form, which password managers recognise."""

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
            raise Invalid(again="The two new passwords do not match.")
        with work.unit() as unit:
            identity = accounts.change_own_password(unit, old, new, actor=g.actor)
    except Invalid as refused:
        return _page(errors=refused.fields), 400
    sessions.start(identity)  # this browser stays signed in; every other one is signed out
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
