"""Compares the console's speed and traffic with 100,000 jobs and with 1,000.

Two labs are served side by side by real web processes with their own databases, and measured in
turns, so that a busy moment of the machine affects both. Each action is timed over HTTP and
compared with the raw SQL that it needs: the same statements, sent by psycopg2 in one transaction.

Seconds say more about the machine than about Printdesk. What counts is the last column: how much
longer it takes in the large lab (the aim is at most 1.3 times). A first load shall send less than
900 kB, an unchanged poll less than 1 kB with all headers of both directions.
"""

import http.client
import os
import re
import shutil
import statistics
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from sqlalchemy import event  # noqa: E402  # after the path is set

from launch import embedded  # noqa: E402
from tests.support import manyjobs  # noqa: E402
from tests.support.labs import Answer, Lab  # noqa: E402
from tests.support.servers import connect  # noqa: E402
from tests.support.testrun import make_folder  # noqa: E402

SMALL, LARGE = 1_000, 100_000
ACTIVE = {SMALL: 500, LARGE: 2_000}
ROUNDS, FIRST_LOADS = 25, 6

# ---- Names from components/ids.py and components/queueview.py; keep them in step ----

PAGE, PAGE_CONTENT, NEWS = "/dashboard", "_pages_content.children", "/api/v1/news"
QUEUE, VIEW, SHOWN = "queue-list.children", "queue-view.data", "queue-shown.data"
BEGIN = {
    **{"status": "UPLOADED", "page": 1, "sort": "oldest", "search": ""},
    **{"printer": "all", "discipline": "all", "material": "all", "from": "", "to": ""},
    **{"expired": False, "unreviewed": False},
}
# One person, by one and by two words, and by two letters; one class; every job; no job. Each has as
# many jobs to show in both labs.
SEARCHES = ("quandt", "xaver quandt", "xq", "robo 7777", "uni.example", "qqzzx")


class Taken(NamedTuple):
    """One measurement: seconds, and bytes on the wire in both directions."""

    seconds: float
    sent: int
    asked: int = 0


def main() -> None:
    folder = make_folder("bench")
    servers = embedded.start(folder / "var")
    try:
        small, large = (make_lab(folder, servers, jobs) for jobs in (SMALL, LARGE))
        with small.served(), large.served():
            small.sign_in()
            large.sign_in()
            report(small, large)
            report_browser(large)
    finally:
        servers.stop()
        shutil.rmtree(folder, ignore_errors=True)


def make_lab(folder: Path, servers: embedded.Started, jobs: int) -> Lab:
    with connect(servers.database_url) as connection:
        connection.execute(f"CREATE DATABASE lab_{jobs}".encode())
    url = servers.database_url.replace(f"/{embedded.DATABASE}?", f"/lab_{jobs}?")
    lab = Lab(jobs, folder / str(jobs), url, servers.redis_url)
    lab.prepare(ACTIVE[jobs])
    return lab


# ---- Actions of people ----


def load_first(lab: Lab) -> Taken:
    """All that a browser fetches for the page before it shows the queue; the jobs' pictures come
    by and by."""
    lab.hang_up()
    began = time.perf_counter()
    page = lab.ask("GET", PAGE)
    files = sorted(set(re.findall(r'(?:src|href)="(/[^"]+)"', page.text)))
    paths = [*files, "/_dash-layout", "/_dash-dependencies", NEWS]
    answers = [page, *(lab.ask("GET", path) for path in paths)]
    address = {"_pages_location.pathname": PAGE, "_pages_location.search": ""}
    answers += [lab.call(PAGE_CONTENT, address), lab.call(QUEUE, {VIEW: BEGIN, SHOWN: None})]
    return Taken(time.perf_counter() - began, sum(answer.sent for answer in answers))


def poll(status: int, change: Callable[[Lab], None]) -> Callable[[Lab], Taken]:
    """The poll of an open page."""

    def run(lab: Lab) -> Taken:
        tag = lab.ask("GET", NEWS).headers["ETag"]
        change(lab)
        began = time.perf_counter()
        answer = lab.ask("GET", NEWS, headers={"If-None-Match": tag})
        took = time.perf_counter() - began
        assert answer.status == status, answer
        return Taken(took, answer.sent, answer.asked)

    return run


def show(**view: Any) -> Callable[[Lab], Taken]:
    """A refresh of the queue: after a change, for another tab, for a search."""

    def run(lab: Lab) -> Taken:
        began = time.perf_counter()
        answer = lab.call(QUEUE, {VIEW: BEGIN | view, SHOWN: None})
        return Taken(time.perf_counter() - began, answer.sent)

    return run


def list_over_api(lab: Lab) -> Taken:
    began = time.perf_counter()
    answer = lab.ask("GET", "/api/v1/jobs?limit=50")
    return Taken(time.perf_counter() - began, answer.sent)


ACTIONS: dict[str, Callable[[Lab], Taken]] = {
    "first load": load_first,
    "poll, nothing changed": poll(http.client.NOT_MODIFIED, lambda _: None),
    "poll, something changed": poll(
        http.client.OK, lambda lab: manyjobs.change_one(lab.database_url)
    ),
    "refresh of the queue": show(),
    "tab Archived": show(status="ARCHIVED"),
    "tab Archived, by name": show(status="ARCHIVED", sort="name"),
    "tab Archived, last changed": show(status="ARCHIVED", sort="updated"),
    "tab Archived, page 10": show(status="ARCHIVED", page=10),
    "tab Archived, one printer": show(status="ARCHIVED", printer="prusa_xl"),
    **{f"search “{words}”": show(search=words) for words in SEARCHES},
    **{f"search “{words}”, archive": show(search=words, status="ARCHIVED") for words in SEARCHES},
    "GET /api/v1/jobs": list_over_api,
}


