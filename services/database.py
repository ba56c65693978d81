"""Connections to PostgreSQL, and how long one waits for its answers.

A server that hangs (its processes are stopped, its machine is frozen, the network swallows
everything) is waited for without end: no timeout of PostgreSQL's own library ends that. So psycopg2
waits by `_wait`, in every process. When a statement has been without an answer for a while, the
server is asked for a sign of life beside it. Without one the statement fails, and psycopg2 closes
its connection; with one the server is only busy, and the statement goes on.

psycopg2 can do neither COPY nor large objects while it waits by a function of ours.
"""

import math
import os
import select
import socket
import struct
import time

import psycopg2
from psycopg2 import extensions

PATIENCE_S = 10.0  # with a server that says nothing
WEB_PATIENCE_S = 2.5  # where somebody looks at an empty page meanwhile
# A server that was just given up is first tried with less: whoever comes next need not wait too.
DISTRUST_S, SHORT_PATIENCE_S = 5.0, 0.25
_BEFORE_ASKING = 0.4  # of the patience is over when a sign of life is asked for
# How every client may begin: "shall we encrypt?". It is answered before anybody has signed in.
_SSL_REQUEST = struct.pack("!ii", 8, 80877103)

_patience_s = PATIENCE_S
_distrusted_until = -math.inf


class Connection(extensions.connection):
    """One whose statements may take `longest_s`, even when the server shows signs of life."""

    longest_s = math.inf


def connect(url: str, *, longest_s: float = math.inf, options: str = "") -> Connection:
    """Opens a connection from DATABASE_URL, with options as the server's command line takes them.

    Raises psycopg2.OperationalError when there is no server, or it does not answer.
    """
    connection = psycopg2.connect(url, connection_factory=Connection, options=options or None)
    connection.longest_s = longest_s
    return connection


def expect_answers_within(seconds: float) -> None:
    """How patient this process is with a server that says nothing."""
    global _patience_s
    _patience_s = seconds


def _wait(connection: extensions.connection) -> None:
    """What psycopg2 calls when it has to wait, for a new connection or for a statement's answer.

    It must not close the connection, which waits for this to return: psycopg2 does it afterwards.
    """
    is_new = connection.status == extensions.STATUS_SETUP
    last_moment = time.monotonic() + getattr(connection, "longest_s", math.inf)
    patience_s = _choose_patience()
    silence_s = patience_s if is_new else patience_s * _BEFORE_ASKING
    while (state := connection.poll()) != extensions.POLL_OK:
        if _is_ready(connection.fileno(), state, silence_s):
            continue
        is_over = is_new or time.monotonic() > last_moment
        if is_over or not _is_alive(connection.fileno(), patience_s * (1 - _BEFORE_ASKING)):
            _give_up(patience_s)
        silence_s = patience_s


def _choose_patience() -> float:
    if time.monotonic() < _distrusted_until:
        return min(SHORT_PATIENCE_S, _patience_s)
    return _patience_s


def _is_ready(descriptor: int, state: int, within_s: float) -> bool:
    waiting = select.poll()
    waiting.register(descriptor, select.POLLIN if state == extensions.POLL_READ else select.POLLOUT)
    return bool(waiting.poll(within_s * 1000))


def _is_alive(descriptor: int, within_s: float) -> bool:
    """Whether the server at the other end says anything to a newcomer."""
    try:
        with socket.socket(fileno=os.dup(descriptor)) as own:
            family, address = own.family, own.getpeername()
        with socket.socket(family, socket.SOCK_STREAM) as newcomer:
            newcomer.settimeout(within_s)
            newcomer.connect(address)
            newcomer.sendall(_SSL_REQUEST)
            return bool(newcomer.recv(1))
    except OSError:
        return False


def _give_up(patience_s: float) -> None:
    """Short patience must not prolong itself: a busy server might never be trusted again."""
    global _distrusted_until
    if patience_s == _patience_s:
        _distrusted_until = time.monotonic() + DISTRUST_S
    # SQLAlchemy throws a connection away by these words too, not only because it is closed.
    raise psycopg2.OperationalError("could not receive data from server: it does not answer")


extensions.set_wait_callback(_wait)
