"""What the API answers: schemas, and how they are made from what services return. The OpenAPI
document is generated from them."""

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import (
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
)

from models import Role, RunOutcome, ScanState, Status
from services.checks import thumbnails
from services.events import EventView
from services.files import storage
from services.files.integrity import ReportView
from services.jobs.records import JobView, PrintRunView
from services.reports.stats import Overview, Report


class ErrorOut(BaseModel):
    """The format of every error. The contents of `details` are repeated at the top level."""

    model_config = ConfigDict(extra="allow")

    error: Annotated[str, Field(description="A code for programs, such as `not_found`.")]
    message: Annotated[str, Field(description="A sentence for people.")]
    details: dict[str, Any]
    fields: Annotated[dict[str, str], Field(description="What is wrong with which field.")] = {}
    existing_job_id: str = ""
    job_id: str = ""
    reason: str = ""
    locked_by: str = ""
    locked_until: AwareDatetime | None = None
    retry_after_s: int = 0


class StudentJobOut(BaseModel):
    """A job as its student may see it."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    short_id: str
    student_name: str
    student_email: str
    discipline: str
    class_number: str
    original_filename: str
    display_name: str
    status: Status
    printer: str
    color: str
    material: str
    weight_g: float | None
    time_hours: float | None
    cost_cents: int | None
    acknowledged_minimum_charge: bool
    student_confirmed: bool
    student_confirmed_at: AwareDatetime | None
    confirmation_expires_at: AwareDatetime | None
    is_confirmation_expired: bool
    reject_reasons: list[str] | None
    file_hash: str
    file_size: int
    model: dict[str, Any]
    thumbnail_url: str | None = None
    created_at: AwareDatetime
    updated_at: AwareDatetime


class JobOut(StudentJobOut):
    """A job as the staff see it."""

    file_path: str
    staff_viewed_at: AwareDatetime | None
    last_updated_by: str | None
    notes: str | None
    locked_by: str | None
    locked_until: AwareDatetime | None


class EventOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: int
    timestamp: AwareDatetime
    event_type: str
    details: dict[str, Any]
    triggered_by: str
    user_name: str


class PrintRunOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: int
    printer: str
    started_at: AwareDatetime
    ended_at: AwareDatetime | None
    outcome: RunOutcome | None
    operator_name: str
    reason: str | None


class JobDetailOut(JobOut):
    events: list[EventOut]
    print_runs: list[PrintRunOut]


class JobListOut(BaseModel):
    jobs: list[JobOut]
    total: int
    filtered: int


class MessageOut(BaseModel):
    message: str


class NewsOut(BaseModel):
    """How many jobs are not reviewed, when the newest was submitted, and how often to poll."""

    unreviewed: int
    latest_submission: AwareDatetime | None
    refresh_seconds: int


class LeaseOut(MessageOut):
    locked_by: str
    locked_until: AwareDatetime


class ResentOut(MessageOut):
    new_token: str | None


class PersonOut(BaseModel):
    """A person on the staff list. `signs_in` is how they sign in: with a password, at the provider,
    or not yet."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    email: str
    name: str
    role: Role
    active: bool
    created_at: AwareDatetime
    signs_in: Literal["password", "provider", "not yet"]
    is_self: bool


class PersonPasswordOut(PersonOut):
    """`password` is new and returned only once; null where people sign in at a provider."""

    password: str | None = None


class PeopleOut(BaseModel):
    people: list[PersonOut]


class ArchivedOut(MessageOut):
    jobs_archived: int


class PrunedOut(MessageOut):
    jobs_deleted: int


class ExpiredOut(BaseModel):
    """The public facts about a job's confirmation, for anybody who has the job's id."""

    job_id: str
    short_id: str
    display_name: str
    status: Status
    is_confirmation_expired: bool
    confirmation_expires_at: AwareDatetime | None
    can_resend: bool
    retry_after_s: int
    message: str


class HealthOut(BaseModel):
    status: Literal["ok", "error"]
    timestamp: AwareDatetime
    components: dict[str, str]


class StatsOut(BaseModel):
    """Jobs in each status. `storage_usage_mb` is null until it has been measured."""

    uploaded: int
    pending: int
    readyToPrint: int
    printing: int
    completed: int
    paidPickedUp: int
    rejected: int
    archived: int
    storage_usage_mb: float | None
    storage_limit_mb: int


class DayOut(BaseModel):
    day: date
    count: int


class PeriodOut(BaseModel):
    """Whole days of the lab, today included."""

    model_config = ConfigDict(from_attributes=True)

    days: int
    first: date
    last: date
    timezone: str


