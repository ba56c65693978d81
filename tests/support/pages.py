"""What people do in the browser, by role and visible name."""

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
    expect(page.get_by_role("main")).to_contain_text("in line for the printer")
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
