"""Signing in and out with an identity provider, by dash-auth's OIDCAuth.

dash-auth and Authlib redirect the person to the provider and exchange the authorization code.
Printdesk adds limits and checks on everything that the provider sends (web/oidc_client.py,
services/people/provider.py), the staff list (services/people/claims.py), and sessions that can be
ended (web/sessions.py).
"""

from functools import lru_cache
from typing import Any

from dash_auth.oidc_auth import OIDCAuth
from flask import Flask, g, redirect, render_template, request, session
from flask.typing import ResponseReturnValue

from services import work
from services.errors import Forbidden
from services.people import accounts, claims, provider
from settings import settings
from web import guard, limits, sessions
from web.oidc_client import (
    Attempts,
    ProviderClient,
    bound_answers,
    callback_address,
    find_attempt,
    forget_attempt,
)

IDP = "provider"
SCOPE = "openid email profile"
MAX_HINT_LENGTH = 2000


class _NoConsole:
    """A placeholder for the Dash application. dash-auth's constructor adds routes to its server,
    one of which signs out on GET. This server is never used; our routes are in
    student_pages/provider.py."""

    def __init__(self) -> None:
        self.server = Flask(__name__)
        self.config: dict[str, Any] = {}


class ProviderAuth(OIDCAuth):
    """Sign-in with the provider configured in the settings."""

    def __init__(self, client_id: str, client_secret: str) -> None:
        super().__init__(_NoConsole(), secret_key=settings().secret_key)
        self.oauth.framework_integration_cls = Attempts
        self.register_provider(
            IDP,
            client_id=client_id,
            client_secret=client_secret or None,
            client_cls=ProviderClient,
            client_kwargs={"scope": SCOPE, "code_challenge_method": "S256"},
            compliance_fix=bound_answers,
        )

    def _protect(self) -> None:
        """Mounts no guard, because dash-auth's trusts the body of the request. web/guard.py is the
        only guard."""

    def _create_redirect_uri(self, idp: str) -> str:
        return callback_address()

    def callback(self, idp: str = IDP) -> ResponseReturnValue:
        """Handles the person's return from the provider. Raises Retryable."""
        state = request.args.get("state", "")
        attempt = find_attempt(session, state)
        if attempt is None:
            words = "This sign-in expired or was started in another browser. Please start again."
            return _page("Please sign in again", words), 400
        if "error" in request.args or not request.args.get("code"):
            forget_attempt(session, state)
            words = "You are not signed in: the sign-in was cancelled, or the provider refused it."
            return _page("Not signed in", words), 403
        try:
            identity = _identify(self.take_claims(idp))
        except Forbidden as refused:
            return _page("You cannot sign in here", refused.message, other_account=True), 403
        sessions.start(identity)
        id_token = str(self.get_oauth_client(idp).token["id_token"])
        if len(id_token) <= MAX_HINT_LENGTH:
            session["id_token"] = id_token
        return redirect(guard.safe_next(attempt["next"]))

    def take_claims(self, idp: str) -> dict[str, Any]:
        """The verified claims, which dash-auth leaves in the session. Raises Forbidden, Retryable.
        They are removed from it: until `sessions.start`, nobody is signed in."""
        session.pop("user", None)  # an earlier sign-in in this browser
        super().callback(idp)
        session.pop("idp", None)
        found: dict[str, Any] | None = session.pop("user", None)
        if found is None:
            raise provider.not_completed()
        return found

    def logout(self) -> ResponseReturnValue:
        """Ends the session here, and then the provider's, if it offers that."""
        was_signed_in, hint = g.actor is not None, str(session.get("id_token", ""))
        sessions.end()
        back = settings().base_url + "/signed-out"
        url = provider.sign_out_url(hint, back) if was_signed_in else ""
        if not url:
            return redirect("/signed-out", code=303)
        # A page that redirects by itself, because our Content-Security-Policy forbids redirects to
        # another site after a form.
        words = "You are signed out of Printdesk. Your organisation's sign-out page opens next."
        return _page("Signing out", words, go_on=url)

    def show_signed_out(self) -> ResponseReturnValue:
        return _page("You are signed out", "Close the browser if other people use this computer.")


def provider_auth() -> ProviderAuth:
    """The sign-in for the current settings."""
    return _made_for(settings().oidc_client_id, settings().oidc_client_secret)


@lru_cache(maxsize=1)
def _made_for(client_id: str, client_secret: str) -> ProviderAuth:
    return ProviderAuth(client_id, client_secret)


def _identify(found: dict[str, Any]) -> accounts.Identity:
    """The person on the staff list. Raises Forbidden, which is recorded in the audit log."""
    try:
        with work.unit() as unit:
            return claims.sign_in_with_claims(unit, found)
    except Forbidden:
        with work.unit() as unit:
            accounts.note_refusal(unit, claims.email_of(found), limits.client_address())
        raise


def _page(heading: str, words: str, *, other_account: bool = False, go_on: str = "") -> str:
    return render_template(
        "provider.html",
        title=heading,
        words=words,
        other_account=other_account,
        go_on=go_on,
        sign_in=settings().base_url + "/login",
    )
