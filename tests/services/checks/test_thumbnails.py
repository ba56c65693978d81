"""Pictures of models: what they show, where they are kept, and that nothing fails with them."""

import io
import threading

import numpy
import pytest
from PIL import Image

from models import Job, Status
from reader import model
from reader.mesh import loading
from reader.mesh.solid import Solid
from reader.pictures import camera, zbuffer
from reader.sandbox import Limits
from services import work
from services.actors import Actor
from services.checks import modelchecks, thumbnails
from services.errors import Forbidden, NotFound
from services.files import storage
from tests.support import jobs, meshes, raycast, whole

REAL = (
    "01_Voron_Design_Cube_v7.stl",
    "02_[a]_exhaust_fan_grill.stl",
    "04_Thread_Test_1_x1_Rev1.STL",
    "05_Einsy-base.stl",
    "07_MINI-y-plate-rear.stl",
    "11_rear_case.stl",
    "15___#$%'=+&áÀ_ḿ.stl",
    "27_spider.obj",
    "31_cube_gears.3mf",
    "34_3mfbase11_AdjMount.3mf",
)


def draw(path, folder):
    """(the picture's pixels, the answer)."""
    folder.mkdir(exist_ok=True)
    reading = model.read(path, path.name, ["picture"], folder, limits=Limits(wall_s=20))
    answer = reading.answer.get("picture")
    with Image.open(folder / "picture.png") as picture:
        return numpy.asarray(picture), answer


@pytest.mark.parametrize("name", REAL)
def test_real_models_are_seen(shared_models, tmp_path, name):
    path = shared_models / "real" / name
    pixels, answer = draw(path, tmp_path / "first")
    assert not answer["blank"] and answer["ink"] > 0.02
    assert pixels.shape == (512, 512, 4)
    alpha = pixels[:, :, 3]
    assert not alpha[:8].any() and not alpha[:, :8].any(), "the model touches the edge"
    assert (alpha == 0).mean() > 0.1 and (alpha == 255).mean() > 0.02
    rows, columns = numpy.nonzero(alpha)
    longest = max(rows.max() - rows.min(), columns.max() - columns.min())
    assert 440 < longest <= 512 * 0.93, "the model fills the picture"
    colours = pixels[alpha == 255][:, :3]
    assert len(numpy.unique(colours, axis=0)) >= 3, "no light and shadow"
    with Image.open(tmp_path / "first" / "small.webp") as small:
        assert (small.size, small.mode, small.format) == ((128, 128), "RGBA", "WEBP")


@pytest.mark.parametrize("name", REAL)
def test_each_pixel_sees_what_a_ray_would_hit(shared_models, name):
    """But for the few where a ray passes exactly along an edge."""
    path = shared_models / "real" / name
    points, faces = Solid(loading.read(str(path), path.suffix.lower().lstrip("."))).without_doubles
    view = camera.look_at(points, 512)
    differ = zbuffer.find_visible(view, faces) != raycast.find_visible(view, faces)
    assert differ.mean() < 0.0005


def test_triangles_of_every_shape_cover_what_they_should():
    """Slivers, flat sides, corners on the middle of a pixel, and much outside the picture."""
    random = numpy.random.default_rng(7)
    corners = random.uniform(-40, 104, (3000, 3, 3))
    corners[:1000] = numpy.round(corners[:1000]) + 0.5
    corners[1000:2000, 1] = corners[1000:2000, 0] + random.normal(0, 1e-3, (1000, 3))
    view = camera.View(corners.reshape(-1, 3).astype(numpy.float32), numpy.eye(3), 64)
    faces = numpy.arange(9000, dtype=numpy.int32).reshape(-1, 3)
    for face in faces[::10]:
        alone = face[None]
        seen = zbuffer.find_visible(view, alone) >= 0
        differ = seen != (raycast.find_visible(view, alone) >= 0)
        assert differ.sum() <= 20, view.points[face]
    depth = zbuffer.find_visible(view, faces) != raycast.find_visible(view, faces)
    assert depth.mean() < 0.002


