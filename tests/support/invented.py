"""A process of its own in which one more action is known, and what then comes of it, as JSON.

Run by tests/web/test_invented_action.py: the application is made once per process, so a row that
comes later would have no route.
"""

import json
import sys
from typing import Any

from models import Role, Status
from services import events
from services.actions import registry
from services.actions.fields import Number, Text
from services.actions.rows import (
    Action,
    Lock,
    Look,
    Outcome,
    Place,
    Route,
    Subject,
    Words,
)
from services.jobs import records
from tests.support.callbacks import run, with_output
from tests.support.client import API, Desk
from tests.support.emptied import empty_database, empty_storage

FIELD = '{"name":["ALL"],"type":"dialog-field"}'


def _praise(session: Any, job_id: str, values: Any, *, actor: Any) -> Outcome:
    job, now = records.lock_row(session, job_id)
    records.refuse_if_locked_by_other(job, now, actor)
    events.record(session, job_id, "Praised", actor, **values)
    return Outcome(records.view(job, now))


ROW = Action(
    name="praise",
    label="Praise",
    subject=Subject.JOB,
    role=Role.STAFF,
    sources=frozenset({Status.UPLOADED}),
    lock=Lock.NOT_ANOTHERS,
    perform=_praise,
    fields=(
        Text(
            name="words",
            label="Kind words",
            missing="Say something.",
            max_length=20,
            example="So round!",
        ),
        Number(
            name="stars",
            label="Stars",
            is_required=False,
            least=1,
            most=5,
            unit="stars",
            beyond="Give one to five stars.",
            example=5,
        ),
    ),
    places=Place.CARD | Place.PANEL | Place.SELECTION,
    look=Look.MAIN,
    shortcut="z",
    words=Words(
        title="Praise this job",
        text="The student will never know.",
        done="Praised.",
        many="Praise {jobs}",
    ),
    route=Route("POST", "/jobs/<job_id>/praise", "Praises a job."),
)


def main() -> dict[str, Any]:
    registry.add(ROW)
    empty_database()
    empty_storage()
    desk = Desk()
    job = desk.job()
    staff = desk.browser(Role.STAFF)
    pressed = {"job": job, "action": "praise"}

    def ask(browser: Any, output: str, **stores: Any) -> str:
        values = {f"{name.replace('_', '-')}.data": value for name, value in stores.items()}
        return run(browser, with_output(browser, output), values).text

    def submit(browser: Any, about: Any, **fields: Any) -> str:
        callback = with_output(browser, "dialog-modal.is_open", "dialog-submit.n_clicks")
        pairs = [({"name": name}, value) for name, value in fields.items()]
        values = {
            "dialog-about.data": about,
            f"{FIELD}.value": pairs,
            f"{FIELD}.id": [(rest, {"type": "dialog-field"} | rest) for rest, _ in pairs],
        }
        return run(browser, callback, values).text

    about = json.loads(ask(staff, "dialog-title.children", dialog_pressed=pressed))["response"][
        "dialog-about"
    ]["data"]
    path = f"/jobs/{job}/praise"
    caller, manager = desk.caller(Role.STAFF), desk.caller(Role.MANAGER)
    caller.post(f"/jobs/{job}/unlock")
    found = {
        "queue": ask(staff, "queue-list.children", queue_view={"status": "UPLOADED", "page": 1}),
        "queue_of_a_manager": ask(
            desk.browser(Role.MANAGER),
            "queue-list.children",
            queue_view={"status": "UPLOADED", "page": 1},
        ),
        "panel": ask(staff, "detail-top.children", queue_selected=job),
        "page": ask(staff, "_pages_content.children"),
        "dialog": ask(staff, "dialog-title.children", dialog_pressed=pressed),
        "batch": ask(
            staff, "dialog-title.children", dialog_pressed={"jobs": [job], "action": "praise"}
        ),
        "dialog_of_a_manager": ask(
            desk.browser(Role.MANAGER), "dialog-title.children", dialog_pressed=pressed
        ),
        "empty": submit(staff, about, words="", stars=None),
        "too_many_stars": submit(staff, about, words="So round", stars=9),
        "submitted": submit(staff, about, words="So round", stars=4),
        "document": desk.client().get(f"{API}/openapi.json").json,
        "called": _answer(caller.post(path, {"words": "By API"})),
        "without_words": _answer(caller.post(path, {})),
        "by_a_manager": _answer(manager.post(path, {"words": "By API"})),
        "by_a_stranger": _answer(desk.client().post(f"{API}{path}", json={"words": "By API"})),
        "no_job": _answer(caller.post(f"/jobs/{'0' * 32}/praise", {"words": "By API"})),
        "while_another_edits": _while_another_edits(desk, job, path),
        "events": [event["event_type"] for event in caller.get(f"/jobs/{job}").json["events"]],
    }
    return found


def _while_another_edits(desk: Desk, job: str, path: str) -> Any:
    other = desk.caller(Role.ADMIN)
    other.post(f"/jobs/{job}/lock")
    answer = _answer(desk.caller(Role.STAFF).post(path, {"words": "By API"}))
    other.post(f"/jobs/{job}/unlock")
    return answer


def _answer(answer: Any) -> list[Any]:
    return [answer.status_code, answer.json]


if __name__ == "__main__":
    json.dump(main(), sys.stdout)