# ---- The raw SQL of each action ----


def measure_sql(lab: Lab) -> dict[str, float]:
    """Seconds for the statements of each action, as the application sends them."""
    os.environ.update(lab.env)
    from services import work
    from settings import settings

    work.dispose()
    settings.cache_clear()
    import app

    client = app.server.test_client()
    client.set_cookie(*lab.cookie.split("=", 1))
    noted: list[tuple[str, Any]] = []
    event.listen(work.engine(), "before_cursor_execute", lambda *call: noted.append(call[2:4]))
    taken = {}
    for name, run in ACTIONS.items():
        for _ in range(2):  # what is read now and then only has been read by then
            _note(lab, run, client, noted)
        taken[name] = time_sql(lab.database_url, noted)
    return taken


def _note(lab: Lab, run: Callable[[Lab], Taken], client: Any, noted: list[tuple[str, Any]]) -> None:
    """Runs an action in this process and records its SQL in `noted`: for a first load of all its
    requests, otherwise of the last one."""
    noted.clear()

    def ask(
        method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        if run is not load_first:
            noted.clear()
        got = client.open(path, method=method, data=body, headers=dict(headers or {}))
        return Answer(got.status_code, got.headers, got.data)

    lab.ask = ask  # type: ignore[method-assign]
    try:
        run(lab)
    finally:
        del lab.ask


def time_sql(database_url: str, statements: list[tuple[str, Any]]) -> float:
    """The median of the rounds, on one connection."""
    taken = []
    with connect(database_url) as connection:
        for _ in range(ROUNDS):
            began = time.perf_counter()
            with connection:  # one transaction
                for statement, parameters in statements:
                    cursor = connection.execute(statement.encode(), parameters)
                    if cursor.description:
                        cursor.fetchall()
            taken.append(time.perf_counter() - began)
    return statistics.median(taken)


# ---- Results ----


def report(small: Lab, large: Lab) -> None:
    sql = [measure_sql(small), measure_sql(large)]
    print(f"{'':30}{small.jobs:>8,} jobs (over SQL){large.jobs:>9,} jobs (over SQL)", end="")
    print(f"{'bytes sent':>12}   large : small")
    for name, run in ACTIONS.items():
        rounds = FIRST_LOADS if run is load_first else ROUNDS
        taken = [in_turns(run, small, large, at) for at in range(rounds + 1)][1:]
        medians = [statistics.median(one[at].seconds for one in taken) for at in (0, 1)]
        ratio = statistics.median(one[1].seconds / one[0].seconds for one in taken)
        print(f"{name:30}", end="")
        for median, alone in zip(medians, sql, strict=True):
            print(f"{median * 1e3:10.1f} ms {median / alone[name]:8.1f} x", end="")
        sent = taken[-1][1].sent
        print(f"{sent:>14,}{ratio:12.2f} x")
        if asked := taken[-1][1].asked:
            print(f"{'  with the question':30}{sent + asked:>60,}")


def in_turns(
    run: Callable[[Lab], Taken], small: Lab, large: Lab, round_: int
) -> tuple[Taken, Taken]:
    """Measures both labs, alternating which comes first."""
    if round_ % 2:
        first, second = run(large), run(small)
        return second, first
    return run(small), run(large)


def report_browser(lab: Lab) -> None:
    """The same first load in Chromium, with what only a browser loads: fonts, pictures, and what
    scripts fetch."""
    from playwright.sync_api import Error

    from tests.support.browsing import open_browser

    try:
        with open_browser() as browser:
            loaded = load_in_browser(browser, lab)
    except Error as problem:
        print(f"first load in Chromium: not measured ({str(problem).splitlines()[0]})")
        return
    print(f"first load in Chromium: {sum(loaded.values()):,} bytes; the aim is 900,000")
    marks = {"pictures": "/thumbnail", "fonts": ".woff2", "scripts": ".js", "styles": ".css"}
    for kind, mark in (marks | {"page and data": ""}).items():
        of_kind = [loaded.pop(url) for url in list(loaded) if mark in url]
        print(f"  {kind}: {sum(of_kind):,} bytes in {len(of_kind)} answers")


def load_in_browser(browser: Any, lab: Lab) -> dict[str, int]:
    """Bytes on the wire by address, until nothing more is asked for."""
    context = browser.new_context(base_url=f"http://127.0.0.1:{lab.port}")
    name, value = lab.cookie.split("=", 1)
    context.add_cookies([{"name": name, "value": value, "url": f"http://127.0.0.1:{lab.port}"}])
    page = context.new_page()
    session = context.new_cdp_session(page)
    session.send("Network.enable")
    addresses: dict[str, str] = {}
    loaded: dict[str, int] = {}

    def note_address(got: Any) -> None:
        addresses[got["requestId"]] = got["response"]["url"]

    def note_size(done: Any) -> None:
        address = addresses.get(done["requestId"], "")
        loaded[address] = loaded.get(address, 0) + int(done["encodedDataLength"])

    session.on("Network.responseReceived", note_address)
    session.on("Network.loadingFinished", note_size)
    page.goto(PAGE)
    page.wait_for_selector(".pd-card")
    page.wait_for_load_state("networkidle")
    context.close()
    assert not any("plotly" in url for url in loaded), "the 3D preview's library comes too early"
    return loaded


if __name__ == "__main__":
    main()
