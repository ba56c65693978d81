"""The link that opens a job's file on a staff computer, under the path used there."""

from pathlib import PurePosixPath, PureWindowsPath
from urllib.parse import parse_qs, urlsplit

import pytest

from models import Event, Status
from services import events, work
from services.errors import Forbidden, NotFound
from services.files import slicerlinks, storage
from tests.support import jobs

AWAY = "0" * 32
POSIX = (
    "/mnt/3dprint_files",
    "/mnt/3dprint_files/",
    "/Volumes/3D Prints",
    "/srv/Größe & Maß #1",
    "/srv/100%/%41?x=y&path=z",
    "/srv/a+b;c,d=e",
    "/srv/'quoted' \"twice\"",
    "/srv/印刷/🙂",
    "/",
)
WINDOWS = (
    "Z:\\storage",
    "Z:\\storage\\",
    "Z:\\",
    "Z:",
    "z:\\3D Prints\\Größe & Maß #1",
    "C:\\100%\\%41",
    "\\\\server\\3D share",
    "\\\\server\\share\\",
)


def link(job):
    return slicerlinks.link(job)


def carried(url):
    """What a handler that was given the link reads in it."""
    parts = urlsplit(url)
    query = parse_qs(parts.query, strict_parsing=True)
    assert list(query) == ["path"] and len(query["path"]) == 1
    assert not parts.fragment
    return query["path"][0]


def note(job_id, actor):
    with work.unit() as session:
        slicerlinks.note_opened(session, job_id, actor=actor)


@pytest.fixture
def job(people):
    return jobs.submit()


@pytest.mark.parametrize("base", [*POSIX, *WINDOWS])
def test_a_path_survives_the_link_unchanged(job, configure, base):
    configure(STAFF_STORAGE_PATH=base)
    made = link(job)
    assert carried(made.url) == carried(made.browser_url) == made.path


@pytest.mark.parametrize("base", [*POSIX, *WINDOWS])
def test_a_link_is_plain_ascii_without_anything_that_ends_it(job, configure, base):
    configure(STAFF_STORAGE_PATH=base)
    made = link(job)
    for url in (made.url, made.browser_url):
        assert url.isascii() and url.isprintable()
        assert not set(" \"'<>#\\^`{|}") & set(url)
        assert url.count("&") == 0 and url.count("?") == url.count("=") == 1


@pytest.mark.parametrize("base", POSIX)
def test_a_posix_path_leads_to_the_file(job, configure, base):
    configure(STAFF_STORAGE_PATH=base)
    path = PurePosixPath(link(job).path)
    assert path == PurePosixPath(base) / job.folder / job.display_name
    assert "//" not in link(job).path


@pytest.mark.parametrize("base", WINDOWS)
def test_a_windows_path_leads_to_the_file(job, configure, base):
    configure(STAFF_STORAGE_PATH=base)
    path = link(job).path
    folder, name = job.folder.split("/")
    start = base.rstrip("\\")
    assert path == f"{start}\\{folder}\\{name}\\{job.display_name}"
    assert PureWindowsPath(path).is_absolute()
    assert "/" not in path


def test_a_drive_with_forward_slashes_is_windows_too(job, configure):
    configure(STAFF_STORAGE_PATH="Z:/storage")
    path = PureWindowsPath(link(job).path)
    assert path == PureWindowsPath("Z:\\storage") / job.folder / job.display_name
    assert carried(link(job).url) == link(job).path


def test_without_staff_storage_path_the_servers_path_is_used(job, configure):
    configure(STAFF_STORAGE_PATH="")
    path = link(job).path
    assert path == str(storage.root() / job.file_path)
    assert storage.path_of(job.file_path).read_bytes()


def test_the_plans_link_and_the_one_that_browsers_open_say_the_same(job, configure):
    """A URL's scheme must not begin with a digit (RFC 3986, 3.1): browsers would not open it."""
    configure(STAFF_STORAGE_PATH="Z:\\storage")
    made = link(job)
    scheme, rest = made.url.split("://")
    assert scheme == "3dprint"
    assert made.browser_url == f"printdesk://{rest}"
    assert urlsplit(made.browser_url).scheme == "printdesk"
    assert rest.startswith("open?path=Z%3A%5Cstorage%5CUploaded%5C")


def test_the_link_is_to_the_file_to_print(people):
    job = jobs.submit()
    sliced = jobs.save_beside(job, ".gcode").name
    assert link(jobs.read(job.id)).path.endswith(job.original_name)
    approved = jobs.act(job.id, "approve", people.staff)
    assert link(approved).path == str(storage.root() / approved.folder / sliced)


def test_what_is_rejected_or_archived_is_not_for_printing():
    shut = {Status.REJECTED, Status.ARCHIVED}
    assert set(slicerlinks.OPENABLE) == set(Status) - shut


@pytest.mark.parametrize("role", ["staff", "admin"])
def test_who_opened_which_file_stands_in_the_history(people, job, role):
    note(job.id, people.of_role(role))
    event = jobs.rows(Event, job.id)[-1]
    assert (event.event_type, event.triggered_by) == ("OpenedInSlicer", people.of_role(role).id)
    assert event.details == {"file": job.display_name}
    with work.unit() as session:
        newest = events.list_events(session, job.id)[0]
    assert newest.text == f"Opened in the slicer: {job.display_name}"


def test_opening_is_noted_each_time_and_changes_nothing_else(people, job):
    before = jobs.read(job.id)
    note(job.id, people.staff)
    note(job.id, people.other)
    after = jobs.read(job.id)
    assert (after.updated_at, after.locked_by) == (before.updated_at, None)
    assert jobs.event_types(job.id) == ["JobCreated", "OpenedInSlicer", "OpenedInSlicer"]


@pytest.mark.parametrize("role", ["student", "manager"])
def test_people_without_the_role_record_nothing(people, job, role):
    with pytest.raises(Forbidden):
        note(job.id, people.of_role(role))
    assert jobs.event_types(job.id) == ["JobCreated"]


def test_a_job_that_is_not_there_is_not_opened(people):
    with pytest.raises(NotFound):
        note(AWAY, people.staff)
