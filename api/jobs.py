"""Jobs and their locks, for staff."""

from apiflask import APIBlueprint
from flask import g

from api import answers, requests
from services import events, work
from services.jobs import editing, locks, queue, records
from web.conditional import conditional

bp = APIBlueprint("jobs", __name__, tag="Jobs")


@bp.get("/jobs")
@bp.input(requests.JobsQuery, location="query")
@bp.output(answers.JobListOut)
@conditional()
def list_jobs(query_data: requests.JobsQuery) -> answers.JobListOut:
    """One page of the queue."""
    with work.unit() as session:
        page = queue.list_jobs(
            session,
            query_data.to_filters(),
            actor=g.actor,
            sort=query_data.sort,
            page=query_data.page,
            limit=query_data.limit,
        )
    return answers.JobListOut(
        jobs=[answers.job_out(job) for job in page.jobs], total=page.total, filtered=page.filtered
    )


@bp.get("/jobs/<job_id>")
@bp.output(answers.JobDetailOut)
@conditional()
def get_job(job_id: str) -> answers.JobDetailOut:
    """One job with its history and print runs."""
    with work.unit() as session:
        job = records.get(session, job_id, actor=g.actor)
        history = events.list_events(session, job_id)
        runs = records.list_print_runs(session, job_id)
    return answers.job_detail_out(job, history, runs)


@bp.post("/jobs/<job_id>/lock")
@bp.output(answers.LeaseOut)
@bp.doc(responses=[404, 409])
def lock(job_id: str) -> answers.LeaseOut:
    """Takes the job's edit lock."""
    with work.unit() as session:
        lease = locks.acquire(session, job_id, actor=g.actor)
    return _lease_out("Job locked successfully", lease)


@bp.post("/jobs/<job_id>/lock/extend")
@bp.output(answers.LeaseOut)
@bp.doc(responses=[403, 404, 409])
def extend_lock(job_id: str) -> answers.LeaseOut:
    """Extends a lock that the caller holds."""
    with work.unit() as session:
        lease = locks.extend(session, job_id, actor=g.actor)
    return _lease_out("Lock extended successfully", lease)


@bp.post("/jobs/<job_id>/unlock")
@bp.output(answers.MessageOut)
@bp.doc(responses=[404, 409])
def unlock(job_id: str) -> answers.MessageOut:
    """Releases the job's edit lock."""
    with work.unit() as session:
        locks.release(session, job_id, actor=g.actor)
    return answers.MessageOut(message="Job unlocked successfully.")


@bp.patch("/jobs/<job_id>/notes")
@bp.input(requests.NotesIn)
@bp.output(answers.JobOut)
@bp.doc(responses=[403, 404, 409])
def set_notes(job_id: str, json_data: requests.NotesIn) -> answers.JobOut:
    """Replaces the staff notes; needs the lock, or `base`: the text they are based on."""
    notes, base = json_data.notes, json_data.base
    with work.unit() as session:
        if base is None:
            return answers.job_out(records.set_notes(session, job_id, notes, actor=g.actor))
        return answers.job_out(editing.save_notes(session, job_id, notes, base=base, actor=g.actor))


def _lease_out(message: str, lease: locks.Lease) -> answers.LeaseOut:
    return answers.LeaseOut(
        message=message, locked_by=lease.locked_by, locked_until=lease.locked_until
    )
