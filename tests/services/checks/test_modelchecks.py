"""When a model is checked, what the job gets from it, and that a check harms nothing."""

import json
import shutil
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from models import Job, Status
from reader import model, sandbox
from services import work
from services.checks import modelchecks, results, thumbnails
from services.errors import Forbidden, NotFound
from services.files import storage
from services.jobs import records
from tests.support import jobs, meshes

LONG_AGO = datetime.now(UTC) - timedelta(hours=1)


def sent(action, task=modelchecks.CHECK_TASK):
    """The tasks of this name that a unit of work sends."""
    tasks = []
    before = work._send_task
    work.send_tasks_with(lambda name, arguments: tasks.append((name, *arguments)))
    try:
        action()
    finally:
        work._send_task = before
    return [sent for sent in tasks if sent[0] == task]


def sweep():
    with work.unit() as session:
        return modelchecks.sweep(session)


def request(job_id, actor):
    with work.unit() as session:
        return modelchecks.request(session, job_id, actor=actor)


def metadata(job):
    return json.loads((jobs.folder_of(job) / storage.METADATA).read_text())


@pytest.fixture
def checked(people):
    job = jobs.submit(meshes.binary_stl())
    modelchecks.run(job.id)
    return jobs.read(job.id)


def test_a_submission_sends_a_check(people):
    made = []
    tasks = sent(lambda: made.append(jobs.submit()))
    assert tasks == [("models.check", made[0].id)]
    assert made[0].model == {"state": "pending"}


def test_a_check_is_stored_with_its_event_and_in_the_metadata(checked):
    assert checked.model["state"] == "ok"
    assert checked.model["size_mm"] == [20, 20, 20]
    assert checked.model["volume_cm3"] == 8
    assert checked.model["watertight"]
    assert checked.model["fits"]["prusa_mk4s"] == "yes"
    assert checked.model["checker"] == results.checker()
    assert metadata(checked)["model"] == checked.model
    assert jobs.event_types(checked.id)[-1] == "ModelChecked"


@pytest.mark.parametrize("kind", ["stl", "obj", "3mf"])
def test_every_kind_of_file_is_checked(people, kind):
    content = {"stl": meshes.ascii_stl, "obj": meshes.obj, "3mf": meshes.threemf}[kind]()
    job = jobs.submit(content, f"gear.{kind}")
    modelchecks.run(job.id)
    assert jobs.read(job.id).model["volume_cm3"] == pytest.approx(8)


def test_a_second_run_does_nothing(checked):
    modelchecks.run(checked.id)
    again = jobs.read(checked.id)
    assert again.updated_at == checked.updated_at
    assert jobs.event_types(checked.id).count("ModelChecked") == 1


def test_a_failed_check_is_a_state_of_the_model_and_not_of_the_job(people):
    nan = meshes.binary_stl().replace(b"\0\0\xa0A", b"\0\0\xc0\x7f")
    job = jobs.submit(nan)
    modelchecks.run(job.id)
    found = jobs.read(job.id)
    assert found.status is Status.UPLOADED
    assert found.model["state"] == "failed"
    assert "not numbers" in found.model["error"]
    assert jobs.act(job.id, "approve", people.staff).status is Status.PENDING


def test_a_reader_that_is_stopped_is_told_in_words(people, configure):
    configure(CHECK_WALL_S="0")
    job = jobs.submit()
    modelchecks.run(job.id)
    error = jobs.read(job.id).model["error"]
    assert error == "It could not be checked: it took longer than 0 seconds."


def test_a_job_that_is_gone_is_no_error(people):
    modelchecks.run("0" * 32)
    job = jobs.submit()
    jobs.act(job.id, "reject", people.staff)
    modelchecks.run(job.id)
    assert jobs.read(job.id).model["state"] == "ok"


def test_a_job_that_moves_during_the_check_keeps_its_place(people, monkeypatch):
    job = jobs.submit()
    examine = modelchecks._examine

    def slowly(due, folder):
        monkeypatch.undo()
        jobs.act(job.id, "approve", people.staff)
        assert examine(due, folder) is None, "the file is not where it was"
        assert jobs.read(job.id).model == {"state": "pending"}

    monkeypatch.setattr(modelchecks, "_examine", slowly)
    modelchecks.run(job.id)
    found = jobs.read(job.id)
    assert (found.status, found.model["state"]) == (Status.PENDING, "ok")
    assert metadata(found)["model"] == found.model


def test_a_file_that_moves_away_under_its_reader_is_no_broken_model(people, monkeypatch):
    job = jobs.submit()
    read = model.read
    found = []

    def slowly(*about, **how):
        monkeypatch.undo()
        jobs.act(job.id, "approve", people.staff)
        found.append(read(*about, **how))
        return found[0]

    monkeypatch.setattr(model, "read", slowly)
    modelchecks.run(job.id)
    assert not found[0].has({"facts"})
    assert jobs.read(job.id).model["state"] == "ok"


def test_a_job_that_is_deleted_during_the_check_stays_deleted(people, monkeypatch):
    job = jobs.submit()
    examine = modelchecks._examine

    def slowly(due, folder):
        result = examine(due, folder)
        with work.unit() as session:
            from services.jobs import locks

            locks.acquire(session, job.id, actor=people.staff)
        jobs.move(job.id, "delete", people.staff)
        return result

    monkeypatch.setattr(modelchecks, "_examine", slowly)
    modelchecks.run(job.id)
    with work.unit() as session:
        assert session.scalar(select(Job.id)) is None


def test_a_storage_that_is_away_leaves_the_check_waiting(people):
    job = jobs.submit()
    storage.root().rename(storage.root().with_name("away"))
    try:
        modelchecks.run(job.id)
    finally:
        shutil.rmtree(storage.root(), ignore_errors=True)
        storage.root().with_name("away").rename(storage.root())
    assert jobs.read(job.id).model == {"state": "pending"}


