"""The pages as a browser builds them: layout first, then every callback that runs at once.

This stands in for the checks that `suppress_callback_exceptions` silences.
"""

import inspect
import json
import re
from collections import Counter
from itertools import count

import dash
import pytest

from components import ids
from models import Job, Role, Status, new_id
from services import work
from services.actions import registry
from tests.support.callbacks import dependencies, name_of, of_server, run, with_output
from tests.support.client import PATH_TO, Desk

# Dash's own, around every page.
FRAME = {"_pages_location", "_pages_content", "_pages_store", "_pages_dummy"}
# Every action on jobs that has a dialog, and a status from which it can be begun.
ACTIONS = {
    row.name: next(status for status in Status if status in row.sources)
    for row in registry.by_name().values()
    if row.role is not None and row.asks
}
REFRESHED = f"{ids.REFRESH}.data"
# What people type, choose or tick in.
FIELDS = re.compile(
    r"Check(box|list)|DatePicker\w+|Dropdown|Input|Radio\w+|(Range)?Slider|Select|Switch|Textarea|Upload"
)
_numbers = count(1)


@pytest.fixture
def desk(database, storage_root):
    return Desk()


def pages_of(browser):
    """The pages that the navigation offers to this person."""
    links = [c["props"].get("href") for c in components(layout_of(browser, "/dashboard"))]
    found = [page["path"] for page in dash.page_registry.values() if page["path"] in links]
    assert "/dashboard" in found
    return found


def key_of(component_id):
    """An id as the browser's requests name it: a dict id as JSON."""
    plain = isinstance(component_id, str)
    return component_id if plain else json.dumps(component_id, sort_keys=True)


def components(node):
    """Every component of a tree as JSON."""
    if isinstance(node, list):
        for child in node:
            yield from components(child)
    elif isinstance(node, dict):
        if "props" in node and "type" in node:
            yield node
        for child in node.values():
            yield from components(child)


def ids_in(node):
    found = [component["props"].get("id") for component in components(node)]
    return [key_of(component_id) for component_id in found if component_id is not None]


def layout_of(browser, path):
    answer = run(
        browser,
        with_output(browser, "_pages_content.children"),
        {"_pages_location.pathname": path, "_pages_location.search": ""},
    )
    assert answer.status_code == 200, answer.text
    return answer.json["response"]["_pages_content"]["children"]


def build(browser, path, **given):
    """The layout of a page and what its first callbacks put into it, as a list of trees.

    `given` replaces values of the layout: `queue_view={...}` for the data of "queue-view".
    """
    layout = layout_of(browser, path)
    first = [one for one in of_server(dependencies(browser)) if not one["prevent_initial_call"]]
    return [layout, *(drawn for _, drawn in answers(browser, layout, first, given))]


def answers(browser, layout, callbacks, given, changed=""):
    """(output, what is drawn there) of each of the callbacks whose parts are in the layout."""
    there = {key_of(c["props"]["id"]): c["props"] for c in components(layout) if "id" in c["props"]}
    for callback in callbacks:
        parts = callback["inputs"] + callback["state"]
        if any(part["id"] not in there for part in parts):
            continue
        values = {name_of(part): there[part["id"]].get(part["property"]) for part in parts}
        values |= {f"{name.replace('_', '-')}.data": value for name, value in given.items()}
        answer = run(browser, callback, values, changed)
        assert answer.status_code in (200, 204), (callback["output"], answer.text)
        assert "pd-toast-bad" not in answer.text, answer.text
        yield callback["output"], answer.json if answer.status_code == 200 else None


def assert_no_id_twice(trees):
    twice = [name for name, times in Counter(ids_in(trees)).items() if times > 1]
    assert not twice


def add_jobs(status, number):
    """Rows alone: what is on the disk plays no part in what a page shows."""
    with work.unit() as session:
        session.add_all(make_job(status) for _ in range(number))


