"""A real Printdesk, started the way `make run` starts it, on a free loopback port."""

import http.client
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from launch.supervisor import is_healthy
from settings import ROOT, Settings
from tests.support.mailserver import MailServer, free_port
from tests.support.once import once
from tests.support.testrun import make_folder

ADMIN_EMAIL = "admin@printlab.example"
ADMIN_PASSWORD = "correct horse battery"
START_WITHIN_S = 120
STOP_WITHIN_S = 60


@dataclass
class Launched:
    """A Printdesk and its folder. `environment` adds to or replaces what it is started with."""

    folder: Path
    smtp: MailServer
    environment: dict[str, str] = field(default_factory=dict)
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[str] | None = None
    admin_email: str = ADMIN_EMAIL
    admin_password: str = ADMIN_PASSWORD

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def var(self) -> Path:
        return Path(self.env()["VAR_DIR"])

    @property
    def storage(self) -> Path:
        return Path(self.env()["STORAGE_DIR"])

    @property
    def database_url(self) -> str:
        """Where its PostgreSQL listens while it runs."""
        from launch.embedded import Postgres

        return Postgres(self.var, self.var / "log" / "postgres.log").url

    def env(self) -> dict[str, str]:
        ours = {name.upper() for name in Settings.model_fields}
        clean = {name: value for name, value in os.environ.items() if name not in ours}
        return {
            **clean,
            "HOST": "127.0.0.1",
            "PORT": str(self.port),
            "VAR_DIR": str(self.folder / "var"),
            "STORAGE_DIR": str(self.folder / "storage"),
            "ADMIN_EMAIL": self.admin_email,
            "ADMIN_PASSWORD": self.admin_password,
            "SMTP_URL": self.smtp.url,
            "RATE_LIMIT_SUBMIT": "1000/second",
            "RATE_LIMIT_LOGIN": "1000/second",
            "RATE_LIMIT_RESEND": "1000/second",
            **self.environment,
        }

    def spawn(self) -> subprocess.Popen[str]:
        """Starts it and returns at once."""
        with (self.folder / "out").open("w") as out, (self.folder / "err").open("w") as err:
            self.process = subprocess.Popen(
                (sys.executable, "-m", "launch"),
                cwd=ROOT,
                env=self.env(),
                stdout=out,
                stderr=err,
                text=True,
                start_new_session=True,
            )
        return self.process

    def start(self) -> "Launched":
        """Starts it and returns when its health route answers 200 and it has said so."""
        process = self.spawn()
        deadline = time.monotonic() + START_WITHIN_S
        while "Ctrl-C" not in self.said():
            assert process.poll() is None, self.said()
            assert time.monotonic() < deadline, self.said() + read_logs(self.var)
            time.sleep(0.05)
        assert is_healthy("127.0.0.1", self.port)
        return self

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Asks it to stop, and returns its exit status."""
        assert self.process is not None
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self.process.wait(STOP_WITHIN_S)

    def said(self) -> str:
        """What it has written to the terminal so far."""
        return "".join((self.folder / name).read_text() for name in ("out", "err"))

    def family(self) -> list[psutil.Process]:
        """Every process it started, and theirs."""
        assert self.process is not None
        return psutil.Process(self.process.pid).children(recursive=True)

    def get(self, path: str) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request("GET", path)
            response = connection.getresponse()
            return response.status, response.read()
        finally:
            connection.close()


def make(name: str, smtp: MailServer, **environment: str) -> Launched:
    """One that starts for the first time."""
    return Launched(make_folder(name), smtp, environment)


def make_used(name: str, smtp: MailServer, **environment: str) -> Launched:
    """One that has been started and stopped before, with its administrator: it starts in half the
    time, without making a database first."""
    printdesk = make(name, smtp, **environment)
    before = once("used", lambda folder: _use(folder, smtp))
    # As root, PostgreSQL's files belong to another account: they keep their owner so.
    subprocess.run(("cp", "-a", f"{before}/var", printdesk.folder), check=True)
    return printdesk


def _use(folder: Path, smtp: MailServer) -> None:
    printdesk = Launched(folder, smtp)
    try:
        printdesk.start()
    finally:
        assert printdesk.stop() == 0
    for kept in ("log", "run"):
        shutil.rmtree(printdesk.var / kept)


def remove(launched: Launched) -> None:
    """Stops it whatever state it is in, and removes its folder."""
    if launched.process is not None:
        launched.stop()
    shutil.rmtree(launched.folder, ignore_errors=True)


def read_logs(var: Path) -> str:
    return "\n".join(
        f"== {log.name}\n{log.read_text(errors='replace')[-2000:]}"
        for log in sorted((var / "log").glob("*.log"))
    )
