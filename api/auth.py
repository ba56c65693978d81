"""POST /auth/login: a bearer token for programs, in local mode."""

from apiflask import APIBlueprint
from flask import g

from api.requests import LoginIn, LoginOut
from services import work
from services.errors import NotSignedIn
from services.people import accounts
from settings import settings
from web.limits import client_address, sign_ins

bp = APIBlueprint("auth", __name__, tag="Sign-in")


@bp.post("/auth/login")
@sign_ins
@bp.input(LoginIn)
@bp.output(LoginOut)
def login(json_data: LoginIn) -> LoginOut:
    """Exchanges e-mail and password for a short-lived token."""
    try:
        with work.unit() as session:
            identity = accounts.sign_in(session, json_data.email, json_data.password)
    except NotSignedIn:
        with work.unit() as session:
            accounts.note_refusal(session, json_data.email, client_address())
        raise
    g.actor = identity.actor
    return LoginOut(
        access_token=accounts.issue_token(identity), expires_in=int(settings().token_minutes * 60)
    )
