"""Printdesk's own checks of an OpenID Connect provider: metadata, ID tokens, userinfo, and the
sign-out address.

dash-auth and Authlib run the sign-in itself (student_pages/provider_auth.py, web/oidc_client.py),
but do not decide by the provider's metadata: services/people/bearer.py verifies the ID token, like
the API's tokens, with our choice of algorithms, the issuer from the settings, and keys that are
fetched with limits.
"""

import secrets
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import structlog

from services.errors import Forbidden, NotSignedIn
from services.people import bearer, fetching, jwks
from settings import settings

METADATA_S = 60 * 60.0
RETRY_S = 5.0  # while it is unavailable, so that not everybody who signs in has to wait
_WANTED = ("authorization_endpoint", "token_endpoint", "jwks_uri")

log = structlog.get_logger()


def client_metadata() -> dict[str, str]:
    """The addresses that a client needs, and its authentication method. Raises Retryable while the
    provider is unavailable."""
    known = _metadata()
    return {
        "authorization_endpoint": known["authorization_endpoint"],
        "token_endpoint": known["token_endpoint"],
        "token_endpoint_auth_method": _authentication_method(known),
    }


def read_claims(token: Mapping[str, Any], nonce: str) -> dict[str, Any]:
    """The verified claims from the token endpoint's answer. Raises Forbidden, Retryable."""
    id_token = token.get("id_token")
    try:
        claims = _read_id_token(id_token if isinstance(id_token, str) else "", nonce)
    except NotSignedIn:
        log.warning("oidc_refused", problem="the ID token is not valid")
        raise not_completed() from None
    if "email" not in claims:  # some providers give it only there (OpenID Connect 5.4)
        claims |= _ask_userinfo(str(token.get("access_token", "")), claims["sub"])
    return claims


def sign_out_url(id_token: str, return_to: str) -> str:
    """The address where the person ends their session at the provider; "" if it has none or is
    unavailable: the session here has ended in any case."""
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


def not_completed() -> Forbidden:
    """The error for a failed sign-in; the log has the reason."""
    return Forbidden("The sign-in was not completed. Please try again.")


def _authentication_method(known: Mapping[str, Any]) -> str:
    if not settings().oidc_client_secret:
        return "none"
    offered = known.get("token_endpoint_auth_methods_supported")
    # OpenID Connect Discovery 1.0: the default is client_secret_basic.
    offered = offered if isinstance(offered, list) else ["client_secret_basic"]
    return "client_secret_basic" if "client_secret_basic" in offered else "client_secret_post"


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
    """E-mail and name from the provider's userinfo, which must belong to the same person."""
    address = _metadata().get("userinfo_endpoint")
    if not access_token or not access_token.isascii() or not _is_address(address):
        return {}
    found = fetching.get_object(str(address), token=access_token)
    if found.get("sub") != subject:
        return {}
    return {name: found[name] for name in ("email", "email_verified", "name") if name in found}


@dataclass
class _Metadata:
    """The provider's metadata, and when it was last requested."""

    found: dict[str, Any]
    asked_at: float = float("-inf")
    was_away: bool = False

    def is_fresh(self) -> bool:
        wait = RETRY_S if self.was_away else METADATA_S
        return time.monotonic() - self.asked_at < wait


_known: dict[str, _Metadata] = {}
_known_lock = threading.Lock()


def _metadata() -> dict[str, Any]:
    """The provider's metadata (OpenID Connect Discovery 1.0), cached for an hour, and for longer
    while the provider is unavailable. Raises ProviderAway."""
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
