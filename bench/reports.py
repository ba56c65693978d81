"""What the reports cost: 100,000 jobs of ten years, with their events and print runs.

    python bench/reports.py [jobs]

The page's whole data is read as the page asks for it, its sections at the same time, and one after
the other; the latter is held against the same statements sent by psycopg2 alone, with nothing
around them. Seconds say as much about the machine as about Printdesk; the ratio does not.
"""

import statistics
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.support import servers  # noqa: E402  # after the path is set

servers.set_up()
servers.join()

from sqlalchemy import event  # noqa: E402  # the settings are known from here on

from components.charts.catalogue import SECTIONS as CHART_SECTIONS  # noqa: E402
from models import Role  # noqa: E402
from services import work  # noqa: E402
from services.actors import Actor  # noqa: E402
from services.reports.asking import report_filters  # noqa: E402
from services.reports.asking.question import Question  # noqa: E402
from services.reports.tables import TABLES  # noqa: E402
from settings import settings  # noqa: E402

JOBS = 100_000
DAYS = 3650
ROUNDS = 5
ADMIN = Actor("admin", "Ada Admin", Role.ADMIN)
PAGES = (
    {"period": "30d"},
    {"period": "year"},
    {"period": "all"},
    {"period": "all", "discipline": "Art"},
    {"period": "all", "printer": "prusa_xl"},
)
# What the page asks for at the same time: the key figures, and the charts of each section.
SECTIONS: dict[str, tuple[str, ...]] = {"key figures": ("key-figures",)} | {
    name: shown for name, (_, shown) in CHART_SECTIONS.items()
}
Statement = tuple[str, Any]


def main() -> None:
    jobs = int(sys.argv[1]) if len(sys.argv) > 1 else JOBS
    try:
        fill(jobs)
        for query in PAGES:
            print("==", ", ".join(f"{name} {value}" for name, value in query.items()))
            measure(query)
    finally:
        work.dispose()
        servers.tear_down()


def fill(jobs: int) -> None:
    """History in SQL: through the services it would take hours."""
    began = time.perf_counter()
    script = (ROOT / "bench" / "reports.sql").read_text(encoding="utf-8").strip()
    script = script.replace(":jobs", str(jobs)).replace(":days", str(DAYS))
    with servers.connect(settings().database_url) as connection:
        for statement in script.split(";\n"):
            connection.execute(statement.encode())
        vacuum(connection)
        made = [
            f"{count:,} {table}"
            for table in ("jobs", "events", "print_runs")
            for (count,) in connection.execute(f"SELECT count(*) FROM {table}".encode())
        ]
    print(f"{', '.join(made)}: made in {time.perf_counter() - began:.0f} s")


def vacuum(connection: servers.Plain) -> None:
    """As autovacuum does in time: until no old transaction is in the way of what was written."""
    for _ in range(60):
        connection.execute("VACUUM ANALYZE")
        [(hidden,)] = connection.execute(
            "SELECT sum(relpages - relallvisible) FROM pg_class"
            " WHERE relname IN ('jobs', 'events', 'print_runs')"
        )
        if hidden == 0:
            return
        time.sleep(1)


def measure(query: dict[str, str]) -> None:
    statements = record(query)
    raw, serial, parallel = [], [], []
    with watched() as memory:
        for _ in range(ROUNDS):
            raw.append(timed(lambda: replay(statements)))
            serial.append(timed(lambda: [read(name, query) for name in SECTIONS]))
            parallel.append(timed(lambda: read_at_once(query)))
    ratio = statistics.median(each / other for each, other in zip(serial, raw, strict=True))
    print(f"the page's data, its sections at once:     {spread(parallel)} s")
    print(f"one after the other:                       {spread(serial)} s")
    print(f"the same {len(statements)} statements by psycopg2 alone:   {spread(raw)} s")
    print(f"ratio of the last two: {ratio:.2f}")
    print(f"memory: {memory['here']:.0f} MB more here, {memory['there']:.0f} MB more in PostgreSQL")


def read_at_once(query: dict[str, str]) -> None:
    with ThreadPoolExecutor(len(SECTIONS)) as pool:
        list(pool.map(lambda name: read(name, query), SECTIONS))


def read(name: str, query: dict[str, str]) -> Any:
    """One section, as its callback reads it."""
    with work.unit() as session:
        ask = Question(session, report_filters.read(query), actor=ADMIN)
        return [TABLES[chart](ask) for chart in SECTIONS[name]]


def record(query: dict[str, str]) -> list[Statement]:
    """The statements that the page's data needs."""
    found: list[Statement] = []

    def note(_: Any, __: Any, statement: str, parameters: Any, *___: Any) -> None:
        found.append((statement, parameters))

    event.listen(work.engine(), "before_cursor_execute", note)
    for name in SECTIONS:
        read(name, query)
    event.remove(work.engine(), "before_cursor_execute", note)
    return found


def replay(statements: list[Statement]) -> None:
    with servers.connect(settings().database_url) as connection:
        connection.execute("SET timezone = 'UTC'")
        with connection:  # one transaction
            for statement, parameters in statements:
                connection.execute(statement.encode(), parameters).fetchall()


def timed(act: Callable[[], Any]) -> float:
    began = time.perf_counter()
    act()
    return time.perf_counter() - began


@contextmanager
def watched() -> Iterator[dict[str, float]]:
    """By how much memory grows at most meanwhile, in MB: of this process, and of PostgreSQL's own
    besides what its processes share."""
    grown = {"here": 0.0, "there": 0.0}
    before, done = memory_mb(), threading.Event()

    def look() -> None:
        while not done.wait(0.02):
            for place, now in zip(grown, memory_mb(), strict=True):
                grown[place] = max(grown[place], now - before[list(grown).index(place)])

    watcher = threading.Thread(target=look)
    watcher.start()
    try:
        yield grown
    finally:
        done.set()
        watcher.join()


def memory_mb() -> tuple[float, float]:
    there = 0
    for process in psutil.Process().children(recursive=True):
        try:
            if process.name() == "postgres":
                there += process.memory_full_info().uss
        except psutil.NoSuchProcess:
            continue
    return psutil.Process().memory_info().rss / 1e6, there / 1e6


def spread(values: list[float]) -> str:
    return f"{statistics.median(values):.2f} ({min(values):.2f} to {max(values):.2f})"


if __name__ == "__main__":
    main()
