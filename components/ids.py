"""Every component id. Ids are `<page>-<thing>`; repeated things are dict ids made by one function."""

from typing import Any

TOASTS = "shell-toasts"
SHELL_NEW = "shell-new"
SHELL_UPDATED = "shell-updated"

QUEUE_POLL = "queue-poll"
QUEUE_VIEW = "queue-view"
QUEUE_SELECTED = "queue-selected"
QUEUE_CHANGED = "queue-changed"
QUEUE_TABS = "queue-tabs"
QUEUE_LIST = "queue-list"
QUEUE_PANEL = "queue-panel"
QUEUE_SEARCH = "queue-search"
QUEUE_PRINTER = "queue-printer"
QUEUE_DISCIPLINE = "queue-discipline"
QUEUE_SORT = "queue-sort"

DIALOG = "dialog-modal"
DIALOG_ABOUT = "dialog-about"
DIALOG_TITLE = "dialog-title"
DIALOG_BODY = "dialog-body"
DIALOG_ERROR = "dialog-error"
DIALOG_SUBMIT = "dialog-submit"
DIALOG_CANCEL = "dialog-cancel"
DIALOG_BEAT = "dialog-beat"
DIALOG_COST = "dialog-cost"
DIALOG_PRICES = "dialog-prices"

MAIL_LIST = "mail-list"
MAIL_POLL = "mail-poll"
MAIL_CHANGED = "mail-changed"


def tab(status: Any) -> dict[str, Any]:
    return {"type": "queue-tab", "status": status}


def card(job: Any) -> dict[str, Any]:
    """The title of a card, which opens the detail panel."""
    return {"type": "queue-card", "job": job}


def action(job: Any, name: Any, place: Any) -> dict[str, Any]:
    """A button that begins an action; `place` tells the card's from the panel's."""
    return {"type": "queue-action", "job": job, "action": name, "place": place}


def field(name: Any) -> dict[str, Any]:
    """An input of the dialog."""
    return {"type": "dialog-field", "name": name}


def page(number: Any) -> dict[str, Any]:
    return {"type": "queue-page", "number": number}


def retry(mail: Any) -> dict[str, Any]:
    return {"type": "mail-retry", "mail": mail}
