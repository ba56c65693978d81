"""The workflow as the lab wants it, written out once more: services.actions must agree."""

from dataclasses import dataclass

STATUSES = (
    "UPLOADED", "PENDING", "READYTOPRINT", "PRINTING",
    "COMPLETED", "PAIDPICKEDUP", "REJECTED", "ARCHIVED",
)  # fmt: skip
FOLDERS = {
    "UPLOADED": "Uploaded",
    "PENDING": "Pending",
    "READYTOPRINT": "ReadyToPrint",
    "PRINTING": "Printing",
    "COMPLETED": "Completed",
    "PAIDPICKEDUP": "PaidPickedUp",
    "REJECTED": "Archived_Rejected",
    "ARCHIVED": "Archived",
}
RANKS = {"student": 0, "manager": 1, "staff": 2, "admin": 3}

HELD, FREE, ANY = "held", "not another's", "-"
GONE, CHOSEN = "gone", "chosen"
# Who may bring a job there, or take one from there, by whatever action.
ROLE_OF_STATUS = {"ARCHIVED": "admin"}


@dataclass(frozen=True)
class Row:
    """`role`: the least that may do it. `mail`: the kind that goes out, or none."""

    sources: tuple[str, ...]
    target: str
    role: str
    lock: str
    mail: str | None
    events: tuple[str, ...]


# fmt: off
TABLE = {
    "approve": Row(("UPLOADED",), "PENDING", "staff", HELD, "approval", ("StaffApproved",)),
    "reject": Row(("UPLOADED",), "REJECTED", "staff", HELD, "rejection", ("StaffRejected",)),
    "confirm": Row(("PENDING",), "READYTOPRINT", "student", ANY, None, ("StudentConfirmed",)),
    "force-confirm": Row(("PENDING",), "READYTOPRINT", "staff", FREE, None, ("AdminAction",)),
    "mark-printing": Row(("READYTOPRINT",), "PRINTING", "staff", HELD, None, ("PrintStarted",)),
    "mark-complete": Row(
        ("PRINTING",), "COMPLETED", "staff", HELD, "completion", ("PrintCompleted",)),
    "mark-picked-up": Row(("COMPLETED",), "PAIDPICKEDUP", "staff", HELD, None, ("PickedUp",)),
    "revert-completion": Row(("COMPLETED",), "PRINTING", "staff", FREE, None, ("StatusReverted",)),
    "revert-pickup": Row(("PAIDPICKEDUP",), "COMPLETED", "staff", FREE, None, ("StatusReverted",)),
    "mark-failed": Row(
        ("PRINTING",), "READYTOPRINT", "staff", FREE, None, ("PrintFailed", "AdminAction")),
    "change-status": Row(STATUSES, CHOSEN, "staff", FREE, None, ("AdminAction",)),
    "archive": Row(("PAIDPICKEDUP", "REJECTED"), "ARCHIVED", "admin", ANY, None, ("JobArchived",)),
    "delete": Row(("UPLOADED", "PENDING"), GONE, "staff", HELD, None, ()),
    "prune": Row(("ARCHIVED",), GONE, "admin", ANY, None, ()),
}
# fmt: on


def is_in_graph(event_type: str, action: str | None, old: str, new: str) -> bool:
    """Whether an event of this type may tell of this change of status."""
    return any(
        event_type in row.events
        and (event_type != "AdminAction" or name == action)
        and old in row.sources
        and (new == row.target or (row.target == CHOSEN and new != old))
        for name, row in TABLE.items()
    )
