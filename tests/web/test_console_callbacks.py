"""The answers of the console's callbacks: only changes, and only what each person may see."""

import json
import re
from datetime import timedelta

import pytest

from models import Role, Status, utcnow
from services import work
from services.actors import Actor, student
from services.errors import Forbidden, NotFound
from services.files import storage
from services.jobs import locks, queue, records
from services.jobs.filters import Filters
from tests.support.callbacks import name_of, run, with_output
from tests.support.client import NAMES, STUDENT_EMAIL, changed_job, refusal_of, rows

LIST, DETAIL, SERVER = "queue-list.children", "detail-top.children", "debug-server.children"
FIELD = '{"name":["ALL"],"type":"dialog-field"}'
UPLOADED = {"status": "UPLOADED", "page": 1}
AWAY = "0" * 32
MANAGER = Actor("somebody", "Mona Manager", Role.MANAGER)
STAFF = Actor("somebody-else", "Sam Staff", Role.STAFF)
HOSTILE = (None, "x", 7, True, [], ["tabs"], {}, {"tabs": "x"}, {"tabs": ["x"]}, {"jobs": None})


def ask(browser, output, changed="", **stores):
    """The answer to the callback that writes `output`; `stores` are the data of dcc.Stores."""
    values = {f"{name.replace('_', '-')}.data": value for name, value in stores.items()}
    return run(browser, with_output(browser, output), values, changed)


def sent(answer):
    """What was drawn, by the id of its place."""
    assert answer.status_code == 200, answer.text
    assert "pd-toast-bad" not in answer.text, answer.text
    return answer.json["response"]


def show_queue(browser, view=UPLOADED, shown=None):
    return ask(browser, LIST, queue_view=view, queue_shown=shown)


def show_detail(browser, job_id, shown=None):
    return ask(browser, DETAIL, queue_selected=job_id, detail_shown=shown)


def shown_by(response, name):
    return response[name]["data"]


def text_of(node):
    """The words of a tree of components, as they are read on the screen."""
    if isinstance(node, list):
        return "".join(map(text_of, node))
    if isinstance(node, dict):
        return text_of(node.get("props", {}).get("children"))
    return "" if node is None else str(node)


def toasts_of(answer):
    """(tone, words) of the messages that an answer shows."""
    assert answer.status_code == 200, answer.text
    told = answer.json.get("sideUpdate", {}).get("shell-toasts", {}).get("children")
    if told is None:
        return []
    tone = re.search(r"pd-toast-(ok|bad)", told["props"]["className"]).group(1)
    return [(tone, text_of(told))]


def press(browser, **pressed):
    return ask(browser, "dialog-title.children", dialog_pressed=pressed)


def submit(browser, about, **fields):
    """What the browser sends when the dialog's button is pressed."""
    callback = with_output(browser, "dialog-modal.is_open", "dialog-submit.n_clicks")
    pairs = [({"name": name}, value) for name, value in fields.items()]
    values = {
        "dialog-about.data": about,
        f"{FIELD}.value": pairs,
        f"{FIELD}.id": [(rest, {"type": "dialog-field"} | rest) for rest, _ in pairs],
    }
    return run(browser, callback, values)


def hold(desk, job_id, role=Role.ADMIN):
    assert desk.caller(role).post(f"/jobs/{job_id}/lock").status_code == 200
    return job_id


def read(job_id):
    with work.unit() as session:
        return records.find(session, job_id)


@pytest.fixture
def browser(desk):
    return desk.browser()


@pytest.mark.parametrize("number", [0, 2])
def test_a_queue_that_is_shown_already_is_not_sent_again(desk, browser, number):
    for _ in range(number):
        desk.job()
    first = sent(show_queue(browser))
    assert set(first) == {"queue-tabs", "queue-list", "queue-shown"}
    again = show_queue(browser, shown=shown_by(first, "queue-shown"))
    assert (again.status_code, again.data) == (204, b"")


