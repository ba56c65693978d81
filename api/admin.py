"""Bulk archiving and deletion, and the integrity audit, for administrators."""

from apiflask import APIBlueprint
from flask import g

from api import answers, requests
from services import work
from services.actions import retention
from services.errors import NotFound
from services.files import integrity

bp = APIBlueprint("admin", __name__, tag="Administration")


@bp.post("/admin/archive")
@bp.input(requests.RetentionIn)
@bp.output(answers.ArchivedOut)
def archive(json_data: requests.RetentionIn) -> answers.ArchivedOut:
    """Archives jobs that were picked up or rejected long ago."""
    done = retention.archive_old(json_data.retention_days, actor=g.actor)
    return answers.ArchivedOut(message="Archival process completed", jobs_archived=done)


@bp.post("/admin/prune")
@bp.input(requests.RetentionIn)
@bp.output(answers.PrunedOut)
def prune(json_data: requests.RetentionIn) -> answers.PrunedOut:
    """Deletes for good jobs that were archived long ago."""
    done = retention.prune_old(json_data.retention_days, actor=g.actor)
    return answers.PrunedOut(message="Pruning process completed", jobs_deleted=done)


@bp.post("/admin/audit/start")
@bp.output(answers.AuditStartedOut, status_code=202)
@bp.doc(responses=[409])
def start_audit() -> answers.AuditStartedOut:
    """Starts an audit that compares the storage with the database; its report follows."""
    with work.unit() as session:
        scan = integrity.start(session, actor=g.actor)
    return answers.AuditStartedOut(
        message="System audit started successfully.", task_id=scan.task_id
    )


@bp.get("/admin/audit/report")
@bp.output(answers.AuditReportOut)
@bp.doc(responses=[404])
def read_audit_report() -> answers.AuditReportOut:
    """The findings of the last finished audit."""
    with work.unit() as session:
        return answers.audit_report_out(integrity.get_report(session, actor=g.actor))


@bp.delete("/admin/audit/orphaned-file")
@bp.input(requests.FilePathIn)
@bp.output(answers.MessageOut)
@bp.doc(responses=[404, 409])
def delete_orphaned_file(json_data: requests.FilePathIn) -> answers.MessageOut:
    """Deletes a file that the last report lists and that belongs to no job."""
    with work.unit() as session:
        removed = integrity.delete_file(session, json_data.file_path, actor=g.actor)
    if not removed:
        raise NotFound("This file no longer exists.")
    return answers.MessageOut(message="Orphaned file deleted successfully.")
