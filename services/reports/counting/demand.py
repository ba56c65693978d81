"""Who asks for prints: by discipline and by class."""

from dataclasses import dataclass

import pandas as pd

from services.reports.asking.question import Question
from services.reports.frames import OBJECT, REAL, WHOLE

CLASSES = 25


@dataclass(frozen=True, eq=False)
class Demands:
    """For each discipline or class (`name`), the `jobs` submitted in the period, and `grams` and
    `cents` of the prices that were quoted. The classes are the CLASSES that asked for most;
    `other_classes` are all others together, in one row or none."""

    jobs: int
    disciplines: pd.DataFrame
    classes: pd.DataFrame
    other_classes: pd.DataFrame


def read_demand(ask: Question) -> Demands:
    found = ask.frame(
        f"""
        WITH asked AS (
            SELECT j.discipline, j.class_number, count(*) AS jobs,
                coalesce(sum(j.weight_g), 0) AS grams, coalesce(sum(j.cost_cents), 0) AS cents
            FROM jobs j
            WHERE j.created_at >= :start AND j.created_at < :end {ask.of_job}
            GROUP BY GROUPING SETS ((j.discipline), (j.class_number))
        ), counted AS (
            SELECT discipline IS NULL AS is_class,
                coalesce(discipline, upper(regexp_replace(trim(class_number), '\\s+', ' ', 'g')))
                    AS name,
                CAST(sum(jobs) AS bigint) AS jobs, sum(grams) AS grams,
                CAST(sum(cents) AS bigint) AS cents
            FROM asked GROUP BY 1, 2
        )
        SELECT is_class, name, jobs, grams, cents
        FROM counted ORDER BY is_class, jobs DESC, name
        """,
        {"is_class": "bool", "name": OBJECT, "jobs": WHOLE, "grams": REAL, "cents": WHOLE},
    ).round(1)
    demands = found[["name", "jobs", "grams", "cents"]]
    disciplines, classes = demands[~found["is_class"]], demands[found["is_class"]]
    return Demands(
        jobs=int(disciplines["jobs"].sum()),
        disciplines=disciplines,
        classes=classes[:CLASSES],
        other_classes=_together(classes[CLASSES:]),
    )


def _together(demands: pd.DataFrame) -> pd.DataFrame:
    totals = demands[["jobs", "grams", "cents"]].sum().to_frame().T.round(1)
    totals.insert(0, "name", f"{len(demands)} other classes")
    return totals.astype({"jobs": WHOLE, "cents": WHOLE})[: len(demands)]