def test_only_changed_parts_are_sent(desk, browser):
    job_id = desk.job()
    shown = shown_by(sent(show_queue(browser)), "queue-shown")
    assert desk.staff.post(f"/jobs/{job_id}/review", {"reviewed": True}).status_code == 200
    second = sent(show_queue(browser, shown=shown))
    assert set(second) == {"queue-list", "queue-shown"}, "the numbers on the tabs are the same"
    desk.job("PENDING")
    third = sent(show_queue(browser, shown=shown_by(second, "queue-shown")))
    assert set(third) == {"queue-tabs", "queue-shown"}, "nothing new is on this list"
    desk.job()
    fourth = sent(show_queue(browser, shown=shown_by(third, "queue-shown")))
    assert set(fourth) == set(sent(show_queue(browser)))
    assert show_queue(browser, shown=shown_by(fourth, "queue-shown")).status_code == 204


def test_a_different_view_is_sent(desk, browser):
    desk.job()
    shown = shown_by(sent(show_queue(browser)), "queue-shown")
    other = sent(show_queue(browser, {"status": "PENDING", "page": 1}, shown))
    assert set(other) == {"queue-tabs", "queue-list", "queue-shown"}
    assert show_queue(browser, UPLOADED | {"search": ""}, shown).status_code == 204


def test_each_person_sees_the_queue_of_their_role(desk, browser):
    desk.job()
    shown = shown_by(sent(show_queue(browser)), "queue-shown")
    other = sent(show_queue(desk.browser(Role.MANAGER), shown=shown))
    assert set(other) == {"queue-list", "queue-shown"}, "without the buttons"


@pytest.mark.parametrize("shown", HOSTILE)
def test_a_forged_store_still_gets_the_queue(desk, browser, shown):
    job_id = desk.job()
    assert set(sent(show_queue(browser, shown=shown))) == {
        "queue-tabs",
        "queue-list",
        "queue-shown",
    }
    assert "detail-top" in sent(show_detail(browser, job_id, shown))


@pytest.mark.parametrize(
    "view", [None, [], "x", {"status": "GONE"}, {"page": "9" * 5_000}, {"x": 1}]
)
def test_an_invalid_view_still_shows_a_queue(desk, browser, view):
    job_id = desk.job()
    assert job_id in json.dumps(sent(show_queue(browser, view))["queue-list"])


def test_the_tabs_count_what_matches_the_filters_in_each_status(desk, browser):
    for status, discipline in (
        ("UPLOADED", "Art"),
        ("UPLOADED", "Art"),
        ("UPLOADED", "Other"),
        ("PENDING", "Art"),
        ("PRINTING", "Other"),
    ):
        desk.job(status, discipline=discipline)
    view = {"status": "PRINTING", "page": 1, "discipline": "Art"}
    response = sent(show_queue(browser, view))
    assert text_of(response["queue-tabs"]["children"]) == (
        "Uploaded2Pending1Ready to print0Printing0Completed0Picked up0Rejected0Archived0"
    )
    words = text_of(response["queue-list"]["children"])
    assert "No matching jobs are printing" in words
    assert words.endswith("Uploaded (2)Pending (1)")
    everything = sent(show_queue(browser, {"status": "PRINTING"}))["queue-tabs"]
    assert text_of(everything["children"]).startswith("Uploaded3Pending1Ready to print0Printing1")


def test_counts_by_status_follow_the_filters(desk):
    desk.job(discipline="Art")
    desk.job("PENDING", discipline="Art")
    desk.job("PENDING", student_name="Zoë Ångström")
    for filters, uploaded, pending in (
        (Filters(), 1, 2),
        (Filters(discipline="Art"), 1, 1),
        (Filters(search="zoë"), 0, 1),
        (Filters(status=Status.PENDING), 0, 2),
        (Filters(unreviewed=True), 1, 0),
        (Filters(search="nobody"), 0, 0),
    ):
        with work.unit() as session:
            counts = queue.count_by_status(session, actor=MANAGER, filters=filters)
        expected = {Status.UPLOADED: uploaded, Status.PENDING: pending}
        assert counts == dict.fromkeys(Status, 0) | expected, filters


@pytest.mark.parametrize("chosen", ["job", "", None, AWAY])
def test_a_panel_that_is_shown_already_is_not_sent_again(desk, browser, chosen):
    chosen = desk.job("PENDING") if chosen == "job" else chosen
    first = sent(show_detail(browser, chosen))
    assert set(first) == {"detail-top", "detail-more", "notes-about", "detail-shown"}
    again = show_detail(browser, chosen, shown_by(first, "detail-shown"))
    assert (again.status_code, again.data) == (204, b"")


