"""A process whose children each perform one operation of the lab, and die in the middle of it.

`python -m tests.support.crasher` reads an order per line (JSON), forks a child for it, and answers
with the child's wait status. The child counts the steps that change something outside of it, notes
each in the file `trace`, and kills itself right after the step that it was told; or it dies by a
timer, at any instruction.
"""

import json
import os
import shutil
import signal
import smtplib
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy import event
from sqlalchemy.orm import Session

from models import Role
from services import work
from services.actors import Actor
from services.errors import PrintdeskError
from services.files import storage
from services.mail import outbox
from services.students import tracking
from settings import Settings, settings
from tests.support import jobs

WHOLE_LIFE = (
    "approve",
    "confirm",
    "mark-printing",
    "mark-failed",
    "mark-printing",
    "mark-complete",
)


class Steps:
    """The steps so far. The one with the number `last` is the last that is done."""

    def __init__(self, last: int, trace: str) -> None:
        self.last, self.count = last, 0
        self.trace = os.open(trace, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)

    def done(self, name: str) -> None:
        self.count += 1
        os.write(self.trace, f"{name}\n".encode())
        if self.count == self.last:
            os.kill(os.getpid(), signal.SIGKILL)

    def watch(self, owner: Any, name: str) -> None:
        real = getattr(owner, name)

        def watched(*arguments: Any, **options: Any) -> Any:
            result = real(*arguments, **options)
            self.done(name)
            return result

        setattr(owner, name, watched)

    def watch_all(self) -> None:
        self._watch_half_copies()
        for name in ("rename", "replace", "fsync", "chmod", "mkdir", "unlink", "rmdir"):
            self.watch(os, name)
        for name in ("copy2", "rmtree"):
            self.watch(shutil, name)
        self._watch_sending()
        event.listen(Session, "after_flush_postexec", lambda *_: self.done("flush"))
        event.listen(Session, "before_commit", lambda _: self.done("before commit"))
        event.listen(Session, "after_commit", lambda _: self.done("commit"))

    def _watch_half_copies(self) -> None:
        """A copy that takes a while: half of the file is there."""
        real = shutil.copy2

        def copy2(source: Path, target: Path) -> Any:
            content = Path(source).read_bytes()
            Path(target).write_bytes(content[: len(content) // 2])
            self.done("half a copy")
            return real(source, target)

        shutil.copy2 = copy2  # type: ignore[assignment]  # the product passes two paths

    def _watch_sending(self) -> None:
        real = smtplib.SMTP.send_message

        def send_message(*arguments: Any, **options: Any) -> Any:
            self.done("sending")
            refused = real(*arguments, **options)
            self.done("sent")
            return refused

        smtplib.SMTP.send_message = send_message  # type: ignore[method-assign]


def submit(order: dict[str, Any]) -> None:
    jobs.submit(Path(order["content"]).read_bytes())


def move(order: dict[str, Any]) -> None:
    jobs.move(order["job_id"], order["action"], _actor(order))


def confirm(order: dict[str, Any]) -> None:
    with work.unit() as session:
        tracking.confirm(session, order["token"])


def deliver(order: dict[str, Any]) -> None:
    with work.unit() as session:
        outbox.deliver(session, order["mail_id"])


def sweep(_: dict[str, Any]) -> None:
    storage.sweep_leftovers(older_than_s=0)


def live(order: dict[str, Any]) -> None:
    """A job's whole life, mails included. What was done before is refused, and passed over."""
    for action in WHOLE_LIFE:
        try:
            jobs.act(order["job_id"], action, _actor(order))
        except (PrintdeskError, StopIteration):
            continue
        for queued in jobs.mails(order["job_id"]):
            deliver({"mail_id": queued.id})


DOINGS: dict[str, Callable[[dict[str, Any]], None]] = {
    doing.__name__: doing for doing in (submit, move, confirm, deliver, sweep, live)
}


def _actor(order: dict[str, Any]) -> Actor:
    return Actor(order["actor_id"], "Sam Staff", Role.STAFF)


def _perform(order: dict[str, Any]) -> None:
    os.environ.update(order.pop("environment"))
    settings.cache_clear()
    steps = Steps(order.pop("last"), order.pop("trace"))
    after_s = order.pop("after_s")
    steps.watch_all()
    if after_s:
        signal.signal(signal.SIGALRM, signal.SIG_DFL)  # ends the process, whatever it does
        signal.setitimer(signal.ITIMER_REAL, after_s)
    DOINGS[order.pop("doing")](order)


def main() -> None:
    Settings.model_config["env_file"] = None  # a developer's .env must not reach the tests
    work.engine()  # loads the driver, which every child would load for itself
    work.dispose()
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            status = 1
            try:
                _perform(json.loads(line))
                status = 0
            finally:
                sys.stderr.flush()
                os._exit(status)
        _, waited = os.waitpid(child, 0)
        sys.stdout.write(f"{os.waitstatus_to_exitcode(waited)}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