def test_a_file_that_is_lost_is_told_and_known_facts_stay(people, checked):
    (jobs.folder_of(checked) / checked.original_name).unlink()
    jobs.change(checked.id, model=checked.model | {"checker": "0.old"})
    modelchecks.run(checked.id)
    assert jobs.read(checked.id).model == checked.model
    other = jobs.submit()
    (jobs.folder_of(other) / other.original_name).unlink()
    modelchecks.run(other.id)
    assert "not in the storage" in jobs.read(other.id).model["error"]


def test_the_sweep_sends_what_waits_for_long_and_what_is_out_of_date(people, checked):
    fresh, waiting = jobs.submit(), jobs.submit()
    jobs.change(waiting.id, updated_at=LONG_AGO)
    outdated = jobs.submit()
    jobs.change(outdated.id, model=checked.model | {"checker": "0.old"})
    assert sweep() == [waiting.id, outdated.id]
    assert fresh.id not in sweep()
    jobs.change(outdated.id, model={"state": "ok"})  # a result without any version
    assert outdated.id in sweep()


def test_the_sweep_takes_a_few_at_a_time_and_those_in_work_first(people, monkeypatch):
    monkeypatch.setattr(modelchecks, "SWEEP_BATCH", 2)
    done = jobs.job_in(Status.REJECTED, people)
    waiting = [jobs.submit() for _ in range(2)]
    for job in (done, *waiting):
        jobs.change(job.id, updated_at=LONG_AGO)
    assert set(sweep()) == {job.id for job in waiting}


def test_a_new_version_of_the_same_result_is_no_news(checked):
    jobs.change(checked.id, model=checked.model | {"checker": "0.old"})
    with work.unit() as session:
        records.write_metadata(session.get_one(Job, checked.id))
    modelchecks.run(checked.id)
    again = jobs.read(checked.id)
    assert again.model == checked.model
    assert again.updated_at == checked.updated_at
    assert jobs.event_types(checked.id).count("ModelChecked") == 1
    assert metadata(again)["model"] == again.model


def test_staff_have_a_model_checked_again(people, checked):
    tasks = sent(lambda: request(checked.id, people.staff))
    assert tasks == [("models.check", checked.id)]
    assert jobs.read(checked.id).model == {"state": "pending"}
    assert jobs.event_types(checked.id)[-1] == "ModelCheckRequested"
    modelchecks.run(checked.id)
    assert jobs.read(checked.id).model == checked.model


def test_checking_again_draws_the_picture_anew_and_shows_the_old_one_meanwhile(people, checked):
    modelchecks.run(checked.id)
    address = thumbnails.url(jobs.read(checked.id))
    tasks = sent(lambda: request(checked.id, people.staff))
    assert tasks == [("models.check", checked.id)]
    waiting = jobs.read(checked.id)
    assert waiting.thumbnail["state"] == "pending"
    assert thumbnails.url(waiting) == address
    assert metadata(waiting)["thumbnail"] == waiting.thumbnail
    (jobs.folder_of(checked) / thumbnails.PICTURE).unlink()
    modelchecks.run(checked.id)
    assert jobs.read(checked.id).thumbnail["state"] == "ok"
    assert (jobs.folder_of(checked) / thumbnails.PICTURE).is_file()


def test_who_may_not_have_it_checked_again(people, checked):
    with pytest.raises(Forbidden):
        request(checked.id, people.manager)
    with pytest.raises(NotFound):
        request("0" * 32, people.staff)


def test_all_are_checked_again_on_request_and_keep_their_results_meanwhile(checked):
    with work.unit() as session:
        assert modelchecks.forget_versions(session) == 1
    found = jobs.read(checked.id).model
    assert found == {name: value for name, value in checked.model.items() if name != "checker"}
    assert sweep() == [checked.id]


def opinions(monkeypatch):
    """What the second reader answers, as it comes."""
    asked = []
    run = sandbox.run

    def note(task, *arguments, **options):
        answer = run(task, *arguments, **options)
        asked.append(answer.results.get("opinion"))
        return answer

    monkeypatch.setattr(sandbox, "run", note)
    return asked


def remarks(path):
    found = modelchecks.check_file(str(path), "gear.3mf", "Filament")["warnings"]
    return {warning["code"]: warning["text"] for warning in found}


def test_a_foreign_path_does_not_silence_the_second_reader(tmp_path, monkeypatch):
    model = meshes.model_part().replace("<model", '<model xmlns:zz="urn:another"')
    path = tmp_path / "gear.3mf"
    path.write_bytes(meshes.threemf(model=model.replace("<item", '<item zz:path="/no"')))
    asked = opinions(monkeypatch)
    assert remarks(path) == {}
    assert [opinion["triangles"] for opinion in asked] == [12]


def test_a_second_reader_that_is_not_asked_is_remarked(tmp_path, monkeypatch):
    path = tmp_path / "gear.3mf"
    path.write_bytes(meshes.threemf())
    monkeypatch.setattr(model, "SECOND_OPINION_TRIANGLES", 11)
    asked = opinions(monkeypatch)
    told = remarks(path)["read_once"]
    assert told.startswith("Read by one reader only: above 11 triangles")
    assert asked == [{"not_asked": "too_large"}]


def test_an_unsupported_answer_of_the_child_is_a_failed_check(people, monkeypatch):
    answer = sandbox.Answer({"facts": {"triangles": -1}})
    monkeypatch.setattr("reader.sandbox.run", lambda *_, **__: answer)
    job = jobs.submit()
    modelchecks.run(job.id)
    assert "invalid answer" in jobs.read(job.id).model["error"]
