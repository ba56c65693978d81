"""Submission of a student's model (the plan's sections 3.4.2 and 5.19)."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import PurePath

from email_validator import EmailNotValidError, validate_email
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from models import STATUS_FOLDERS, Job, MailKind, Status, new_id, utcnow
from reader import filenames
from reader.errors import Unreadable
from reader.gate import filetypes
from services import events, work
from services.actors import student
from services.checks import modelchecks
from services.errors import Duplicate, Invalid
from services.files import storage
from services.files.uploads import Upload
from services.jobs import records
from services.jobs.costs import format_money
from services.jobs.records import JobView
from services.mail import outbox
from services.students import names
from settings import lab

ACTIVE = (Status.UPLOADED, Status.PENDING, Status.READYTOPRINT)
FIELDS = (
    "student_name",
    "student_email",
    "discipline",
    "class_number",
    "print_method",
    "color",
    "printer",
    "acknowledged_minimum_charge",
)


@dataclass(frozen=True)
class Submission:
    """A validated form: every value is allowed, and the values are consistent."""

    student_name: str
    student_email: str
    discipline: str
    class_number: str
    print_method: str
    color: str
    printer: str


def read_form(values: Mapping[str, str]) -> Submission:
    """Checks the form. Raises Invalid with every wrong field at once."""
    form = {name: " ".join(values.get(name, "").split()) for name in FIELDS}
    wrong: dict[str, str] = {}
    for name, value in form.items():
        if any(not char.isprintable() for char in value):
            wrong[name] = "This contains characters that cannot be shown. Type it again."
    _check_person(form, wrong)
    _check_print(form, wrong)
    consent = form.pop("acknowledged_minimum_charge")
    minimum = format_money(lab().pricing.minimum_cents)
    if consent == "No":
        wrong["acknowledged_minimum_charge"] = (
            f"The lab cannot print below its minimum charge of {minimum}. "
            "Choose “Yes” to accept it, or talk to the staff."
        )
    elif consent != "Yes":
        wrong["acknowledged_minimum_charge"] = "Choose “Yes” or “No”."
    if wrong:
        raise Invalid(**wrong)
    return Submission(**form)


def submit(session: Session, form: Submission, upload: Upload) -> JobView:
    """Creates a job from a validated form and a received file, which moves into the job's folder.

    Raises Invalid for a file that is not a model, Duplicate, StorageUnavailable, StorageFull.
    """
    filename = filenames.clean_filename(upload.filename)
    with storage.translated():
        try:
            filetypes.identify(upload.path, filename)
        except Unreadable as refused:
            raise Invalid(file=refused.message) from None
    _refuse_duplicate(session, form.student_email, upload.sha256)
    job = _new_job(session, form, upload, filename)
    stem = PurePath(job.original_name).stem
    storage.create_folder(upload.path, stem, job.original_name, records.metadata_of(job))
    work.on_rollback(session, partial(storage.remove_folder, job.folder))
    session.add(job)
    session.flush()
    events.record(
        session,
        job.id,
        "JobCreated",
        student(job.student_name),
        file=filename,
        new_status=Status.UPLOADED,
    )
    outbox.queue(session, job, MailKind.RECEIVED)
    modelchecks.begin(session, job)
    return records.view(job, job.created_at)


def _check_person(form: dict[str, str], wrong: dict[str, str]) -> None:
    if not 2 <= len(form["student_name"]) <= 100:
        wrong.setdefault("student_name", "Enter your name, 2 to 100 characters.")
    if len(form["student_email"]) > 100:
        wrong.setdefault("student_email", "Use an e-mail address of at most 100 characters.")
    else:
        try:
            validate_email(form["student_email"], check_deliverability=False, test_environment=True)
        except EmailNotValidError:
            wrong.setdefault(
                "student_email", "Enter a full e-mail address, such as jsmith@uni.edu."
            )
    if form["discipline"] not in lab().choices.disciplines:
        wrong.setdefault("discipline", "Choose your discipline from the list.")
    if not 1 <= len(form["class_number"]) <= 50:
        wrong.setdefault("class_number", "Enter the class, such as ARCH 4000, or N/A.")


def _check_print(form: dict[str, str], wrong: dict[str, str]) -> None:
    material = lab().find_material(form["print_method"])
    printer = lab().find_printer(form["printer"])
    if material is None:
        methods = " or ".join(known.name for known in lab().materials)
        wrong.setdefault("print_method", f"Choose {methods}.")
        if not form["color"]:
            wrong.setdefault("color", "Choose a colour.")
    elif form["color"] not in material.colors:
        wrong.setdefault("color", f"Choose one of the {material.name} colours.")
    if printer is None:
        wrong.setdefault("printer", "Choose the printer that your model fits on.")
    elif material is not None and printer.material != material.name:
        wrong.setdefault(
            "printer", f"{printer.name} prints {printer.material}, not {material.name}."
        )


def _refuse_duplicate(session: Session, email: str, sha256: str) -> None:
    """Raises Duplicate. A lock until the end of the transaction lets one person submit a file once,
    however many requests arrive together."""
    key = f"{email.lower()}:{sha256}"
    session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(key, 0))))
    existing = session.execute(
        select(Job.id, Job.short_id)
        .where(func.lower(Job.student_email) == email.lower(), Job.file_hash == sha256)
        .where(Job.status.in_(ACTIVE))
        .limit(1)
    ).one_or_none()
    if existing is not None:
        raise Duplicate(
            "An identical active job has already been submitted. "
            f"It is job {existing.short_id}; you do not need to send it again.",
            existing_job_id=existing.id,
        )


def _new_job(session: Session, form: Submission, upload: Upload, filename: str) -> Job:
    job_id = _free_id(session)
    stem = names.job_stem(form.student_name, form.print_method, form.color, job_id[:8])
    stored_name = stem + PurePath(filename).suffix.lower()
    now = utcnow()
    return Job(
        id=job_id,
        short_id=job_id[:8],
        student_name=form.student_name,
        student_email=form.student_email,
        discipline=form.discipline,
        class_number=form.class_number,
        original_filename=filename,
        original_name=stored_name,
        display_name=stored_name,
        folder=f"{STATUS_FOLDERS[Status.UPLOADED]}/{stem}",
        file_hash=upload.sha256,
        file_size=upload.size,
        model={"state": "pending"},
        thumbnail={"state": "pending"},
        status=Status.UPLOADED,
        status_changed_at=now,
        printer=form.printer,
        color=form.color,
        material=form.print_method,
        acknowledged_minimum_charge=True,
        student_confirmed=False,
        is_confirmation_expired=False,
        created_at=now,
        updated_at=now,
    )


def _free_id(session: Session) -> str:
    """A new job id whose first eight digits, which people use, are not taken."""
    while True:
        job_id = new_id()
        if session.scalar(select(Job.id).where(Job.short_id == job_id[:8])) is None:
            return job_id