def test_saving_notes_redraws_nothing_above_them(desk, browser):
    job_id = desk.job()
    first = sent(show_detail(browser, job_id))
    assert first["notes-about"]["data"] == {
        "job": job_id,
        "text": "",
        "by": None,
        "mine": False,
        "at": None,
    }
    body = {"notes": "Thin walls", "base": ""}
    assert desk.staff.call("PATCH", f"/jobs/{job_id}/notes", body).status_code == 200
    second = sent(show_detail(browser, job_id, shown_by(first, "detail-shown")))
    assert set(second) == {"detail-more", "notes-about", "detail-shown"}
    about = second["notes-about"]["data"]
    assert (about["text"], about["by"], about["mine"]) == ("Thin walls", NAMES[Role.STAFF], True)
    other = sent(show_detail(desk.browser(Role.ADMIN), job_id))["notes-about"]["data"]
    assert other == about | {"mine": False}


def test_an_edit_redraws_facts_and_history_but_not_the_notes(desk, browser):
    job_id = hold(desk, desk.job(), Role.STAFF)
    first = sent(show_detail(browser, job_id))
    desk.staff.call("PATCH", f"/jobs/{job_id}", {"color": "Blue"})
    second = sent(show_detail(browser, job_id, shown_by(first, "detail-shown")))
    assert set(second) == {"detail-top", "detail-more", "detail-shown"}
    assert "Changed: colour from True Red to Blue" in text_of(second["detail-more"]["children"])


def test_consecutive_saves_are_one_line_of_the_history(desk, browser):
    job_id, base = desk.job(), ""
    for text in ("T", "Th", "Thin"):
        body = {"notes": text, "base": base}
        assert desk.staff.call("PATCH", f"/jobs/{job_id}/notes", body).status_code == 200
        base = text
    words = text_of(sent(show_detail(browser, job_id))["detail-more"]["children"])
    assert "Staff notes changed (3 times)" in words
    assert words.count("Staff notes changed") == 1


def test_a_panel_says_so_when_the_files_cannot_be_listed(desk, browser):
    job_id = desk.job()
    folder = storage.path_of(read(job_id).folder)
    assert folder.name in text_of(sent(show_detail(browser, job_id))["detail-top"]["children"])
    folder.rename(storage.root() / "elsewhere")
    words = text_of(sent(show_detail(browser, job_id))["detail-top"]["children"])
    assert "storage is not reachable" in words


def test_managers_see_a_job_without_emails_and_actions(desk, browser):
    job_id = desk.job("PENDING")
    drawn = {
        role: json.dumps(sent(show_detail(desk.browser(role), job_id)))
        for role in (Role.MANAGER, Role.STAFF)
    }
    for words in ("E-mails", "Edit details", "Copy path", "printdesk://open", "Send e-mail again"):
        assert words in drawn[Role.STAFF]
        assert words not in drawn[Role.MANAGER]
    assert STUDENT_EMAIL in drawn[Role.MANAGER]


def test_opening_in_the_slicer_is_recorded_at_once(desk, browser):
    job_id = desk.job()
    answer = press(browser, action="opened", job=job_id)
    assert set(sent(answer)) == {"shell-changed"}
    words = text_of(sent(show_detail(browser, job_id))["detail-more"]["children"])
    assert f"Opened in the slicer: {read(job_id).display_name}" in words


@pytest.mark.parametrize(
    ("status", "fields"),
    [
        ("UPLOADED", {"printer", "material", "color", "weight_g", "time_hours"}),
        ("PENDING", {"printer", "material", "color", "weight_g", "time_hours"}),
        ("READYTOPRINT", {"printer", "color", "time_hours"}),
        ("PRINTING", {"color", "time_hours"}),
    ],
)
def test_the_dialog_shows_fields_that_may_still_be_changed(desk, browser, status, fields):
    job_id = desk.job(status)
    response = sent(press(browser, action="edit", job=job_id))
    body = json.dumps(response["dialog-body"])
    assert set(re.findall(r'"type": "dialog-field", "name": "(\w+)"', body)) == fields
    about = {"job": job_id, "action": "edit", "locked": True}
    assert response["dialog-about"]["data"].items() >= about.items()
    assert response["dialog-submit"]["children"] == "Save"
    assert ("dialog-prices" in body) == (status == "PENDING")
    assert read(job_id).locked_by == NAMES[Role.STAFF]


