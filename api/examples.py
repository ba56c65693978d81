"""One example for every body in the API's document: by schema name, and for errors by status."""

from typing import Any

# A tetrahedron: the smallest watertight model.
_STL = "solid gear\n" + "".join(
    f"facet normal 0 0 0\nouter loop\n{corners}endloop\nendfacet\n"
    for corners in (
        "".join(f"vertex {corner}\n" for corner in triangle)
        for triangle in (
            ("0 0 0", "0 9 0", "9 0 0"),
            ("0 0 0", "9 0 0", "0 0 9"),
            ("0 0 0", "0 0 9", "0 9 0"),
            ("9 0 0", "0 9 0", "0 0 9"),
        )
    )
)
_STL += "endsolid gear\n"

_STUDENT_JOB: dict[str, Any] = {
    "id": "1a2b3c4d5e6f47a8b9c0d1e2f3a4b5c6",
    "short_id": "1a2b3c4d",
    "student_name": "Jane Doe",
    "student_email": "jane.doe@university.example",
    "discipline": "Engineering",
    "class_number": "ARCH 4000",
    "original_filename": "gear.stl",
    "display_name": "JaneDoe_Filament_TrueRed_1a2b3c4d.stl",
    "status": "PENDING",
    "printer": "prusa_mk4s",
    "color": "True Red",
    "material": "Filament",
    "weight_g": 42.5,
    "time_hours": 3.5,
    "cost_cents": 425,
    "acknowledged_minimum_charge": True,
    "student_confirmed": False,
    "student_confirmed_at": None,
    "confirmation_expires_at": "2026-11-26T15:04:05Z",
    "is_confirmation_expired": False,
    "reject_reasons": None,
    "file_hash": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "file_size": 684,
    "model": {"state": "pending"},
    "thumbnail_url": None,
    "created_at": "2026-11-23T14:30:00Z",
    "updated_at": "2026-11-23T15:04:05Z",
}
_JOB = _STUDENT_JOB | {
    "file_path": "storage/Pending/JaneDoe_Filament_TrueRed_1a2b3c4d/"
    "JaneDoe_Filament_TrueRed_1a2b3c4d.stl",
    "staff_viewed_at": "2026-11-23T15:00:00Z",
    "last_updated_by": "0f0e0d0c0b0a49088706050403020100",
    "notes": None,
    "locked_by": None,
    "locked_until": None,
}
_EVENT = {
    "id": 2,
    "timestamp": "2026-11-23T15:04:05Z",
    "event_type": "StaffApproved",
    "details": {"weight_g": 42.5, "time_hours": 3.5, "cost_cents": 425},
    "triggered_by": "0f0e0d0c0b0a49088706050403020100",
    "user_name": "Noor Haddad",
}
_RUN = {
    "id": 1,
    "printer": "prusa_mk4s",
    "started_at": "2026-11-24T15:00:00Z",
    "ended_at": None,
    "outcome": None,
    "operator_name": "Noor Haddad",
    "reason": None,
}
_PERSON = {
    "id": "0f0e0d0c0b0a49088706050403020100",
    "email": "noor.haddad@university.example",
    "name": "Noor Haddad",
    "role": "staff",
    "active": True,
    "created_at": "2026-08-24T15:00:00Z",
    "signs_in": "password",
    "is_self": False,
}
_SCAN = {
    "task_id": "7d6c5b4a39284716a5b4c3d2e1f00918",
    "state": "done",
    "started_at": "2026-11-23T16:00:00Z",
    "finished_at": "2026-11-23T16:00:04Z",
    "started_by": "Mira Kovač",
    "problem": None,
}

