"""Printdesk as a whole: starting, stopping, crashing and refusing, with real processes."""

import os
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from tests.support import launched, servers
from tests.support.launched import Launched
from tests.support.mailserver import MailServer

pytestmark = pytest.mark.system

Make = Callable[..., Launched]


@pytest.fixture
def make() -> Iterator[Make]:
    """Makes Printdesks that are stopped and removed when the test ends."""
    made: list[Launched] = []
    mails = MailServer()
    mails.start()

    def one(*, used: bool = False, **environment: str) -> Launched:
        kind = launched.make_used if used else launched.make
        made.append(kind("launch", mails, **environment))
        return made[-1]

    yield one
    for printdesk in made:
        launched.remove(printdesk)
    mails.stop()


def refusal(printdesk: Launched) -> list[str]:
    """The lines that it says instead of starting."""
    assert printdesk.spawn().wait(60) != 0
    return printdesk.said().splitlines()


def wait_gone(processes: list[psutil.Process], seconds: float = 60) -> list[psutil.Process]:
    """Those that are still alive then."""
    _, alive = psutil.wait_procs(processes, seconds)
    return [process for process in alive if process.status() != psutil.STATUS_ZOMBIE]


def find_child(printdesk: Launched, word: str) -> psutil.Process:
    assert printdesk.process is not None
    children = psutil.Process(printdesk.process.pid).children()
    return next(child for child in children if word in " ".join(child.cmdline()))


def eventually(fact: Callable[[], object], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not fact():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def write_row(printdesk: Launched) -> None:
    with servers.connect(printdesk.database_url) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS kept (word text)")
        connection.execute("INSERT INTO kept VALUES ('kept')")


def read_rows(printdesk: Launched) -> int:
    with servers.connect(printdesk.database_url) as connection:
        return len(connection.execute("SELECT word FROM kept").fetchall())


def test_it_starts_says_how_to_sign_in_and_stops_all_it_started(make: Make) -> None:
    bystander = subprocess.Popen((sys.executable, "-c", "import time; time.sleep(600)"))
    try:
        printdesk = make().start()
        family = printdesk.family()
        assert printdesk.get("/api/v1/health")[0] == 200
        assert printdesk.base_url in printdesk.said()
        assert printdesk.admin_email in printdesk.said()
        assert printdesk.admin_password not in printdesk.said()
        assert len(family) >= 5
        assert printdesk.stop() == 0
        assert wait_gone(family, 1) == []
        assert bystander.poll() is None
    finally:
        bystander.kill()
        bystander.wait()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGHUP])
def test_other_requests_to_stop_are_honoured(make: Make, number: signal.Signals) -> None:
    printdesk = make(used=True).start()
    family = printdesk.family()
    assert printdesk.stop(number) == 0
    assert wait_gone(family, 1) == []


def test_it_can_be_stopped_while_it_starts(make: Make) -> None:
    printdesk = make()
    process = printdesk.spawn()
    eventually(lambda: psutil.Process(process.pid).children())
    family = printdesk.family()
    assert printdesk.stop() == 0
    assert wait_gone(family, 1) == []


def test_data_and_the_secret_key_survive_a_restart(make: Make) -> None:
    printdesk = make().start()
    write_row(printdesk)
    key = (printdesk.var / "secret_key").read_text()
    printdesk.stop()
    printdesk.start()
    assert read_rows(printdesk) == 1
    assert (printdesk.var / "secret_key").read_text() == key
    assert stat.S_IMODE((printdesk.var / "secret_key").stat().st_mode) == 0o600


def test_a_generated_password_is_shown_once(make: Make) -> None:
    printdesk = make(ADMIN_EMAIL="", ADMIN_PASSWORD="").start()
    assert "shown only once" in printdesk.said()
    printdesk.stop()
    printdesk.start()
    assert "shown only once" not in printdesk.said()
    assert "the password you chose" in printdesk.said()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux signals the children of the dead")
def test_killing_the_supervisor_ends_its_children(make: Make) -> None:
    printdesk = make(used=True).start()
    family = printdesk.family()
    printdesk.stop(signal.SIGKILL)
    assert wait_gone(family) == []


def test_after_killing_the_supervisor_it_starts_again(make: Make) -> None:
    printdesk = make(used=True).start()
    write_row(printdesk)
    family = printdesk.family()
    printdesk.stop(signal.SIGKILL)
    printdesk.start()
    assert read_rows(printdesk) == 1
    assert wait_gone(family, 1) == []


def test_after_killing_everything_it_starts_again(make: Make) -> None:
    printdesk = make(used=True).start()
    write_row(printdesk)
    family = printdesk.family()
    assert printdesk.process is not None
    for process in [psutil.Process(printdesk.process.pid), *family]:
        with suppress(psutil.NoSuchProcess):  # some end by themselves with their parent
            process.kill()
    printdesk.stop()
    printdesk.start()
    assert read_rows(printdesk) == 1


