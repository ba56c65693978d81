"""Every setting of Printdesk, and the lab's configuration from lab.toml.

Settings come from the environment or from `.env`; each has a default that works. The lab's
configuration (printers, materials, prices, texts) comes from `lab.toml`. Both are read once.
"""

import ipaddress
import os
import re
import socket
import tomllib
from datetime import date, datetime, time
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import SplitResult, unquote, urlsplit
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic_settings import BaseSettings, SettingsConfigDict

ROOT = Path(__file__).resolve().parent


def _from_root(path: Path) -> Path:
    """Relative paths are relative to the project, wherever the process was started."""
    return (ROOT / path.expanduser()).resolve()


RootedPath = Annotated[Path, AfterValidator(_from_root), Field(validate_default=True)]

SMTP_SCHEMES = ("smtp", "smtp+starttls", "smtps")
SMTP_FORM = "such as smtp+starttls://user:password@mail.example.edu:587"


def _check_smtp_url(written: str) -> str:
    """Checked at the start, because otherwise e-mails would silently never be sent. No message
    repeats the password."""
    url = written.strip()
    if url:
        try:
            parts = urlsplit(url)
        except ValueError:
            raise ValueError(f"cannot be read; write it {SMTP_FORM}") from None
        _check_smtp_parts(parts)
    return url


def _check_smtp_parts(parts: SplitResult) -> None:
    if parts.scheme not in SMTP_SCHEMES or not parts.netloc:
        raise ValueError(
            f"must begin with smtp://, smtp+starttls:// or smtps:// and name a host, {SMTP_FORM}"
        )
    if parts.path not in ("", "/") or parts.query or parts.fragment:
        raise ValueError(
            "must end after the port; in user and password write %2F for /, %3F for ? and %23 for #"
        )
    try:
        port = parts.port
    except ValueError:
        port = 0
    if port == 0:
        raise ValueError("the port must be a number from 1 to 65535")
    if not _is_host(parts.hostname or ""):
        raise ValueError(f"must name a host, {SMTP_FORM}")
    if not unquote(f"{parts.username}{parts.password}").isascii():
        raise ValueError("user and password must consist of ASCII characters")


def _is_host(host: str) -> bool:
    """Whether it may be a name, in any script, or an IP address."""
    try:
        host.encode("idna")
    except UnicodeError:
        return False
    return _address_of(host) is not None or re.fullmatch(r"[\w.-]+", host) is not None


SmtpUrl = Annotated[str, AfterValidator(_check_smtp_url)]


def _check_public_url(written: str) -> str:
    url = written.strip()
    if url and not re.match(r"https?://[^/\s]", url, re.IGNORECASE):
        raise ValueError("must begin with https:// or http://, such as https://print.example.edu")
    return url


PublicUrl = Annotated[str, AfterValidator(_check_public_url)]


def _simplify_database_url(written: str) -> str:
    """The URL without the name of a driver, as PostgreSQL's own library expects it."""
    scheme, _, rest = written.strip().partition("://")
    if scheme and not (rest and re.fullmatch(r"postgres(ql)?(\+\w+)?", scheme, re.IGNORECASE)):
        raise ValueError("must begin with postgresql://user:password@host/name")
    return scheme and f"postgresql://{rest}"


DatabaseUrl = Annotated[str, AfterValidator(_simplify_database_url)]


