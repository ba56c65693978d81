"""The actions on a job, one row each: the workflow of the lab.

A row holds the source statuses and the target, the required role, whether the person must hold the
job's lock, the events and e-mails, the fields, and the texts. Buttons, dialogs, batch actions, API
routes and shortcuts are generated from it. Source: the plan's sections 3.4 and 5.
"""

from typing import Any

from models import MailKind, Role, Status
from services.actions import effects
from services.actions import job_fields as fields
from services.actions import job_functions as functions
from services.actions.rows import (
    Action,
    Answer,
    Lock,
    Look,
    Place,
    Route,
    Show,
    Subject,
    Transition,
    Words,
)
from services.files.slicerlinks import OPENABLE
from services.jobs.editing import EDITABLE
from services.mail.outbox import MAIL_OF_STATUS

S, R, L, P = Status, Role, Lock, Place
_ALL = frozenset(Status)


def _moves(
    name: str,
    label: str,
    sources: tuple[Status, ...] | frozenset[Status],
    target: Status | None,
    role: Role | None,
    lock: Lock,
    *event_types: str,
    effect: Any = effects.nothing,
    mail: MailKind | None = None,
    in_window: bool = False,
    target_is_chosen: bool = False,
    **rest: Any,
) -> Action:
    """A row for an action that changes the status, or deletes the job."""
    transition = Transition(target, event_types, effect, mail, in_window, target_is_chosen)
    if in_window:
        rest["when"] = functions.can_be_taken_back
    return Action(
        name=name,
        label=label,
        subject=Subject.JOB,
        role=role,
        sources=frozenset(sources),
        lock=lock,
        transition=transition,
        **rest,
    )


def _does(
    name: str,
    label: str,
    sources: frozenset[Status],
    role: Role,
    lock: Lock,
    perform: Any,
    **rest: Any,
) -> Action:
    """A row for an action that does not change the status."""
    return Action(
        name=name,
        label=label,
        subject=Subject.JOB,
        role=role,
        sources=sources,
        lock=lock,
        perform=perform,
        **rest,
    )


def _route(path: str, summary: str, method: str = "POST", **rest: Any) -> Route:
    return Route(method, f"/jobs/<job_id>{path}", summary, **rest)