def test_a_pid_file_of_another_process_does_not_prevent_a_start(make: Make) -> None:
    printdesk = make(used=True).start()
    printdesk.stop()
    stranger = subprocess.Popen((sys.executable, "-c", "import time; time.sleep(600)"))
    try:
        lines = [str(stranger.pid), str(printdesk.var / "postgres"), "1", "5432", "", "", "", ""]
        (printdesk.var / "postgres" / "postmaster.pid").write_text("\n".join(lines))
        (printdesk.var / "redis" / "redis.pid").write_text(str(stranger.pid))
        record = f'{{"pid": {stranger.pid}, "created": 1.0}}'
        (printdesk.var / "run" / "web.json").write_text(record)
        printdesk.start()
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


@pytest.mark.parametrize("word", ["gunicorn", "launch.background", "redis-server", "postgres"])
def test_a_child_that_dies_is_started_again(make: Make, word: str) -> None:
    printdesk = make(used=True).start()
    find_child(printdesk, word).kill()
    eventually(lambda: "starting it again" in printdesk.said())
    eventually(lambda: any_child(printdesk, word))
    eventually(lambda: healthy(printdesk))
    assert printdesk.stop() == 0


def test_the_workers_and_the_schedule_are_started_again(make: Make) -> None:
    printdesk = make(used=True).start()
    background = find_child(printdesk, "launch.background")
    eventually(lambda: len(background.children()) == 3)
    killed = background.children()
    for process in killed:
        process.kill()
    wait_gone(killed)
    eventually(lambda: len(background.children()) == 3)
    eventually(lambda: "starting it again" in printdesk.said())


def any_child(printdesk: Launched, word: str) -> bool:
    assert printdesk.process is not None
    children = psutil.Process(printdesk.process.pid).children()
    return any(word in " ".join(child.cmdline()) for child in children)


def healthy(printdesk: Launched) -> bool:
    try:
        return printdesk.get("/api/v1/health")[0] == 200
    except OSError:
        return False


def test_a_port_in_use_is_one_line(make: Make) -> None:
    printdesk = make()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", printdesk.port))
        taken.listen()
        (line,) = refusal(printdesk)
    assert f"127.0.0.1:{printdesk.port}" in line
    assert "PORT" in line


@pytest.mark.parametrize("name", ["VAR_DIR", "STORAGE_DIR"])
def test_a_folder_that_cannot_be_written_is_one_line(make: Make, name: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    (line,) = refusal(make(**{name: str(tmp_path / "file" / "inside")}))
    assert name in line
    assert str(tmp_path / "file") in line


def test_a_second_printdesk_on_the_same_folder_is_one_line(make: Make) -> None:
    first = make(used=True).start()
    second = make(VAR_DIR=str(first.var))
    (line,) = refusal(second)
    assert "already running" in line
    assert healthy(first)


def test_a_database_without_a_secret_key_is_one_line_and_exit_2(make: Make) -> None:
    printdesk = make(DATABASE_URL=os.environ["DATABASE_URL"])
    (line,) = refusal(printdesk)
    assert "SECRET_KEY" in line
    assert printdesk.process is not None
    assert printdesk.process.returncode == 2


def test_weak_settings_are_a_line_each_and_exit_2_in_production(make: Make) -> None:
    printdesk = make(
        DATABASE_URL=os.environ["DATABASE_URL"],
        SECRET_KEY="a" * 40,
        ADMIN_PASSWORD="password",
        HOST="0.0.0.0",
        PUBLIC_URL="http://print.example.edu",
    )
    lines = refusal(printdesk)
    named = ("HOST", "SECRET_KEY", "ADMIN_PASSWORD")
    assert all(name in line for name, line in zip(named, lines, strict=True))
    assert all(line.startswith("printdesk: ") for line in lines)
    assert printdesk.process is not None
    assert printdesk.process.returncode == 2


def test_a_mistyped_mail_server_is_one_line_and_exit_2(make: Make) -> None:
    printdesk = make(SMTP_URL="smtp://lab:the-secret@127.0.0.1:587x")
    (line,) = refusal(printdesk)
    assert "SMTP_URL: the port must be a number" in line
    assert "the-secret" not in line
    assert printdesk.process is not None
    assert printdesk.process.returncode == 2


def test_the_link_address_is_printed_when_it_listens_everywhere(make: Make) -> None:
    printdesk = make(used=True, HOST="0.0.0.0").start()
    said = printdesk.said()
    assert f"links in e-mails begin with http://{socket.gethostname()}:{printdesk.port}" in said
    assert "http://0.0.0.0" not in said


@pytest.mark.usefixtures("postgres_and_redis")
def test_given_servers_are_used_and_left_alone(make: Make) -> None:
    url = servers.make_database(f"launch_{os.getpid()}")
    key = "264c422792b758affb1030a4f26512d5"
    printdesk = make(DATABASE_URL=url, REDIS_URL=os.environ["REDIS_URL"], SECRET_KEY=key)
    printdesk.start()
    assert not any_child(printdesk, "postgres")
    assert not any_child(printdesk, "redis-server")
    assert printdesk.stop() == 0
    with servers.connect(url) as connection:
        assert connection.execute("SELECT count(*) FROM staff").fetchone() == (1,)


def test_a_long_path_and_a_path_with_spaces_work(make: Make) -> None:
    printdesk = make()
    printdesk.environment["VAR_DIR"] = str(printdesk.folder / ("long and spaced " * 9) / "var")
    printdesk.start()
    write_row(printdesk)
    assert read_rows(printdesk) == 1
    assert printdesk.stop() == 0
