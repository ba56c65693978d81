"""One real job from the public page to the hand-over, as student, staff and student again."""

import hashlib
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.support import meshes
from tests.support.accounts import add_staff
from tests.support.pages import (
    EMAIL,
    approve,
    card_of,
    confirm_from_mail,
    open_tab,
    plain_text,
    press,
    reload_queue,
    sign_in,
    submit,
    wait_for_mail,
)
from tests.support.skips import SAMPLE_MODELS


@pytest.fixture
def model_file(tmp_path: Path) -> Path:
    """A real model where the samples are, else one of our own making."""
    real = SAMPLE_MODELS / "real" / "01_Voron_Design_Cube_v7.stl"
    path = tmp_path / "Voron cube.stl"
    path.write_bytes(real.read_bytes() if real.is_file() else meshes.binary_stl(meshes.cube(30)))
    return path


def test_a_job_goes_from_the_public_page_to_the_hand_over(new_page, live, model_file, problems):
    problems.ignore("410 .*/confirm/")  # a used link is opened again on purpose
    student, staff = new_page(), new_page()
    short_id = submit(student, model_file)
    sign_in(staff, live)
    card = card_of(staff, short_id)
    expect(card).to_contain_text("New")

    approve(staff, card, weight="42.5", hours="3.2")
    open_tab(staff, "Pending")
    expect(card_of(staff, short_id)).to_contain_text("$4.25")

    confirm_from_mail(student, live)
    open_tab(staff, "Ready to print")
    press(staff, card_of(staff, short_id), "Mark printing", "Printing.")
    open_tab(staff, "Printing")
    press(staff, card_of(staff, short_id), "Mark complete", "Completed.")
    wait_for_mail(live, EMAIL, "front desk")
    open_tab(staff, "Completed")
    press(staff, card_of(staff, short_id), "Mark picked up", "Picked up.")
    open_tab(staff, "Picked up")
    expect(card_of(staff, short_id)).to_be_visible()

    folder = live.storage / "PaidPickedUp" / f"JaneDoe_Filament_TrueRed_{short_id}"
    stored = (folder / f"{folder.name}.stl").read_bytes()
    assert hashlib.sha256(stored).digest() == hashlib.sha256(model_file.read_bytes()).digest()

    student.goto("/track")
    student.get_by_label("E-mail").fill(EMAIL)
    student.get_by_label("Job ID").fill(short_id)
    student.get_by_role("button", name="Track").click()
    expect(student.get_by_role("main")).to_contain_text("Picked up")


def test_a_rejected_student_reads_why(new_page, live, tmp_path):
    model = tmp_path / "thin.stl"
    model.write_bytes(meshes.binary_stl(meshes.cube(11)))
    student, staff = new_page(), new_page()
    short_id = submit(student, model, email="thin@uni.example")
    sign_in(staff, live)
    card_of(staff, short_id).get_by_role("button", name="Reject").click()
    dialog = staff.get_by_role("dialog")
    dialog.get_by_role("button", name="Reject").click()
    expect(dialog.get_by_role("alert")).to_contain_text("Choose a reason")
    dialog.get_by_label("Walls are too thin to print").check()
    dialog.get_by_label("In your own words").fill("The clip is 0.2 mm thick.")
    dialog.get_by_role("button", name="Reject").click()
    expect(dialog).to_be_hidden()
    letter = plain_text(wait_for_mail(live, "thin@uni.example", "Walls are too thin to print"))
    assert "The clip is 0.2 mm thick." in letter
    open_tab(staff, "Rejected")
    expect(card_of(staff, short_id)).to_contain_text("Walls are too thin to print")


def test_two_staff_do_not_work_on_one_job(new_page, live, tmp_path):
    """The second one reads who is editing; when the first is done, who was first."""
    model = tmp_path / "shared.stl"
    model.write_bytes(meshes.binary_stl(meshes.cube(12)))
    student, first, second = new_page(), new_page(), new_page()
    short_id = submit(student, model, email="two@uni.example")
    sign_in(first, live)
    add_staff(live, "sam@printlab.example", "Sam Park", "another long password")
    sign_in(second, live, "sam@printlab.example", "another long password")
    expect(card_of(second, short_id).get_by_role("button", name="Approve")).to_be_enabled()
    card_of(first, short_id).get_by_role("button", name="Approve").click()
    expect(first.get_by_role("dialog")).to_be_visible()

    card_of(second, short_id).get_by_role("button", name="Approve").click()
    expect(second.get_by_role("status")).to_contain_text("Admin is editing this job")
    expect(card_of(second, short_id)).to_contain_text("Admin is editing")

    first.keyboard.press("Escape")
    expect(first.get_by_role("dialog")).to_be_hidden()
    approve(first, card_of(first, short_id), weight="10", hours="1")
    reload_queue(second)
    expect(second.locator(".pd-card", has_text=short_id)).to_have_count(0)


def test_without_a_mail_server_staff_read_the_mail_page(new_page, live, tmp_path):
    model = tmp_path / "mail.stl"
    model.write_bytes(meshes.binary_stl(meshes.cube(13)))
    student, staff = new_page(), new_page()
    short_id = submit(student, model, email="mail@uni.example")
    sign_in(staff, live)
    staff.get_by_role("link", name="Mail").click()
    item = staff.locator(".pd-mail", has_text=short_id)
    expect(item).to_contain_text("mail@uni.example")
    item.get_by_text("Read").click()
    expect(item).to_contain_text(f"/track/{short_id}")
