"""Checks before anything starts; each failure is one line that says what to do."""

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
from pydantic_core import ErrorDetails

from launch.processes import LaunchError
from settings import Settings, in_url, is_every_address, is_loopback, settings

CONFIGURATION = 2  # the exit status when a setting is wrong
MIN_SECRET_KEY = 32
MIN_ADMIN_PASSWORD = 14
MIN_DIFFERENT = 8  # characters in a key or a password
DONE = "PRINTDESK_CHECKED"  # environment variable that marks processes started after the checks
KEY_COMMAND = '`python3 -c "import secrets; print(secrets.token_hex(32))"`'


def read_settings() -> Settings:
    """Raises LaunchError with a line for each invalid setting."""
    try:
        return settings()
    except ValidationError as problem:
        raise _refusal([_describe_error(error) for error in problem.errors()]) from problem


def _describe_error(error: ErrorDetails) -> str:
    name = "_".join(str(part) for part in error["loc"]).upper()
    return f"{name}: {error['msg'].removeprefix('Value error, ')}"


def _refusal(problems: list[str]) -> LaunchError:
    """One line for each problem; the caller that prints it adds the prefix of the first line."""
    return LaunchError("\nprintdesk: ".join(problems), CONFIGURATION)


def check_production(values: Settings) -> None:
    """With DATABASE_URL set, refuses weak settings, all at once. Raises LaunchError.

    In production others rely on them, and nobody reads a warning in a log.
    """
    if not values.database_url:
        return
    refused = _weaknesses(values)
    if not values.public_url and is_every_address(values.host):
        refused.append(f"PUBLIC_URL is not set: {_warn_about_links(values)}")
    if not values.secret_key:
        missing = (
            "SECRET_KEY is missing. Set it to a long random text, the same on every machine:"
            f" {KEY_COMMAND} prints one."
        )
        refused.insert(0, missing)
    if refused:
        raise _refusal([f"DATABASE_URL is set, so this is refused: {words}" for words in refused])


def check_sign_in(values: Settings) -> None:
    """Raises LaunchError if a setting for the identity provider is missing: nobody could sign
    in."""
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


def warnings(values: Settings) -> list[str]:
    """Warnings that do not prevent a start: one line each, without any secret."""
    lines = [f"Weak setting: {words}" for words in weak_settings(values)]
    for_others = values.database_url or is_every_address(values.host)
    if not values.public_url and for_others:
        lines.append(f"PUBLIC_URL is not set: {_warn_about_links(values)}")
    return lines


def weak_settings(values: Settings) -> list[str]:
    """Settings that work but are weak: one line each, without any secret."""
    lines = _weaknesses(values)
    if values.oidc_trust_email:
        lines.append(
            "OIDC_TRUST_EMAIL is on: safe only where nobody can choose the address in their"
            " account themselves."
        )
    return lines


def _weaknesses(values: Settings) -> list[str]:
    """Weak settings that are refused in production."""
    is_local = values.auth_mode == "local"
    tokens_of_all = values.jwt_jwks_url and not (
        values.jwt_audience or values.jwt_authorized_parties
    )
    findings = (
        (
            not is_loopback(values.host) and not values.is_https,
            "HOST lets other machines in, and PUBLIC_URL is not https: passwords and sessions can"
            " be intercepted. Put a proxy with TLS in front and set PUBLIC_URL.",
        ),
        (
            bool(values.secret_key) and _is_weak_key(values.secret_key),
            f"SECRET_KEY is easy to guess: use a random text of at least {MIN_SECRET_KEY}"
            f" characters, such as {KEY_COMMAND} prints.",
        ),
        (
            is_local and bool(values.admin_password) and _is_weak_password(values),
            "ADMIN_PASSWORD is easy to guess: choose another, or remove it from the settings once"
            " you have changed it on your account page.",
        ),
        (
            any(map(_is_open_address, (values.oidc_issuer, values.jwt_jwks_url))),
            "OIDC_ISSUER or JWT_JWKS_URL is not https: an attacker on the network can sign in "
            "as anybody.",
        ),
        (
            bool(tokens_of_all),
            "Neither JWT_AUDIENCE nor JWT_AUTHORIZED_PARTIES is set: tokens that the provider"
            " issued for other programs are accepted too.",
        ),
        (
            _exposes_mail_password(values.smtp_url),
            "SMTP_URL has a password and no TLS: it can be intercepted. Begin it with"
            " smtp+starttls:// or smtps://.",
        ),
    )
    return [words for is_weak, words in findings if is_weak]


def _warn_about_links(values: Settings) -> str:
    return (
        f"links in e-mails begin with {values.base_url}, where others may not find this machine."
        " Set it to the address that people use."
    )


def _is_weak_key(key: str) -> bool:
    return len(key) < MIN_SECRET_KEY or len(set(key)) < MIN_DIFFERENT


def _is_weak_password(values: Settings) -> bool:
    password = values.admin_password.lower()
    names = ("password", "printdesk", "admin", "12345", values.admin_email.partition("@")[0])
    guessable = any(name and name.lower() in password for name in names)
    return len(password) < MIN_ADMIN_PASSWORD or len(set(password)) < MIN_DIFFERENT or guessable


def _is_open_address(address: str) -> bool:
    parts = urlsplit(address)
    return parts.scheme == "http" and not is_loopback(parts.hostname or "")


def _exposes_mail_password(smtp_url: str) -> bool:
    parts = urlsplit(smtp_url)
    return parts.scheme == "smtp" and bool(parts.password) and not is_loopback(parts.hostname or "")


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
    """Takes a lock that ends with this process, however it ends. Keep the returned file open."""
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
            raise LaunchError(
                f"{in_url(host)}:{port} {words}: set {other} to another."
            ) from problem


def keep_secret_key(path: Path) -> str:
    """The key in the file; at the first start the file is created, readable only by its owner."""
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
