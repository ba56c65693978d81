"""An issuer of JWTs with real keys, whose JWKS a real HTTP server on loopback hands out."""

import base64
import hashlib
import hmac
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import lru_cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

ISSUER = "https://clerk.printlab.example"


@lru_cache
def rsa_key(name: str = "first", bits: int = 2048) -> rsa.RSAPrivateKey:
    """A key of its own for each name, made once for the whole run."""
    return rsa.generate_private_key(public_exponent=65537, key_size=bits)


@lru_cache
def ec_key(name: str = "first") -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def public_jwk(key: Any, kid: str, **more: Any) -> dict[str, Any]:
    algorithm = (
        jwt.algorithms.RSAAlgorithm if hasattr(key, "decrypt") else jwt.algorithms.ECAlgorithm
    )
    found = algorithm.to_jwk(key.public_key(), as_dict=True)
    return {**found, "kid": kid, "use": "sig", **more}


def public_pem(key: Any) -> bytes:
    return key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )


def segment(content: Any) -> str:
    raw = content if isinstance(content, bytes) else json.dumps(content).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


class Issuer:
    """`keys` is what the JWKS holds; `answer` replaces it; `asked` counts the requests. `pages`
    holds the answers at other paths, and `others` which of these were asked for, and with what."""

    def __init__(self) -> None:
        self.keys: list[dict[str, Any]] = [public_jwk(rsa_key(), "first")]
        self.answer: tuple[int, bytes] | None = None
        self.wait_s = 0.0
        self.location = ""  # where an answer says to go
        self.pause_s = 0.0  # after each byte of an answer
        self.asked = 0
        self.pages: dict[str, Any] = {}
        self.others: list[tuple[str, str]] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    @property
    def url(self) -> str:
        return f"{self.base}/jwks.json"

    def stop(self) -> None:
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join()
            self._server.server_close()

    def token(
        self, key: Any = None, kid: str | None = "first", alg: str = "RS256", **claims: Any
    ) -> str:
        """A token as the issuer signs it; a claim that is None is left out."""
        # Not jwt.encode: it refuses to say some of the things that must be refused.
        return jwt.PyJWS().encode(
            json.dumps(self.claims(**claims)).encode(),
            key or rsa_key(),
            algorithm=alg,
            headers={"typ": "JWT"} | ({"kid": kid} if kid is not None else {}),
        )

    def forged(self, header: dict[str, Any], secret: bytes | None = None, **claims: Any) -> str:
        """A token put together by hand: unsigned, or signed with HMAC-SHA256."""
        signed = f"{segment(header)}.{segment(self.claims(**claims))}"
        mac = hmac.digest(secret, signed.encode(), hashlib.sha256) if secret else b""
        return f"{signed}.{segment(mac)}"

    @staticmethod
    def claims(**claims: Any) -> dict[str, Any]:
        now = int(time.time())
        usual = {"iss": ISSUER, "sub": "user_1", "iat": now, "nbf": now, "exp": now + 60}
        return {name: value for name, value in (usual | claims).items() if value is not None}

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        issuer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                issuer.asked += 1
                time.sleep(issuer.wait_s)
                usual = (200, json.dumps({"keys": issuer.keys}).encode())
                if self.path != "/jwks.json":
                    issuer.others.append((self.path, self._sent()))
                    page = issuer.pages.get(self.path)
                    usual = (404, b"") if page is None else (200, json.dumps(page).encode())
                status, body = issuer.answer or usual
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                if issuer.location:
                    self.send_header("Location", issuer.location)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                if not issuer.pause_s:
                    self.wfile.write(body)
                    return
                with suppress(OSError):  # whoever asked has gone away
                    for byte in body:
                        self.wfile.write(bytes([byte]))
                        time.sleep(issuer.pause_s)

            do_POST = do_GET

            def _sent(self) -> str:
                """The request's body, and its Authorization."""
                body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
                return f"{body} {self.headers.get('Authorization', '')}"

            def log_message(self, *_arguments: Any) -> None:
                pass

        return Handler


CLIENT, SECRET = "printdesk", "the client's secret"


@contextmanager
def as_provider(configure: Any) -> Iterator[Issuer]:
    """The issuer with an OpenID Connect provider's other pages, and Printdesk set to it."""
    from services.people import jwks, provider

    def forget() -> None:
        jwks.store.cache_clear()
        provider._known.clear()

    forget()
    with running() as issuer:
        issuer.pages["/.well-known/openid-configuration"] = {
            "issuer": issuer.base,
            "authorization_endpoint": f"{issuer.base}/authorize?tenant=lab",
            "token_endpoint": f"{issuer.base}/token",
            "userinfo_endpoint": f"{issuer.base}/userinfo",
            "jwks_uri": issuer.url,
        }
        configure(
            AUTH_MODE="oidc",
            OIDC_ISSUER=issuer.base,
            OIDC_CLIENT_ID=CLIENT,
            OIDC_CLIENT_SECRET=SECRET,
        )
        yield issuer
    forget()


@contextmanager
def running() -> Iterator[Issuer]:
    issuer = Issuer()
    try:
        yield issuer
    finally:
        issuer.stop()
