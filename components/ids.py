"""Every component id: `<page>-<thing>`, and one function for each repeated component.

Buttons that come and go with the data have no id: see components/parts.py, `button`.
"""

from typing import Any

TOASTS = "shell-toasts"
# A callback that has changed something writes the time into CHANGED; components that show the lab's
# data are redrawn when REFRESH is written. assets/live.js connects the two.
CHANGED = "shell-changed"
REFRESH = "shell-refresh"
# The beats of dcc.Intervals: when it asks what is new, and when the page is drawn anew.
NEWS_CLOCK = "shell-news-clock"
REFRESH_CLOCK = "shell-refresh-clock"
SHELL_NEW = "shell-new"
SHELL_UPDATED = "shell-updated"
SHELL_BANNER = "shell-banner"
SHELL_ANNOUNCER = "shell-announcer"
SOUND_BUTTON = "sound-button"
SOUND_PANEL = "sound-panel"
HELP = "help-modal"
HELP_OPEN = "help-open"
DEBUG_PANEL = "debug-panel"
DEBUG_OPEN = "debug-open"
DEBUG_CLOCK = "debug-clock"
DEBUG_SERVER = "debug-server"

QUEUE_VIEW = "queue-view"
QUEUE_GO = "queue-go"
QUEUE_ADDRESS = "queue-address"
QUEUE_SELECTED = "queue-selected"
QUEUE_TABS = "queue-tabs"
QUEUE_LIST = "queue-list"
QUEUE_SHOWN = "queue-shown"
QUEUE_PANEL = "queue-panel"
QUEUE_MARKED = "queue-marked"

DETAIL = "detail-top"
DETAIL_MORE = "detail-more"
DETAIL_SHOWN = "detail-shown"
SLICER_HELP = "slicer-help"

NOTES = "notes-section"
NOTES_TEXT = "notes-text"
NOTES_STATE = "notes-state"
NOTES_CONFLICT = "notes-conflict"
NOTES_ABOUT = "notes-about"

PREVIEW = "preview-section"
PREVIEW_OPEN = "preview-open"
PREVIEW_ABOUT = "preview-about"
PREVIEW_VIEW = "preview-view"
PREVIEW_STATE = "preview-state"
PREVIEW_GRAPH = "preview-graph"

DIALOG_PRESSED = "dialog-pressed"
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
MAIL_PRESSED = "mail-pressed"

PEOPLE_LIST = "people-list"
PEOPLE_SHOWN = "people-shown"

REPORT_VIEW = "report-view"
REPORT_THEME = "report-theme"
REPORT_HEAD = "report-head"
REPORT_KEY = "report-key"


def queue(name: str) -> str:
    """The toolbar control for a part of the view: see components/queueview.py."""
    return f"queue-{name}"


def report(name: str) -> str:
    """A filter of the reports page."""
    return f"report-{name}"


def report_section(name: str) -> str:
    return f"report-section-{name}"


def report_chart(name: Any) -> dict[str, Any]:
    """A chart of the reports page."""
    return {"type": "report-chart", "name": name}


def field(name: Any) -> dict[str, Any]:
    """An input of the dialog."""
    return {"type": "dialog-field", "name": name}
