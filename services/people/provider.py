"""Sign-in with an OpenID Connect provider: the authorization code flow with PKCE, state and nonce.

Authlib builds the request and exchanges the code (RFC 6749, RFC 7636, and the client authentication
that the provider wants). The ID token is checked by services/people/bearer.py, as the API's tokens
are: algorithms of our choice, the issuer of the settings, and keys that are fetched within bounds;
all three Authlib takes from the provider's metadata. dash-auth's OIDCAuth is not used: it adds its
own guard, which decides from what the browser sends, it cannot refuse somebody who is not on the
staff list, and it names one more place where it is decided who is signed in.
"""

import secrets
import threading
import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import structlog
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.requests_client import OAuth2Session
from requests import RequestException

from services.errors import Forbidden, NotSignedIn
from services.people import bearer, fetching, jwks
from settings import settings

METADATA_S = 60 * 60.0
RETRY_S = 5.0  # while it is away, so that one wait serves all who want to sign in
SCOPE = "openid email profile"
_WANTED = ("authorization_endpoint", "token_endpoint", "jwks_uri")

log = structlog.get_logger()


@dataclass(frozen=True)
class Attempt:
    """A sign-in that has begun. All but the address is kept in the person's session until they
    come back."""

    url: str
    state: str
    nonce: str
    verifier: str


@dataclass(frozen=True)
class SignedIn:
    """What the provider vouches for, and the ID token, as the hint for signing out there."""

    claims: dict[str, Any]
    id_token: str


def begin(redirect_uri: str, *, again: bool = False) -> Attempt:
    """Where to send the person. With `again`, the provider asks who they are even if it knows.

    Raises Retryable while the provider is away.
    """
    verifier, nonce = secrets.token_urlsafe(48), secrets.token_urlsafe(24)
    more = {"prompt": "login"} if again else {}
    with _client(redirect_uri) as client:
        url, state = client.create_authorization_url(
            _metadata()["authorization_endpoint"],
            state=secrets.token_urlsafe(24),
            nonce=nonce,
            code_verifier=verifier,
            **more,
        )
    return Attempt(url, state, nonce, verifier)


def finish(code: str, redirect_uri: str, *, nonce: str, verifier: str) -> SignedIn:
    """Exchanges the code that the person brought back. Raises Forbidden, Retryable."""
    token = _exchange(code, redirect_uri, verifier)
    id_token = token.get("id_token")
    try:
        claims = _read_id_token(id_token if isinstance(id_token, str) else "", nonce)
    except NotSignedIn:
        log.warning("oidc_refused", problem="the ID token is not valid")
        raise _failed() from None
    if "email" not in claims:  # providers may give it by this way only (OpenID Connect 5.4)
        claims |= _ask_userinfo(str(token.get("access_token", "")), claims["sub"])
    return SignedIn(claims, str(id_token))


def sign_out_url(id_token: str, return_to: str) -> str:
    """Where the person ends their session with the provider; "" when it does not offer that, or is
    away: the session here has ended in any case."""
    try:
        address = _metadata().get("end_session_endpoint")
    except fetching.ProviderAway:
        return ""
    if not _is_address(address):
        return ""
    asked = {"post_logout_redirect_uri": return_to, "client_id": settings().oidc_client_id}
    if id_token:
        asked["id_token_hint"] = id_token
    return f"{address}{'&' if '?' in str(address) else '?'}{urlencode(asked)}"


def _exchange(code: str, redirect_uri: str, verifier: str) -> dict[str, Any]:
    try:
        with _client(redirect_uri) as client:
            found = client.fetch_token(
                _metadata()["token_endpoint"],
                code=code,
                code_verifier=verifier,
                timeout=fetching.TIMEOUT_S,
                allow_redirects=False,
            )
    except AuthlibBaseError as refused:
        # The code alone: a description may quote what was sent.
        log.warning("oidc_refused", problem=str(refused.error)[:100])
        raise _failed() from None
    except (RequestException, ValueError) as problem:
        raise fetching.away(type(problem).__name__) from None
    return dict(found) if isinstance(found, dict) else {}


