"""Browser sessions: the content of the session cookie, and how a session ends.

The cookie holds the person's id, a stamp that all their sessions share, and this session's own id.
A session ends when the person is deactivated or gets a new password, and when this browser signs
out; then every copy of its cookie is invalid too. Ended sessions are stored in the database
(services/people/ended_sessions.py), so no other server is needed for this.

The cookie does not contain the person's role, which would outlast a change of the staff list by
hours. `session["user"]["groups"]`, which dash-auth reads (components/roles.py), is set from the
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
    """Cookies that are Secure if people use https, according to PUBLIC_URL or a trusted proxy."""

    def get_cookie_secure(self, app: Flask) -> bool:
        return is_https()

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        """Leaves out the person's groups, and sets no cookie if nothing else has changed."""
        was_modified = session.modified
        session.pop("user", None)
        session.modified = was_modified
        super().save_session(app, session, response)


def init(app: Flask) -> None:
    app.session_interface = _Cookies()


def is_https() -> bool:
    """Whether this request, or every request, comes by https. A proxy's word counts only within
    TRUSTED_PROXIES."""
    return request.is_secure or settings().is_https


def start(identity: Identity) -> None:
    """Starts a new session, so that a session fixed beforehand by an attacker is useless."""
    session.clear()
    session["staff_id"], session["stamp"] = identity.actor.id, identity.stamp
    session["session_id"] = ended_sessions.new_id()
    session.permanent = True
    g.actor = identity.actor


def set_groups(actor: Actor) -> None:
    """Sets dash-auth's groups for this request: one for each role that the person's role includes,
    so that a page or callback for one role also admits higher roles."""
    was_modified = session.modified
    session["user"] = {"groups": [role.value for role in Role if actor.may(role)]}
    session.modified = was_modified


def find_identity(*, with_state: bool = False) -> Identity | None:
    """The person of the request's cookie; None without one, or if the session has ended. Then the
    cookie is dropped, and `g.signed_out` holds the person's id."""
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
