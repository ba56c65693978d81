"""Retention in bulk, for administrators."""

from apiflask import APIBlueprint
from flask import g

from api import schemas
from services import overrides

bp = APIBlueprint("admin", __name__, tag="Administration")


@bp.post("/admin/archive")
@bp.input(schemas.RetentionIn)
@bp.output(schemas.ArchivedOut)
def archive(json_data: schemas.RetentionIn) -> schemas.ArchivedOut:
    """Archives what was picked up or rejected long ago."""
    done = overrides.archive_old(json_data.retention_days, actor=g.actor)
    return schemas.ArchivedOut(message="Archival process completed", jobs_archived=done)


@bp.post("/admin/prune")
@bp.input(schemas.RetentionIn)
@bp.output(schemas.PrunedOut)
def prune(json_data: schemas.RetentionIn) -> schemas.PrunedOut:
    """Deletes for good what was archived long ago."""
    done = overrides.prune_old(json_data.retention_days, actor=g.actor)
    return schemas.PrunedOut(message="Pruning process completed", jobs_deleted=done)