def test_what_would_take_too_long_is_drawn_coarsely(tmp_path):
    """10,000 plates, one behind the other."""
    plates = [
        [(x, y + 0.001 * number, z) for x, y, z in face]
        for number in range(10_000)
        for face in meshes.cube(20)[:4]
    ]
    path = tmp_path / "plates.stl"
    path.write_bytes(meshes.binary_stl(plates))
    pixels, answer = draw(path, tmp_path / "out")
    assert answer["ink"] > 0.2
    assert (pixels[::4, ::4] == pixels[3::4, 3::4]).all(), "blocks of one colour"


def test_a_part_in_front_hides_what_is_behind(tmp_path):
    """Two cubes along the view: only the nearer one's silhouette reaches the middle."""
    near = [tuple((x, y - 40, z) for x, y, z in face) for face in meshes.cube(20)]
    path = tmp_path / "two.stl"
    path.write_bytes(meshes.binary_stl([*meshes.cube(20), *near]))
    pixels, _ = draw(path, tmp_path / "out")
    path.write_bytes(meshes.binary_stl([*near, *meshes.cube(20)]))
    turned, _ = draw(path, tmp_path / "out")
    assert abs(pixels.astype(int) - turned).mean() < 0.5


def test_next_to_nothing_is_found_blank(tmp_path):
    """Two specks, far apart."""
    speck = [tuple((x, y, z) for x, y, z in face) for face in meshes.cube(0.01)]
    far = [tuple((x + 900, y, z + 0.001) for x, y, z in face) for face in speck]
    path = tmp_path / "specks.stl"
    path.write_bytes(meshes.binary_stl([*speck, *far]))
    assert model.read(path, path.name, ["picture"], tmp_path).picture() is None
    assert not (tmp_path / "picture.png").exists()


# In the job's folder.


def state_of(job_id):
    with work.unit() as session:
        return session.get_one(Job, job_id).thumbnail


def test_a_job_gets_its_picture(people):
    job = jobs.submit()
    assert thumbnails.url(job) is None
    assert thumbnails.why_missing(job) == "The picture is being drawn."
    modelchecks.run(job.id)
    drawn = jobs.read(job.id)
    assert thumbnails.url(drawn) == f"/api/v1/jobs/{job.id}/thumbnail?v={drawn.thumbnail['hash']}"
    with work.unit() as session:
        large = thumbnails.read(session, job.id, small=False, actor=people.manager)
        small = thumbnails.read(session, job.id, small=True, actor=people.manager)
        whole.assert_metadata(session.get_one(Job, job.id))
    assert Image.open(io.BytesIO(large)).size == (512, 512)
    assert Image.open(io.BytesIO(small)).size == (128, 128)
    assert {"thumbnail.png", "thumbnail-128.webp"} <= {
        name for name, _ in storage.list_files(drawn.folder)
    }


def test_the_picture_moves_with_the_job(people):
    job = jobs.submit()
    modelchecks.run(job.id)
    moved = jobs.act(job.id, "approve", people.staff)
    assert moved.status is Status.PENDING and moved.display_name == job.original_name
    with work.unit() as session:
        assert thumbnails.read(session, job.id, small=False, actor=people.staff)
        whole.assert_whole(session)


def test_a_job_that_moves_while_it_is_drawn_still_gets_it(people):
    job = jobs.submit()
    drawing = threading.Thread(target=modelchecks.run, args=(job.id,))
    drawing.start()
    jobs.act(job.id, "approve", people.staff)
    drawing.join(60)
    assert state_of(job.id)["state"] == "ok"
    with work.unit() as session:
        assert thumbnails.read(session, job.id, small=False, actor=people.staff)
        whole.assert_whole(session)


def test_a_file_without_a_model_says_why(people):
    job = jobs.submit(meshes.binary_stl(meshes.cube(0)))
    modelchecks.run(job.id)
    failed = jobs.read(job.id)
    assert failed.thumbnail["state"] == "failed"
    assert thumbnails.why_missing(failed).startswith("No picture: All points of the model")
    assert thumbnails.url(failed) is None
    with work.unit() as session, pytest.raises(NotFound):
        thumbnails.read(session, job.id, small=False, actor=people.staff)
    assert jobs.act(job.id, "approve", people.staff).status is Status.PENDING


