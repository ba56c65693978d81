"""Bearer tokens (JWT) of an identity provider, such as Clerk, for the API.

As RFC 8725 requires: we choose the algorithm (RS256 or ES256); the key is the provider's, found by
`kid` in its JWKS and never taken from the token; issuer, times, audience and authorised party are
checked.
"""

import base64
import json
from collections.abc import Collection
from typing import Any

import jwt
from sqlalchemy.orm import Session

from services.errors import NotSignedIn
from services.people import jwks
from services.people.accounts import Identity
from services.people.claims import find_by_claims
from settings import settings, split_list

LEEWAY_S = 5
MAX_LENGTH = 16 * 1024
_REFUSED = "Invalid or expired token"


def looks_like_jwt(token: str) -> bool:
    """Whether this is a JWT, and not a token issued by Printdesk: a JWT begins with an encoded
    object that names its algorithm, Printdesk's own tokens with an encoded list."""
    head, *rest = token.split(".")
    if len(rest) != 2 or len(token) > MAX_LENGTH:
        return False
    try:
        header = json.loads(base64.urlsafe_b64decode(head + "=" * (-len(head) % 4)))
    except (ValueError, RecursionError):
        return False
    return isinstance(header, dict)


def verify(token: str) -> dict[str, Any]:
    """The claims of a token for the API. Raises NotSignedIn, Retryable."""
    claims = read_claims(
        token,
        keys=jwks.store(settings().jwt_jwks_url),
        issuer=settings().jwt_issuer,
        audience=split_list(settings().jwt_audience),
    )
    parties = split_list(settings().jwt_authorized_parties)
    if parties and str(claims.get("azp", "")) not in parties:  # PyJWT does not check it
        raise NotSignedIn(_REFUSED)
    return claims


def read_claims(
    token: str, *, keys: jwks.KeyStore, issuer: str, audience: Collection[str]
) -> dict[str, Any]:
    """The claims of a JWT signed by one of the keys. Without an audience, none is required.

    Raises NotSignedIn, with the same message whatever is wrong; Retryable while the keys are
    unavailable.
    """
    try:
        header = jwt.get_unverified_header(token)
        algorithm, kid = header.get("alg"), header.get("kid")
        if not issuer or algorithm not in jwks.ALGORITHMS or not isinstance(kid, str):
            raise NotSignedIn(_REFUSED)
        key = keys.find(kid, algorithm)
        if key is None:
            raise NotSignedIn(_REFUSED)
        return jwt.decode(
            token,
            key,
            algorithms=[algorithm],
            issuer=issuer,
            audience=list(audience) or None,
            leeway=LEEWAY_S,
            options={
                "require": ["exp", "iss", "sub"],
                "verify_aud": bool(audience),
                "enforce_minimum_key_length": True,
            },
        )
    except (jwt.PyJWTError, ValueError, TypeError, OverflowError, RecursionError):
        raise NotSignedIn(_REFUSED) from None


def find_identity(
    session: Session, claims: dict[str, Any], *, with_state: bool = False
) -> Identity:
    """The person of verified claims, if requested with the state of the database from the same
    query. Raises NotSignedIn, Forbidden."""
    # `sub` is unique within one provider only, so it counts only for the console's provider.
    of_console = settings().auth_mode == "local" or same_issuer(
        settings().jwt_issuer, settings().oidc_issuer
    )
    return find_by_claims(session, claims, by_subject=of_console, with_state=with_state)


def same_issuer(one: str, other: str) -> bool:
    return one.rstrip("/") == other.rstrip("/")