def make_job(status):
    job_id, at = new_id(), next(_numbers)
    priced = status not in (Status.UPLOADED, Status.REJECTED)
    return Job(
        id=job_id,
        short_id=job_id[:8],
        student_name=f"Student {at} Ünï",
        student_email=f"student{at}@uni.example",
        discipline="Engineering",
        class_number="ARCH 4000",
        original_filename=f"Part {at}.stl",
        original_name=f"Part{at}_{job_id[:8]}.stl",
        display_name=f"Part{at}_{job_id[:8]}.stl",
        folder=f"Uploaded/Part{at}_{job_id[:8]}",
        file_hash=job_id * 2,
        file_size=684,
        status=status,
        printer="prusa_mk4s" if at % 2 else "a_printer_that_was_sold",
        color="True Red" if at % 2 else "A colour of the past",
        material="Filament",
        weight_g=42.5 if priced else None,
        time_hours=3.5 if priced else None,
        cost_cents=425 if priced else None,
        reject_reasons=["Too thin", "Other"] if status is Status.REJECTED else None,
        acknowledged_minimum_charge=True,
        is_confirmation_expired=status is Status.PENDING,
        notes="Notes" if at % 2 else None,
    )


def test_every_page_has_a_title_and_a_path_of_its_own(desk):
    found = list(dash.page_registry.values())
    assert found
    for page in found:
        assert page["title"].endswith("Printdesk") and len(page["title"]) > len("Printdesk"), page
        assert page["path"].startswith("/")
    for name in ("path", "title"):
        assert len({page[name] for page in found}) == len(found)


@pytest.mark.parametrize("role", Role)
def test_pages_without_a_job_are_whole(desk, role):
    browser = desk.browser(role)
    for path in pages_of(browser):
        trees = build(browser, path)
        assert_no_id_twice(trees)
        assert "main" in ids_in(trees), f"{path} has no main landmark"


@pytest.mark.parametrize("role", Role)
def test_pages_with_a_job_of_each_status_are_whole(desk, role):
    browser = desk.browser(role)
    # The archived one first: archiving takes every job that is finished by then.
    chosen = {status: desk.job(status) for status in reversed(PATH_TO)}
    paths = pages_of(browser)
    for status, job_id in chosen.items():
        view = {"status": status, "page": 1}
        for path in (*paths, f"/job/{job_id}"):
            trees = build(browser, path, queue_view=view, queue_selected=job_id)
            assert_no_id_twice(trees)
            if path in ("/dashboard", f"/job/{job_id}"):
                assert job_id in json.dumps(trees), f"{role} does not see a job that is {status}"


@pytest.mark.parametrize("role", Role)
def test_pages_with_300_jobs_are_whole_and_bounded(desk, role):
    browser = desk.browser(role)
    add_jobs(Status.UPLOADED, 300)
    for status in Status:
        add_jobs(status, 1)
    for number, cards in ((1, 50), (7, 1), (8, 0)):
        trees = build(browser, "/dashboard", queue_view={"status": "UPLOADED", "page": number})
        assert_no_id_twice(trees)
        assert len(set(re.findall(r"Part \d+|Part\d+_\w{8}\.stl", json.dumps(trees)))) == cards
        assert len(json.dumps(trees)) < 500_000
    for path in pages_of(browser):
        assert_no_id_twice(build(browser, path))


@pytest.mark.parametrize(
    "query",
    [
        "?status=PENDING&job=x&search=y",
        "?status=GONE",
        "?status=",
        "?job=%00",
        "?a=1&a=2",
        "?status=PENDING&status=PRINTING",
        "?children=x&id=y&_query=z",
        "?output=x&args=y&kwargs=z&func=x&layout=y&self=z",
        "?search=%3Cscript%3E",
        "?page=999999999999999999999&sort=x&printer=%00&from=2026-02-31&to=99999-01-01&expired=2",
        "?page=-1&from=0001-01-01&to=9999-12-31&unreviewed=1&search=%25%00",
    ],
)
def test_a_page_opens_with_any_query(desk, query):
    browser = desk.browser(Role.ADMIN)
    for path in pages_of(browser):
        answer = run(
            browser,
            with_output(browser, "_pages_content.children"),
            {"_pages_location.pathname": path, "_pages_location.search": query},
        )
        assert answer.status_code == 200, (path, answer.text)
        assert "_pages_content" in answer.json["response"]
        assert browser.get(f"{path}{query}").status_code == 200