def test_a_picture_that_takes_too_long_fails_nothing_else(people, configure):
    configure(CHECK_WALL_S="0")
    job = jobs.submit()
    modelchecks.run(job.id)
    assert "could not be drawn: it took longer" in thumbnails.why_missing(jobs.read(job.id))


def test_a_deleted_job_and_a_doubled_message_are_no_error(people):
    modelchecks.run("0" * 32)
    job = jobs.submit()
    modelchecks.run(job.id)
    before = state_of(job.id)
    modelchecks.run(job.id)
    assert state_of(job.id) == before


def test_what_kills_its_worker_is_given_up_after_three_attempts(people):
    job = jobs.submit()
    with work.unit() as session:
        session.get_one(Job, job.id).thumbnail = {"state": "pending", "attempts": 3}
    modelchecks.run(job.id)
    assert "broke off" in thumbnails.why_missing(jobs.read(job.id))


def test_storage_that_is_away_is_waited_for(people, storage_root):
    job = jobs.submit()
    away = storage_root.with_name("away")
    storage_root.rename(away)
    try:
        modelchecks.run(job.id)
    finally:
        away.rename(storage_root)
    assert state_of(job.id) == {"state": "pending"}
    modelchecks.run(job.id)
    assert state_of(job.id)["state"] == "ok"


def test_the_sweep_finds_what_was_left(people):
    job = jobs.submit()
    with work.unit() as session:
        assert modelchecks.sweep(session) == []  # its message is under way
        row = session.get_one(Job, job.id)
        row.created_at = row.created_at.replace(year=2020)
    with work.unit() as session:
        assert modelchecks.sweep(session) == [job.id]
    modelchecks.run(job.id)
    with work.unit() as session:
        assert modelchecks.sweep(session) == []


def due():
    with work.unit() as session:
        return modelchecks.sweep(session)


def test_a_newer_version_draws_every_picture_anew(people, monkeypatch):
    job = jobs.submit()
    modelchecks.run(job.id)
    old = jobs.read(job.id)
    monkeypatch.setattr(thumbnails, "VERSION", thumbnails.VERSION + 1)
    assert due() == [job.id]
    assert thumbnails.url(jobs.read(job.id)) == thumbnails.url(old)
    modelchecks.run(job.id)
    assert state_of(job.id) == old.thumbnail | {"version": thumbnails.VERSION}
    assert due() == []


def test_on_request_all_are_drawn_anew(people):
    drawn, failed = jobs.submit(), jobs.submit(meshes.binary_stl(meshes.cube(0)))
    for job in (drawn, failed):
        modelchecks.run(job.id)
    with work.unit() as session:
        modelchecks.forget_versions(session)
    assert set(due()) == {drawn.id, failed.id}
    assert "hash" in state_of(drawn.id)
    for job in (drawn, failed):
        modelchecks.run(job.id)
    assert [state_of(job.id)["state"] for job in (drawn, failed)] == ["ok", "failed"]
    assert due() == []


def test_what_waits_for_its_first_picture_comes_before_what_gets_another(people):
    old, waiting = jobs.submit(), jobs.submit()
    modelchecks.run(old.id)
    with work.unit() as session:
        modelchecks.forget_versions(session)
    jobs.change(waiting.id, created_at=waiting.created_at.replace(year=2020))
    assert due() == [waiting.id, old.id]


def test_a_picture_that_cannot_be_drawn_anew_stays(people, configure):
    job = jobs.submit()
    modelchecks.run(job.id)
    before = state_of(job.id)
    with work.unit() as session:
        modelchecks.request(session, job.id, actor=people.staff)
    configure(CHECK_WALL_S="0")
    modelchecks.run(job.id)
    assert state_of(job.id) == before
    assert due() == []


def test_strangers_see_no_picture(people):
    job = jobs.submit()
    modelchecks.run(job.id)
    with work.unit() as session, pytest.raises(Forbidden):
        nobody = Actor("student", "Jane Doe", None)
        thumbnails.read(session, job.id, small=False, actor=nobody)
