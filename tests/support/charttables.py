"""Made-up tables for each chart of the reports: as many rows as wanted, and no database."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import count, product
from typing import Any

from models import STATUS_LABELS
from services.reports import frames
from services.reports.counting import flow
from services.reports.tables import Column, Kind, Table
from settings import lab

T, N, D, S, C = Kind.TEXT, Kind.NUMBER, Kind.DECIMAL, Kind.SHARE, Kind.CENTS
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
START = datetime(
    2026, 3, 7, 18, tzinfo=UTC
)  # a run of the next night is under way when clocks change
PERCENTILES = ("10th percentile (h)", "25th percentile (h)", "Median (h)")
PERCENTILES += ("75th percentile (h)", "90th percentile (h)")
REASONS = {
    "Walls are too thin to print": N,
    "Its own reason, which is longer than a legend has room": N,
}

COLUMNS: dict[str, dict[str, Kind]] = {
    "submissions": {"Day": Kind.DAY, "Submissions": N, "Trend": D},
    "funnel": {"Step": T, "Jobs": N, "Share of all submitted": S},
    "money": {"Outcome": T, "Jobs": N, "Cents": C, "Share of all quoted": S},
    "status-times": {"Status": T, "Stays": N} | dict.fromkeys(PERCENTILES, D),
    "waiting": {"Status": T, "Jobs": N, "Median wait (h)": D, "Longest wait (h)": D}
    | {f"Submitted {label}": N for label in flow.AGE_LABELS},
    "quotes": {"Quote": T, "Jobs": N, "Cents": C, "Longest wait (h)": D},
    "printers": {"Printer": T, "Hours printed": D, "Hours available": D, "Utilisation": S}
    | {"Jobs": N, "Completed runs": N, "Failed runs": N, "Cancelled runs": N, "Grams": D},
    "utilisation": {"Week from": Kind.DAY, "Printer": T, "Hours printed": D}
    | {"Hours available": D, "Utilisation": S},
    "heatmap": {"Weekday": T, "Hour from": N, "Hours printed": D, "Printers at a time": D},
    "timeline": {"Printer": T, "Job": T, "Started": Kind.TIME, "Ended": Kind.TIME}
    | {"Outcome": T, "Reason": T, "Operator": T},
    "failures": {"Printer": T, "Reason": T, "Failed runs": N},
    "reasons": {"Reason": T, "Rejections": N, "Cumulative share": S, "Not watertight": N},
    "reasons-by-discipline": {"Discipline": T} | REASONS | {"All reasons": N},
    "reasons-over-time": {"Month from": Kind.DAY} | REASONS | {"All reasons": N},
    "model-facts": {"Finding": T, "Submitted": N, "Rejected": N, "Rejection rate": S},
    "disciplines": {"Discipline": T, "Jobs": N, "Share": S, "Grams quoted": D, "Cents quoted": C},
    "classes": {"Class": T, "Jobs": N, "Share": S, "Grams quoted": D, "Cents quoted": C},
    "staff": {"Person": T, "Decisions": N, "Approved": N, "Rejected": N, "Marked as reviewed": N}
    | {"Prints started": N, "Handed over": N, "All actions": N, "First reviews": N}
    | {"Median wait (h)": D, "90th percentile (h)": D},
    "materials": {"Material": T, "Colour": T, "Grams": D, "Print runs": N, "Weeks in use": N}
    | {"Grams in each": D},
    "materials-over-time": {"Week from": Kind.DAY, "Filament (g)": D, "Resin (g)": D},
}
# Of what a column of text may hold, where the chart knows what it means.
KNOWN = {
    "Status": [STATUS_LABELS[status] for status in flow.WAITING_STATUSES],
    "Step": [*flow.STEPS, "Closed without a print"],
    "Outcome": list(flow.MONEY),
    "Quote": ["Link works", "Link expired"],
}


def make(name: str, rows: int) -> Table:
    """With `rows` rows, or all there can be where these are fewer."""
    return of_rows(COLUMNS[name], [row for row, _ in zip(_rows(name), range(rows), strict=False)])


def of_rows(columns: dict[str, Kind], rows: list[tuple[Any, ...]]) -> Table:
    kinds = {Kind.NUMBER: frames.WHOLE, Kind.CENTS: frames.WHOLE}
    kinds |= {Kind.DECIMAL: frames.REAL, Kind.SHARE: frames.REAL}
    types = {name: kinds.get(kind, frames.OBJECT) for name, kind in columns.items()}
    named = tuple(Column(name, kind) for name, kind in columns.items())
    return Table(named, frames.frame(rows, types))


def _rows(name: str) -> Iterator[tuple[Any, ...]]:
    if name == "heatmap":
        for day, hour in product(WEEKDAYS, range(24)):
            yield day, hour, hour * 1.5, hour / 24 if hour else None
        return
    for place in count():
        row = tuple(_value(name, column, kind, place) for column, kind in COLUMNS[name].items())
        if None in row[:1]:
            return
        yield row


def _value(name: str, column: str, kind: Kind, place: int) -> Any:
    if name == "timeline" and column == "Outcome":
        return ("completed", "failed", "cancelled", "printing")[place % 4]
    if kind is Kind.TEXT:
        return _text(column, place)
    if kind is Kind.DAY:
        return _day(column, place)
    if kind is Kind.TIME:
        ended = START + timedelta(hours=7 * place + 5)
        return START + timedelta(hours=7 * place) if column == "Started" else ended
    if kind is Kind.SHARE:
        return None if place % 5 == 4 else (place % 11) / 10
    return 1 + place * 3 if kind in (Kind.NUMBER, Kind.CENTS) else 0.5 + place * 1.25


def _text(column: str, place: int) -> str | None:
    if column in KNOWN:
        return KNOWN[column][place] if place < len(KNOWN[column]) else None
    if column == "Printer":
        printers = lab().printers
        return printers[place % len(printers)].name if place % 7 else "A printer that was sold"
    return f"{column} {place}"


def _day(column: str, place: int) -> date:
    if column == "Month from":
        return date(2000 + place // 12, 1 + place % 12, 1)
    return date(2016, 1, 4) + timedelta(days=place * (7 if column == "Week from" else 1))
