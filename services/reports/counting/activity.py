"""What the staff do, and how soon they look at what is new."""

from dataclasses import dataclass

from models import Role
from services.reports.asking.question import Question

REVIEWS = ("Reviewed", "StaffApproved", "StaffRejected")


@dataclass(frozen=True)
class Activity:
    """`actions` maps event types to how often the person caused them in the period."""

    staff_id: str
    name: str
    total: int
    actions: dict[str, int]

    @property
    def reviews(self) -> int:
        """Decisions: approvals and rejections."""
        return self.actions.get("StaffApproved", 0) + self.actions.get("StaffRejected", 0)


@dataclass(frozen=True)
class FirstReview:
    """The jobs submitted in the period that this person was the first to look at or to decide on,
    and how long these had waited for it."""

    staff_id: str
    name: str
    jobs: int
    median_hours: float
    p90_hours: float


def read_activity(ask: Question) -> list[Activity]:
    """Everybody's for administrators, and one's own for others; the busiest first."""
    rows = ask(
        f"""
        SELECT s.id, s.name, counted.event_type, counted.number
        FROM (
            SELECT e.triggered_by, e.event_type, count(*) AS number
            FROM events e {ask.join_jobs("e")}
            WHERE e.timestamp >= :start AND e.timestamp < :end
            AND e.triggered_by NOT IN ('student', 'system') {_only_own(ask)} {ask.of_job}
            GROUP BY 1, 2
        ) AS counted JOIN staff s ON s.id = counted.triggered_by
        ORDER BY 1, 3
        """,
        person=ask.actor.id,
    )
    people: dict[str, Activity] = {}
    for staff_id, name, event_type, count in rows:
        known = people.get(staff_id) or Activity(staff_id, name, 0, {})
        actions = known.actions | {event_type: count}
        people[staff_id] = Activity(staff_id, name, known.total + count, actions)
    return sorted(people.values(), key=lambda person: (-person.total, person.name))


def read_first_reviews(ask: Question) -> list[FirstReview]:
    """Everybody's for administrators, and one's own for others; who was first most often, first."""
    rows = ask(
        f"""
        WITH first AS (
            SELECT DISTINCT ON (e.job_id) e.triggered_by,
                date_part('epoch', e.timestamp - j.created_at) / 3600 AS hours
            FROM events e JOIN jobs j ON j.id = e.job_id
            WHERE e.event_type IN ('Reviewed', 'StaffApproved', 'StaffRejected')
            AND j.created_at >= :start AND j.created_at < :end {ask.of_job}
            ORDER BY e.job_id, e.id
        )
        SELECT s.id, s.name, count(*),
            percentile_cont(ARRAY[0.5, 0.9]) WITHIN GROUP (ORDER BY hours)
        FROM first e JOIN staff s ON s.id = e.triggered_by WHERE true {_only_own(ask)}
        GROUP BY 1, 2 ORDER BY 3 DESC, 2
        """,
        person=ask.actor.id,
    )
    return [
        FirstReview(staff_id, name, jobs, round(hours[0], 2), round(hours[1], 2))
        for staff_id, name, jobs, hours in rows
    ]


def _only_own(ask: Question) -> str:
    """What one's colleagues do is for administrators."""
    return "" if ask.actor.may(Role.ADMIN) else "AND e.triggered_by = :person"
