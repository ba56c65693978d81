"""Thumbnails and the 3D preview in the console."""

import io
import re
from math import hypot

import pytest
from PIL import Image
from playwright.sync_api import expect

from tests.support import meshes, sliced
from tests.support.pages import card_of, reload_queue, send_model, sign_in, submit

# Chromium's own remarks on drawing without a graphics card.
SOFTWARE = (r"GPU stall due to ReadPixels", r"Automatic fallback to software WebGL")


@pytest.fixture
def job(new_page, live, tmp_path, request):
    """A submitted cube with one triangle missing: (staff's page, short id)."""
    triangles = meshes.cube(30 + len(request.node.name) % 7)[:-1]
    model = tmp_path / "open cube.stl"
    model.write_bytes(meshes.binary_stl(triangles, header=request.node.name.encode()[:70]))
    student, staff = new_page(), new_page(viewport={"width": 1440, "height": 900})
    short_id = submit(student, model, email="preview@uni.example")
    sign_in(staff, live)
    return staff, short_id


def open_panel(page, short_id):
    card_of(page, short_id).locator(".pd-card-title button").click()
    panel = page.get_by_role("complementary", name="Chosen job")
    expect(panel).to_contain_text(f"Job {short_id}")
    return panel


def ink(locator, is_wanted):
    """How much of the element, as it is seen, has a wanted colour."""
    with Image.open(io.BytesIO(locator.screenshot())) as image:
        flat = image.convert("RGB").resize((240, 160)).tobytes()
    pixels = list(zip(flat[0::3], flat[1::3], flat[2::3], strict=True))
    return sum(map(is_wanted, pixels)) / len(pixels)


def bluish(pixel):
    return pixel[2] > pixel[0] + 25


def reddish(pixel):
    return pixel[0] > pixel[2] + 60 and pixel[0] > 120


def test_the_picture_appears_automatically(job, problems):
    page, short_id = job
    for _ in range(60):
        if card_of(page, short_id).locator("img").count():
            break
        page.wait_for_timeout(500)
        reload_queue(page)
    picture = card_of(page, short_id).locator(".pd-card-thumb img")
    expect(picture).to_have_attribute("alt", re.compile("Picture of open cube.stl"))
    assert picture.evaluate("image => image.complete && image.naturalWidth") == 128
    panel = open_panel(page, short_id)
    large = panel.locator(".pd-viewer img")
    expect(large).to_be_visible()
    expect(large).to_have_js_property("naturalWidth", 512)
    assert ink(panel.locator(".pd-viewer"), bluish) > 0.05


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_preview_draws_when_it_is_opened(job, problems, theme):
    page, short_id = job
    problems.ignore(*SOFTWARE)
    page.emulate_media(color_scheme=theme)
    scripts = []
    page.on("request", lambda asked: scripts.append(asked.url))
    panel = open_panel(page, short_id)
    assert not [url for url in scripts if "plotly" in url]
    panel.get_by_role("button", name="Show in 3D").click()
    region = panel.get_by_role("region", name="3D preview")
    expect(region.get_by_role("status")).to_contain_text("11 triangles", timeout=30_000)
    expect(region.get_by_role("status")).to_contain_text(
        "inside the build volume of the Prusa MK4S"
    )
    expect(region.get_by_role("status")).to_contain_text("3 open edges drawn in red")
    assert [url for url in scripts if "plotly" in url]
    frame = region.get_by_role("img", name=re.compile("11 triangles"))
    expect(frame.locator("canvas").first).to_be_visible()
    page.wait_for_timeout(1500)
    assert ink(frame, bluish) > 0.05, "no model is seen"
    assert ink(frame, reddish) > 0.001, "no open edge is seen"

    region.get_by_role("button", name="Open edges").click()
    page.wait_for_timeout(700)
    assert ink(frame, reddish) < 0.001
    before = frame.screenshot()
    region.get_by_role("button", name="Wireframe").click()
    page.wait_for_timeout(700)
    assert frame.screenshot() != before
    before = frame.screenshot()
    region.get_by_role("button", name="Build volume").click()
    page.wait_for_timeout(700)
    assert frame.screenshot() != before
    # A refresh of the queue leaves it alone.
    page.evaluate("dash_clientside.set_props('shell-refresh', {data: Date.now()})")
    page.wait_for_timeout(1000)
    expect(frame.locator("canvas").first).to_be_visible()

    region.get_by_role("button", name="Close 3D").click()
    expect(frame).to_have_count(0)
    expect(panel.get_by_role("button", name="Show in 3D")).to_be_visible()


def show_in_3d(page, short_id, triangles):
    """Opens a job's preview, and waits until it is drawn; returns its region."""
    panel = open_panel(page, short_id)
    panel.get_by_role("button", name="Show in 3D").click()
    region = panel.get_by_role("region", name="3D preview")
    expect(region.get_by_role("status")).to_contain_text(f"{triangles} triangles", timeout=30_000)
    page.wait_for_function(f"() => {{ const scene = {SCENE}; return scene && scene._scene; }}")
    return region


