"""The public keys of an identity provider (JWKS, RFC 7517): fetched when needed, and cached.

An unknown key id may be a new key: the set is fetched again for it, but at most once a minute,
whatever tokens strangers send. Keys that were removed from the set are dropped at the next refresh.
While the provider is unavailable, the known keys stay in use.
"""

import threading
import time
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import jwt
import structlog

from services.errors import Retryable
from services.people import fetching

REFETCH_FOR_UNKNOWN_S = 60.0
RETRY_WITHOUT_KEYS_S = 5.0
REFRESH_S = 15 * 60.0
MAX_KEYS = 100
ALGORITHMS = {"RS256": "RSA", "ES256": "EC"}  # with the key type that each needs

log = structlog.get_logger()


class KeyStore:
    """The keys of one JWKS address, shared by the threads of a process."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._keys: Mapping[tuple[str, str], Any] = {}
        self._lock = threading.Lock()
        self._tried_at = self._missed_at = float("-inf")

    def find(self, kid: str, algorithm: str) -> Any:
        """The public key with this id, if it is for this algorithm; None otherwise.

        Raises Retryable if the provider is unavailable and no keys are known.
        """
        wanted = (kid, algorithm)
        if wanted in self._keys:
            self._refresh_when_old()
            return self._keys.get(wanted)
        with self._lock:
            now = time.monotonic()
            if wanted not in self._keys and self._may_ask(now):
                if self._keys:
                    self._missed_at = now
                self._fetch()
            if not self._keys:
                raise fetching.away("no keys")
            return self._keys.get(wanted)

    def _may_ask(self, now: float) -> bool:
        if not self._keys:
            return now - self._tried_at >= RETRY_WITHOUT_KEYS_S
        return now - self._missed_at >= REFETCH_FOR_UNKNOWN_S

    def _refresh_when_old(self) -> None:
        """One thread fetches the keys; the others continue with the known ones."""
        if time.monotonic() - self._tried_at < REFRESH_S or not self._lock.acquire(blocking=False):
            return
        try:
            self._fetch()
        finally:
            self._lock.release()

    def _fetch(self) -> None:
        try:
            keys = _read_keys(fetching.get_object(self.url))
        except Retryable as problem:
            log.warning("jwks_away", url=self.url, problem=problem.details.get("problem"))
            return
        finally:
            self._tried_at = time.monotonic()
        if keys:  # an empty set is treated as an error: nobody could sign in with it
            self._keys = keys


@lru_cache(maxsize=4)
def store(url: str) -> KeyStore:
    """This process's key store for an address."""
    return KeyStore(url)


def _read_keys(found: dict[str, Any]) -> dict[tuple[str, str], Any]:
    """Signing keys by id and algorithm. Unusable keys are ignored: a set may contain keys for other
    purposes."""
    listed = found.get("keys")
    keys: dict[tuple[str, str], Any] = {}
    for entry in listed[:MAX_KEYS] if isinstance(listed, list) else []:
        if not isinstance(entry, dict) or entry.get("use", "sig") != "sig":
            continue
        kid = entry.get("kid")
        for algorithm, kind in ALGORITHMS.items():
            fits = entry.get("kty") == kind and entry.get("alg", algorithm) == algorithm
            if isinstance(kid, str) and kid and fits and "d" not in entry:
                try:
                    keys[kid, algorithm] = jwt.PyJWK(entry, algorithm).key
                except (jwt.PyJWTError, ValueError, TypeError):
                    continue
    return keys