def refreshed(browser, path, **given):
    """(output, what is drawn there) of each callback of a page that a refresh runs."""
    listening = [
        callback
        for callback in of_server(dependencies(browser))
        if REFRESHED in map(name_of, callback["inputs"])
    ]
    given |= {"shell_refresh": 1}
    return answers(browser, layout_of(browser, path), listening, given, REFRESHED)


@pytest.mark.parametrize("role", Role)
def test_a_refresh_draws_no_field_anew(desk, role):
    """Who is about to type in one must not find it empty, gone, or with other words."""
    browser, outputs = desk.browser(role), set()
    chosen = {status: desk.job(status) for status in reversed(PATH_TO)}
    for status, job_id in chosen.items():
        view = {"status": status, "page": 1}
        for path in (*pages_of(browser), f"/job/{job_id}"):
            given = {"queue_view": view, "queue_selected": job_id, "debug_open": True}
            for output, drawn in refreshed(browser, path, **given):
                outputs.add(output)
                types = {component["type"] for component in components(drawn)}
                fields = [name for name in types if FIELDS.fullmatch(name)]
                assert not fields and ".value" not in output, (path, output, fields)
    assert len(outputs) >= 2


def test_every_callback_points_at_ids_that_exist(desk):
    """In the layout of a page, in what callbacks put there, in a dialog, or made for each thing."""
    admin = desk.browser(Role.ADMIN)
    known = set(FRAME)
    paths = pages_of(admin)
    fixed = {page["path"] for page in dash.page_registry.values() if not page["path_template"]}
    assert set(paths) == fixed
    for path in (*paths, f"/job/{desk.job()}"):
        known.update(ids_in(build(admin, path)))
    for action, status in ACTIONS.items():
        known.update(ids_in(dialog_of(admin, action, desk.job(status))))
    missing = []
    for callback in dependencies(admin):
        outputs = re.sub(r"@[0-9a-f]+", "", callback["output"].strip(".")).split("...")
        if callback["no_output"]:
            outputs = []
        wanted = [output.rpartition(".")[0] for output in outputs]
        wanted += [part["id"] for part in callback["inputs"] + callback["state"]]
        missing += [f"{name} of {callback['output']}" for name in wanted if not exists(name, known)]
    assert not missing, "\n".join(missing)


@pytest.mark.parametrize("action", ACTIONS)
def test_a_dialog_has_no_id_twice_beside_its_page(desk, action):
    admin, job_id = desk.browser(Role.ADMIN), desk.job(ACTIONS[action])
    page = build(admin, "/dashboard", queue_selected=job_id)
    dialog = dialog_of(admin, action, job_id)
    assert dialog["dialog-modal"]["is_open"] is True
    assert_no_id_twice([*page, dialog])


def dialog_of(browser, action, job_id):
    begin = with_output(browser, "dialog-title.children")
    answer = run(browser, begin, {name_of(begin["inputs"][0]): {"action": action, "job": job_id}})
    assert answer.status_code == 200 and "pd-toast-bad" not in answer.text, (action, answer.text)
    return answer.json["response"]


def exists(name, known):
    """A plain id is in a layout; a pattern id is one of those that components/ids.py makes."""
    if not name.startswith("{"):
        return name in known
    pattern = json.loads(name)
    return any(made.keys() == pattern.keys() and made["type"] == pattern["type"] for made in MADE)


MADE = [
    made
    for _, make in inspect.getmembers(ids, inspect.isfunction)
    if isinstance(made := make(*("x" for _ in inspect.signature(make).parameters)), dict)
]
