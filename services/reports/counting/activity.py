"""What the staff do, and how soon they look at what is new."""

import pandas as pd

from models import Role
from services.reports.asking.question import Question
from services.reports.frames import OBJECT, REAL, WHOLE


def read_activity(ask: Question) -> pd.DataFrame:
    """How often each person (`staff_id` and `name`, the index) caused each type of event (a column)
    in the period. Everybody's for administrators, and one's own for others; the busiest first."""
    found = ask.frame(
        f"""
        SELECT s.id, s.name, counted.event_type, counted.number
        FROM (
            SELECT e.triggered_by, e.event_type, count(*) AS number
            FROM events e {ask.join_jobs("e")}
            WHERE e.timestamp >= :start AND e.timestamp < :end
            AND e.triggered_by NOT IN ('student', 'system') {_only_own(ask)} {ask.of_job}
            GROUP BY 1, 2
        ) AS counted JOIN staff s ON s.id = counted.triggered_by
        """,
        {"staff_id": OBJECT, "name": OBJECT, "action": OBJECT, "number": WHOLE},
        person=ask.actor.id,
    )
    people = found.set_index(["staff_id", "name", "action"])["number"].unstack(fill_value=0)
    busiest = people.assign(total=people.sum(axis=1)).sort_values(
        ["total", "name"], ascending=[False, True]
    )
    return busiest.drop(columns="total")


def read_first_reviews(ask: Question) -> pd.DataFrame:
    """For each person, the `jobs` submitted in the period that they were the first to look at or to
    decide on, and how long these had waited for it: `median_hours` and `p90_hours`. Everybody's for
    administrators, and one's own for others; who was first most often, first."""
    hours = ("median_hours", "p90_hours")
    return ask.frame(
        f"""
        WITH first AS (
            SELECT DISTINCT ON (e.job_id) e.triggered_by,
                date_part('epoch', e.timestamp - j.created_at) / 3600 AS hours
            FROM events e JOIN jobs j ON j.id = e.job_id
            WHERE e.event_type IN ('Reviewed', 'StaffApproved', 'StaffRejected')
            AND j.created_at >= :start AND j.created_at < :end {ask.of_job}
            ORDER BY e.job_id, e.id
        ), waited AS (
            SELECT s.id, s.name, count(*) AS jobs,
                percentile_cont(ARRAY[0.5, 0.9]) WITHIN GROUP (ORDER BY hours) AS hours
            FROM first e JOIN staff s ON s.id = e.triggered_by WHERE true {_only_own(ask)}
            GROUP BY 1, 2
        )
        SELECT id, name, jobs, hours[1], hours[2] FROM waited ORDER BY 3 DESC, 2
        """,
        {"staff_id": OBJECT, "name": OBJECT, "jobs": WHOLE} | dict.fromkeys(hours, REAL),
        person=ask.actor.id,
    ).round(2)


def _only_own(ask: Question) -> str:
    """What one's colleagues do is for administrators."""
    return "" if ask.actor.may(Role.ADMIN) else "AND e.triggered_by = :person"
