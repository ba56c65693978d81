"""What is looked at before anything starts, each with one line that says what to do."""

import errno
import fcntl
import os
import secrets
import socket
import tempfile
from pathlib import Path
from typing import IO
from urllib.parse import urlsplit

from pydantic import ValidationError

from launch.processes import LaunchError
from settings import Settings, settings

CONFIGURATION = 2  # the exit status when a setting is wrong
MIN_SECRET_KEY = 32
MIN_ADMIN_PASSWORD = 14
MIN_DIFFERENT = 8  # characters in a key or a password
DONE = "PRINTDESK_CHECKED"  # in the environment of what was started after the checks
LOOPBACK = ("127.0.0.1", "::1", "localhost")


def read_settings() -> Settings:
    try:
        return settings()
    except ValidationError as problem:
        first = problem.errors()[0]
        name = "_".join(str(part) for part in first["loc"]).upper()
        raise LaunchError(f"{name}: {first['msg']}", CONFIGURATION) from problem


def check_secret_key(values: Settings) -> None:
    """In production the key must be there and long: who guesses it signs in as anybody."""
    if not values.database_url:
        return
    if not values.secret_key:
        raise LaunchError(
            "DATABASE_URL is set, so SECRET_KEY must be set too (any long random text, the same on"
            " every machine).",
            CONFIGURATION,
        )
    if len(values.secret_key) < MIN_SECRET_KEY:
        raise LaunchError(
            f"SECRET_KEY is too short: set a random text of at least {MIN_SECRET_KEY}"
            ' characters, such as `python3 -c "import secrets; print(secrets.token_hex(32))"`'
            " prints.",
            CONFIGURATION,
        )


def check_sign_in(values: Settings) -> None:
    """What an identity provider needs must all be there, or nobody could sign in."""
    needed: dict[str, str] = {}
    if values.auth_mode == "oidc":
        needed |= {"OIDC_ISSUER": values.oidc_issuer, "OIDC_CLIENT_ID": values.oidc_client_id}
    if values.jwt_jwks_url:
        needed["JWT_ISSUER"] = values.jwt_issuer
    for name, value in needed.items():
        if not value:
            cause = "JWT_JWKS_URL is set" if name == "JWT_ISSUER" else "AUTH_MODE is oidc"
            raise LaunchError(f"{cause}, so {name} must be set too.", CONFIGURATION)
    addresses = {"OIDC_ISSUER": values.oidc_issuer, "JWT_JWKS_URL": values.jwt_jwks_url}
    for name, address in addresses.items():
        if address and not address.startswith(("https://", "http://")):
            raise LaunchError(f"{name} must begin with https://.", CONFIGURATION)


def weak_settings(values: Settings) -> list[str]:
    """What works, and should not stay so: a line for each, without any secret."""
    is_local = values.auth_mode == "local"
    tokens_of_all = values.jwt_jwks_url and not (
        values.jwt_audience or values.jwt_authorized_parties
    )
    findings = (
        (
            values.host not in LOOPBACK and not values.is_https,
            "HOST lets other machines in, and PUBLIC_URL is not https: passwords and sessions can"
            " be read on the way. Put a proxy with TLS in front and set PUBLIC_URL.",
        ),
        (
            bool(values.secret_key) and _is_weak_key(values.secret_key),
            f"SECRET_KEY is easy to guess: use a random text of at least {MIN_SECRET_KEY}"
            " characters, or leave it out.",
        ),
        (
            is_local and bool(values.admin_password) and _is_weak_password(values),
            "ADMIN_PASSWORD is easy to guess: change it under your name in the console, and take"
            " it out of the settings.",
        ),
        (
            any(map(_is_open_address, (values.oidc_issuer, values.jwt_jwks_url))),
            "OIDC_ISSUER or JWT_JWKS_URL is not https: who sits in between can sign in as anybody.",
        ),
        (
            bool(tokens_of_all),
            "Neither JWT_AUDIENCE nor JWT_AUTHORIZED_PARTIES is set: tokens that the provider made"
            " for other programs are taken too.",
        ),
        (
            values.oidc_trust_email,
            "OIDC_TRUST_EMAIL is on: safe only where nobody can choose the address in their"
            " account themselves.",
        ),
    )
    return [words for is_weak, words in findings if is_weak]


def _is_weak_key(key: str) -> bool:
    return len(key) < MIN_SECRET_KEY or len(set(key)) < MIN_DIFFERENT


def _is_weak_password(values: Settings) -> bool:
    password = values.admin_password.lower()
    names = ("password", "printdesk", "admin", "12345", values.admin_email.partition("@")[0])
    guessable = any(name and name.lower() in password for name in names)
    return len(password) < MIN_ADMIN_PASSWORD or len(set(password)) < MIN_DIFFERENT or guessable


def _is_open_address(address: str) -> bool:
    return address.startswith("http://") and urlsplit(address).hostname not in LOOPBACK


def check_writable(name: str, folder: Path) -> None:
    """Makes the folder if needed. `name` is the setting to change when that fails."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as problem:
        words = problem.strerror or str(problem)
        raise LaunchError(f"Cannot write in {folder}: {words}. Set {name} to a folder that is"
                          " yours, or change its owner.") from problem  # fmt: skip


def hold_lock(path: Path) -> IO[bytes]:
    """A lock that ends with this process, however it ends. Keep what is returned."""
    file = path.open("ab")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as problem:
        file.close()
        if problem.errno not in (errno.EWOULDBLOCK, errno.EACCES):
            raise
        raise LaunchError(
            f"Printdesk is already running on {path.parent.parent}: stop it, or set VAR_DIR and"
            " PORT to others."
        ) from problem
    return file


def check_port(host: str, port: int) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except (OSError, OverflowError) as problem:
            busy = isinstance(problem, OSError) and problem.errno == errno.EADDRINUSE
            words = "is already in use" if busy else f"cannot be used ({problem})"
            other = "PORT" if busy else "HOST or PORT"
            raise LaunchError(f"{host}:{port} {words}: set {other} to another.") from problem


def keep_secret_key(path: Path) -> str:
    """The key kept in the file, which is made at first for its owner only."""
    if not path.exists() or not path.read_text().strip():
        draft = path.with_name(path.name + ".new")
        draft.unlink(missing_ok=True)
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_hex(32) + "\n")
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    path.chmod(0o600)
    return path.read_text().strip()
