"""Connections to PostgreSQL, with a limit on waiting for a server that hangs.

Without it, a statement waits for ever if the server hangs (its processes are stopped, the machine
is frozen, the network drops all packets): no timeout of libpq applies. So in every process psycopg2
waits in `_wait`. If a statement gets no answer for a while, a second connection probes the server.
If it does not respond either, the statement fails and psycopg2 closes its connection; if it
responds, the server is only busy, and the statement continues.

With a wait callback, psycopg2 supports neither COPY nor large objects.
"""

import math
import os
import select
import socket
import struct
import time

import psycopg2
from psycopg2 import extensions

PATIENCE_S = 10.0  # with a server that does not answer
WEB_PATIENCE_S = 2.5  # in web processes, where a person is waiting
# After a failure, the next attempts wait less for a while, so that not everybody has to wait.
DISTRUST_S, SHORT_PATIENCE_S = 5.0, 0.25
_BEFORE_ASKING = 0.4  # the fraction of the patience after which the server is probed
# Any client may begin with an SSL request, which the server answers before authentication.
_SSL_REQUEST = struct.pack("!ii", 8, 80877103)

_patience_s = PATIENCE_S
_distrusted_until = -math.inf


class Connection(extensions.connection):
    """A connection whose statements may take at most `longest_s`, even if the server responds."""

    longest_s = math.inf


def connect(url: str, *, longest_s: float = math.inf, options: str = "") -> Connection:
    """Opens a connection to DATABASE_URL, with options in the format of the server's command line.

    Raises psycopg2.OperationalError when there is no server, or it does not answer.
    """
    connection = psycopg2.connect(url, connection_factory=Connection, options=options or None)
    connection.longest_s = longest_s
    return connection


def expect_answers_within(seconds: float) -> None:
    """Sets how long this process waits for a server that does not answer."""
    global _patience_s
    _patience_s = seconds


def _wait(connection: extensions.connection) -> None:
    """psycopg2's wait callback, for new connections and for answers to statements.

    It must not close the connection, because that deadlocks: psycopg2 closes it afterwards.
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
    """Whether the server responds to a new connection."""
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
    """Raises OperationalError. Shortened patience must not prolong itself: a busy server might
    never be trusted again."""
    global _distrusted_until
    if patience_s == _patience_s:
        _distrusted_until = time.monotonic() + DISTRUST_S
    # SQLAlchemy also recognises this message as a lost connection.
    raise psycopg2.OperationalError("could not receive data from server: it does not answer")


extensions.set_wait_callback(_wait)
