"""Many add the same person at once: one succeeds, the others get an error, no secret is logged."""

from functools import partial

from sqlalchemy import select

from components import ids
from models import Role, Staff
from services import work
from tests.support import callbacks
from tests.support.races import at_once

MANY = 12
ASKED = {"email": "new@lab.example", "name": "Nora New", "role": "staff"}


def press(browser, callback):
    """“Add a person”, as the dialog sends it."""
    fields = [({"name": name}, value) for name, value in ASKED.items()]
    parts = {callbacks.name_of(part): part for part in callback["inputs"] + callback["state"]}
    values = {name: fields for name in parts if callbacks.PATTERN.search(name)}
    for name, part in parts.items():
        if callbacks.PATTERN.search(name) and part["property"] == "id":
            values[name] = [({"name": field}, {"name": field}) for field in ASKED]
    values |= {
        f"{ids.DIALOG_ABOUT}.data": {"action": "add", "person": ""},
        f"{ids.DIALOG_SUBMIT}.n_clicks": 1,
    }
    return callbacks.run(browser, callback, values, f"{ids.DIALOG_SUBMIT}.n_clicks")


def test_simultaneous_additions_of_one_person_add_one_and_log_no_hash(desk, capfd):
    browsers = [desk.browser(Role.ADMIN) for _ in range(MANY)]
    callback = callbacks.with_output(
        browsers[0], f"{ids.DIALOG_CANCEL}.children", f"{ids.DIALOG_SUBMIT}.n_clicks"
    )
    outcome = at_once([partial(press, browser, callback) for browser in browsers])
    answers = [answer.get_data(as_text=True) for answer in outcome.won]
    assert sum("is the password" in answer or "Close" in answer for answer in answers) == 1
    refused = [answer for answer in answers if "Somebody with this e-mail is already" in answer]
    assert len(refused) == MANY - 1
    with work.unit() as session:
        [person] = session.scalars(select(Staff).where(Staff.email == ASKED["email"]))
    logged = "".join(capfd.readouterr())
    assert "callback_fault" not in logged and "argon2" not in logged
    assert person.password_hash not in logged + "".join(answers)
