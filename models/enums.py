"""Enumerations stored in the database: statuses, roles, outcomes, e-mail kinds and states."""

from enum import StrEnum


class Status(StrEnum):
    """The status of a job. The value is stored, and used by the API."""

    UPLOADED = "UPLOADED"
    PENDING = "PENDING"
    READYTOPRINT = "READYTOPRINT"
    PRINTING = "PRINTING"
    COMPLETED = "COMPLETED"
    PAIDPICKEDUP = "PAIDPICKEDUP"
    REJECTED = "REJECTED"
    ARCHIVED = "ARCHIVED"


# The way of a print that goes well, from the submission to the hand-over.
STATUS_PATH = (
    Status.UPLOADED,
    Status.PENDING,
    Status.READYTOPRINT,
    Status.PRINTING,
    Status.COMPLETED,
    Status.PAIDPICKEDUP,
)

STATUS_LABELS = {
    Status.UPLOADED: "Uploaded",
    Status.PENDING: "Pending",
    Status.READYTOPRINT: "Ready to print",
    Status.PRINTING: "Printing",
    Status.COMPLETED: "Completed",
    Status.PAIDPICKEDUP: "Picked up",
    Status.REJECTED: "Rejected",
    Status.ARCHIVED: "Archived",
}

STATUS_FOLDERS = {
    Status.UPLOADED: "Uploaded",
    Status.PENDING: "Pending",
    Status.READYTOPRINT: "ReadyToPrint",
    Status.PRINTING: "Printing",
    Status.COMPLETED: "Completed",
    Status.PAIDPICKEDUP: "PaidPickedUp",
    Status.REJECTED: "Archived_Rejected",
    Status.ARCHIVED: "Archived",
}


class Role(StrEnum):
    """What a person may do. Each role includes the roles before it."""

    MANAGER = "manager"
    STAFF = "staff"
    ADMIN = "admin"

    @property
    def rank(self) -> int:
        return list(Role).index(self)

    def includes(self, other: "Role") -> bool:
        return self.rank >= other.rank


class RunOutcome(StrEnum):
    """How a print run ended. CANCELLED: the job was taken out of PRINTING by an override."""

    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"


class MailKind(StrEnum):
    RECEIVED = "received"
    APPROVAL = "approval"
    REJECTION = "rejection"
    COMPLETION = "completion"
    SUMMARY = "summary"


class MailState(StrEnum):
    """QUEUED waits for delivery, FAILED has been given up, CANCELLED no longer applies."""

    QUEUED = "queued"
    SENT = "sent"
    FAILED = "failed"
    CANCELLED = "cancelled"


class ScanState(StrEnum):
    """The state of an integrity audit. FAILED: storage unavailable, or repeated crashes."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
