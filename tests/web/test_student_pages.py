"""The pages for students: submit, success, track, confirm."""

import html
import re

import pytest

from services.files import storage
from settings import lab
from tests.support.client import (
    FORM,
    STUDENT_EMAIL,
    changed_job,
    changed_link,
    rows,
    submit,
    token_of,
    unique_model,
)

# The plan's words, for the top of the form and beside the printer, which must stand as they are.
INTRODUCTION = (
    "Before submitting your model for 3D printing, please ensure you have thoroughly reviewed"
    " our Additive Manufacturing Moodle page, read all the guides, and checked the checklist."
    " If necessary, revisit and fix your model before submission. Your model must be scaled "
    "and simplified appropriately, often requiring a second version specifically optimized "
    "for 3D printing. We will not print models that are broken, messy, or too large. Your "
    "model must follow the rules and constraints of the machine. We will not fix or scale "
    "your model as we do not know your specific needs or project requirements. We print "
    "exactly what you send us; if the scale is wrong or you are unsatisfied with the product,"
    " it is your responsibility. We will gladly print another model for you at an additional "
    "cost. We are only responsible for print failures due to issues under our control."
)
DIMENSIONS = (
    "Will your model fit on our printers? Please check the dimensions (W x D x H): Filament -"
    ' Prusa MK4S: 9.84" × 8.3" × 8.6" (250 × 210 × 220 mm), Prusa XL: 14.17" × 14.17" × '
    '14.17" (360 × 360 × 360 mm), Raise3D Pro 2 Plus: 12" × 12" × 23.8" (305 × 305 × 605 mm).'
    " Resin - Formlabs Form 3: 5.7 × 5.7 × 7.3 inches (145 x 145 x 175 mm). Ensure your "
    "model's dimensions are within the specified limits for the printer you plan to use. If "
    "your model is too large, consider scaling it down or splitting it into parts. For more "
    "guidance, refer to the design guides on our Moodle page or ask for assistance in person."
    " If exporting as .STL or .OBJ you MUST scale it down in millimeters BEFORE exporting. If"
    " you do not the scale will not work correctly."
)
MINIMUM = (
    "I understand there is a minimum $3.00 charge for all print jobs, and that the final cost"
    " may be higher based on material and time."
)


def words(page):
    """What a reader sees: without tags, entities read, white space joined."""
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page.text)).split())


@pytest.mark.parametrize("text", [INTRODUCTION, DIMENSIONS, MINIMUM])
def test_the_form_has_the_texts_of_the_plan(desk, text):
    assert text in words(desk.client().get("/submit"))


def test_the_form_offers_what_the_lab_has(desk):
    page = desk.client().get("/submit").text
    for material in lab().materials:
        assert material.description in page
        for color in material.colors:
            assert f'<option value="{color}">' in page
    for printer in lab().printers:
        assert f'<option value="{printer.id}">{printer.name}' in page
    for discipline in lab().choices.disciplines:
        assert f'<option value="{discipline}">' in page


def test_the_form_works_without_a_script(desk):
    client = desk.client()
    answer = submit(client, unique_model(), path="/submit")
    assert answer.status_code == 303
    page = client.get(answer.headers["Location"])
    assert page.status_code == 200
    [job_id] = re.findall(r"Full ID: (\w{32})", page.text)
    assert answer.headers["Location"].endswith(job_id)
    assert job_id[:8] in page.text
    assert (
        "Your submission is now with staff for review. You will receive an email if it's rejected "
        "or approved, asking for your final confirmation before printing."
    ) in words(page)