SCENE = "document.querySelector('.pd-preview-frame .js-plotly-plot')?._fullLayout?.scene"


def eye_of(page):
    """Where the camera is, after what was pressed has been drawn."""
    page.wait_for_timeout(700)
    eye = page.evaluate(f"{SCENE}._scene.getCamera().eye")
    return eye["x"], eye["y"], eye["z"]


def near(eye):
    return pytest.approx(eye, abs=0.01)


def test_the_camera_stays_where_the_person_has_brought_it(job, problems):
    page, short_id = job
    problems.ignore(*SOFTWARE)
    region = show_in_3d(page, short_id, 11)
    start = eye_of(page)
    box = region.locator(".pd-preview-frame").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 90, y + 40, steps=6)
    page.mouse.up()
    turned = eye_of(page)
    assert turned != near(start), "dragging turns the model"
    page.mouse.move(x, y)
    page.mouse.wheel(0, -300)
    here = eye_of(page)
    assert hypot(*here) < hypot(*turned) * 0.98, "the wheel comes nearer"

    for name in ("Wireframe", "Open edges", "Wireframe"):
        region.get_by_role("button", name=name).click()
        assert eye_of(page) == near(here), f"{name} moves the camera"
    page.evaluate("document.documentElement.dataset.bsTheme = 'dark'")
    assert eye_of(page) == near(here), "another theme moves the camera"

    region.get_by_role("button", name="Build volume").click()
    whole = eye_of(page)
    assert whole != near(here)
    # Two presses at once: the second must not bring back where the first has led away from.
    page.evaluate(
        "['model', 'wireframe'].forEach("
        "name => document.querySelector(`[data-pd-preview=${name}]`).click())"
    )
    assert eye_of(page) == near(start), "the camera comes back"


def test_a_slow_preview_does_not_appear_in_the_next_jobs_panel(job, problems):
    page, first = job
    problems.ignore(*SOFTWARE)
    second = send_model(page, "Ada Next", meshes.binary_stl(meshes.cube(60)))[:8]
    reload_queue(page)
    slow, held = re.compile(rf"/jobs/{first}\w+/preview$"), []
    page.route(slow, lambda route: held.append(route))
    panel = open_panel(page, first)
    with page.expect_request(slow):
        panel.get_by_role("button", name="Show in 3D").click()
    region = show_in_3d(page, second, 12)
    drawn = page.evaluate(MESH)
    with page.expect_response(slow):
        held[0].continue_()
    page.wait_for_timeout(1500)
    expect(region.get_by_role("status")).to_contain_text("60 × 60 × 60 mm, 12 triangles.")
    assert page.evaluate(MESH) == drawn, "the mesh of the job before is drawn"
    region.get_by_role("button", name="Wireframe").click()
    page.wait_for_timeout(700)
    assert page.evaluate(MESH) == drawn

    region.get_by_role("button", name="Close 3D").click()
    show_in_3d(page, second, 12)  # opened once more, all of it comes from the browser's cache


MESH = "document.querySelector('.pd-preview-frame .js-plotly-plot').data[0].x.bdata"


def test_the_approve_dialog_offers_what_the_sliced_file_says(job, live):
    page, short_id = job
    [folder] = (live.storage / "Uploaded").glob(f"*_{short_id}")
    (folder / f"{folder.name}.gcode").write_bytes(sliced.prusa(printer="XL"))
    card_of(page, short_id).get_by_role("button", name="Approve").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text(f"From {folder.name}.gcode (PrusaSlicer 2.7.4+linux)")
    expect(dialog).to_contain_text("3.64 g, 18 min, PLA, for the Prusa XL.")
    expect(dialog).to_contain_text("sliced for the Prusa XL, and the job asks for the Prusa MK4S")
    expect(dialog.get_by_label("Weight (g)")).to_have_value("3.64")
    expect(dialog.get_by_label("Time (hours)")).to_have_value("0.31")
    printer = dialog.get_by_label("Printer")
    expect(printer).to_have_value("prusa_mk4s")
    take = dialog.get_by_role("button", name="Use the Prusa XL")
    take.focus()
    page.keyboard.press("Enter")
    expect(printer).to_have_value("prusa_xl")
    expect(take).to_be_focused()
    said = dialog.locator(".pd-offer").get_by_role("status")
    expect(said).to_have_text("The printer below is now the Prusa XL.")
    printer.select_option("prusa_mk4s")
    expect(said).to_be_empty()
    take.click()
    dialog.get_by_label("Weight (g)").fill("40")
    expect(dialog).to_contain_text("Cost: $4.00")
    dialog.get_by_role("button", name="Approve").click()
    expect(dialog).to_be_hidden()
    [approved] = page.request.get("/api/v1/jobs?status=PENDING").json()["jobs"]
    assert (approved["short_id"], approved["printer"]) == (short_id, "prusa_xl")
