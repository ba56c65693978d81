"""What stands in for the world while the past is played: the clock, chance, the mail server and
the worker. The services themselves are as they are, and so is what they check and refuse.

- The clock: `models.utcnow` and the database's `clock_timestamp()` both say what the play says.
  A schema before pg_catalog in the search path of these connections holds the latter.
- Ids are drawn from the play's own random numbers.
- Tasks are done at once, in this process, as a worker would do them in another; files are read
  without the sandbox's child process, because they are our own.
- Mails go nowhere: addresses that are mistyped are refused, as a mail server would.
- Files are moved by links, and nothing is synced to the disk piece by piece: nobody else is there,
  and a fill that breaks off is thrown away whole.
"""

import hashlib
import os
import random
import shutil
import smtplib
import tempfile
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import ModuleType
from typing import Any
from uuid import UUID

from sqlalchemy import create_engine, event
from sqlalchemy.engine import Connection, Engine

import models.base
from demo import cast
from reader import model, sandbox
from reader.model import Reading, Result
from reader.sandbox import Answer
from services import database, work
from services.actions import workflow
from services.checks import modelchecks
from services.files import storage
from services.mail import outbox
from settings import Settings, settings

SCHEMA = "demo_stage"
_CLEAR = f"DROP SCHEMA IF EXISTS {SCHEMA} CASCADE"
_CLOCK = f"""
    CREATE FUNCTION {SCHEMA}.clock_timestamp() RETURNS timestamptz LANGUAGE sql
    AS $$ SELECT current_setting('{SCHEMA}.now')::timestamptz $$
"""
# Never to be reached: it only says that mails are delivered at all.
_MAIL_SERVER = "smtp://demo.invalid"


class Stage:
    """The play's clock and chance. `rng` is that of the job which is on."""

    def __init__(self, now: datetime) -> None:
        self.now = now
        self.rng = random.Random(0)
        self.tasks: list[tuple[str, tuple[Any, ...]]] = []
        self.looks: dict[str, str] = {}
        self._pictures: dict[str, Answer] = {}
        self._answers: dict[str, Answer] = {}
        self._folder = Path(tempfile.mkdtemp(prefix="pictures-", dir=settings().var_dir))

    def go_to(self, moment: datetime) -> None:
        """Time passes, and never runs back: two things do not happen at the same moment."""
        self.now = max(moment, self.now + timedelta(milliseconds=20))

    def wait(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    def close(self) -> None:
        shutil.rmtree(self._folder, ignore_errors=True)

    def do_tasks(self) -> None:
        """What a worker does after a commit, in the order in which it was asked for. What is not
        known here waits for the real one, which sweeps."""
        while self.tasks:
            task, ids = self.tasks.pop(0)
            if task in _TASKS:
                do, least, most = _TASKS[task]
                self.wait(self.rng.uniform(least, most))
                do(*ids)

    def note_task(self, task: str, ids: tuple[Any, ...]) -> None:
        self.tasks.append((task, ids))

    def new_id(self) -> UUID:
        return UUID(int=self.rng.getrandbits(128), version=4)

    def message_id(self, domain: str) -> str:
        return f"<{self.rng.getrandbits(96):x}@{domain}>"

    def read_file(
        self,
        path: Path,
        name: str,
        wanted: Collection[Result],
        folder: Path,
        *,
        beds: Sequence[Sequence[float]] = (),
        limits: Any = None,
    ) -> Reading:
        """reader.model.read, in this process. The same file is read once; a preview waits for
        somebody who looks at it."""
        content = hashlib.sha256(path.read_bytes()).hexdigest()
        results, problem = {}, None
        if "facts" in wanted:
            key = " ".join((content, name, str(beds)))
            if key not in self._answers:
                self._answers[key] = _answer(path, name, "facts", beds, folder)
            results, problem = dict(self._answers[key].results), self._answers[key].problem
        if "picture" in wanted:
            drawn = self._draw(self.looks.get(content, content), path, name, folder)
            results, problem = results | dict(drawn.results), problem or drawn.problem
        return Reading(Answer(results, problem), folder, path.suffix.removeprefix("."))

    def _draw(self, look: str, path: Path, name: str, folder: Path) -> Answer:
        """A picture shows no size: models of one look share it."""
        kept = self._folder / look.replace("/", "-")
        if look not in self._pictures:
            kept.mkdir()
            self._pictures[look] = _answer(path, name, "picture", (), kept)
        for file in kept.iterdir():
            shutil.copyfile(file, folder / file.name)
        return self._pictures[look]


def _answer(
    path: Path, name: str, wanted: Result, beds: Sequence[Sequence[float]], folder: Path
) -> Answer:
    arguments = (str(path), name, [wanted], [list(bed) for bed in beds], str(folder))
    return sandbox.run_unconfined("model", *arguments, model.SECOND_OPINION_TRIANGLES)


def _deliver(mail_id: str) -> None:
    with work.unit() as session:
        outbox.deliver(session, mail_id)


# What is done, and how many seconds it takes at least and at most.
_TASKS: Mapping[str, tuple[Callable[[str], None], float, float]] = {
    outbox.DELIVER_TASK: (_deliver, 0.4, 2.5),
    modelchecks.CHECK_TASK: (modelchecks.run, 3.0, 9.0),
}


@contextmanager
def clock_in_database() -> Iterator[None]:
    """Puts the play's clock into the database of the settings until the block ends well: else the
    database is thrown away, or gone already."""
    _execute(_CLEAR, f"CREATE SCHEMA {SCHEMA}", _CLOCK)
    yield
    _execute(_CLEAR)


@contextmanager
def set_up(now: datetime) -> Iterator[Stage]:
    """Makes this process live in the play until the block ends; then all is as it was."""
    stage = Stage(now)
    engine = _engine(stage)
    try:
        with _replaced(stage, engine):
            yield stage
    finally:
        engine.dispose()
        stage.close()


def _execute(*statements: str) -> None:
    """In the present."""
    with work.engine().begin() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)
    work.dispose()