def test_saving_releases_the_lock(desk, browser):
    job_id = desk.job("PENDING")
    about = sent(press(browser, action="edit", job=job_id))["dialog-about"]["data"]
    answer = submit(browser, about, weight_g=60, time_hours=None, color="Blue", printer="")
    assert sent(answer)["dialog-modal"]["is_open"] is False
    assert toasts_of(answer) == [("ok", "Saved.")]
    job = read(job_id)
    assert (job.weight_g, job.time_hours, job.cost_cents) == (60.0, 3.5, 600)
    assert (job.color, job.printer, job.locked_by) == ("Blue", "prusa_mk4s", None)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"weight_g": 0}, "Enter the weight in grams: "),
        ({"time_hours": 0}, "Enter the time in hours: "),
        ({"weight_g": "12"}, "Enter the weight as a number."),
        ({"weight_g": True}, "Enter the weight as a number."),
        ({"weight_g": 10**400}, "Enter the weight in grams: "),
        ({"weight_g": -1}, "Enter the weight in grams"),
        ({"printer": "formlabs_form3"}, "Choose a printer that prints Filament"),
        ({"material": "Wood"}, "Choose one of: Filament, Resin."),
        ({"color": "Octarine"}, "is not a Filament colour"),
        ({"material": "Resin"}, "Choose a printer that prints Resin: Formlabs Form 3."),
        ({"material": "Resin"}, "True Red is not a Resin colour."),
    ],
)
def test_a_wrong_value_keeps_the_dialog_open_and_locked(desk, browser, fields, words):
    job_id = desk.job("PENDING")
    about = sent(press(browser, action="edit", job=job_id))["dialog-about"]["data"]
    before = read(job_id)
    response = sent(submit(browser, about, **fields))
    assert response["dialog-modal"]["is_open"] is True
    assert words in text_of(response["dialog-error"]["children"])
    after = read(job_id)
    assert (after.updated_at, after.locked_by) == (before.updated_at, NAMES[Role.STAFF])


def about_of(browser, action, job_id):
    return sent(press(browser, action=action, job=job_id))["dialog-about"]["data"]


def beat(browser, about, told=None):
    """What the open dialog sends every minute; `told` is what it says to the person."""
    callback = with_output(browser, "dialog-error.children", "dialog-beat.n_intervals")
    values = {"dialog-about.data": about, "dialog-error.children": told}
    return run(browser, callback, values)


def let_lock_run_out(job_id):
    with changed_job(job_id) as job:
        job.locked_until = utcnow() - timedelta(hours=1)


def kept_open_with(answer):
    """What a dialog says that stays open, with all that was typed in it."""
    response = sent(answer)
    assert response["dialog-modal"]["is_open"] is True
    assert "dialog-body" not in response
    assert toasts_of(answer) == []
    return text_of(response["dialog-error"]["children"])


REASONS = {"reasons": [], "custom_reason": "The walls are thinner than paper."}


@pytest.mark.parametrize("lost", ["ran out", "given back in another tab"])
def test_a_lost_lock_is_taken_again_on_submit(desk, browser, lost):
    job_id = desk.job()
    about = about_of(browser, "reject", job_id)
    if lost == "ran out":
        let_lock_run_out(job_id)
    else:
        assert desk.staff.post(f"/jobs/{job_id}/unlock").status_code == 200
    answer = submit(browser, about, **REASONS)
    assert sent(answer)["dialog-modal"]["is_open"] is False
    assert read(job_id).reject_reasons == [REASONS["custom_reason"]]


def test_a_new_lock_holder_is_shown_and_typed_text_is_kept(desk, browser):
    job_id = desk.job()
    about = about_of(browser, "reject", job_id)
    let_lock_run_out(job_id)
    hold(desk, job_id)
    words = kept_open_with(submit(browser, about, **REASONS))
    assert words == f"{NAMES[Role.ADMIN]} is editing this job."
    assert desk.caller(Role.ADMIN).post(f"/jobs/{job_id}/unlock").status_code == 200
    assert sent(submit(browser, about, **REASONS))["dialog-modal"]["is_open"] is False
    assert read(job_id).status is Status.REJECTED


