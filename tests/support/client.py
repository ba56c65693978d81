"""The application as its callers use it: Flask's test client, with real sign-ins.

`Desk` is the application with three people in its database. Every helper goes through a real route.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from models import Base, Confirmation, Job, Role, Staff
from services import work
from services.people import accounts
from services.students import confirmations
from tests.support import meshes

API = "/api/v1"
PASSWORD = "a password of the tests"
STUDENT = "Ada Lovelace"
STUDENT_EMAIL = "ada@uni.example"
NAMES = {Role.MANAGER: "Mona Manager", Role.STAFF: "Sam Staff", Role.ADMIN: "Ada Admin"}

FORM = {
    "student_name": STUDENT,
    "student_email": STUDENT_EMAIL,
    "discipline": "Engineering",
    "class_number": "ARCH 4000",
    "print_method": "Filament",
    "color": "True Red",
    "printer": "prusa_mk4s",
    "acknowledged_minimum_charge": "Yes",
}
APPROVAL = {"weight_g": 42.5, "time_hours": 3.2}
PATH_TO = {
    "UPLOADED": (),
    "PENDING": ("approve",),
    "READYTOPRINT": ("approve", "admin/force-confirm"),
    "PRINTING": ("approve", "admin/force-confirm", "mark-printing"),
    "COMPLETED": ("approve", "admin/force-confirm", "mark-printing", "mark-complete"),
    "PAIDPICKEDUP": (
        *("approve", "admin/force-confirm", "mark-printing", "mark-complete", "mark-picked-up"),
    ),
    "REJECTED": ("reject",),
    "ARCHIVED": ("reject",),  # and then archived by an administrator
}
BODIES: dict[str, dict[str, Any]] = {
    "approve": APPROVAL,
    "reject": {"reasons": ["Walls are too thin to print"]},
    "admin/force-confirm": {"reason": "Confirmed at the desk"},
}


@dataclass
class Caller:
    """Somebody who calls the API; with a bearer token unless they are a stranger."""

    client: FlaskClient
    token: str = ""

    def call(self, method: str, path: str, json: Any = None, **options: Any) -> TestResponse:
        """A request to `path` below /api/v1; headers given here come on top of the token."""
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        headers |= options.pop("headers", {})
        if json is not None:
            options["json"] = json
        return self.client.open(f"{API}{path}", method=method, headers=headers, **options)

    def get(self, path: str, **options: Any) -> TestResponse:
        return self.call("GET", path, **options)

    def post(self, path: str, json: Any = None, **options: Any) -> TestResponse:
        return self.call("POST", path, json, **options)

    def act(self, job_id: str, action: str, json: Any = None) -> TestResponse:
        """An action on a job, with its lock taken first, and a plain body where it needs one."""
        assert self.post(f"/jobs/{job_id}/lock").status_code == 200
        return self.post(f"/jobs/{job_id}/{action}", json or BODIES.get(action))


class Desk:
    """The application, with a manager, a member of staff and an administrator."""

    def __init__(self) -> None:
        self.app = application()
        for role in Role:
            self.add_person(role, NAMES[role])

    def add_person(self, role: Role, name: str) -> str:
        """Adds somebody whose password is PASSWORD; returns the e-mail."""
        email = email_of(name)
        with work.unit() as session:
            session.add(Staff(email=email, name=name, role=role, password_hash=_password_hash()))
        return email

    def client(self) -> FlaskClient:
        """A browser of its own: nobody's cookies."""
        return self.app.test_client()

    def stranger(self) -> Caller:
        return Caller(self.client())

    def caller(self, role: Role = Role.STAFF, name: str = "") -> Caller:
        """Somebody with a token from POST /auth/login."""
        stranger = self.stranger()
        credentials = {"email": email_of(name or NAMES[role]), "password": PASSWORD}
        answer = stranger.post("/auth/login", credentials)
        assert answer.status_code == 200, answer.text
        return Caller(self.client(), answer.json["access_token"])

    def browser(self, role: Role = Role.STAFF, name: str = "") -> FlaskClient:
        """A browser with a session from POST /login."""
        client = self.client()
        answer = sign_in(client, email_of(name or NAMES[role]))
        assert answer.status_code == 303, answer.text
        return client

    def submit(self, content: bytes | None = None, filename: str = "Gear.stl", **form: str) -> Any:
        """A job as the submission route answers it; without content, of a cube like no other."""
        answer = submit(self.client(), content or unique_model(), filename, **form)
        assert answer.status_code == 201, answer.text
        return answer.json

    def job(self, status: str = "UPLOADED", **form: str) -> str:
        """The id of a new job that was brought to the status, action by action."""
        job_id: str = self.submit(**form)["id"]
        for action in PATH_TO[status]:
            answer = self.staff.act(job_id, action)
            assert answer.status_code == 200, answer.text
            self.staff.post(f"/jobs/{job_id}/unlock")
        if status == "ARCHIVED":
            answer = self.caller(Role.ADMIN).post("/admin/archive", {"retention_days": 0})
            assert answer.json["jobs_archived"] >= 1
        return job_id

    @property
    def staff(self) -> Caller:
        """One member of staff, signed in once."""
        if not hasattr(self, "_staff"):
            self._staff = self.caller(Role.STAFF)
        return self._staff


