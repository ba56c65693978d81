"""What was printed, in grams: by material and colour, and week by week."""

from dataclasses import dataclass
from datetime import date

from services.reports.asking import periods
from services.reports.asking.question import Question


@dataclass(frozen=True)
class ColorUse:
    """Grams of the completed print runs that ended in the period; `pieces` is in how many of its
    days, weeks or months the colour was used."""

    material: str
    color: str
    grams: float
    runs: int
    pieces: int


@dataclass(frozen=True)
class MaterialUse:
    """`over_time` has every piece of the period, with grams by material."""

    grain: str
    colors: list[ColorUse]
    over_time: dict[date, dict[str, float]]

    @property
    def runs(self) -> int:
        return sum(color.runs for color in self.colors)


def read_materials(ask: Question) -> MaterialUse:
    """By week also where other charts go by days: material is bought for weeks."""
    grain = "month" if ask.period.grain == "month" else "week"
    over_time: dict[date, dict[str, float]] = {day: {} for day in periods.cut(ask.period, grain)}
    colors = []
    for material, color, piece, grams, runs, pieces in ask(_materials(ask), grain=grain):
        if piece is None:
            colors.append(ColorUse(material, color, round(grams, 1), int(runs), pieces))
        else:
            over_time.setdefault(piece, {})[material] = round(grams, 1)
    colors.sort(key=lambda use: (-use.grams, use.material, use.color))
    return MaterialUse(grain, colors, over_time)


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
