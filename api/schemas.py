"""What the API takes and gives. The OpenAPI document is made of these."""

from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field

from models import Status
from services import effects, jobs, storage
from services.events import EventView
from services.jobs import Filters, JobView, PrintRunView


def _storable(text: str) -> str:
    """Text that the database and a screen can hold: no NUL, no half of a character."""
    if "\x00" in text or any("\ud800" <= char <= "\udfff" for char in text):
        raise ValueError("contains characters that cannot be stored")
    return text


Text = Annotated[str, AfterValidator(_storable)]
Reason = Annotated[Text, Field(min_length=1, max_length=effects.MAX_REASON)]


class In(BaseModel):
    """A request body: unknown fields are refused."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


class Query(BaseModel):
    """Query parameters: unknown ones are refused, an empty one is as if it were absent."""

    model_config = ConfigDict(extra="forbid")


class LoginIn(In):
    email: Annotated[Text, Field(max_length=200)]
    password: Annotated[str, Field(max_length=1000)]


class LoginOut(BaseModel):
    access_token: str
    token_type: Literal["Bearer"] = "Bearer"
    expires_in: int


class ApproveIn(In):
    weight_g: Annotated[float, Field(gt=0, le=effects.MAX_WEIGHT_G, allow_inf_nan=False)]
    time_hours: Annotated[float, Field(gt=0, le=effects.MAX_HOURS, allow_inf_nan=False)]
    material: Annotated[Text, Field(max_length=32)] | None = None
    printer: Annotated[Text, Field(max_length=64)] | None = None
    color: Annotated[Text, Field(max_length=32)] | None = None

    def to_plan(self) -> effects.PrintPlan:
        return effects.PrintPlan(**self.model_dump())


class RejectIn(In):
    reasons: Annotated[list[Annotated[Text, Field(max_length=200)]], Field(max_length=20)] = []
    custom_reason: Annotated[Text, Field(max_length=effects.MAX_REASON)] | None = None

    def to_reasons(self) -> tuple[str, ...]:
        """The reasons as the student reads them: “Other” gives way to the words that explain it."""
        own = (self.custom_reason or "").strip()
        named = [reason for reason in self.reasons if not (own and reason == "Other")]
        return (*named, own) if own else tuple(named)


class ReasonIn(In):
    reason: Reason


class ForceConfirmIn(ReasonIn):
    bypass_email: bool = True


class ChangeStatusIn(ReasonIn):
    new_status: Status


class ResendIn(In):
    email_type: Literal["approval", "rejection", "completion"]


class ReviewIn(In):
    reviewed: bool


class NotesIn(BaseModel):
    model_config = ConfigDict(extra="forbid")
    notes: Annotated[Text, Field(max_length=jobs.MAX_NOTES)]


class JobIdIn(In):
    job_id: Annotated[Text, Field(max_length=64)]


class RetentionIn(In):
    retention_days: Annotated[int, Field(ge=0, le=36_500)] | None = None


class JobIdQuery(Query):
    job_id: Annotated[Text, Field(max_length=64)]


class JobsQuery(Query):
    page: Annotated[int, Field(ge=1, le=1_000_000)] = 1
    limit: Annotated[int, Field(ge=1, le=jobs.MAX_PAGE_SIZE)] = 50
    sort: Literal["oldest", "newest", "updated", "name"] = "oldest"
    status: Status | None = None
    search: Annotated[Text, Field(max_length=200)] = ""
    printer: Annotated[Text, Field(max_length=64)] = ""
    discipline: Annotated[Text, Field(max_length=50)] = ""
    material: Annotated[Text, Field(max_length=32)] = ""
    submitted_from: date | None = None
    submitted_to: date | None = None
    confirmation_expired: bool | None = None
    unreviewed: bool | None = None

    def to_filters(self) -> Filters:
        return Filters(**self.model_dump(exclude={"page", "limit", "sort"}))


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
    outcome: str | None
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


class LeaseOut(MessageOut):
    locked_by: str
    locked_until: AwareDatetime


class ResentOut(MessageOut):
    new_token: str | None


class ArchivedOut(MessageOut):
    jobs_archived: int


class PrunedOut(MessageOut):
    jobs_deleted: int


class ExpiredOut(BaseModel):
    """What somebody with a job's id may know of its expired confirmation."""

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
    timestamp: datetime
    components: dict[str, str]


def student_job_out(job: JobView) -> StudentJobOut:
    return StudentJobOut.model_validate(job)


def job_out(job: JobView) -> JobOut:
    """The job object; its file path is absolute, as the server sees the storage."""
    out = JobOut.model_validate(job)
    out.file_path = str(storage.root() / job.file_path)
    return out


def job_detail_out(job: JobView, events: list[EventView], runs: list[PrintRunView]) -> JobDetailOut:
    return JobDetailOut(
        **job_out(job).model_dump(),
        events=[EventOut.model_validate(event) for event in events],
        print_runs=[PrintRunOut.model_validate(run) for run in runs],
    )