JOB_ACTIONS: tuple[Action, ...] = (
    _moves(
        *("approve", "Approve", (S.UPLOADED,), S.PENDING, R.STAFF, L.HELD, "StaffApproved"),
        effect=effects.approve,
        mail=MailKind.APPROVAL,
        fields=(fields.WEIGHT, fields.HOURS, fields.MATERIAL, fields.PRINTER, fields.COLOR),
        shows=(Show.MODEL, Show.FILE, Show.LIVE_PRICE),
        places=P.CARD | P.PANEL,
        look=Look.MAIN,
        shortcut="a",
        words=Words(
            title="Approve this job",
            text="The student gets an e-mail with the price and a link to confirm it.",
            done="Approved. The student gets an e-mail.",
        ),
        route=_route(
            "/approve",
            "Approves a job with weight and time, and sends the student the price.",
            note="Fields that are left out stay as the student chose them. Printer and colour must "
            "fit the material.",
        ),
    ),
    _moves(
        *("reject", "Reject", (S.UPLOADED,), S.REJECTED, R.STAFF, L.HELD, "StaffRejected"),
        effect=effects.reject,
        mail=MailKind.REJECTION,
        fields=(fields.REJECTION_REASONS, fields.OWN_REASON),
        places=P.CARD | P.PANEL,
        look=Look.DANGER,
        is_dangerous=True,
        shortcut="r",
        words=Words(
            title="Reject this job",
            text="The student gets an e-mail with your reasons.",
            done="Rejected. The student gets an e-mail.",
        ),
        route=_route(
            "/reject",
            "Rejects a job and tells the student why.",
            note="At least one reason, from the list or in your own words.",
        ),
    ),
    _moves(
        *("confirm", "Confirm", (S.PENDING,), S.READYTOPRINT, None, L.NONE, "StudentConfirmed"),
        effect=effects.confirm,
        fields=(fields.LINK,),
    ),
    _moves(
        *("force-confirm", "Confirm for student", (S.PENDING,), S.READYTOPRINT, R.STAFF),
        *(L.NOT_ANOTHERS, "AdminAction"),
        effect=effects.force_confirm,
        fields=(
            fields.reason(
                "How did the student confirm?",
                "Say how the student confirmed.",
                "Confirmed at the desk.",
            ),
            fields.BYPASS_EMAIL,
        ),
        places=P.PANEL,
        words=Words(
            title="Confirm for the student",
            text="Use this when the student confirmed in another way.",
            done="Confirmed for the student.",
        ),
        route=_route("/admin/force-confirm", "Confirms for the student, with a reason."),
    ),
    _moves(
        *("mark-printing", "Mark printing", (S.READYTOPRINT,), S.PRINTING, R.STAFF, L.HELD),
        "PrintStarted",
        effect=effects.start_run,
        shows=(Show.PRINTER,),
        places=P.CARD | P.PANEL,
        look=Look.MAIN,
        words=Words(
            title="Start printing",
            text="The print run is counted from now, on the printer below.",
            done="Printing.",
        ),
        route=_route("/mark-printing", "Marks a job as printing."),
    ),
    _moves(
        *("mark-complete", "Mark complete", (S.PRINTING,), S.COMPLETED, R.STAFF, L.HELD),
        "PrintCompleted",
        effect=effects.complete_run,
        mail=MailKind.COMPLETION,
        places=P.CARD | P.PANEL,
        look=Look.MAIN,
        undone_by="revert-completion",
        words=Words(
            title="Complete this print",
            text="The student gets an e-mail saying that the print is ready to collect.",
            done="Completed. The student gets an e-mail.",
        ),
        route=_route(
            "/mark-complete", "Marks a print as complete; the student gets an e-mail to collect it."
        ),
    ),
    _moves(
        *("mark-picked-up", "Mark picked up", (S.COMPLETED,), S.PAIDPICKEDUP, R.STAFF, L.HELD),
        "PickedUp",
        effect=effects.pick_up,
        shows=(Show.PRICE,),
        places=P.CARD | P.PANEL | P.SELECTION,
        look=Look.MAIN,
        undone_by="revert-pickup",
        words=Words(
            title="Hand over this print",
            text="The student has paid and has the print.",
            done="Picked up.",
            many="Hand over {jobs}",
            icon="bi-bag-check",
        ),
        route=_route("/mark-picked-up", "Marks a print as paid for and picked up."),
    ),
    _moves(
        *("revert-completion", "Revert completion", (S.COMPLETED,), S.PRINTING, R.STAFF),
        *(L.NOT_ANOTHERS, "StatusReverted"),
        effect=effects.reopen_run,
        in_window=True,
        places=P.CARD | P.PANEL,
        words=Words(
            title="Back to Printing",
            text="The print run goes on as if it had not been completed.",
            done="Back to Printing.",
        ),
        route=_route("/revert-completion", "Undoes “Mark complete”, within a short time."),
    ),
    _moves(
        *("revert-pickup", "Revert pickup", (S.PAIDPICKEDUP,), S.COMPLETED, R.STAFF),
        *(L.NOT_ANOTHERS, "StatusReverted"),
        in_window=True,
        places=P.CARD | P.PANEL,
        words=Words(
            title="Back to Completed",
            text="The print waits to be collected again.",
            done="Back to Completed.",
        ),
        route=_route("/revert-pickup", "Undoes “Mark picked up”, within a short time."),
    ),
    _moves(
        *("mark-failed", "Mark failed", (S.PRINTING,), S.READYTOPRINT, R.STAFF, L.NOT_ANOTHERS),
        *("PrintFailed", "AdminAction"),
        effect=effects.fail_run,
        fields=(
            fields.reason("Why did the print fail?", "Say why the print failed.", "Layer shift."),
        ),
        places=P.CARD | P.PANEL,
        look=Look.DANGER,
        is_dangerous=True,
        words=Words(
            title="Mark this print as failed",
            text="The job goes back to “Ready to print”. The student does not have to confirm "
            "again.",
            done="Marked as failed. The job is ready to print again.",
        ),
        route=_route(
            "/admin/mark-failed", "Sends a failed print back to the print queue, with a reason."
        ),
    ),
    _moves(
        *("change-status", "Change status", _ALL, None, R.STAFF, L.NOT_ANOTHERS, "AdminAction"),
        effect=effects.change_status,
        target_is_chosen=True,
        fields=(
            fields.NEW_STATUS,
            fields.reason(
                "Why are you changing the status?",
                "Say why you are changing the status.",
                "Marked complete by mistake.",
            ),
        ),
        places=P.PANEL,
        words=Words(
            title="Change the status manually",
            text="For corrections: no e-mail is sent. The history shows who did it and why.",
            done="The status is changed.",
        ),
        route=_route("/admin/change-status", "Sets any status, with a reason."),
    ),
    _moves(
        *("archive", "Archive", (S.PAIDPICKEDUP, S.REJECTED), S.ARCHIVED, R.ADMIN, L.NONE),
        "JobArchived",
        places=P.PANEL | P.SELECTION,
        words=Words(
            title="Archive this job",
            text="The job and its files move to the archive.",
            done="Archived.",
            many="Archive {jobs}",
            icon="bi-archive",
        ),
        route=_route(
            "/archive",
            "Moves a finished job and its files to the archive.",
            operation="archive_job",
        ),
    ),
    _moves(
        *("delete", "Delete", (S.UPLOADED, S.PENDING), None, R.STAFF, L.HELD),
        fields=(fields.SHORT_ID,),
        places=P.PANEL,
        look=Look.DANGER,
        is_dangerous=True,
        words=Words(
            title="Delete this job",
            text="The job, its files and its history are deleted for good. This cannot be undone.",
            done="Deleted.",
        ),
        route=_route(
            "",
            "Deletes an uploaded or pending job and its files for good.",
            "DELETE",
            answer=Answer.NOTHING,
            status=204,
        ),
    ),
    _moves(
        *("prune", "Delete for good", (S.ARCHIVED,), None, R.ADMIN, L.NONE),
        fields=(fields.SHORT_ID,),
        places=P.PANEL,
        look=Look.DANGER,
        is_dangerous=True,
        words=Words(
            title="Delete this job for good",
            text="The job, its files and its history are deleted for good. This cannot be undone.",
            done="Deleted for good.",
        ),
        route=_route(
            "/prune",
            "Deletes an archived job and its files for good.",
            operation="prune_job",
            answer=Answer.NOTHING,
            status=204,
        ),
    ),
    _does(
        *("edit", "Edit details", frozenset(EDITABLE), R.STAFF, L.HELD, functions.edit),
        fields=fields.HOW_IT_IS_PRINTED,
        only=functions.editable,
        shows=(Show.NEW_PRICE,),
        places=P.PANEL_FACTS,
        words=Words(
            title="Edit the details",
            text=functions.about_editing,
            done="Saved.",
            submit="Save",
            icon="bi-pencil",
        ),
        route=_route(
            "",
            "Changes how a job is printed; a new price is e-mailed to the student.",
            "PATCH",
            operation="edit_job",
            note="Fields that are left out do not change. Printer and colour must fit the "
            "material.",
        ),
    ),
    _does(
        *("resend", "Send e-mail again", frozenset(MAIL_OF_STATUS), R.STAFF, L.NOT_ANOTHERS),
        functions.resend,
        fields=(fields.MAIL_KIND,),
        implied=functions.mail_of_status,
        places=P.PANEL,
        words=Words(
            title="Send the e-mail again",
            text="An approval is sent with a new link; the old link stops working.",
            done="The e-mail is on its way.",
            submit="Send",
        ),
        route=_route(
            "/admin/resend-email",
            "Sends a notification again; an approval gets a new link.",
            operation="resend_email",
            answer=Answer.LINK,
            message="Email resent successfully",
            refusals=(429,),
        ),
    ),
    _does(
        *("force-unlock", "Release the lock", _ALL, R.ADMIN, L.NONE, functions.force_unlock),
        fields=(
            fields.reason(
                "Why are you releasing the lock?",
                "Say why you are releasing the lock.",
                "The browser crashed while the job was open.",
            ),
        ),
        when=functions.is_locked_by_another,
        places=P.PANEL,
        look=Look.DANGER,
        is_dangerous=True,
        words=Words(
            title="Release the lock",
            text="Whoever is editing the job loses what they have not saved.",
            done="The lock is released.",
            submit="Release",
        ),
        route=_route(
            "/admin/force-unlock",
            "Takes the lock from whoever holds it.",
            answer=Answer.MESSAGE,
            message="Lock has been forcibly released.",
        ),
    ),
    _does(
        *("review", "Mark as reviewed", frozenset({S.UPLOADED}), R.STAFF, L.NOT_ANOTHERS),
        functions.review,
        fields=(fields.REVIEWED,),
        asks=False,
        look=Look.ACCENT,
        implied=lambda _: {"reviewed": True},
        when=functions.is_new,
        places=P.PANEL_HEAD | P.SELECTION,
        undone_by="unreview",
        words=Words(
            text="They lose their “New” badge.", many="Mark {jobs} as reviewed", icon="bi-eye"
        ),
        route=_route("/review", "Marks a job as reviewed or not reviewed."),
    ),
    _does(
        *("unreview", "Mark as not reviewed", frozenset({S.UPLOADED}), R.STAFF, L.NOT_ANOTHERS),
        functions.review,
        fields=(fields.REVIEWED,),
        asks=False,
        look=Look.ACCENT,
        implied=lambda _: {"reviewed": False},
        when=functions.is_reviewed,
        places=P.PANEL_HEAD,
        undone_by="review",
        words=Words(icon="bi-eye-slash"),
    ),
    _does(
        *("recheck", "Check again", _ALL, R.STAFF, L.NONE, functions.recheck),
        asks=False,
        when=functions.is_checked,
        places=P.PANEL_FACTS,
        words=Words(icon="bi-arrow-repeat"),
        route=_route(
            "/recheck",
            "Requests a new check of the model. The result follows shortly.",
            status=202,
        ),
    ),
    _does(
        *("opened", "Open in slicer", OPENABLE, R.STAFF, L.NONE, functions.note_opened),
        asks=False,
        places=P.FILE_LINK,
        shortcut="o",
        words=Words(icon="bi-box-arrow-up-right"),
        route=_route(
            "/opened",
            "Records in the history that the job's file was opened in a slicer.",
            operation="note_opened",
        ),
    ),
)
