"""Who asks for prints: by discipline and by class."""

from dataclasses import dataclass

from services.reports.asking.question import Question

CLASSES = 25


@dataclass(frozen=True)
class Demand:
    """The jobs submitted in the period by one discipline or class. Grams and cents are those of
    the prices that were quoted."""

    name: str
    jobs: int
    grams: float
    cents: int


@dataclass(frozen=True)
class Demands:
    """The classes are the CLASSES that asked for most; `other_classes` are all others together."""

    jobs: int
    disciplines: list[Demand]
    classes: list[Demand]
    other_classes: Demand | None


def read_demand(ask: Question) -> Demands:
    rows = ask(
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
        SELECT is_class, name, jobs, grams, cents, count(*) OVER (PARTITION BY is_class)
        FROM counted ORDER BY is_class, jobs DESC, name
        """
    )
    demands = [(row[0], Demand(row[1], row[2], round(row[3], 1), row[4])) for row in rows]
    disciplines = [demand for is_class, demand in demands if not is_class]
    classes = [demand for is_class, demand in demands if is_class]
    return Demands(
        jobs=sum(demand.jobs for demand in disciplines),
        disciplines=disciplines,
        classes=classes[:CLASSES],
        other_classes=_together(classes[CLASSES:]),
    )


def _together(demands: list[Demand]) -> Demand | None:
    if not demands:
        return None
    return Demand(
        f"{len(demands)} other classes",
        sum(demand.jobs for demand in demands),
        round(sum(demand.grams for demand in demands), 1),
        sum(demand.cents for demand in demands),
    )