def _address_of(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """The host as an IP address; None for a name."""
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach the host."""
    address = _address_of(host)
    return address.is_loopback if address else host.lower() == "localhost"


def is_every_address(host: str) -> bool:
    """Whether the host means all addresses of the machine, as 0.0.0.0 and :: do."""
    address = _address_of(host)
    return address is not None and address.is_unspecified


def in_url(host: str) -> str:
    """The host as it is written in a URL: IPv6 in brackets."""
    return f"[{host}]" if ":" in host else host


class Settings(BaseSettings):
    """The settings of an installation, named like their environment variables, in lower case."""

    model_config = SettingsConfigDict(
        env_file=os.environ.get("ENV_FILE", ROOT / ".env"),
        extra="ignore",
        frozen=True,
        env_ignore_empty=True,
        hide_input_in_errors=True,  # it may be a password
    )

    host: str = "127.0.0.1"
    port: int = 8050
    public_url: PublicUrl = ""
    var_dir: RootedPath = Path("var")
    storage_dir: RootedPath = Path("storage")
    staff_storage_path: str = ""
    storage_limit_mb: int = 10_240
    lab_file: RootedPath = Path("lab.toml")

    secret_key: str = ""
    database_url: DatabaseUrl = ""
    redis_url: str = ""
    web_workers: int = 2
    web_threads: int = 16
    worker_processes: int = 1

    smtp_url: SmtpUrl = ""
    mail_from: str = "3D Print Lab <printlab@localhost>"
    mail_retry_first_s: int = 60
    sweep_seconds: int = 30

    check_memory_mb: int = 1024
    check_cpu_s: int = 20
    check_wall_s: int = 30

    auth_mode: Literal["local", "oidc"] = "local"
    admin_email: str = ""
    admin_password: str = ""
    session_hours: float = 12
    token_minutes: float = 60

    oidc_issuer: str = ""
    oidc_client_id: str = ""
    oidc_client_secret: str = ""
    oidc_admin_emails: str = ""
    oidc_trust_email: bool = False
    jwt_jwks_url: str = ""
    jwt_issuer: str = ""
    jwt_audience: str = ""
    jwt_authorized_parties: str = ""

    rate_limit_submit: str = "3/hour"
    rate_limit_login: str = "10/hour"
    rate_limit_resend: str = "1/hour"
    trusted_proxies: int = 0
    cors_origins: str = ""

    refresh_seconds: int = 45

    @property
    def base_url(self) -> str:
        """Where people reach Printdesk, without a trailing slash: links in mails start with it."""
        return (self.public_url or f"http://{in_url(self._name())}:{self.port}").rstrip("/")

    def _name(self) -> str:
        """The host by which others may find this machine: its name, when it listens everywhere."""
        if not is_every_address(self.host):
            return self.host
        name = socket.gethostname()
        return name if name.isascii() and _is_host(name) else "127.0.0.1"

    @property
    def is_https(self) -> bool:
        return self.base_url.lower().startswith("https://")


def split_list(listed: str) -> frozenset[str]:
    """The values of a setting that lists several, separated by commas."""
    return frozenset(word.strip() for word in listed.split(",") if word.strip())


class _Facts(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class LabInfo(_Facts):
    name: str
    timezone: str
    contact_email: str
    collect_where: str
    collect_when: str
    how_to_pay: str

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)


class WorkflowFacts(_Facts):
    lock_minutes: float
    revert_window_minutes: float
    confirm_hours: float
    archive_after_days: int
    prune_after_days: int


class Pricing(_Facts):
    minimum_cents: int


class EstimateFacts(_Facts):
    """How a print's weight is estimated: shell in mm, and the range as factors of the estimate."""

    shell_mm: float = 0.9
    low: float = 0.8
    high: float = 1.45


class UploadFacts(_Facts):
    max_mb: int
    extensions: tuple[str, ...]
    slicer_extensions: tuple[str, ...]

    @property
    def max_bytes(self) -> int:
        return self.max_mb * 1024 * 1024


class Texts(_Facts):
    introduction: str
    dimensions: str
    minimum_charge: str


class Material(_Facts):
    name: str
    cents_per_gram: Decimal
    density_g_cm3: float = 1.24
    infill: float = 0.15
    description: str
    best_for: str
    cost: str
    colors: tuple[str, ...]


class Printer(_Facts):
    id: str
    name: str
    material: str
    build_volume_mm: tuple[float, float, float]
    units: int


class Choices(_Facts):
    disciplines: tuple[str, ...]
    rejection_reasons: tuple[str, ...]


def _check_day(written: str) -> str:
    """A month and day for every year, or a date for one year."""
    whole = written if len(written) > len("MM-DD") else f"2000-{written}"
    if not re.fullmatch(r"(\d{4}-)?\d\d-\d\d", written):
        raise ValueError('write "MM-DD" for every year, or "YYYY-MM-DD" for one')
    date.fromisoformat(whole)
    return written


DayOfYear = Annotated[str, AfterValidator(_check_day)]


class Semester(_Facts):
    """Both days are included. A semester with full dates replaces the yearly one of the same
    name."""

    name: str
    first: DayOfYear
    last: DayOfYear


def _check_opening(written: str) -> str:
    begin, _, end = written.partition("-")
    time.fromisoformat(begin)
    if end != "24:00":
        time.fromisoformat(end)
    return written


Opening = Annotated[str, AfterValidator(_check_opening)]  # "09:00-17:00", in the lab's time zone
_WORKING_DAY: tuple[str, ...] = ("09:00-17:00",)


class Hours(_Facts):
    """When a printer could be printing: always, or only while the lab is open."""

    available: Literal["always", "open"] = "always"
    monday: tuple[Opening, ...] = _WORKING_DAY
    tuesday: tuple[Opening, ...] = _WORKING_DAY
    wednesday: tuple[Opening, ...] = _WORKING_DAY
    thursday: tuple[Opening, ...] = _WORKING_DAY
    friday: tuple[Opening, ...] = _WORKING_DAY
    saturday: tuple[Opening, ...] = ()
    sunday: tuple[Opening, ...] = ()
    closed: tuple[date, ...] = ()

    def of_weekday(self, weekday: int) -> tuple[str, ...]:
        """The opening hours of a day of the week; Monday is 0."""
        return (
            self.monday,
            self.tuesday,
            self.wednesday,
            self.thursday,
            self.friday,
            self.saturday,
            self.sunday,
        )[weekday]


class Maintenance(_Facts):
    """A period in which a printer, or `units` of several, was unavailable. Lab's time zone."""

    printer: str
    begin: datetime
    end: datetime
    units: int | None = None


class ReportFacts(_Facts):
    summary_to: tuple[str, ...] = ()
    uncollected_after_days: int = 30


class Lab(_Facts):
    """The content of lab.toml."""

    lab: LabInfo
    workflow: WorkflowFacts
    pricing: Pricing
    estimate: EstimateFacts = EstimateFacts()
    upload: UploadFacts
    texts: Texts
    materials: tuple[Material, ...]
    printers: tuple[Printer, ...]
    choices: Choices
    hours: Hours = Hours()
    maintenance: tuple[Maintenance, ...] = ()
    semesters: tuple[Semester, ...] = (
        Semester(name="Spring", first="01-10", last="05-20"),
        Semester(name="Fall", first="08-20", last="12-20"),
    )
    reports: ReportFacts = ReportFacts()
    swatches: dict[str, str]

    def find_material(self, name: str) -> Material | None:
        return next((m for m in self.materials if m.name == name), None)

    def find_printer(self, printer_id: str) -> Printer | None:
        return next((p for p in self.printers if p.id == printer_id), None)

    def printer_name(self, printer_id: str) -> str:
        """The printer's name for people; the id itself when lab.toml no longer lists it."""
        printer = self.find_printer(printer_id)
        return printer.name if printer else printer_id


@lru_cache
def settings() -> Settings:
    return Settings()


@lru_cache
def lab() -> Lab:
    return Lab.model_validate(tomllib.loads(settings().lab_file.read_text(encoding="utf-8")))