class PrinterOut(BaseModel):
    """Hours of print runs that have ended; grams of completed ones."""

    model_config = ConfigDict(from_attributes=True)

    printer: str
    name: str
    jobs: int
    print_hours: float
    weight_g: float
    completed: int
    failed: int
    cancelled: int


class ReasonOut(BaseModel):
    reason: str
    count: int


class FailureOut(ReasonOut):
    model_config = ConfigDict(from_attributes=True)

    printer: str


class TurnaroundOut(BaseModel):
    """Hours from submission to the completed print; null when nothing was completed."""

    model_config = ConfigDict(from_attributes=True)

    jobs: int
    median_hours: float | None
    p90_hours: float | None


class ActivityOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    staff_id: str
    name: str
    total: int
    actions: dict[str, int]


class ReportOut(BaseModel):
    """`staff_activity` covers everybody for administrators, and only the caller for others."""

    period: PeriodOut
    printer: str
    discipline: str
    submissions: list[DayOut]
    by_status: dict[Status, int]
    printers: list[PrinterOut]
    rejection_reasons: list[ReasonOut]
    print_failures: list[FailureOut]
    revenue_cents: int
    turnaround: TurnaroundOut
    staff_activity: list[ActivityOut]


class AuditStartedOut(MessageOut):
    task_id: str


class ScanOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    task_id: str
    state: ScanState
    started_at: AwareDatetime
    finished_at: AwareDatetime | None
    started_by: str
    problem: str | None


class BrokenLinkOut(BaseModel):
    job_id: str
    missing_path: str


class DamagedFileOut(BaseModel):
    """An original file whose size differs from the received size (bytes)."""

    job_id: str
    path: str
    size: int
    expected_size: int


class AuditReportOut(BaseModel):
    """What the last finished audit found. `counts` has the true numbers where a list is cut.

    Paths are relative to the storage. `differing_files` are stale files with content that the job's
    present folder does not have. `latest` is the newest audit, which may be under way or failed.
    """

    report_generated_at: AwareDatetime
    task_id: str
    orphaned_files: list[str]
    stale_files: list[str]
    differing_files: list[str]
    broken_links: list[BrokenLinkOut]
    damaged_files: list[DamagedFileOut]
    empty_folders: list[str]
    leftovers: list[str]
    set_aside: list[str]
    irregular: list[str]
    counts: dict[str, int]
    folders_scanned: int
    jobs_checked: int
    latest: ScanOut


def student_job_out(job: JobView) -> StudentJobOut:
    return StudentJobOut.model_validate(job)


def job_out(job: JobView) -> JobOut:
    """The job object; its file path is absolute, as the server sees the storage."""
    out = JobOut.model_validate(job)
    out.file_path = str(storage.root() / job.file_path)
    out.thumbnail_url = thumbnails.url(job)
    return out


def job_detail_out(job: JobView, events: list[EventView], runs: list[PrintRunView]) -> JobDetailOut:
    return JobDetailOut(
        **job_out(job).model_dump(),
        events=[EventOut.model_validate(event) for event in events],
        print_runs=[PrintRunOut.model_validate(run) for run in runs],
    )


def stats_out(overview: Overview) -> StatsOut:
    counts = overview.counts
    return StatsOut(
        uploaded=counts[Status.UPLOADED],
        pending=counts[Status.PENDING],
        readyToPrint=counts[Status.READYTOPRINT],
        printing=counts[Status.PRINTING],
        completed=counts[Status.COMPLETED],
        paidPickedUp=counts[Status.PAIDPICKEDUP],
        rejected=counts[Status.REJECTED],
        archived=counts[Status.ARCHIVED],
        storage_usage_mb=overview.storage_usage_mb,
        storage_limit_mb=overview.storage_limit_mb,
    )


def report_out(report: Report) -> ReportOut:
    return ReportOut(
        period=PeriodOut.model_validate(report.period),
        printer=report.printer,
        discipline=report.discipline,
        submissions=[DayOut(day=day, count=count) for day, count in report.submissions.items()],
        by_status={status: report.by_status.get(status, 0) for status in Status},
        printers=[PrinterOut.model_validate(printer) for printer in report.by_printer],
        rejection_reasons=[
            ReasonOut(reason=reason, count=count)
            for reason, count in report.rejection_reasons.items()
        ],
        print_failures=[FailureOut.model_validate(failure) for failure in report.print_failures],
        revenue_cents=report.revenue_cents,
        turnaround=TurnaroundOut.model_validate(report.turnaround),
        staff_activity=[ActivityOut.model_validate(person) for person in report.staff_activity],
    )


def audit_report_out(view: ReportView) -> AuditReportOut:
    return AuditReportOut(
        report_generated_at=view.scan.finished_at,
        task_id=view.scan.task_id,
        latest=ScanOut.model_validate(view.latest),
        **view.findings,
    )
