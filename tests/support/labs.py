"""A lab as bench/console.py measures it: a database of many jobs, and a real web process on it."""

import http.client
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlencode

import brotli

import reader.model
from settings import ROOT
from tests.support import callbacks, manyjobs, solids
from tests.support.mailserver import free_port

ADMIN = {"ADMIN_EMAIL": "admin@printlab.example", "ADMIN_PASSWORD": "correct horse battery"}
# What Chromium sends with each request of a script that may have been answered before.
BROWSER = {
    "Connection": "keep-alive",
    "Cache-Control": "max-age=0",
    "User-Agent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/140.0.0.0 Safari/537.36",
    "sec-ch-ua": '"Chromium";v="140", "Not=A?Brand";v="24"',
    "sec-ch-ua-mobile": "?0",
    "sec-ch-ua-platform": '"Linux"',
    "Accept": "*/*",
    "Sec-Fetch-Site": "same-origin",
    "Sec-Fetch-Mode": "cors",
    "Sec-Fetch-Dest": "empty",
    "Accept-Encoding": "gzip, deflate, br",
    "Accept-Language": "en-US,en;q=0.9",
}


class Answer(NamedTuple):
    """`sent` and `asked` are bytes on the wire of the answer and of the request, with headers."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    sent: int = 0
    asked: int = 0

    @property
    def text(self) -> str:
        compressed = self.headers.get("Content-Encoding") == "br"
        return (brotli.decompress(self.body) if compressed else self.body).decode()


@dataclass
class Lab:
    jobs: int
    folder: Path
    database_url: str
    redis_url: str
    port: int = field(default_factory=free_port)
    cookie: str = ""
    known: list[dict[str, Any]] = field(default_factory=list)
    _open: http.client.HTTPConnection | None = None

    @property
    def env(self) -> dict[str, str]:
        return {
            **os.environ,
            **ADMIN,
            "ENV_FILE": os.devnull,
            "PORT": str(self.port),
            "VAR_DIR": str(self.folder),
            "STORAGE_DIR": str(self.folder / "storage"),
            "DATABASE_URL": self.database_url,
            "REDIS_URL": self.redis_url,
            "SECRET_KEY": "only for this benchmark " * 2,
            "WEB_WORKERS": "1",
        }

    def prepare(self, active: int) -> None:
        """The tables, the administrator, and the jobs, so many of them active."""
        self.folder.mkdir(mode=0o755)
        run = (sys.executable, "-m", "launch.prepare")
        subprocess.run(run, cwd=ROOT, env=self.env, check=True, stdout=subprocess.DEVNULL)
        manyjobs.fill(self.database_url, self.jobs, active)
        storage = self.folder / "storage"
        manyjobs.put_pictures(self.database_url, storage, self._draw_picture())

    def _draw_picture(self) -> bytes:
        """A real one: its size is part of the first load."""
        model = self.folder / "gear.stl"
        corners, faces, *_ = solids.prism(30, 12, 9)
        model.write_bytes(solids.binary_stl(corners, faces))
        reader.model.read(model, model.name, ["picture"], self.folder).picture()
        return (self.folder / "small.webp").read_bytes()

    @contextmanager
    def served(self) -> Iterator[None]:
        argv = (sys.executable, "-m", "gunicorn", "--config", "gunicorn.conf.py", "app:server")
        with (self.folder / "web.log").open("wb") as log:
            web = subprocess.Popen(argv, cwd=ROOT, env=self.env, stdout=log, stderr=log)
        try:
            while not self._answers():
                assert web.poll() is None, (self.folder / "web.log").read_text()
                time.sleep(0.1)
            yield
        finally:
            web.terminate()
            web.wait()

    def sign_in(self) -> None:
        form = {"email": ADMIN["ADMIN_EMAIL"], "password": ADMIN["ADMIN_PASSWORD"], "next": ""}
        kind = {"Content-Type": "application/x-www-form-urlencoded"}
        self.hang_up()  # the server may have done so while another lab was started
        answer = self.ask("POST", "/login", urlencode(form).encode(), kind)
        self.cookie = answer.headers["Set-Cookie"].partition(";")[0]
        self.known = callbacks.of_server(json.loads(self.ask("GET", "/_dash-dependencies").text))

    def ask(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """One request as Chromium would send it."""
        given = {"Host": f"127.0.0.1:{self.port}", **BROWSER, **(headers or {})}
        given |= {"Cookie": self.cookie} if self.cookie else {}
        given |= {"Content-Length": str(len(body))} if body is not None else {}
        connection = self._connection()
        connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
        for name, value in given.items():
            connection.putheader(name, value)
        connection.endheaders(body)
        response = connection.getresponse()
        content = response.read()
        got = dict(response.getheaders())
        sent = _size(f"HTTP/1.1 {response.status} {response.reason}", got) + len(content)
        asked = _size(f"{method} {path} HTTP/1.1", given) + len(body or b"")
        return Answer(response.status, got, content, sent, asked)

    def call(self, output: str, values: Mapping[str, Any]) -> Answer:
        """A callback of the console, by something that it writes to."""
        [found] = [one for one in self.known if output in re.split(r"\.{2,}", one["output"])]
        body = json.dumps(callbacks.body_of(found, values)).encode()
        kind = {"Content-Type": "application/json"}
        answer = self.ask("POST", callbacks.ENDPOINT, body, kind)
        assert answer.status == http.client.OK, (output, answer)
        return answer

    def hang_up(self) -> None:
        self._connection().close()

    def _connection(self) -> http.client.HTTPConnection:
        if self._open is None:
            self._open = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        return self._open

    def _answers(self) -> bool:
        """Not that it is healthy: it has no worker."""
        with suppress(OSError, http.client.HTTPException):
            return self.ask("GET", "/login").status == http.client.OK
        self.hang_up()
        return False


def _size(first_line: str, headers: Mapping[str, str]) -> int:
    return len(first_line) + 4 + sum(len(name) + len(value) + 4 for name, value in headers.items())
