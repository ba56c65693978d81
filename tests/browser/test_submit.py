"""The submission page in a browser."""

import re

import pytest
from playwright.sync_api import Page, expect

from settings import lab
from tests.support import meshes
from tests.support.pages import fill_form, submit


@pytest.fixture
def model(tmp_path):
    path = tmp_path / "clip.stl"
    path.write_bytes(meshes.binary_stl(meshes.cube(21)))
    return path


def test_the_required_texts_are_shown_verbatim(page: Page):
    page.goto("/submit")
    expect(page.get_by_role("main")).to_contain_text(lab().texts.introduction)
    expect(page.get_by_role("main")).to_contain_text(lab().texts.dimensions)
    expect(page.get_by_role("main")).to_contain_text(lab().texts.minimum_charge)


def test_colours_and_printers_follow_the_print_method(page: Page):
    page.goto("/submit")
    colour, printer = page.get_by_label("Colour"), page.get_by_label("Printer", exact=True)
    expect(colour).to_be_disabled()
    page.get_by_label("Resin").check()
    expect(colour).to_be_enabled()
    assert offered(colour) == ["Black", "White", "Gray", "Clear"]
    assert offered(printer) == ["Formlabs Form 3"]
    page.get_by_label("Filament").check()
    assert len(offered(colour)) == 23
    assert offered(printer) == ["Prusa MK4S", "Prusa XL", "Raise3D Pro 2 Plus"]


def test_a_wrong_field_is_marked_as_one_leaves_it(page: Page):
    page.goto("/submit")
    email = page.get_by_label("E-mail")
    email.fill("jsmith@uni")
    email.blur()
    expect(email).to_have_attribute("aria-invalid", "true")
    expect(email).to_have_css("border-color", re.compile(r"rgb\((1[5-9]\d|2\d\d), "))
    expect(page.get_by_text("such as jsmith@uni.edu")).to_be_visible()
    email.fill("jsmith@uni.edu")
    expect(email).not_to_have_attribute("aria-invalid", "true")


def test_submitting_leads_to_the_first_error(page: Page, model):
    page.goto("/submit")
    page.get_by_label("Model file").set_input_files(model)
    page.get_by_role("button", name="Submit").click()
    expect(page.get_by_label("Filament")).to_be_focused()
    expect(page.get_by_label("Filament")).to_be_in_viewport()


def test_refusing_the_minimum_charge_says_why(page: Page):
    page.goto("/submit")
    page.get_by_label("Minimum charge").select_option("No")
    page.get_by_label("Minimum charge").blur()
    expect(page.get_by_role("main")).to_contain_text("cannot print below")


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("page.stl", b"<!doctype html><html><body>not a model</body></html>", "page.stl|HTML|web"),
        ("empty.stl", b"", "empty"),
        ("cut.stl", meshes.binary_stl(meshes.cube(5))[:300], "cut|end|incomplete|truncated"),
        ("notes.txt", b"hello", r"\.stl"),
    ],
)
def test_a_file_that_is_no_model_is_refused_at_once(page: Page, tmp_path, name, content, words):
    path = tmp_path / name
    path.write_bytes(content)
    page.goto("/submit")
    page.get_by_label("Model file").set_input_files(path)
    expect(page.locator("#file-error")).to_contain_text(re.compile(words, re.I))


def test_the_same_file_again_names_the_first_job(page: Page, model, problems):
    problems.ignore("409")
    first = submit(page, model, email="again@uni.example")
    page.goto("/submit")
    fill_form(page, model, "AGAIN@uni.example")
    page.get_by_role("button", name="Submit").click()
    expect(page.get_by_role("alert")).to_contain_text(first)
    expect(page.get_by_label("Name", exact=True)).to_have_value("Jane Doe")
    link = page.get_by_role("link", name="Track this job")
    expect(link).to_have_attribute("href", re.compile(rf"^/track/{first}[0-9a-f]{{24}}$"))
    link.click()
    expect(page.get_by_role("heading", name=f"Job {first}")).to_be_visible()


def test_a_slow_upload_shows_its_progress(page: Page, tmp_path):
    path = tmp_path / "large.stl"
    path.write_bytes(meshes.binary_stl(meshes.cube(17) * 2000))  # 1.1 MB
    page.goto("/submit")
    fill_form(page, path, "slow@uni.example")
    network = page.context.new_cdp_session(page)
    slow = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": 200_000}
    network.send("Network.emulateNetworkConditions", slow)
    button, bar = page.locator("#send"), page.get_by_role("progressbar")
    expect(bar).to_be_hidden()
    button.click()
    expect(button).to_have_text("Sending…")
    expect(button).to_be_disabled()
    expect(page.locator("#submit-form")).to_have_attribute("aria-busy", "true")
    expect(page.get_by_text("Uploading large.stl…")).to_be_visible()
    expect(page.get_by_role("button", name="Cancel")).to_be_visible()
    expect(bar).to_be_visible()
    expect(page.locator("#upload-amount")).to_have_text(re.compile(r"^[1-9]\d? % of 1\.1 MB$"))
    seen = float(bar.get_attribute("value") or 0)
    assert 0 < seen < 100
    network.send("Network.emulateNetworkConditions", slow | {"uploadThroughput": -1})
    page.wait_for_url("**/submit/success?job=*")


def test_a_lost_connection_loses_nothing_typed(page: Page, model, problems):
    problems.ignore("ERR_INTERNET_DISCONNECTED", "Failed to load")
    page.goto("/submit")
    page.context.set_offline(True)
    fill_form(page, model, "offline@uni.example")
    page.get_by_role("button", name="Submit").click()
    expect(page.get_by_role("alert")).to_contain_text(re.compile("connection|reach|network", re.I))
    page.context.set_offline(False)
    page.get_by_role("button", name="Submit").click()
    page.wait_for_url("**/submit/success?job=*")


def test_a_dropped_file_is_taken(page: Page):
    page.goto("/submit")
    cube = list(meshes.binary_stl(meshes.cube(9)))
    transfer = page.evaluate_handle(
        """bytes => { const data = new DataTransfer();
           data.items.add(new File([new Uint8Array(bytes)], 'dropped.stl')); return data; }""",
        cube,
    )
    page.dispatch_event("#drop", "drop", {"dataTransfer": transfer})
    expect(page.get_by_role("main")).to_contain_text("dropped.stl")


def test_the_form_works_without_javascript(new_page, model, problems):
    problems.ignore("400")
    page = new_page(java_script_enabled=False)
    page.goto("/submit")
    fill_form(page, model, "plain@uni.edu.example")
    page.get_by_role("button", name="Submit").click()
    page.wait_for_url("**/submit/success?job=*")


def offered(select) -> list[str]:
    """The options that can be chosen now, without the invitation to choose."""
    shown = select.locator("option:not([disabled]):not([hidden])")
    return [text for text in shown.all_inner_texts() if not text.startswith("Choose")]
