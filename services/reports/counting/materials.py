"""What was printed, in grams: by material and colour, and week by week."""

from dataclasses import dataclass

import pandas as pd

from services.reports import frames
from services.reports.asking import periods
from services.reports.asking.question import Question
from services.reports.frames import OBJECT, REAL, WHOLE


@dataclass(frozen=True, eq=False)
class MaterialUse:
    """`colors` has for each `material` and `color` the `grams` of the `runs` that were completed in
    the period, and in how many `pieces` of it (weeks or months) the colour was used. `over_time`
    has a row for each of these, with the grams of each material."""

    grain: str
    colors: pd.DataFrame
    over_time: pd.DataFrame

    @property
    def runs(self) -> int:
        return int(self.colors["runs"].sum())


def read_materials(ask: Question) -> MaterialUse:
    """By week also where other charts go by days: material is bought for weeks."""
    grain = "month" if ask.period.grain == "month" else "week"
    names = dict.fromkeys(("material", "color", "piece"), OBJECT)
    found = ask.frame(
        _materials(ask), names | {"grams": REAL, "runs": REAL, "pieces": REAL}, grain=grain
    ).round(1)
    is_color = found["piece"].isna()
    colors = found[is_color].astype({"runs": WHOLE, "pieces": WHOLE})
    colors = colors.sort_values(["grams", "material", "color"], ascending=[False, True, True])
    pieces = found[~is_color]
    materials = sorted(pieces["material"].unique())
    over_time = frames.crossed(pieces, "piece", "material", "grams", materials)
    every = pd.Index(periods.cut(ask.period, grain), dtype=OBJECT)
    return MaterialUse(
        grain,
        colors[["material", "color", "grams", "runs", "pieces"]],
        over_time.reindex(every, fill_value=0.0),
    )


def _materials(ask: Question) -> str:
    return f"""
    WITH pieces AS (
        SELECT j.material, j.color,
            CAST(date_trunc(:grain, r.ended_at AT TIME ZONE :zone) AS date) AS piece,
            coalesce(sum(j.weight_g), 0) AS grams, count(*) AS runs
        FROM print_runs r JOIN jobs j ON j.id = r.job_id
        WHERE r.outcome = 'completed' AND r.ended_at >= :start AND r.ended_at < :end {ask.of_run}
        GROUP BY 1, 2, 3
    )
    SELECT material, color, NULL, sum(grams), sum(runs), count(*)
    FROM pieces GROUP BY 1, 2
    UNION ALL
    SELECT material, NULL, piece, sum(grams), NULL, NULL
    FROM pieces GROUP BY 1, 3
    """
