"""Authlib's client for the sign-in provider, used by dash-auth, with Printdesk's limits and checks.

By default, Authlib fetches metadata and keys without a timeout and follows redirects, passes all
metadata to its HTTP session (a provider's `"verify": false` would disable certificate checks), and
takes the algorithms of ID tokens from the metadata too. Here it gets all of that from
services/people/provider.py, and fetches only the token itself.
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

ATTEMPTS = "sign_ins"  # session key of the sign-ins under way, the newest last
MAX_ATTEMPTS = 3  # for several open tabs; a cookie holds no more than 4 kB
MAX_NEXT_LENGTH = 400

Held: TypeAlias = MutableMapping[str, Any]  # a browser's session

log = structlog.get_logger()


def callback_address() -> str:
    """Where the provider sends people back to: from the settings, never from the request."""
    return settings().base_url + "/login/callback"


def find_attempt(held: Held, state: str) -> dict[str, str] | None:
    """The sign-in that this browser started with this state."""
    begun: list[dict[str, str]] = held.get(ATTEMPTS, [])
    return next((attempt for attempt in begun if attempt["state"] == state), None)


def forget_attempt(held: Held, state: str) -> None:
    """Removes a sign-in from the session: each state can be used once, whatever the result."""
    begun: list[dict[str, str]] = held.get(ATTEMPTS, [])
    held[ATTEMPTS] = [attempt for attempt in begun if attempt["state"] != state]


class Attempts(FlaskIntegration):
    """Stores what ties the provider's answer to this browser: state, nonce and PKCE verifier.
    Authlib would keep any number of them, each with the provider's whole address."""

    def set_state_data(self, session: Held, state: str, data: Mapping[str, str]) -> None:
        target = guard.safe_next(request.args.get("next", ""))
        begun = {
            "state": state,
            "nonce": data["nonce"],
            "verifier": data["code_verifier"],
            "next": target if len(target) <= MAX_NEXT_LENGTH else "/dashboard",
        }
        session[ATTEMPTS] = [*session.get(ATTEMPTS, []), begun][-MAX_ATTEMPTS:]

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
        """Redirects to the provider; with `again` in the query, the provider asks for the account
        even if it knows one."""
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
            # Only the error code: the description may quote secrets that were sent.
            log.warning("oidc_refused", problem=str(refused.error)[:100])
            raise provider.not_completed() from None
        except (RequestException, HTTPError, ValueError, RecursionError) as problem:
            raise fetching.away(type(problem).__name__) from None
        return found

    def parse_id_token(
        self, token: Mapping[str, Any], nonce: str, **_options: Any
    ) -> dict[str, Any]:
        """Verifies the ID token with our own code; Authlib's trusts algorithms and keys from the
        metadata."""
        return provider.read_claims(token, nonce)


def bound_answers(client: OAuth2Session) -> None:
    """An Authlib `compliance_fix` that limits the size of answers and the time to read them."""
    client.stream = True
    client.register_compliance_hook("access_token_response", _read_bounded)


def _read_bounded(answer: Response) -> Response:
    deadline = time.monotonic() + fetching.TIMEOUT_S
    read1 = partial(answer.raw.read1, decode_content=True)
    answer.raw = BytesIO(fetching.read_bounded(read1, deadline))
    return answer
