"""What the tests run against: a real PostgreSQL and Redis, migrated, one database per process.

The settings are set while this file is imported, before anything reads them. Nothing is started
until a test asks for it by a fixture:

- `postgres_and_redis`: what needs the process's databases, or one beside them, asks for it. A test
  that does not ask finds neither.
- `database`: all tables and the process's Redis database emptied before the test; gives its URL.
- `storage_root`: STORAGE_DIR, empty but for the status folders.
- `configure`: `configure(SMTP_URL=...)` changes settings until the test ends.
- `smtp`: a mail server on loopback, and SMTP_URL set to it.
- `shared_models`: the folder of sample models; the test is skipped where there is none.
- `hostile_models`: the folder of hostile files, made from them.
- `live`: a Printdesk started like `make run`, once per process.
- `page`, `new_page`: Chromium on `live`, emptied of jobs; `problems.ignore(...)` allows what a test
  causes.
"""

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support import servers

servers.set_up()

from settings import ROOT, settings  # noqa: E402  # after the environment is set
from tests.support.once import once  # noqa: E402
from tests.support.skips import (  # noqa: E402, F401  # pytest finds its hooks here
    SAMPLE_MODELS,
    pytest_make_collect_report,
    pytest_runtest_makereport,
)

Configure = Callable[..., None]


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("numprocesses", None) and config.get_verbosity() < 0:
        from tests.support.progress import Progress

        config.pluginmanager.register(Progress(config))


def pytest_unconfigure() -> None:
    servers.tear_down()


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Without this, Hypothesis's plugin imports all of Hypothesis for a summary of nothing."""
    if "hypothesis" not in sys.modules and not session.config.getoption("numprocesses", None):
        session.config.pluginmanager.unregister(name="hypothesispytest")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "browser" in item.path.relative_to(ROOT / "tests").parts:
            item.add_marker("browser")


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    servers.lead_settings("postgres_and_redis" in getattr(item, "fixturenames", ()))


@pytest.fixture(scope="session")
def postgres_and_redis() -> None:
    from tests.support.hashing import hash_quickly

    servers.join()
    hash_quickly()


@pytest.fixture
def database(postgres_and_redis: None) -> str:
    from tests.support.emptied import empty_database

    return empty_database()


@pytest.fixture
def storage_root() -> Path:
    from tests.support.emptied import empty_storage

    return empty_storage()


@pytest.fixture
def configure() -> Iterator[Configure]:
    """Changes settings for one test: `configure(RATE_LIMIT_SUBMIT="3/hour")`."""
    changes = pytest.MonkeyPatch()

    def change(**values: str) -> None:
        for name, value in values.items():
            changes.setenv(name, value)
        settings.cache_clear()

    yield change
    changes.undo()
    settings.cache_clear()


@pytest.fixture
def smtp(configure: Configure) -> Iterator[object]:
    from tests.support.mailserver import MailServer

    server = MailServer()
    server.start()
    configure(SMTP_URL=server.url)
    yield server
    server.stop()


@pytest.fixture(scope="session")
def shared_models() -> Path:
    if not SAMPLE_MODELS.is_dir():
        pytest.skip(f"the sample models are not here: they belong in {SAMPLE_MODELS}")
    return SAMPLE_MODELS


@pytest.fixture(scope="session")
def hostile_models(shared_models: Path) -> Path:
    """The hostile files; nothing may be written among them."""
    maker = shared_models / "make_hostile.py"

    def make(folder: Path) -> None:
        subprocess.run((sys.executable, maker, folder), check=True, capture_output=True)

    return once("hostile", make)


@pytest.fixture(scope="session")
def live() -> Iterator[object]:
    from tests.support import launched
    from tests.support.mailserver import MailServer

    server = MailServer()
    server.start()
    printdesk = launched.make_used("live", server)
    try:
        yield printdesk.start()
    finally:
        launched.remove(printdesk)
        server.stop()


@pytest.fixture(scope="session")
def browser() -> Iterator[object]:
    from tests.support.browsing import install, open_browser

    once("chromium", lambda _folder: install())
    with open_browser() as chromium:
        yield chromium


@pytest.fixture
def problems(live) -> Iterator[object]:
    """Errors and warnings of a test's pages; anything unexpected fails the test at its end."""
    from tests.support.browsing import Problems

    noted = Problems(live.base_url)
    yield noted
    assert not noted.unexpected(), "\n".join(noted.unexpected())


@pytest.fixture
def empty_book(live) -> None:
    """Removes the jobs of earlier tests from `live`; people stay."""
    from psycopg2.errors import DeadlockDetected

    with servers.connect(live.database_url) as connection:
        servers.silence_triggers(connection)
        for _ in range(20):  # a worker may be busy with the jobs of the test before
            try:
                connection.execute("TRUNCATE jobs, job_counts CASCADE")
                break
            except DeadlockDetected:
                continue


@pytest.fixture
def new_page(live, browser, empty_book, problems) -> Iterator[Callable[..., object]]:
    """Creates pages, each with its own browser session: `new_page(viewport=...,
    color_scheme="dark")`.

    Without motion unless asked for: drawn without a graphics card it takes a core for itself.
    """
    contexts = []

    def make(**options: object) -> object:
        options = {"reduced_motion": "reduce", **options}
        context = browser.new_context(base_url=live.base_url, **options)
        contexts.append(context)
        page = context.new_page()
        problems.watch(page)
        return page

    yield make
    for context in contexts:
        context.close()


@pytest.fixture
def page(new_page):
    return new_page()