def _read_id_token(id_token: str, nonce: str) -> dict[str, Any]:
    """Raises NotSignedIn, Retryable. Source: OpenID Connect Core 3.1.3.7."""
    client_id = settings().oidc_client_id
    claims = bearer.read_claims(
        id_token,
        keys=jwks.store(_metadata()["jwks_uri"]),
        issuer=_metadata()["issuer"],
        audience=[client_id],
    )
    audience = claims["aud"]
    several = isinstance(audience, list) and len(audience) > 1
    if claims.get("azp", None if several else client_id) != client_id:
        raise NotSignedIn("The token was made for another program.")
    if not secrets.compare_digest(str(claims.get("nonce", "")).encode(), nonce.encode()):
        raise NotSignedIn("The token belongs to another sign-in.")
    return claims


def _ask_userinfo(access_token: str, subject: str) -> dict[str, Any]:
    """E-mail and name from the provider's userinfo, which must be of the same person."""
    address = _metadata().get("userinfo_endpoint")
    if not access_token or not access_token.isascii() or not _is_address(address):
        return {}
    found = fetching.get_object(str(address), token=access_token)
    if found.get("sub") != subject:
        return {}
    return {name: found[name] for name in ("email", "email_verified", "name") if name in found}


def _client(redirect_uri: str) -> OAuth2Session:
    secret = settings().oidc_client_secret
    offered = _metadata().get("token_endpoint_auth_methods_supported")
    # OpenID Connect Discovery 1.0: without a word, basic is meant.
    offered = offered if isinstance(offered, list) else ["client_secret_basic"]
    method = "client_secret_basic" if "client_secret_basic" in offered else "client_secret_post"
    return OAuth2Session(
        client_id=settings().oidc_client_id,
        client_secret=secret or None,
        token_endpoint_auth_method=method if secret else "none",
        scope=SCOPE,
        redirect_uri=redirect_uri,
        code_challenge_method="S256",
    )


@dataclass
class _Metadata:
    """What is known of the provider, and when it was last asked."""

    found: dict[str, Any]
    asked_at: float = float("-inf")
    was_away: bool = False

    def is_fresh(self) -> bool:
        wait = RETRY_S if self.was_away else METADATA_S
        return time.monotonic() - self.asked_at < wait


_known: dict[str, _Metadata] = {}
_known_lock = threading.Lock()


def _metadata() -> dict[str, Any]:
    """The provider's own description (OpenID Connect Discovery 1.0), kept for an hour, and for
    longer while the provider is away. Raises ProviderAway."""
    known = _known.setdefault(settings().oidc_issuer, _Metadata({}))
    if not known.is_fresh():
        with _known_lock:
            if not known.is_fresh():  # another thread may just have asked
                _ask(settings().oidc_issuer, known)
    if not known.found:
        raise fetching.away("no metadata")
    return known.found


def _ask(issuer: str, known: _Metadata) -> None:
    try:
        found = fetching.get_object(f"{issuer.rstrip('/')}/.well-known/openid-configuration")
        _check(found, issuer)
        known.found, known.was_away = found, False
    except fetching.ProviderAway as problem:
        log.warning("oidc_away", problem=problem.details.get("problem"))
        known.was_away = True
    known.asked_at = time.monotonic()


def _check(found: dict[str, Any], issuer: str) -> None:
    if not bearer.same_issuer(str(found.get("issuer")), issuer):
        raise fetching.away("its issuer is not OIDC_ISSUER")
    for name in _WANTED:
        if not _is_address(found.get(name)):
            raise fetching.away(f"no {name}")


def _is_address(value: Any) -> bool:
    return isinstance(value, str) and value.startswith(("https://", "http://"))


def _failed() -> Forbidden:
    return Forbidden("The sign-in was not completed. Please try again.")