def test_an_unavailable_storage_loses_no_typed_text(desk, browser):
    job_id = desk.job()
    about = about_of(browser, "approve", job_id)
    away = storage.root().with_name("away")
    storage.root().rename(away)
    try:
        words = kept_open_with(submit(browser, about, weight_g=42, time_hours=3))
    finally:
        away.rename(storage.root())
    assert "storage is not reachable" in words
    assert read(job_id).status is Status.UPLOADED
    answer = submit(browser, about, weight_g=42, time_hours=3)
    assert sent(answer)["dialog-modal"]["is_open"] is False
    assert read(job_id).status is Status.PENDING


def test_a_dialog_of_a_job_with_a_new_status_is_closed(desk, browser):
    """Also when somebody is editing it by now."""
    job_id = desk.job()
    about = about_of(browser, "reject", job_id)
    let_lock_run_out(job_id)
    admin = desk.caller(Role.ADMIN)
    assert admin.act(job_id, "approve", {"weight_g": 1, "time_hours": 1}).status_code == 200
    hold(desk, job_id)
    answer = submit(browser, about, **REASONS)
    assert answer.json["response"]["dialog-modal"]["is_open"] is False
    [(tone, words)] = toasts_of(answer)
    assert tone == "bad" and f"{NAMES[Role.ADMIN]} was first" in words


def test_a_lock_taken_again_does_not_overwrite_others_changes(desk, browser):
    job_id = desk.job()
    about = about_of(browser, "edit", job_id)
    let_lock_run_out(job_id)
    admin = desk.caller(Role.ADMIN)
    hold(desk, job_id)
    assert admin.call("PATCH", f"/jobs/{job_id}", {"color": "Blue"}).status_code == 200
    assert admin.post(f"/jobs/{job_id}/unlock").status_code == 200
    answer = submit(browser, about, color="True Red", printer="prusa_xl")
    [(tone, words)] = toasts_of(answer)
    assert tone == "bad" and "have changed in the meantime" in words
    assert (read(job_id).color, read(job_id).printer) == ("Blue", "prusa_mk4s")


@pytest.mark.parametrize("lost", ["ran out", "given back in another tab", "not lost"])
def test_an_open_dialog_keeps_its_lock_or_takes_it_again(desk, browser, lost):
    job_id = desk.job()
    about = about_of(browser, "reject", job_id)
    if lost == "ran out":
        let_lock_run_out(job_id)
    elif lost != "not lost":
        assert desk.staff.post(f"/jobs/{job_id}/unlock").status_code == 200
    assert beat(browser, about).status_code == 204
    assert read(job_id).locked_by == NAMES[Role.STAFF]


def test_an_open_dialog_shows_the_lock_holder_until_it_has_the_lock_again(desk, browser):
    job_id = desk.job()
    about = about_of(browser, "reject", job_id)
    let_lock_run_out(job_id)
    hold(desk, job_id)
    told = sent(beat(browser, about))
    words = f"{NAMES[Role.ADMIN]} is editing this job. What you typed is kept."
    assert text_of(told["dialog-error"]["children"]) == words
    assert told["dialog-beat"]["disabled"] is False
    let_lock_run_out(job_id)
    again = sent(beat(browser, about, told["dialog-error"]["children"]))
    assert again["dialog-error"]["children"] == ""
    assert read(job_id).locked_by == NAMES[Role.STAFF]


def test_the_heartbeat_keeps_other_messages_of_the_dialog(desk, browser):
    about = about_of(browser, "reject", desk.job())
    wrong = sent(submit(browser, about, reasons=[]))["dialog-error"]["children"]
    assert beat(browser, about, wrong).status_code == 204