def application() -> Any:
    """The application; one for the whole process, as Dash keeps its callbacks in module state."""
    import app

    return app.server


def email_of(name: str) -> str:
    return name.lower().replace(" ", ".") + "@printlab.example"


def sign_in(
    client: FlaskClient, email: str, password: str = PASSWORD, **options: Any
) -> TestResponse:
    form = {"email": email, "password": password, "next": options.pop("next", "")}
    return client.post("/login", data=form, **options)


def submit(
    client: FlaskClient,
    content: bytes,
    filename: str = "Gear.stl",
    path: str = f"{API}/submit",
    **form: str,
) -> TestResponse:
    """A submission as a browser's form sends it."""
    parts = [
        f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in {**FORM, **form}.items()
    ]
    about = f'name="file"; filename="{filename}"\r\nContent-Type: model/stl'
    head = "".join(parts) + f"--{_BOUNDARY}\r\nContent-Disposition: form-data; {about}\r\n\r\n"
    body = head.encode() + content + f"\r\n--{_BOUNDARY}--\r\n".encode()
    return client.post(path, data=body, content_type=f"multipart/form-data; boundary={_BOUNDARY}")


_BOUNDARY = "----a-boundary-of-the-tests"
_made = 0


def unique_model() -> bytes:
    """A small valid model that has not been made before in this process."""
    global _made
    _made += 1
    return meshes.binary_stl(header=f"cube {_made}".encode())


def token_of(job_id: str) -> str:
    """The token of the job's open confirmation link, as the mail would carry it."""
    with work.unit() as session:
        chosen = select(Confirmation.id).where(Confirmation.job_id == job_id)
        link = session.scalars(
            chosen.where(Confirmation.used_at.is_(None), Confirmation.replaced_at.is_(None))
        ).one()
    return confirmations.token_of(link)


@contextmanager
def changed_job(job_id: str) -> Iterator[Job]:
    """The job's row, for what only time brings about: a link or a window that has run out."""
    with work.unit() as session:
        job = session.get(Job, job_id)
        assert job is not None
        yield job


@contextmanager
def changed_link(job_id: str) -> Iterator[Confirmation]:
    with work.unit() as session:
        chosen = select(Confirmation).where(Confirmation.job_id == job_id)
        yield session.scalars(chosen.order_by(Confirmation.created_at.desc()).limit(1)).one()


def rows() -> dict[str, list[Any]]:
    """Every row of every table, to check that nothing has changed. Entries about refused access in
    the audit log do not count as a change."""
    with work.unit() as session:
        found = {table.name: _all(session, table) for table in Base.metadata.sorted_tables}
    found["audit_log"] = [row for row in found["audit_log"] if "AccessRefused" not in row]
    return found


def refusal_of(answer: TestResponse, status: int, code: str) -> Mapping[str, Any]:
    """The details of a refusal, once it is known to be in the error format."""
    assert answer.status_code == status, answer.text
    assert answer.mimetype == "application/json"
    body = answer.json
    assert body["error"] == code, body
    assert isinstance(body["message"], str) and body["message"]
    assert isinstance(body["details"], dict)
    details: Mapping[str, Any] = body["details"]
    return details


def _all(session: Session, table: Any) -> list[Any]:
    return [tuple(row) for row in session.execute(select(table).order_by(*table.primary_key))]


@lru_cache
def _password_hash() -> str:
    return accounts._hasher.hash(PASSWORD)