def test_a_form_with_mistakes_comes_back_with_what_was_typed(desk):
    answer = submit(
        desk.client(),
        unique_model(),
        path="/submit",
        student_email="not an address",
        student_name='Zoë <b>"K"</b>',
        color="Black",
        class_number="ARCH 4000",
    )
    assert (answer.status_code, answer.mimetype) == (400, "text/html")
    page = answer.text
    assert "Enter a full e-mail address" in page
    assert "Choose one of the Filament colours." in page
    assert 'value="not an address"' in page
    assert "Zoë &lt;b&gt;&#34;K&#34;&lt;/b&gt;" in page and "<b>" not in page
    assert 'value="ARCH 4000"' in page
    assert re.search(r'value="Filament"[^>]*\schecked', page)
    assert '<option value="prusa_mk4s" selected>' in page
    assert '<option value="Yes" selected>' in page
    assert page.count('aria-invalid="true"') == 2


def test_a_duplicate_says_so_on_the_form(desk):
    content = unique_model()
    first = desk.submit(content)
    answer = submit(desk.client(), content, path="/submit")
    assert answer.status_code == 409
    assert first["short_id"] in answer.text
    assert f'value="{FORM["student_name"]}"' in answer.text


def test_a_wrong_file_says_so_on_the_form(desk):
    answer = submit(desk.client(), b"<svg>", "a.stl", path="/submit")
    assert answer.status_code == 400
    assert "SVG" in answer.text
    assert list(storage.uploads_dir().iterdir()) == []


@pytest.mark.parametrize("query", ["", "?job=", "?job=x", "?job=%00", "?job=" + "0" * 32])
def test_an_unknown_job_has_no_success_page(desk, query):
    answer = desk.client().get(f"/submit/success{query}")
    assert (answer.status_code, answer.mimetype) == (404, "text/html")


@pytest.mark.parametrize("length", [8, 12, 32])
def test_a_job_is_found_by_e_mail_and_id(desk, length):
    job_id = desk.job()
    form = {"email": f" {STUDENT_EMAIL.upper()}", "job_id": f" {job_id[:length].upper()} "}
    answer = desk.client().post("/track", data=form)
    assert answer.status_code == 303
    assert answer.headers["Location"] == f"/track/{job_id}"
    assert f"Job {job_id[:8]}" in desk.client().get(f"/track/{job_id}").text


def test_the_message_does_not_reveal_which_is_wrong(desk):
    job_id = desk.job()
    said = set()
    for email, wanted in (
        ("eve@uni.example", job_id[:8]),
        (STUDENT_EMAIL, "00000000"),
        (STUDENT_EMAIL, job_id[:7]),
        (STUDENT_EMAIL, ""),
        ("", job_id),
        (STUDENT_EMAIL, "%" * 8),
        (STUDENT_EMAIL, job_id[:8] + "%"),
        ("\x00", "\x00" * 9),
        ("%", job_id[:8]),
    ):
        answer = desk.client().post("/track", data={"email": email, "job_id": wanted})
        assert answer.status_code == 404
        said.update(re.findall(r'id="track-error">([^<]+)<', answer.text))
    assert said == {"No job with this e-mail and job ID. Check both; the ID is in your e-mail."}


@pytest.mark.parametrize("status", ["UPLOADED", "PENDING", "PRINTING", "REJECTED", "ARCHIVED"])
def test_a_job_can_be_tracked_in_every_status(desk, status):
    page = desk.client().get(f"/track/{desk.job(status)}")
    assert page.status_code == 200
    assert "aria-current=step" in page.text
    assert STUDENT_EMAIL not in page.text


@pytest.mark.parametrize("job_id", ["x", "0" * 32, "%00", "00000000"])
def test_a_job_is_tracked_by_its_full_id_only(desk, job_id):
    answer = desk.client().get(f"/track/{job_id}")
    assert (answer.status_code, answer.mimetype) == (404, "text/html")


def test_the_short_id_alone_shows_no_job(desk):
    assert desk.client().get(f"/track/{desk.job()[:8]}").status_code == 404