def test_a_lock_released_by_an_administrator_is_retaken_only_by_a_submit(desk, browser):
    """Nobody may sit there any more; whoever presses the button does."""
    job_id = desk.job()
    admin = desk.caller(Role.ADMIN)
    body = {"reason": "They went home"}
    assert admin.post(f"/jobs/{hold(desk, job_id)}/unlock").status_code == 200
    about = about_of(browser, "reject", job_id)
    answer = admin.post(f"/jobs/{job_id}/admin/force-unlock", body)
    assert answer.status_code == 200, answer.text
    told = sent(beat(browser, about))
    assert "An administrator has released the lock" in text_of(told["dialog-error"]["children"])
    assert read(job_id).locked_by is None
    about = about_of(browser, "reject", job_id)
    let_lock_run_out(job_id)
    assert beat(browser, about).status_code == 204, "a dialog that was opened after that"
    assert sent(submit(browser, about, **REASONS))["dialog-modal"]["is_open"] is False


def test_the_heartbeat_stops_when_the_action_is_impossible(desk, browser):
    job_id = desk.job()
    about = about_of(browser, "reject", job_id)
    assert desk.staff.act(job_id, "approve").status_code == 200
    told = sent(beat(browser, about))
    assert told["dialog-beat"]["disabled"] is True
    assert "This job is now" in text_of(told["dialog-error"]["children"])
    assert read(job_id).locked_by is None


@pytest.mark.parametrize(
    "fields",
    [
        {"time_hours": [1]},
        {"material": {"a": 1}},
        {"color": ["Blue"]},
        {"printer": 7},
        {"reason": [["x"]]},
    ],
)
def test_a_field_that_no_form_has_is_refused(desk, browser, fields):
    job_id = desk.job("PENDING")
    about = about_of(browser, "edit", job_id)
    before = rows()
    answer = submit(browser, about, **fields)
    refusal_of(answer, 400, "invalid")
    assert rows() == before


def test_a_batch_asks_first_and_takes_no_lock(desk, browser):
    made = [desk.job("COMPLETED") for _ in range(2)]
    before = rows()
    response = sent(press(browser, action="mark-picked-up", jobs=[*made, AWAY]))
    assert rows() == before
    assert response["dialog-modal"]["is_open"] is True
    assert response["dialog-title"]["children"] == "Hand over 2 jobs"
    assert response["dialog-submit"]["children"] == "Mark picked up"
    words = text_of(response["dialog-body"]["children"])
    assert all(read(job_id).display_name in words for job_id in made)
    assert words.endswith("Total: $8.50")
    about = response["dialog-about"]["data"]
    assert about == {"jobs": made, "action": "mark-picked-up", "locked": False}
    assert response["dialog-beat"]["disabled"] is True


def test_a_batch_is_done_and_reported(desk, browser):
    made = [desk.job() for _ in range(2)]
    about = sent(press(browser, action="review", jobs=made))["dialog-about"]["data"]
    answer = submit(browser, about)
    assert sent(answer)["dialog-modal"]["is_open"] is False
    assert toasts_of(answer) == [("ok", "Done for 2 jobs.")]
    assert not any(read(job_id).is_new for job_id in made)
    assert set(sent(answer)) >= {"shell-changed"}
    assert "Done for 1 job." in submit(browser, about | {"jobs": made[:1]}).text


def test_a_batch_reports_failures_job_by_job(desk, browser):
    fine, locked, wrong = desk.job("COMPLETED"), desk.job("COMPLETED"), desk.job("PRINTING")
    hold(desk, locked)
    about = {"jobs": [fine, locked, wrong, AWAY], "action": "mark-picked-up", "locked": False}
    response = sent(submit(browser, about))
    assert response["dialog-modal"]["is_open"] is True
    words = text_of(response["dialog-error"]["children"])
    assert words.startswith("1 of 4 done. These failed:")
    assert f"{read(locked).display_name} – {NAMES[Role.ADMIN]} is editing this job." in words
    assert f"{read(wrong).display_name} – This job is now “Printing”" in words
    assert "Job 00000000 – There is no such job." in words
    assert read(fine).display_name not in words
    statuses = [read(job_id).status for job_id in (fine, locked, wrong)]
    assert statuses == [Status.PAIDPICKEDUP, Status.COMPLETED, Status.PRINTING]


