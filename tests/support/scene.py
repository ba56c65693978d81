"""A lab to be asked about: its people, a job that the asking know of, and one that they do not."""

from typing import Any

from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from models import Job, Role, Staff
from services import work
from tests.support import callbacks
from tests.support.access import ADMIN, ANYONE, MANAGER, STAFF, STUDENT, Lowest
from tests.support.client import NAMES, Desk, email_of, token_of

NO_JOB = "0" * 32
HIDDEN = {"student_name": "Grace Hopper", "student_email": "grace@uni.example"}


class Scene:
    """`job` is named in requests, `hidden` in none of them."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.job = desk.job("PENDING")
        self.hidden = desk.job("UPLOADED", **HIDDEN)
        self.token = token_of(self.job)
        self._values = {
            "<job_id>": self.job,
            "<token>": self.token,
            "<person_id>": NO_JOB,  # nobody: the next test needs the people that there are
            "<path:filename>": "printdesk.css",
            "<string:package_name>": "dash",
            "<path:fingerprinted_path>": "dash-renderer/build/dash_renderer.min.js",
            "<path:path>": "dashboard",
            "<name>": "jobs",
            "<any(csv, xlsx):kind>": "csv",
        }
        self._browsers: dict[Lowest, FlaskClient] = {}
        with work.unit() as session:
            found = {job.id: job for job in session.scalars(select(Job))}
            people = {person.role: person for person in session.scalars(select(Staff))}
            self._job, self._hidden = map(_words_of, (found[self.job], found[self.hidden]))
            self._hashes = [person.password_hash or "" for person in people.values()]
            self._person = people[Role.STAFF].id

    def browser(self, who: Lowest) -> FlaskClient:
        """Signed in unless without an account; a stranger's is new each time."""
        if who <= STUDENT:
            return self.desk.client()
        if who not in self._browsers:
            self._browsers[who] = self.desk.browser(who.role)
        return self._browsers[who]

    def path(self, rule: str, who: Lowest = ADMIN) -> str:
        """The path of a rule; those who are nobody know neither a job's id nor its link."""
        unknown = {"<job_id>": NO_JOB, "<token>": f"{self.token[:-1]}~"} if who is ANYONE else {}
        for name, value in (self._values | unknown).items():
            rule = rule.replace(name, value)
        assert "<" not in rule, f"Tell tests/support/scene.py what to put into {rule}."
        return rule

    def ask(self, who: Lowest, route: str, **options: Any) -> TestResponse:
        """A request to "METHOD rule"."""
        method, rule = route.split(" ", 1)
        path = self.path(rule, who)
        return self.browser(who).open(path, method=method, buffered=True, **options)

    def call(self, who: Lowest, callback: dict[str, Any], values: Any) -> TestResponse:
        """A callback, as the page sends it."""
        return callbacks.run(self.browser(who), callback, self.fill(values or {}))

    def fill(self, sent: Any) -> Any:
        """The same with the ids that stand for "<job>" and "<person>"."""
        if isinstance(sent, dict):
            return {key: self.fill(value) for key, value in sent.items()}
        return {"<job>": self.job, "<person>": self._person}.get(sent, sent) if sent else sent

    def told(self, answer: TestResponse, who: Lowest, *, refused: bool = False) -> list[str]:
        """What the answer says that `who` may not know. A refusal may say nothing of the lab's."""
        text = answer.get_data().decode(errors="replace")
        return [word for word in self._secrets(who, refused) if word in text]

    def _secrets(self, who: Lowest, refused: bool) -> list[str]:
        own = who.role if who >= MANAGER else None
        emails = {role: email_of(name) for role, name in NAMES.items()}
        secrets = [*self._hashes]
        if who < ADMIN or refused:
            secrets += [email for role, email in emails.items() if role is not own]
        if (who < STAFF and who is not STUDENT) or refused:
            secrets.append(self.token)
        if who < MANAGER or refused:
            secrets += [*self._hidden, *(NAMES[role] for role in Role if role is not own)]
        if who is ANYONE or refused:
            secrets += self._job[:-2] if refused else self._job
        return secrets


def _words_of(job: Job) -> tuple[str, ...]:
    """The ids come last."""
    return job.student_email, job.student_name, job.original_name, job.short_id, job.id
