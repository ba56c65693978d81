"""The routes of the sign-in with an identity provider; they exist only with AUTH_MODE=oidc. Their
logic is in student_pages/provider_auth.py."""

from typing import TYPE_CHECKING

from flask import Blueprint
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound

from settings import settings

if TYPE_CHECKING:
    from student_pages.provider_auth import ProviderAuth

bp = Blueprint("provider", __name__)


def _load_early(_state: object) -> None:
    """Loads the modules before gunicorn forks, so that its workers share the memory."""
    if settings().auth_mode == "oidc":
        _auth()


bp.record_once(_load_early)


def begin_sign_in() -> ResponseReturnValue:
    """Sends the person to the provider. Raises Retryable."""
    answer: ResponseReturnValue = _auth().login_request()
    return answer


@bp.get("/login/callback")
def finish_sign_in() -> ResponseReturnValue:
    return _auth().callback()


def sign_out() -> ResponseReturnValue:
    return _auth().logout()


@bp.get("/signed-out")
def show_signed_out() -> ResponseReturnValue:
    return _auth().show_signed_out()


def _auth() -> "ProviderAuth":
    if settings().auth_mode != "oidc":
        raise NotFound()
    from student_pages.provider_auth import provider_auth  # 10 MB, and needed in this mode only

    return provider_auth()
