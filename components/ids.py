"""Every component id: `<page>-<thing>`, and one function for each repeated thing.

Buttons that come and go with the data have no id: see components/parts.py, `button`.
"""

from typing import Any

TOASTS = "shell-toasts"
SHELL_NEW = "shell-new"
SHELL_UPDATED = "shell-updated"

QUEUE_POLL = "queue-poll"
QUEUE_VIEW = "queue-view"
QUEUE_SELECTED = "queue-selected"
QUEUE_CHANGED = "queue-changed"
QUEUE_PRESSED = "queue-pressed"
QUEUE_TABS = "queue-tabs"
QUEUE_LIST = "queue-list"
QUEUE_PANEL = "queue-panel"
QUEUE_SEARCH = "queue-search"
QUEUE_PRINTER = "queue-printer"
QUEUE_DISCIPLINE = "queue-discipline"
QUEUE_SORT = "queue-sort"

QUEUE_DETAIL = "queue-detail"

PREVIEW = "preview-section"
PREVIEW_OPEN = "preview-open"
PREVIEW_ABOUT = "preview-about"
PREVIEW_VIEW = "preview-view"
PREVIEW_STATE = "preview-state"
PREVIEW_GRAPH = "preview-graph"

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
MAIL_PRESSED = "mail-pressed"

PEOPLE_LIST = "people-list"
PEOPLE_PRESSED = "people-pressed"
PEOPLE_CHANGED = "people-changed"
PEOPLE_DIALOG = "people-dialog"
PEOPLE_ABOUT = "people-about"
PEOPLE_TITLE = "people-title"
PEOPLE_BODY = "people-body"
PEOPLE_ERROR = "people-error"
PEOPLE_CANCEL = "people-cancel"
PEOPLE_SUBMIT = "people-submit"


def field(name: Any) -> dict[str, Any]:
    """An input of the dialog."""
    return {"type": "dialog-field", "name": name}


def person_field(name: Any) -> dict[str, Any]:
    """An input of the dialog of the people page."""
    return {"type": "person-field", "name": name}