EXAMPLES: dict[str, dict[str, Any]] = {
    "LoginIn": {"email": "admin@printlab.example", "password": "correct horse battery"},
    "LoginOut": {"access_token": "WyIwZjBl...", "token_type": "Bearer", "expires_in": 3600},
    "SubmissionIn": {
        "student_name": "Jane Doe",
        "student_email": "jane.doe@university.example",
        "discipline": "Engineering",
        "class_number": "ARCH 4000",
        "print_method": "Filament",
        "color": "True Red",
        "printer": "prusa_mk4s",
        "acknowledged_minimum_charge": "Yes",
        "file": _STL,
    },
    "StudentJobOut": _STUDENT_JOB,
    "JobOut": _JOB,
    "JobDetailOut": _JOB | {"events": [_EVENT], "print_runs": [_RUN]},
    "JobListOut": {"jobs": [_JOB], "total": 25, "filtered": 1},
    "ExpiredOut": {
        "job_id": _JOB["id"],
        "short_id": "1a2b3c4d",
        "display_name": _JOB["display_name"],
        "status": "PENDING",
        "is_confirmation_expired": True,
        "confirmation_expires_at": "2026-11-26T15:04:05Z",
        "can_resend": True,
        "retry_after_s": 0,
        "message": "Your confirmation link has expired. Request a new one; it is sent to your "
        "e-mail.",
    },
    "JobIdIn": {"job_id": _JOB["id"]},
    "ResentOut": {"message": "Email resent successfully", "new_token": "IjFhMmIz..."},
    "PersonOut": _PERSON,
    "PersonPasswordOut": _PERSON | {"password": "kq3x-Zr8m-Lw2d-Vt6s"},
    "PeopleOut": {"people": [_PERSON]},
    "NotesIn": {"notes": "Print with supports.", "base": ""},
    "RetentionIn": {"retention_days": 90},
    "ArchivedOut": {"message": "Archival process completed", "jobs_archived": 12},
    "PrunedOut": {"message": "Pruning process completed", "jobs_deleted": 5},
    "MessageOut": {"message": "Done."},
    "NewsOut": {
        "unreviewed": 2,
        "latest_submission": "2026-11-23T14:30:00Z",
        "refresh_seconds": 45,
    },
    "LeaseOut": {
        "message": "Job locked successfully",
        "locked_by": "Noor Haddad",
        "locked_until": "2026-11-23T15:09:05Z",
    },
    "HealthOut": {
        "status": "ok",
        "timestamp": "2026-11-23T15:04:05Z",
        "components": {"database": "ok", "broker": "ok", "workers": "ok", "storage": "ok"},
    },
    "StatsOut": {
        "uploaded": 10,
        "pending": 5,
        "readyToPrint": 3,
        "printing": 2,
        "completed": 4,
        "paidPickedUp": 120,
        "rejected": 9,
        "archived": 300,
        "storage_usage_mb": 1024.5,
        "storage_limit_mb": 10240,
    },
    "ReportOut": {
        "period": {
            "days": 1,
            "first": "2026-11-23",
            "last": "2026-11-23",
            "timezone": "America/Chicago",
        },
        "printer": "all",
        "discipline": "all",
        "submissions": [{"day": "2026-11-23", "count": 7}],
        "by_status": {
            "UPLOADED": 3,
            "PENDING": 2,
            "READYTOPRINT": 0,
            "PRINTING": 1,
            "COMPLETED": 0,
            "PAIDPICKEDUP": 0,
            "REJECTED": 1,
            "ARCHIVED": 0,
        },
        "printers": [
            {
                "printer": "prusa_mk4s",
                "name": "Prusa MK4S",
                "jobs": 3,
                "print_hours": 9.75,
                "weight_g": 85.0,
                "completed": 2,
                "failed": 1,
                "cancelled": 0,
            }
        ],
        "rejection_reasons": [{"reason": "Walls are too thin to print", "count": 1}],
        "print_failures": [{"printer": "prusa_mk4s", "reason": "Filament tangle", "count": 1}],
        "revenue_cents": 850,
        "turnaround": {"jobs": 2, "median_hours": 26.5, "p90_hours": 47.2},
        "staff_activity": [
            {
                "staff_id": "0f0e0d0c0b0a49088706050403020100",
                "name": "Noor Haddad",
                "total": 3,
                "actions": {"StaffApproved": 2, "StaffRejected": 1},
            }
        ],
    },
    "AuditStartedOut": {
        "message": "System audit started successfully.",
        "task_id": _SCAN["task_id"],
    },
    "AuditReportOut": {
        "report_generated_at": _SCAN["finished_at"],
        "task_id": _SCAN["task_id"],
        "orphaned_files": ["Uploaded/gear.stl"],
        "stale_files": [],
        "differing_files": [],
        "broken_links": [{"job_id": _JOB["id"], "missing_path": _JOB["file_path"][8:]}],
        "damaged_files": [],
        "empty_folders": [],
        "leftovers": [],
        "set_aside": [],
        "irregular": [],
        "counts": {"orphaned_files": 1, "broken_links": 1},
        "folders_scanned": 453,
        "jobs_checked": 453,
        "latest": _SCAN,
    },
    "FilePathIn": {"file_path": "Uploaded/gear.stl"},
}

# A triangle; the arrays are float32 and uint16 in base64, as Plotly takes them.
_NO_LINES = {axis: {"dtype": "f4", "bdata": ""} for axis in "xyz"}
PREVIEW: dict[str, Any] = {
    "state": "ok",
    "triangles": 1,
    "size_mm": [2.0, 2.0, 0.0],
    "open_edges": {"count": 0, "shown": 0, **_NO_LINES},
    "shown": 1,
    "is_simplified": False,
    "mesh": {
        "x": {"dtype": "f4", "bdata": "AACAvwAAgD8AAIC/"},
        "y": {"dtype": "f4", "bdata": "AACAvwAAgL8AAIA/"},
        "z": {"dtype": "f4", "bdata": "AAAAAAAAAAAAAAAA"},
        "i": {"dtype": "u2", "bdata": "AAA="},
        "j": {"dtype": "u2", "bdata": "AQA="},
        "k": {"dtype": "u2", "bdata": "AgA="},
    },
}


def _refusal(error: str, message: str, **details: Any) -> dict[str, Any]:
    """The error format of web/errors.py."""
    return {**details, "error": error, "message": message, "details": details}


REFUSALS: dict[int, dict[str, Any]] = {
    400: _refusal(
        "invalid",
        "Please correct the marked fields.",
        fields={"job_colour": "This field does not exist."},
    ),
    401: _refusal("not_signed_in", "Invalid or expired token"),
    403: _refusal(
        "lock_required",
        "You do not hold the lock for this job.",
        locked_by="Noor Haddad",
        locked_until="2026-11-23T15:09:05Z",
    ),
    404: _refusal("not_found", "There is no such job. It may have been deleted."),
    409: _refusal(
        "locked",
        "Noor Haddad is editing this job.",
        locked_by="Noor Haddad",
        locked_until="2026-11-23T15:09:05Z",
    ),
    410: _refusal("link_gone", "Confirmation link expired", reason="expired", job_id=_JOB["id"]),
    413: _refusal("too_large", "The data value transmitted exceeds the capacity limit."),
    415: _refusal("unsupported_media_type", "Send the body as application/json."),
    429: _refusal("too_soon", "You can request a new email in 60 minutes.", retry_after_s=3600),
    503: _refusal(
        "unavailable", "The database is not reachable at the moment. Nothing was changed."
    ),
    507: _refusal("storage_full", "The storage is full. Nothing was changed."),
}