@pytest.mark.parametrize(
    ("role", "action", "status"),
    [
        (Role.MANAGER, "review", "UPLOADED"),
        (Role.MANAGER, "mark-picked-up", "COMPLETED"),
        (Role.MANAGER, "archive", "REJECTED"),
        (Role.STAFF, "archive", "REJECTED"),
    ],
)
def test_a_forged_batch_changes_nothing(desk, role, action, status):
    job_id = desk.job(status)
    browser = desk.browser(role)
    before = rows()
    press(browser, action=action, jobs=[job_id])
    answer = submit(browser, {"jobs": [job_id], "action": action, "locked": False})
    [(tone, words)] = toasts_of(answer)
    assert tone == "bad" and "This needs the role" in words
    assert rows() == before


@pytest.mark.parametrize(
    "pressed",
    [
        {"action": "review", "jobs": AWAY},
        {"action": "review", "jobs": [None, 7, {"a": 1}]},
        {"action": None, "jobs": ["job"]},
    ],
)
def test_an_empty_batch_is_refused(desk, browser, pressed):
    desk.job()
    before = rows()
    refusal_of(press(browser, **pressed), 400, "invalid")
    refusal_of(submit(browser, pressed), 400, "invalid")
    assert rows() == before


@pytest.mark.parametrize(
    "pressed",
    [
        {"action": "review", "jobs": []},
        {"action": "review", "jobs": [AWAY]},
        {"action": "approve", "jobs": ["job"]},
        {"action": "delete", "jobs": ["job"]},
    ],
)
def test_a_malformed_batch_is_refused(desk, browser, pressed):
    job_id = desk.job()
    pressed["jobs"] = [job_id] if pressed["jobs"] == ["job"] else pressed["jobs"]
    before = rows()
    answer = press(browser, **pressed)
    assert [tone for tone, _ in toasts_of(answer)] == ["bad"]
    submit(browser, pressed | {"locked": False})
    assert rows() == before


def test_a_batch_is_limited_to_one_page_of_jobs(desk, browser):
    job_id = desk.job()
    many = [job_id, *(f"{number:032x}" for number in range(500))]
    about = sent(press(browser, action="review", jobs=many))["dialog-about"]["data"]
    assert about["jobs"] == [job_id]
    answer = submit(browser, about | {"jobs": many})
    assert [tone for tone, _ in toasts_of(answer)] == ["bad"]
    assert read(job_id).is_new


def test_jobs_are_found_by_their_ids_oldest_first(desk):
    made = [desk.job() for _ in range(3)]
    with work.unit() as session:
        found = queue.list_by_id(session, [made[2], AWAY, made[0], made[0], "x' --"], actor=MANAGER)
        assert [job.id for job in found] == [made[0], made[2]]
        assert queue.list_by_id(session, [], actor=MANAGER) == []
        with pytest.raises(Forbidden):
            queue.list_by_id(session, made, actor=student("Ada"))


def test_a_closed_debug_panel_gets_no_data(desk, browser):
    for is_open in (False, None, 0, ""):
        assert ask(browser, SERVER, debug_open=is_open).status_code == 204


@pytest.mark.parametrize("role", [Role.STAFF, Role.ADMIN])
def test_an_open_debug_panel_shows_locks_and_versions(desk, role):
    job_id = hold(desk, desk.job())
    response = sent(ask(desk.browser(role), SERVER, debug_open=True))
    words = text_of(response["debug-server"]["children"])
    assert f"{job_id[:8]} · {NAMES[Role.ADMIN]} until" in words
    parts = ("Database", "Storage", "Printdesk1.", "Python3.", "Dash4.", "PostgreSQL", "Model")
    for known in parts:
        assert known in words, words


def test_a_debug_panel_without_locks_says_so(desk, browser):
    desk.job()
    words = text_of(sent(ask(browser, SERVER, debug_open=True))["debug-server"]["children"])
    assert "Locks heldNone." in words


def test_the_debug_panel_is_not_for_managers(desk):
    job_id = hold(desk, desk.job())
    answer = ask(desk.browser(Role.MANAGER), SERVER, debug_open=True)
    assert toasts_of(answer) == [
        ("bad", "This needs the role staff. Ask an administrator if you should have it.")
    ]
    assert job_id[:8] not in answer.text and "PostgreSQL" not in answer.text


