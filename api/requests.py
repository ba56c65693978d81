"""What the API takes: schemas of bodies and query parameters. The OpenAPI document is generated
from them."""

import re
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    WithJsonSchema,
)
from pydantic_core import core_schema

from models import Status
from services.actions import choices
from services.actions.job_fields import MAX_REASON
from services.jobs import queue, records
from services.jobs.filters import Filters
from services.reports import stats
from settings import lab


def _storable(text: str) -> str:
    """Text that the database can store: no NUL, no unpaired surrogates."""
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ValueError("contains invalid text (an unpaired surrogate)") from None
    if "\x00" in text:
        raise ValueError("contains a NUL character, which cannot be stored")
    return text


def _written(pattern: str, words: str) -> BeforeValidator:
    """Query parameters are text; only the standard notation of a value is accepted."""

    def check(value: Any) -> Any:
        if isinstance(value, str) and not re.fullmatch(pattern, value, re.ASCII):
            raise ValueError(words)
        return value

    return BeforeValidator(check)


def _to_whole(value: Any) -> Any:
    """In JSON, 90.0 is the same number as 90."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


_NO_NUL = "^[^\\u0000]*$"
SOMETHING = "^[^\\u0000]*[^\\s\\u0000][^\\u0000]*$"


@dataclass(frozen=True)
class Storable:
    """Text that can be stored. Annotate it after the length limits: with a custom validator before
    them, pydantic's messages would say "items" instead of "characters"."""

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> core_schema.CoreSchema:
        return core_schema.no_info_after_validator_function(_storable, handler(source))

    def __get_pydantic_json_schema__(
        self, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        return {"pattern": _NO_NUL, **handler(schema)}


_whole = _written(r"-?\d{1,9}", "Input should be a whole number")
Flag = Annotated[bool, _written("true|false", "Input should be true or false")]
# Far enough from both ends of the calendar for time zones and the following day.
Day = Annotated[
    date,
    Field(ge=date(1970, 1, 1), le=date(2999, 12, 31)),
    _written(r"\d{4}-\d\d-\d\d", "Input should be a day, as 2026-11-30"),
    WithJsonSchema(
        {"type": "string", "format": "date", "pattern": r"^(19[7-9]\d|2\d{3})-\d\d-\d\d$"}
    ),
]


class In(BaseModel):
    """A request body: unknown fields and values of other types are refused."""

    model_config = ConfigDict(extra="forbid", strict=True, str_strip_whitespace=True)


class Query(BaseModel):
    """Query parameters: unknown ones are refused."""

    model_config = ConfigDict(extra="forbid")


def _materials(schema: dict[str, Any]) -> None:
    schema["enum"] = choices.material_names()


def _printers(schema: dict[str, Any]) -> None:
    schema["enum"] = choices.printer_ids()


def _colors(schema: dict[str, Any]) -> None:
    schema["enum"] = choices.color_names()


def _disciplines(schema: dict[str, Any]) -> None:
    schema["enum"] = list(lab().choices.disciplines)


class LoginIn(BaseModel):
    """The password is used as typed, including white space."""

    model_config = ConfigDict(extra="forbid", strict=True)

    email: Annotated[str, Field(max_length=200), Storable()]
    password: Annotated[str, Field(max_length=1000)]


class LoginOut(BaseModel):
    access_token: str
    token_type: Literal["Bearer"] = "Bearer"
    expires_in: int


class NotesIn(BaseModel):
    """Notes are stored as written, including white space. With `base`, the notes as last read by
    the writer, no lock is needed; if they have changed in the meantime, the answer is 409."""

    model_config = ConfigDict(extra="forbid", strict=True)

    notes: Annotated[str, Field(max_length=records.MAX_NOTES), Storable()]
    base: Annotated[str, Field(max_length=records.MAX_NOTES), Storable()] | None = None


class JobIdIn(In):
    job_id: Annotated[str, Field(max_length=64), Storable()]


class RetentionIn(In):
    retention_days: Annotated[int, Field(ge=0, le=36_500), BeforeValidator(_to_whole)] | None = None


class FilePathIn(BaseModel):
    """A path from the audit's report."""

    model_config = ConfigDict(extra="forbid", strict=True)

    file_path: Annotated[str, Field(min_length=1, max_length=4096), Storable()]


class SubmissionIn(BaseModel):
    """The form of POST /submit. Colour and printer must belong to the material `print_method`."""

    # For the OpenAPI document only: services/students/submissions.py validates the form.
    model_config = ConfigDict(extra="forbid")

    student_name: Annotated[
        str, Field(min_length=2, max_length=100, json_schema_extra={"format": "printable"})
    ]
    student_email: Annotated[str, Field(max_length=100, json_schema_extra={"format": "email"})]
    discipline: Annotated[str, Field(json_schema_extra=_disciplines)]
    class_number: Annotated[
        str, Field(min_length=1, max_length=50, json_schema_extra={"format": "printable"})
    ]
    print_method: Annotated[str, Field(json_schema_extra=_materials)]
    color: Annotated[str, Field(json_schema_extra=_colors)]
    printer: Annotated[str, Field(json_schema_extra=_printers)]
    acknowledged_minimum_charge: Annotated[
        Literal["Yes"], Field(description="“No” is refused: the lab has a minimum charge.")
    ]
    file: Annotated[
        str,
        Field(
            description="The model: .stl, .obj or .3mf, recognised by its content.",
            json_schema_extra={"format": "binary"},
        ),
    ]


class JobIdQuery(Query):
    job_id: Annotated[str, Field(max_length=64), Storable()]


class JobsQuery(Query):
    page: Annotated[int, Field(ge=1, le=1_000_000), _whole] = 1
    limit: Annotated[int, Field(ge=1, le=queue.MAX_PAGE_SIZE), _whole] = 50
    sort: Literal["oldest", "newest", "updated", "name"] = "oldest"
    status: Status | None = None
    search: Annotated[str, Field(max_length=200), Storable()] = ""
    printer: Annotated[str, Field(max_length=64), Storable()] = ""
    discipline: Annotated[str, Field(max_length=50), Storable()] = ""
    material: Annotated[str, Field(max_length=32), Storable()] = ""
    submitted_from: Day | None = None
    submitted_to: Day | None = None
    confirmation_expired: Flag | None = None
    unreviewed: Flag | None = None
    reason: Annotated[str, Field(max_length=MAX_REASON), Storable()] = ""

    def to_filters(self) -> Filters:
        return Filters(**self.model_dump(exclude={"page", "limit", "sort"}))


class ReportQuery(Query):
    days: Annotated[int, Field(ge=1, le=stats.MAX_DAYS), _whole] = 30
    printer: Annotated[str, Field(max_length=64), Storable()] = "all"
    discipline: Annotated[str, Field(max_length=50), Storable()] = "all"
