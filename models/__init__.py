"""The database tables, one module each."""

from models.audit import AuditEntry
from models.base import Base, new_id, utcnow
from models.confirmation import Confirmation
from models.ended_session import EndedSession
from models.enums import (
    STATUS_FOLDERS,
    STATUS_LABELS,
    STATUS_PATH,
    MailKind,
    MailState,
    Role,
    RunOutcome,
    ScanState,
    Status,
)
from models.event import Event
from models.integrity_scan import IntegrityScan
from models.job import Job
from models.job_count import JobCount
from models.mail import Mail
from models.print_run import PrintRun
from models.staff import Staff

__all__ = [
    "STATUS_FOLDERS",
    "STATUS_LABELS",
    "STATUS_PATH",
    "AuditEntry",
    "Base",
    "Confirmation",
    "EndedSession",
    "Event",
    "IntegrityScan",
    "Job",
    "JobCount",
    "Mail",
    "MailKind",
    "MailState",
    "PrintRun",
    "Role",
    "RunOutcome",
    "ScanState",
    "Staff",
    "Status",
    "new_id",
    "utcnow",
]
