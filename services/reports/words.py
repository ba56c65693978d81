"""The key figures in words: the same on the page, in the exports and in the monthly mail."""

from collections.abc import Callable
from dataclasses import dataclass

from services.jobs.costs import format_money
from services.reports.counting.key_figures import Figures, KeyFigures

_NO_CHANGE = "no change"  # as far as the words tell


@dataclass(frozen=True)
class KeyRow:
    """`change` is against the period before; empty when there is nothing to compare. `tone` says
    whether that is good: ok, bad, or empty for what is neither. `counts` says what is counted."""

    key: str
    name: str
    value: str
    before: str
    change: str
    tone: str
    counts: str


@dataclass(frozen=True)
class _Kind:
    """How a figure reads, and whether more of it is good (1), bad (-1) or neither."""

    key: str
    name: str
    words: Callable[[float | None], str]
    change: Callable[[float, float], str]
    good: int


def format_hours(hours: float | None) -> str:
    """ "45 min", "5.5 h", "3.2 days": as exact as anybody needs it."""
    if hours is None:
        return "–"
    if hours < 1:
        return f"{round(hours * 60)} min"
    return f"{hours:.1f} h" if hours < 48 else f"{hours / 24:.1f} days"


def format_share(share: float | None) -> str:
    return "–" if share is None else f"{100 * share:.1f} %"


def format_number(number: float | None) -> str:
    if number is None:
        return "–"
    return f"{number:,.0f}" if number >= 100 or number == int(number) else f"{number:,.1f}"


def format_grams(grams: float | None) -> str:
    """ "850 g", "12.5 kg"."""
    if grams is None or grams < 1000:
        return f"{format_number(grams)} g"
    return f"{grams / 1000:,.1f} kg"


def _money(cents: float | None) -> str:
    return format_money(int(cents or 0))


def _relative(now: float, before: float) -> str:
    if not before:
        return "none before" if now else _NO_CHANGE
    return _signed(round(100 * (now - before) / before), " %")


def _points(now: float, before: float) -> str:
    return _signed(round(100 * (now - before), 1), " points")


def _longer(now: float, before: float) -> str:
    return _signed(round(now - before, 1), " h")


def _signed(number: float, unit: str) -> str:
    if not number:
        return _NO_CHANGE
    return f"{'+' if number > 0 else '−'}{abs(number):,g}{unit}"


_KINDS = (
    _Kind("submissions", "Submissions", format_number, _relative, 0),
    _Kind("completed", "Prints finished", format_number, _relative, 1),
    _Kind("rejection_rate", "Rejection rate", format_share, _points, -1),
    _Kind("failure_rate", "Print failure rate", format_share, _points, -1),
    _Kind("median_hours", "Submission to pickup-ready, median", format_hours, _longer, -1),
    _Kind("p90_hours", "Submission to pickup-ready, 90th percentile", format_hours, _longer, -1),
    _Kind("revenue_cents", "Revenue", _money, _relative, 1),
    _Kind("grams", "Material printed", format_grams, _relative, 0),
)


def key_rows(found: KeyFigures) -> list[KeyRow]:
    return [_row(kind, found.present, found.before) for kind in _KINDS]


def _row(kind: _Kind, present: Figures, before: Figures | None) -> KeyRow:
    now = getattr(present, kind.key)
    then = getattr(before, kind.key) if before else None
    change = kind.change(now, then) if now is not None and then is not None else ""
    is_same = now is None or then is None or change == _NO_CHANGE
    direction = 0 if is_same else (now > then) - (now < then)
    return KeyRow(
        key=kind.key,
        name=kind.name,
        value=kind.words(now),
        before=kind.words(then) if before else "",
        change=change,
        tone={1: "ok", -1: "bad", 0: ""}[direction * kind.good],
        counts=_counts(kind.key, present),
    )


def _counts(key: str, figures: Figures) -> str:
    ended = figures.completed + figures.failed
    return {
        "submissions": "jobs submitted",
        "completed": "print runs that were completed",
        "rejection_rate": f"of {figures.decided:,} decisions",
        "failure_rate": f"of {ended:,} ended print runs",
        "median_hours": f"{figures.ready:,} jobs printed",
        "p90_hours": f"{figures.ready:,} jobs printed",
        "revenue_cents": f"{figures.picked_up:,} jobs picked up",
        "grams": "of completed print runs",
    }[key]
