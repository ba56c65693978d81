"""What every test runs against: a real PostgreSQL and Redis, migrated, one database per process.

Set up while this file is imported, before anything reads the settings. Fixtures:

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

from argon2 import PasswordHasher  # noqa: E402  # after the environment is set

from services.people import accounts  # noqa: E402
from settings import ROOT, settings  # noqa: E402
from tests.support.emptied import empty_database, empty_storage  # noqa: E402
from tests.support.once import once  # noqa: E402

# People sign in in most tests, and a hash is made to be slow. A Printdesk that a test starts has
# the product's own; tests/services/people/test_accounts.py knows what that is.
PRODUCT_HASHER = accounts._hasher
accounts._hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)

SHARED_MODELS = ROOT.parent / "shared" / "models"
Configure = Callable[..., None]


def pytest_unconfigure() -> None:
    servers.tear_down()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "browser" in item.path.relative_to(ROOT / "tests").parts:
            item.add_marker("browser")


@pytest.fixture
def database() -> str:
    return empty_database()


@pytest.fixture
def storage_root() -> Path:
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
    if not SHARED_MODELS.is_dir():
        pytest.skip("the sample models are not here")
    return SHARED_MODELS


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
    from tests.support.browsing import open_browser

    with open_browser() as chromium:
        yield chromium


@pytest.fixture
def problems(live) -> Iterator[object]:
    """What the pages of a test complained about; anything unexpected fails it at the end."""
    from tests.support.browsing import Problems

    noted = Problems(live.base_url)
    yield noted
    assert not noted.unexpected(), "\n".join(noted.unexpected())


@pytest.fixture
def empty_book(live) -> None:
    """Takes the jobs of earlier tests out of `live`; who may sign in stays."""
    import psycopg

    with servers.connect(live.database_url) as connection:
        servers.silence_triggers(connection)
        for _ in range(20):  # a worker may be busy with the jobs of the test before
            try:
                connection.execute("TRUNCATE jobs, job_counts CASCADE")
                break
            except psycopg.errors.DeadlockDetected:
                continue


@pytest.fixture
def new_page(live, browser, empty_book, problems) -> Iterator[Callable[..., object]]:
    """Makes pages, each of a person of their own: `new_page(viewport=..., color_scheme="dark")`.

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
