"""Connections to PostgreSQL: patient with a busy server, but not with one that hangs."""

import socket
import threading
import time
from contextlib import closing

import psycopg2
import pytest
from psycopg2.errors import QueryCanceled
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from services import database, work
from settings import settings
from tests.support.mailserver import free_port

PATIENCE_S = 0.6


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    monkeypatch.setattr(database, "_patience_s", PATIENCE_S)
    monkeypatch.setattr(database, "_distrusted_until", float("-inf"))


class Middleman:
    """Stands between Printdesk and PostgreSQL, and may say nothing more."""

    def __init__(self, socket_path):
        self.goes_on = threading.Event()
        self.goes_on.set()
        self.newcomers = 0
        self._server = socket_path
        self._open = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._begin(self._receive)

    def close(self):
        self.goes_on.set()
        for each in (self._listener, *self._open):
            each.close()

    def _begin(self, run, *arguments):
        threading.Thread(target=run, args=arguments, daemon=True).start()

    def _receive(self):
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            self.newcomers += 1
            server = socket.socket(socket.AF_UNIX)
            server.connect(self._server)
            self._open += [client, server]
            self._begin(self._pass_on, client, server)
            self._begin(self._pass_on, server, client)

    def _pass_on(self, one, other):
        try:
            while said := one.recv(65536):
                self.goes_on.wait()
                other.sendall(said)
            other.shutdown(socket.SHUT_WR)
        except OSError:
            return


@pytest.fixture
def middleman(database, configure):
    url = settings().database_url
    folder = url.partition("?host=")[2]
    with closing(Middleman(f"{folder}/.s.PGSQL.5432")) as between:
        work.dispose()
        there = url.partition("?")[0].replace("@/", f"@127.0.0.1:{between.port}/")
        configure(DATABASE_URL=f"{there}?sslmode=disable")
        yield between
        work.dispose()


def timed(act, expected=OperationalError):
    began = time.monotonic()
    with pytest.raises(expected, match="does not answer"):
        act()
    return time.monotonic() - began


def test_a_statement_may_take_longer_than_the_patience_with_silence(middleman):
    with work.unit() as session:
        assert session.scalar(text("SELECT 1 FROM pg_sleep(:long)"), {"long": 3 * PATIENCE_S}) == 1
    assert middleman.newcomers > 1  # it was asked for a sign of life


def test_a_quick_statement_asks_for_no_sign_of_life(middleman, monkeypatch):
    monkeypatch.setattr(database, "_patience_s", 10)
    for _ in range(3):
        work.ping()
    assert middleman.newcomers == 1


def test_a_server_that_falls_silent_is_given_up_and_used_again_when_it_is_back(middleman):
    work.ping()
    middleman.goes_on.clear()
    assert PATIENCE_S <= timed(work.ping) < PATIENCE_S + database.SHORT_PATIENCE_S + 1
    middleman.goes_on.set()
    work.ping()


def test_what_comes_next_meets_less_patience_and_only_for_a_while(middleman, monkeypatch):
    middleman.goes_on.clear()
    assert timed(work.ping) >= PATIENCE_S
    until = database._distrusted_until
    assert timed(work.ping) < PATIENCE_S
    assert database._distrusted_until == until
    monkeypatch.setattr(database, "_distrusted_until", time.monotonic())
    assert timed(work.ping) >= PATIENCE_S


def test_a_connection_that_was_given_up_is_thrown_away_and_waits_no_more(middleman):
    with work.engine().connect() as connection:
        driver = connection.connection.dbapi_connection
        middleman.goes_on.clear()
        assert timed(lambda: connection.execute(text("SELECT 1"))) >= PATIENCE_S
        assert connection.invalidated and driver.closed
        began = time.monotonic()
        connection.rollback()
        driver.close()
        assert time.monotonic() - began < PATIENCE_S / 2
        middleman.goes_on.set()
        assert connection.scalar(text("SELECT 1")) == 1
        assert connection.connection.dbapi_connection is not driver


def test_a_unit_of_work_ends_with_the_first_statement_that_is_not_answered(middleman):
    undone = []

    def write():
        with work.unit() as session:
            work.on_rollback(session, lambda: undone.append("file"))
            session.execute(text("SELECT 1"))
            middleman.goes_on.clear()
            session.execute(text("SELECT 1"))

    assert timed(write) < PATIENCE_S + 1
    assert undone == ["file"]


def test_rows_of_a_stream_come_after_a_pause_too(middleman):
    with work.unit() as session:
        rows = session.execute(
            text("SELECT n FROM generate_series(1, 1000) AS n"),
            execution_options={"yield_per": 100},
        )
        first = next(rows)
        time.sleep(1.5 * PATIENCE_S)
        assert [first, *rows] == [(n,) for n in range(1, 1001)]


def test_the_server_itself_ends_what_takes_too_long(middleman):
    with closing(
        database.connect(settings().database_url, options="-c statement_timeout=1s")
    ) as it:
        with it.cursor() as cursor, pytest.raises(QueryCanceled):
            cursor.execute("SELECT pg_sleep(10)")
        it.rollback()
        assert not it.closed


def test_a_statement_that_only_its_own_process_does_not_answer_is_given_up_at_last(middleman):
    """The server shows signs of life, and this statement's answer never comes."""
    with closing(database.connect(settings().database_url, longest_s=2 * PATIENCE_S)) as it:
        taken = timed(lambda: it.cursor().execute("SELECT pg_sleep(30)"), psycopg2.OperationalError)
    assert 2 * PATIENCE_S <= taken < 4 * PATIENCE_S
    assert middleman.newcomers > 1


def test_a_server_that_takes_a_connection_and_says_nothing_is_given_up():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"postgresql://nobody@127.0.0.1:{silent.getsockname()[1]}/none"
        taken = timed(lambda: database.connect(url), psycopg2.OperationalError)
    assert PATIENCE_S <= taken < PATIENCE_S + 1


def test_where_no_server_is_nobody_waits():
    began = time.monotonic()
    with pytest.raises(psycopg2.OperationalError, match="refused"):
        database.connect(f"postgresql://nobody@127.0.0.1:{free_port()}/none")
    assert time.monotonic() - began < PATIENCE_S
