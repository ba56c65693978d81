"""What an older version of ours has made, and is due to be made again: checks and pictures."""

from typing import Any

from sqlalchemy import ColumnElement, case, or_

from models import Job, Status

_FINISHED = Job.status.in_((Status.ARCHIVED, Status.REJECTED, Status.PAIDPICKEDUP))


def is_other(version: ColumnElement[Any], current: str) -> ColumnElement[bool]:
    """Made by another version, or not made yet.

    `IS DISTINCT FROM` says the same, but no index serves it: a sweep would read the whole table.
    """
    return or_(version.is_(None), version < current, version > current)


def order(is_waiting: ColumnElement[bool]) -> tuple[ColumnElement[Any], ...]:
    """Those without any result first, then those that people work on, the newest of each."""
    return case((is_waiting, 0), else_=1), _FINISHED, Job.created_at.desc()