def test_opening_the_link_shows_the_price_and_changes_nothing(desk):
    token = token_of(desk.job("PENDING"))
    before = rows()
    for _ in range(3):
        page = desk.client().get(f"/confirm/{token}")
        assert page.status_code == 200
        assert "$4.25" in page.text and f'action="/confirm/{token}"' in page.text
    desk.client().head(f"/confirm/{token}")
    assert rows() == before


def test_the_button_confirms(desk):
    job_id = desk.job("PENDING")
    answer = desk.client().post(f"/confirm/{token_of(job_id)}")
    assert answer.status_code == 200
    assert "your print is confirmed" in answer.text
    assert desk.staff.get(f"/jobs/{job_id}").json["status"] == "READYTOPRINT"


def gone(client, token):
    """The heading of a link that is gone, the same for opening and for confirming."""
    pages = client.get(f"/confirm/{token}"), client.post(f"/confirm/{token}")
    headings = {re.search(r"<h1>([^<]+)", page.text)[1] for page in pages}
    statuses = {page.status_code for page in pages}
    assert len(headings) == len(statuses) == 1
    return statuses.pop(), headings.pop()


def test_each_invalid_link_has_its_own_message(desk):
    client = desk.client()
    used, replaced, expired = (desk.job("PENDING") for _ in range(3))
    tokens = {job_id: token_of(job_id) for job_id in (used, replaced, expired)}
    client.post(f"/confirm/{tokens[used]}")
    desk.staff.post(f"/jobs/{replaced}/admin/resend-email", {"email_type": "approval"})
    with changed_link(expired) as link:
        link.expires_at = link.expires_at.replace(year=2020)
    assert gone(client, tokens[used]) == (410, "This print is already confirmed")
    assert gone(client, tokens[replaced]) == (410, "There is a newer link")
    assert gone(client, tokens[expired]) == (410, "This link has expired")
    assert gone(client, "forged.token") == (404, "This link is not valid")
    assert gone(client, "%00")[0] == 404


def test_a_new_link_can_be_requested_and_then_only_after_a_wait(desk, configure):
    configure(RATE_LIMIT_RESEND="1/hour")
    client, job_id = desk.client(), desk.job("PENDING")
    with changed_job(job_id) as job:
        job.is_confirmation_expired = True
    page = client.get(f"/confirm/expired?job_id={job_id}")
    assert page.status_code == 200
    assert 'data-wait-s="0"' in page.text and " disabled" not in page.text
    answer = client.post("/confirm/resend", data={"job_id": job_id})
    assert answer.status_code == 200
    assert "A new e-mail is on its way" in answer.text
    again = client.post("/confirm/resend", data={"job_id": job_id})
    assert again.status_code == 429
    [wait] = re.findall(r'data-wait-s="(\d+)" disabled', again.text)
    assert 3500 < int(wait) <= 3600
    assert "60 min" in words(again)


def change_status(desk, job_id, status):
    body = {"new_status": status, "reason": "Because of the test"}
    answer = desk.staff.post(f"/jobs/{job_id}/admin/change-status", body)
    assert answer.status_code == 200, answer.text


def delete(desk, job_id):
    desk.staff.post(f"/jobs/{job_id}/lock")
    assert desk.staff.call("DELETE", f"/jobs/{job_id}").status_code == 204


RESEND = 'action="/confirm/resend"'


def test_a_settled_link_does_not_mention_a_newer_one(desk):
    client = desk.client()
    forced, back = desk.job("PENDING"), desk.job("PENDING")
    tokens = {job_id: token_of(job_id) for job_id in (forced, back)}
    desk.staff.post(f"/jobs/{forced}/admin/force-confirm", {"reason": "At the desk"})
    change_status(desk, back, "UPLOADED")
    for job_id, said in (
        (forced, "in the print queue"),
        (back, "looking at your model again"),
    ):
        assert gone(client, tokens[job_id]) == (410, "This link is no longer needed")
        page = client.get(f"/confirm/{tokens[job_id]}")
        assert said in words(page)
        assert "another confirmation e-mail" not in words(page) and RESEND not in page.text
        assert f'href="/track/{job_id}"' in page.text
    change_status(desk, back, "PENDING")
    assert gone(client, tokens[back]) == (410, "This link no longer works")
    page = client.get(f"/confirm/{tokens[back]}")
    assert "still waits for you" in words(page) and RESEND in page.text