def test_held_locks_are_listed_in_order_of_expiry(desk):
    late, early, over, _free = (desk.job() for _ in range(4))
    for job_id, seconds in ((late, 200), (early, 100), (over, -1)):
        hold(desk, job_id)
        with changed_job(job_id) as job:
            job.locked_until = utcnow() + timedelta(seconds=seconds)
    with work.unit() as session:
        held = locks.list_held(session, actor=STAFF)
    assert [(lock.short_id, lock.locked_by) for lock in held] == [
        (early[:8], NAMES[Role.ADMIN]),
        (late[:8], NAMES[Role.ADMIN]),
    ]
    assert held[0].locked_until == read(early).locked_until
    for actor in (MANAGER, student("Ada")):
        with pytest.raises(Forbidden), work.unit() as session:
            locks.list_held(session, actor=actor)


def page_of(browser, path):
    callback = with_output(browser, "_pages_content.children")
    values = {"_pages_location.pathname": path, "_pages_location.search": ""}
    return sent(run(browser, callback, values))["_pages_content"]["children"]


def chosen_on(page):
    """What the page's store of the chosen job begins with."""
    match = re.search(r'"props": \{"id": "queue-selected", "data": "([^"]*)"\}', json.dumps(page))
    return match.group(1)


@pytest.mark.parametrize("role", Role)
def test_a_job_has_a_page_by_its_id_and_by_its_short_one(desk, role):
    job_id = desk.job()
    browser = desk.browser(role)
    for given in (job_id, job_id[:8], job_id.upper(), job_id[:8].upper()):
        assert browser.get(f"/job/{given}").status_code == 200
        page = page_of(browser, f"/job/{given}")
        assert chosen_on(page) == job_id
        assert f"Job {job_id[:8]}" in text_of(page)
    drawn = sent(show_detail(browser, chosen_on(page)))
    assert f"Job {job_id[:8]}" in text_of(drawn["detail-top"]["children"])
    assert drawn["notes-about"]["data"]["job"] == job_id


@pytest.mark.parametrize("given", [AWAY, "0" * 8, "nothing", "x" * 300, "%25", "<b>", "a b"])
def test_a_page_of_an_unknown_job_says_so(desk, browser, given):
    job_id = desk.job()
    page = page_of(browser, f"/job/{given}")
    drawn = sent(show_detail(browser, chosen_on(page)))
    words = text_of(drawn["detail-top"]["children"])
    assert "There is no such job" in words and "look for it in the queue" in words
    assert drawn["notes-about"]["data"] is None
    assert job_id not in json.dumps([page, drawn])


def test_a_page_of_a_deleted_job_says_so(desk, browser):
    job_id = desk.job()
    shown = shown_by(sent(show_detail(browser, job_id)), "detail-shown")
    hold(desk, job_id, Role.STAFF)
    assert desk.staff.call("DELETE", f"/jobs/{job_id}").status_code == 204
    drawn = sent(show_detail(browser, job_id, shown))
    assert "There is no such job" in text_of(drawn["detail-top"]["children"])
    assert drawn["notes-about"]["data"] is None
    assert show_detail(browser, job_id, shown_by(drawn, "detail-shown")).status_code == 204


def test_an_id_is_a_full_or_a_short_id(desk):
    job_id = desk.job()
    with work.unit() as session:
        for given in (job_id, job_id[:8], job_id.upper(), job_id[:8].upper()):
            assert records.resolve(session, given, actor=MANAGER) == job_id
        for given in ("", job_id[:7], job_id[:9], job_id[:31], job_id + "0", "%" * 8, "_" * 32):
            with pytest.raises(NotFound):
                records.resolve(session, given, actor=MANAGER)
        for given in (job_id[:7] + "\x00", job_id[:8] + "\x00", "\x00" * 8, "' OR 1=1"):
            with pytest.raises(NotFound):
                records.resolve(session, given, actor=MANAGER)
        with pytest.raises(Forbidden):
            records.resolve(session, job_id, actor=student("Ada"))


def test_the_callbacks_of_the_queue_listen_to_the_refresh(browser):
    for output in (LIST, DETAIL, SERVER):
        listens_to = [name_of(part) for part in with_output(browser, output)["inputs"]]
        assert "shell-refresh.data" in listens_to
