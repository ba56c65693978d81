"""Signing in and out with an identity provider (AUTH_MODE=oidc): what the browser sees of it."""

from types import ModuleType
from typing import Any

from flask import Blueprint, g, redirect, render_template, request, session
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound

from services import work
from services.errors import Forbidden
from services.people import accounts, claims
from settings import settings
from web import guard, limits, sessions

bp = Blueprint("provider", __name__)

ATTEMPTS = "sign_ins"  # in the session: sign-ins that have begun, the newest last
MOST_ATTEMPTS = 3  # one for each tab that was left open; a cookie holds no more than 4 kB
LONGEST_NEXT = 400
LONGEST_HINT = 2000


def begin_sign_in() -> ResponseReturnValue:
    """Sends the person to the provider. What ties the answer to this browser stays in its session:
    the state, the nonce, and PKCE's verifier."""
    again = request.args.get("again") == "1"
    attempt = _service().begin(_address("/login/callback"), again=again)
    target = guard.safe_next(request.args.get("next", ""))
    begun = {
        "state": attempt.state,
        "nonce": attempt.nonce,
        "verifier": attempt.verifier,
        "next": target if len(target) <= LONGEST_NEXT else "/dashboard",
    }
    session[ATTEMPTS] = [*session.get(ATTEMPTS, []), begun][-MOST_ATTEMPTS:]
    return redirect(attempt.url)


@bp.get("/login/callback")
def finish_sign_in() -> ResponseReturnValue:
    """The person comes back from the provider."""
    _require_provider()
    attempt = _take_attempt(request.args.get("state", ""))
    if attempt is None:
        words = "This sign-in has run out, or it was begun in another browser. Please begin again."
        return _page("Please sign in again", words), 400
    if "error" in request.args or not request.args.get("code"):
        words = "You are not signed in: the sign-in was cancelled, or the provider refused it."
        return _page("Not signed in", words), 403
    try:
        found = _service().finish(
            request.args["code"],
            _address("/login/callback"),
            nonce=attempt["nonce"],
            verifier=attempt["verifier"],
        )
        identity = _identify(found.claims)
    except Forbidden as refused:
        return _page("You cannot sign in here", refused.message, other_account=True), 403
    sessions.start(identity)
    if len(found.id_token) <= LONGEST_HINT:
        session["id_token"] = found.id_token
    return redirect(guard.safe_next(attempt["next"]))


def sign_out() -> ResponseReturnValue:
    """Ends the session here, and then the provider's, if it offers that."""
    was_signed_in, hint = g.actor is not None, str(session.get("id_token", ""))
    sessions.end()
    url = _service().sign_out_url(hint, _address("/signed-out")) if was_signed_in else ""
    if not url:
        return redirect("/signed-out", code=303)
    # A page that goes on by itself: after a form, the page's policy allows no redirect elsewhere.
    words = "You are signed out of Printdesk. Your organisation's sign-in page follows."
    return _page("Signing out", words, go_on=url)


@bp.get("/signed-out")
def show_signed_out() -> ResponseReturnValue:
    _require_provider()
    return _page("You are signed out", "Close the browser if others use this computer.")


def _identify(found: dict[str, Any]) -> accounts.Identity:
    try:
        with work.unit() as unit:
            return claims.sign_in_with_claims(unit, found)
    except Forbidden:
        with work.unit() as unit:
            accounts.note_refusal(unit, claims.email_of(found), limits.client_address())
        raise


def _take_attempt(state: str) -> dict[str, str] | None:
    """The sign-in that this browser began with this state. It counts once."""
    begun: list[dict[str, str]] = session.get(ATTEMPTS, [])
    found = next((attempt for attempt in begun if attempt["state"] == state), None)
    if found is not None:
        session[ATTEMPTS] = [attempt for attempt in begun if attempt is not found]
    return found


def _address(path: str) -> str:
    """An address of ours as the provider knows it: from the settings, never from the request."""
    return settings().base_url + path


def _require_provider() -> None:
    if settings().auth_mode != "oidc":
        raise NotFound()


def _service() -> ModuleType:
    from services.people import provider  # slow to import, and needed only with a provider

    return provider


def _page(heading: str, words: str, *, other_account: bool = False, go_on: str = "") -> str:
    return render_template(
        "provider.html",
        title=heading,
        words=words,
        other_account=other_account,
        go_on=go_on,
        sign_in=_address("/login"),
    )