def _engine(stage: Stage) -> Engine:
    """An engine whose connections live in the play's time."""
    options = f"-c search_path={SCHEMA},pg_catalog,public -c timezone=UTC -c synchronous_commit=off"

    def connect() -> database.Connection:
        return database.connect(settings().database_url, options=options)

    def tell_time(connection: Connection) -> None:
        if connection.info.get("now") != stage.now:
            connection.exec_driver_sql(f"SET {SCHEMA}.now = '{stage.now.isoformat()}'")
            connection.info["now"] = stage.now

    engine = create_engine("postgresql+psycopg2://", creator=connect, use_native_hstore=False)
    event.listen(engine, "begin", tell_time)
    return engine


class _Clock(datetime):
    """`datetime` as models.base sees it."""

    stage: Stage

    @classmethod
    def now(cls, tz: Any = None) -> datetime:  # type: ignore[override]  # a plain datetime
        return cls.stage.now.astimezone(tz or UTC)


class _Ids(ModuleType):
    """`uuid` as models.base sees it."""

    uuid4: Callable[[], UUID]


@contextmanager
def _replaced(stage: Stage, engine: Engine) -> Iterator[None]:
    clock = type("_StageClock", (_Clock,), {"stage": stage})
    ids = _Ids("uuid")
    ids.uuid4 = stage.new_id
    values = settings().model_copy(update={"smtp_url": _MAIL_SERVER})

    def mailing() -> Settings:
        return values

    with (
        _instead(models.base, {"datetime": clock, "uuid": ids}),
        _instead(model, {"read": stage.read_file}),
        _instead(outbox, {"make_msgid": stage.message_id, "settings": mailing}),
        _instead(outbox, {"_message": lambda row: row.recipient, "_send": _take_mail}),
        _instead(work, {"_engine": engine, "_send_task": stage.note_task}),
        _instead(storage, {"_reliably": lambda action: action(), "path_of": _path_of}),
        _instead(storage, {"_fsync": lambda _path: None}),
        _instead(workflow, {"_clear_unless_there": lambda _job, _folder, clear: clear()}),
        _instead(os, {"fsync": lambda _descriptor: None}),
        _instead(shutil, {"copy2": os.link}),
    ):
        yield


@contextmanager
def _instead(module: ModuleType, names: Mapping[str, Any]) -> Iterator[None]:
    """Puts others in the place of a module's names. Raises AttributeError when one is not there:
    then the product has changed, and the demo must follow."""
    before = {name: getattr(module, name) for name in names}
    try:
        for name, value in names.items():
            setattr(module, name, value)
        yield
    finally:
        for name, value in before.items():
            setattr(module, name, value)


def _path_of(relative: str) -> Path:
    """services.files.storage.path_of, without looking for links in the path each time."""
    return storage.root() / relative


def _take_mail(recipient: str) -> None:
    """Takes the address in the place of the whole message, which nobody would read."""
    if recipient.lower().endswith(f"@{cast.MISTYPED}"):
        raise smtplib.SMTPRecipientsRefused(
            {recipient: (550, b"5.1.2 The domain of this address does not exist")}
        )
