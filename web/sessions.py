"""A signed-in browser: what the cookie of its session holds, and how the session ends.

The cookie names the person, the mark of all their sessions, and this session alone. So it ends when
the person is deactivated or gets another password, and when this browser signs out: then a copy of
its cookie is worth nothing either. That is kept in the database
(services/people/ended_sessions.py), and nothing else has to be up for it.

What the person may do is not in the cookie: it would outlast a change on the staff list by hours.
`session["user"]["groups"]`, which dash-auth reads (components/roles.py), is written anew from the
staff list for each request, and never stored.
"""

import secrets

from flask import Flask, Response, g, request, session
from flask.sessions import SecureCookieSessionInterface, SessionMixin

from models import Role
from services import work
from services.actors import Actor
from services.people import accounts, ended_sessions
from services.people.accounts import Identity
from settings import settings


class _Cookies(SecureCookieSessionInterface):
    """Over https only, when people come by https: as PUBLIC_URL or a trusted proxy says."""

    def get_cookie_secure(self, app: Flask) -> bool:
        return is_https()

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        """Without the person's groups, and with no cookie where nothing else has changed."""
        was_modified = session.modified
        session.pop("user", None)
        session.modified = was_modified
        super().save_session(app, session, response)


def init(app: Flask) -> None:
    app.session_interface = _Cookies()


def is_https() -> bool:
    """Whether this request came by https, or they all do; behind a proxy that is its word, if it is
    one of TRUSTED_PROXIES."""
    return request.is_secure or settings().is_https


def start(identity: Identity) -> None:
    """Begins a fresh session, so that one fixed beforehand by somebody else is worth nothing."""
    session.clear()
    session["staff_id"], session["stamp"] = identity.actor.id, identity.stamp
    session["session_id"] = ended_sessions.new_id()
    session.permanent = True
    g.actor = identity.actor


def set_groups(actor: Actor) -> None:
    """Tells dash-auth, for this request, what the person may do: a group for each role that theirs
    includes, so that whoever asks for one of them lets higher roles in."""
    was_modified = session.modified
    session["user"] = {"groups": [role.value for role in Role if actor.may(role)]}
    session.modified = was_modified


def find_identity(*, with_state: bool = False) -> Identity | None:
    """Whose session the request's cookie is; None without one, or when it counts no more. Then it
    is dropped, and `g.signed_out` says whose it was."""
    if "staff_id" not in session:
        return None
    staff_id, stamp = str(session["staff_id"]), str(session.get("stamp", ""))
    session_id = str(session.get("session_id", ""))
    with work.unit() as unit:
        found = accounts.find_identity(unit, staff_id, session_id=session_id, with_state=with_state)
    if session_id and found is not None and secrets.compare_digest(found.stamp, stamp):
        return found
    session.clear()
    g.signed_out = staff_id[:100]
    return None


def end() -> None:
    """Ends this browser's session, and every copy of its cookie."""
    session_id = session.get("session_id")
    if session_id is not None:
        with work.unit() as unit:
            ended_sessions.end(unit, str(session_id)[:40])
    session.clear()
