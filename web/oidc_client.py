"""Authlib's client for the sign-in provider, as dash-auth drives it, within Printdesk's bounds.

Left alone, Authlib fetches metadata and keys without a timeout and follows redirects, hands all
metadata on to its HTTP session (a provider's `"verify": false` would turn off the check of
certificates), and takes the algorithms of ID tokens from there too. So it asks
services/people/provider.py for all of that, and fetches only the token itself.
"""

import secrets
import time
from collections.abc import Mapping, MutableMapping
from functools import partial
from io import BytesIO
from typing import Any, TypeAlias

import structlog
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.flask_client import FlaskIntegration, FlaskOAuth2App
from authlib.integrations.requests_client import OAuth2Session
from flask import request
from flask.typing import ResponseReturnValue
from requests import RequestException, Response
from urllib3.exceptions import HTTPError

from services.people import fetching, provider
from settings import settings
from web import guard

ATTEMPTS = "sign_ins"  # in the session: sign-ins that have begun, the newest last
MOST_ATTEMPTS = 3  # one for each tab that was left open; a cookie holds no more than 4 kB
LONGEST_NEXT = 400

Held: TypeAlias = MutableMapping[str, Any]  # what a browser's session holds

log = structlog.get_logger()


def callback_address() -> str:
    """Where the provider sends people back to: from the settings, never from the request."""
    return settings().base_url + "/login/callback"


def find_attempt(held: Held, state: str) -> dict[str, str] | None:
    """The sign-in that was begun with this state, in the session of the same browser."""
    begun: list[dict[str, str]] = held.get(ATTEMPTS, [])
    return next((attempt for attempt in begun if attempt["state"] == state), None)


def forget_attempt(held: Held, state: str) -> None:
    """A sign-in counts once, whatever comes of it."""
    begun: list[dict[str, str]] = held.get(ATTEMPTS, [])
    held[ATTEMPTS] = [attempt for attempt in begun if attempt["state"] != state]


class Attempts(FlaskIntegration):
    """What ties the provider's answer to this browser: state, nonce and PKCE's verifier. Authlib
    would keep any number of them, and the provider's whole address with each."""

    def set_state_data(self, session: Held, state: str, data: Mapping[str, str]) -> None:
        target = guard.safe_next(request.args.get("next", ""))
        begun = {
            "state": state,
            "nonce": data["nonce"],
            "verifier": data["code_verifier"],
            "next": target if len(target) <= LONGEST_NEXT else "/dashboard",
        }
        session[ATTEMPTS] = [*session.get(ATTEMPTS, []), begun][-MOST_ATTEMPTS:]

    def get_state_data(self, session: Held, state: str) -> dict[str, str] | None:
        attempt = find_attempt(session, state)
        if attempt is None:
            return None
        return {
            "nonce": attempt["nonce"],
            "code_verifier": attempt["verifier"],
            "redirect_uri": callback_address(),
        }

    def clear_state_data(self, session: Held, state: str) -> None:
        forget_attempt(session, state)


class ProviderClient(FlaskOAuth2App):
    """The client of the one provider."""

    def load_server_metadata(self) -> dict[str, str]:
        return provider.client_metadata()

    def authorize_redirect(
        self, redirect_uri: str | None = None, **options: Any
    ) -> ResponseReturnValue:
        """To the provider; with `again` in the query, it asks who they are even if it knows."""
        if request.args.get("again") == "1":
            options["prompt"] = "login"
        answer: ResponseReturnValue = super().authorize_redirect(
            redirect_uri,
            state=secrets.token_urlsafe(24),
            nonce=secrets.token_urlsafe(24),
            code_verifier=secrets.token_urlsafe(48),
            **options,
        )
        return answer

    def fetch_access_token(self, redirect_uri: str | None = None, **options: Any) -> dict[str, Any]:
        """Exchanges the code that the person brought back. Raises Forbidden, Retryable."""
        try:
            found: dict[str, Any] = super().fetch_access_token(
                redirect_uri, timeout=fetching.TIMEOUT_S, allow_redirects=False, **options
            )
        except AuthlibBaseError as refused:
            # The code alone: a description may quote what was sent.
            log.warning("oidc_refused", problem=str(refused.error)[:100])
            raise provider.not_completed() from None
        except (RequestException, HTTPError, ValueError, RecursionError) as problem:
            raise fetching.away(type(problem).__name__) from None
        return found

    def parse_id_token(
        self, token: Mapping[str, Any], nonce: str, **_options: Any
    ) -> dict[str, Any]:
        """By our verifier; Authlib's takes algorithms and keys from the metadata."""
        return provider.read_claims(token, nonce)


def bound_answers(client: OAuth2Session) -> None:
    """Authlib's `compliance_fix`: an answer is read piece by piece, to a size and a time."""
    client.stream = True
    client.register_compliance_hook("access_token_response", _read_bounded)


def _read_bounded(answer: Response) -> Response:
    deadline = time.monotonic() + fetching.TIMEOUT_S
    read1 = partial(answer.raw.read1, decode_content=True)
    answer.raw = BytesIO(fetching.read_bounded(read1, deadline))
    return answer
