"""The key figures of a period, and of the one it is compared with."""

from dataclasses import dataclass

from services.reports.asking.periods import Span
from services.reports.asking.question import Question


@dataclass(frozen=True)
class Figures:
    """What happened in a span.

    `decided` counts approvals and rejections. `completed` and `failed` count print runs that ended;
    `grams` are those of completed ones. `ready` counts the jobs with such a run, and the hours are
    from their submission to the last of it. Money is that of jobs picked up, unless taken back.
    """

    submissions: int
    decided: int
    rejected: int
    completed: int
    failed: int
    grams: float
    ready: int
    median_hours: float | None
    p90_hours: float | None
    picked_up: int
    revenue_cents: int

    @property
    def rejection_rate(self) -> float | None:
        return self.rejected / self.decided if self.decided else None

    @property
    def failure_rate(self) -> float | None:
        ended = self.completed + self.failed
        return self.failed / ended if ended else None


@dataclass(frozen=True)
class KeyFigures:
    present: Figures
    before: Figures | None


def read_key_figures(ask: Question) -> KeyFigures:
    other = ask.period.before
    return KeyFigures(
        present=read_figures(ask, ask.period),
        before=read_figures(ask, other) if other is not None else None,
    )


def read_figures(ask: Question, span: Span) -> Figures:
    [(submissions,)] = ask(_submissions(ask), span)
    [(decided, rejected)] = ask(_decisions(ask), span)
    [(completed, failed, grams, ready, hours)] = ask(_prints(ask), span)
    [(picked_up, revenue)] = ask(_revenue(ask), span)
    median, p90 = hours or (None, None)
    return Figures(
        submissions=submissions,
        decided=decided,
        rejected=rejected,
        completed=int(completed),
        failed=int(failed),
        grams=round(float(grams), 1),
        ready=ready,
        median_hours=_rounded(median),
        p90_hours=_rounded(p90),
        picked_up=picked_up,
        revenue_cents=int(revenue),
    )


def _rounded(hours: float | None) -> float | None:
    return None if hours is None else round(hours, 2)


# A pick-up that was taken back, or put right by hand, is not counted; one that was archived is.
COLLECTED = """
    SELECT e.job_id, e.timestamp AS at, e.user_name AS by
    FROM events e
    WHERE e.moved_to = 'PAIDPICKEDUP' AND e.timestamp >= :start {until}
    AND NOT EXISTS (
        SELECT FROM events later
        WHERE later.job_id = e.job_id AND later.id > e.id
        AND later.details ->> 'old_status' = 'PAIDPICKEDUP' AND later.moved_to <> 'ARCHIVED'
    )
"""
COLLECTED_IN_PERIOD = COLLECTED.format(until="AND e.timestamp < :end")
COLLECTED_SINCE = COLLECTED.format(until="")


def _submissions(ask: Question) -> str:
    return f"""
    SELECT count(*) FROM jobs j
    WHERE j.created_at >= :start AND j.created_at < :end {ask.of_job}
    """


def _decisions(ask: Question) -> str:
    return f"""
    SELECT count(*), count(*) FILTER (WHERE e.event_type = 'StaffRejected')
    FROM events e {ask.join_jobs("e")}
    WHERE e.event_type IN ('StaffApproved', 'StaffRejected')
    AND e.timestamp >= :start AND e.timestamp < :end {ask.of_job}
    """


def _prints(ask: Question) -> str:
    return f"""
    WITH ended AS (
        SELECT r.job_id,
            count(*) FILTER (WHERE r.outcome = 'completed') AS completed,
            count(*) FILTER (WHERE r.outcome = 'failed') AS failed,
            max(r.ended_at) FILTER (WHERE r.outcome = 'completed') AS ready_at
        FROM print_runs r {ask.join_jobs("r")}
        WHERE r.ended_at >= :start AND r.ended_at < :end {ask.of_run}
        GROUP BY 1
    )
    SELECT coalesce(sum(completed), 0), coalesce(sum(failed), 0),
        coalesce(sum(completed * j.weight_g), 0),
        count(ready_at),
        percentile_cont(ARRAY[0.5, 0.9])
            WITHIN GROUP (ORDER BY date_part('epoch', ready_at - j.created_at) / 3600)
    FROM ended JOIN jobs j ON j.id = ended.job_id
    """


def _revenue(ask: Question) -> str:
    return f"""
    SELECT count(*), coalesce(sum(j.cost_cents), 0)
    FROM ({COLLECTED_IN_PERIOD}) AS collected JOIN jobs j ON j.id = collected.job_id
    WHERE true {ask.of_job}
    """
