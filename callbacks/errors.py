"""A failed callback shows the reason in a toast; nothing else on the page changes."""

from typing import Any

import structlog
from flask import g

from components import toasts
from services import work
from services.errors import Malformed, NotSignedIn, PrintdeskError
from web.errors import DATABASE_AWAY_WORDS, new_reference

log = structlog.get_logger()


def show(error: Exception) -> Any:
    """Dash's `on_error`."""
    g.refused = error.code if isinstance(error, PrintdeskError) else "failed"
    if isinstance(error, Malformed):
        raise error  # not sent by our pages: answered with 400, as everywhere else
    if isinstance(error, NotSignedIn):
        toasts.show("bad", "You have been signed out. Reload the page to sign in again.")
    elif isinstance(error, PrintdeskError):
        toasts.show("bad", error.message)
    elif isinstance(error, work.DATABASE_AWAY):
        log.error("database_away", problem=str(error)[:300])
        toasts.show("bad", DATABASE_AWAY_WORDS)
    else:
        reference = new_reference()
        log.exception("callback_fault", reference=reference, exc_info=error)
        toasts.show("bad", f"Something went wrong here. Give the lab this reference: {reference}.")