@pytest.mark.parametrize(
    ("status", "said"),
    [
        ("PRINTING", "is being printed"),
        ("COMPLETED", "ready to collect"),
        ("PAIDPICKEDUP", "paid for and collected"),
        ("REJECTED", "could not accept"),
    ],
)
def test_a_link_that_is_not_needed_says_where_the_job_is(desk, status, said):
    job_id = desk.job("PENDING")
    token = token_of(job_id)
    change_status(desk, job_id, status)
    page = desk.client().get(f"/confirm/{token}")
    assert page.status_code == 410
    assert said in words(page) and RESEND not in page.text


def test_the_link_of_a_deleted_job_says_so(desk):
    client, job_id = desk.client(), desk.job("PENDING")
    token = token_of(job_id)
    delete(desk, job_id)
    assert gone(client, token) == (404, "This job no longer exists")
    page = words(client.get(f"/confirm/{token}"))
    assert "has deleted this job" in page and "copying" not in page


def test_tracking_a_job_with_an_expired_link_offers_a_new_one(desk):
    client, job_id = desk.client(), desk.job("PENDING")
    page = client.get(f"/track/{job_id}")
    assert "The link works until" in words(page) and RESEND not in page.text
    with changed_job(job_id) as job:  # no sweep has been by
        job.confirmation_expires_at = job.confirmation_expires_at.replace(year=2020)
    page = client.get(f"/track/{job_id}")
    assert "has expired" in words(page) and "works until" not in words(page)
    assert RESEND in page.text and f'value="{job_id}"' in page.text
    assert "/assets/student/confirm.js" in page.text
    assert client.post("/confirm/resend", data={"job_id": job_id}).status_code == 200
    assert "The link works until" in words(client.get(f"/track/{job_id}"))


def test_a_job_without_a_price_is_offered_no_new_link(desk):
    client, job_id = desk.client(), desk.job()
    change_status(desk, job_id, "PENDING")
    for path in (f"/confirm/expired?job_id={job_id}", f"/track/{job_id}"):
        page = client.get(path)
        assert page.status_code == 200
        assert "not set a price" in words(page) and RESEND not in page.text
    answer = client.post("/confirm/resend", data={"job_id": job_id})
    assert answer.status_code == 404
    assert "not set a price" in words(answer) and "Page not found" not in answer.text


def test_a_late_resend_shows_the_current_status(desk):
    client, job_id = desk.client(), desk.job("PENDING")
    desk.staff.post(f"/jobs/{job_id}/admin/force-confirm", {"reason": "At the desk"})
    answer = client.post("/confirm/resend", data={"job_id": job_id})
    assert answer.status_code == 404
    assert "in the print queue" in words(answer)


def test_the_expired_page_describes_the_newest_link(desk):
    client, job_id = desk.client(), desk.job("PENDING")
    path = f"/confirm/expired?job_id={job_id}"
    assert "Your newest link still works" in client.get(path).text
    with changed_job(job_id) as job:
        job.confirmation_expires_at = job.confirmation_expires_at.replace(year=2020)
    assert "This link has expired" in client.get(path).text
    desk.staff.post(f"/jobs/{job_id}/admin/force-confirm", {"reason": "At the desk"})
    page = client.get(path)
    assert "This link is no longer needed" in page.text and RESEND not in page.text


@pytest.mark.parametrize("job_id", ["", "x", "\x00", "0" * 32])
def test_an_unknown_job_gets_no_new_link(desk, job_id):
    answer = desk.client().post("/confirm/resend", data={"job_id": job_id})
    assert (answer.status_code, answer.mimetype) == (404, "text/html")
