"""Actions of people in the browser, by role and visible name."""

import re
from email.message import EmailMessage
from pathlib import Path

from playwright.sync_api import Locator, Page, expect

EMAIL = "jane.doe@uni.example"


def submit(page: Page, model: Path, email: str = EMAIL) -> str:
    """Fills the public form like a person; returns the short job id of the success page."""
    page.goto("/submit")
    fill_form(page, model, email)
    page.get_by_role("button", name="Submit").click()
    page.wait_for_url(re.compile(r"/submit/success\?job=[0-9a-f]{32}$"))
    job_id = page.url.rpartition("=")[2]
    shown = page.get_by_role("main")
    expect(shown).to_contain_text("with staff for review")
    expect(shown).to_contain_text(job_id[:8])
    return job_id[:8]


def fill_form(page: Page, model: Path, email: str) -> None:
    page.get_by_label("Model file").set_input_files(model)
    page.get_by_label("Filament").check()
    page.get_by_label("Colour").select_option("True Red")
    page.get_by_label("Printer", exact=True).select_option(label="Prusa MK4S")
    page.get_by_label("Name", exact=True).fill("Jane Doe")
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Discipline").select_option("Architecture")
    page.get_by_label("Class number").fill("ARCH 4000")
    page.get_by_label("Minimum charge").select_option("Yes")


def sign_in(page: Page, live, email: str = "", password: str = "") -> None:
    page.goto("/")
    page.get_by_label("E-mail").fill(email or live.admin_email)
    page.get_by_label("Password").fill(password or live.admin_password)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/dashboard")


def card_of(page: Page, short_id: str) -> Locator:
    return page.locator(".pd-card", has_text=short_id)


def open_tab(page: Page, name: str) -> None:
    page.get_by_role("tab", name=name).click()
    expect(page.get_by_role("tab", name=name)).to_have_attribute("aria-selected", "true")


def reload_queue(page: Page) -> None:
    page.reload()
    expect(page.get_by_role("tab", name="Uploaded")).to_be_visible()


def approve(page: Page, card: Locator, weight: str, hours: str) -> None:
    card.get_by_role("button", name="Approve").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Weight (g)").fill(weight)
    dialog.get_by_label("Time (hours)").fill(hours)
    cost = f"${max(3, float(weight) / 10):.2f}"
    expect(dialog).to_contain_text(f"Cost: {cost}")
    dialog.get_by_role("button", name="Approve").click()
    expect(dialog).to_be_hidden()
    expect(page.get_by_role("status")).to_contain_text("Approved")


def press(page: Page, card: Locator, button: str, told: str) -> None:
    """Presses a card's button and confirms its dialog."""
    card.get_by_role("button", name=button).click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name=button).click()
    expect(dialog).to_be_hidden()
    expect(page.get_by_role("status")).to_contain_text(told)


def confirm_from_mail(page: Page, live) -> None:
    letter = wait_for_mail(live, EMAIL, "Your model is approved")
    link = re.search(r"http://\S+/confirm/\S+", plain_text(letter))
    assert link is not None
    assert link.group() in letter.get_body(("html",)).get_content()
    page.goto(link.group())
    expect(page.get_by_role("main")).to_contain_text("$4.25")
    page.get_by_role("button", name="Confirm").click()
    expect(page.get_by_role("main")).to_contain_text("in the print queue")
    page.goto(link.group())
    expect(page.get_by_role("main")).to_contain_text("already")


def wait_for_mail(live, address: str, about: str) -> EmailMessage:
    """The mail to the address that says `about` in its text, once it has arrived."""
    for count in range(1, 200):
        mail = live.smtp.wait_for(count)[count - 1]
        if mail["To"] == address and about in plain_text(mail):
            return mail
    raise AssertionError(f"no mail to {address} about {about}")


def plain_text(mail: EmailMessage) -> str:
    return mail.get_body(("plain",)).get_content()


def send_model(page: Page, name: str, model: bytes, **fields: str) -> str:
    """Submits a model through the API, as the page's own browser; returns the job's id."""
    about = {
        "student_name": name,
        "student_email": f"{name.split()[0].lower()}@uni.example",
        "discipline": "Architecture",
        "class_number": "ARCH 4000",
        "print_method": "Filament",
        "color": "True Red",
        "printer": "prusa_mk4s",
        "acknowledged_minimum_charge": "Yes",
        **fields,
    }
    file = {"name": "Part.stl", "mimeType": "model/stl", "buffer": model}
    answer = page.request.post("/api/v1/submit", multipart={**about, "file": file})
    assert answer.status == 201, answer.text()
    return str(answer.json()["id"])


def act(page: Page, job_id: str, action: str, **body: object) -> None:
    """One action through the API, as the person who is signed in on the page."""
    page.request.post(f"/api/v1/jobs/{job_id}/lock")
    options = {"data": body} if body else {}
    answer = page.request.post(f"/api/v1/jobs/{job_id}/{action}", **options)
    assert answer.ok, answer.text()
    page.request.post(f"/api/v1/jobs/{job_id}/unlock")


PLAN = {"weight_g": 42.5, "time_hours": 3.2}
# What leads a job from Uploaded to each status.
LEADING_TO = {
    "PENDING": [("approve", PLAN)],
    "READYTOPRINT": [("approve", PLAN), ("admin/force-confirm", {"reason": "At the desk"})],
}
LEADING_TO["PRINTING"] = [*LEADING_TO["READYTOPRINT"], ("mark-printing", {})]
LEADING_TO["COMPLETED"] = [*LEADING_TO["PRINTING"], ("mark-complete", {})]
LEADING_TO["PAIDPICKEDUP"] = [*LEADING_TO["COMPLETED"], ("mark-picked-up", {})]
LEADING_TO["REJECTED"] = [("reject", {"reasons": ["Walls are too thin to print"]})]
LEADING_TO["ARCHIVED"] = [("admin/change-status", {"new_status": "ARCHIVED", "reason": "Old"})]


def lead_to(page: Page, job_id: str, status: str) -> str:
    for action, body in LEADING_TO[status]:
        act(page, job_id, action, **body)
    return job_id


def look_again(page: Page) -> None:
    """What a page does when its tab comes to the front or the network is back: it asks at once."""
    page.evaluate("window.dispatchEvent(new Event('online'))")


def panel_of(page: Page, job_id: str) -> Locator:
    """The detail panel, opened for a job that the list shows."""
    card_of(page, job_id[:8]).locator(".pd-card-title button").click()
    panel = page.get_by_role("complementary", name="Chosen job")
    expect(panel.get_by_role("heading", name=f"Job {job_id[:8]}")).to_be_visible()
    return panel
