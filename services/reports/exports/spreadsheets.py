"""DataFrames as files: CSV, and Excel workbooks. Many rows come as several frames, so that no size
needs memory.

What people typed may begin like a formula, and a spreadsheet would run it (OWASP, CSV injection).
Such text gets an apostrophe before it, in both kinds of file: a cell of a workbook is text anyway,
but somebody may save the workbook as CSV.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from io import TextIOWrapper
from typing import IO, TYPE_CHECKING, Any

import pandas as pd

from services.reports import frames
from services.reports.tables import Column, Kind, Table
from settings import lab

if TYPE_CHECKING:
    from xlsxwriter import Workbook
    from xlsxwriter.format import Format
    from xlsxwriter.worksheet import Worksheet

_STARTS_FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠")
_STARTS_CELL = ("\t", "\r", "\n")
_SHEET_ROWS = 1_048_575  # what a sheet holds below its heading
_CELL_LENGTH = 32_000  # characters; a cell of a workbook holds little more
_FORMATS = {
    Kind.NUMBER: "#,##0",
    Kind.DECIMAL: "#,##0.00",
    Kind.SHARE: "0.0%",
    Kind.CENTS: "#,##0",
    Kind.DAY: "yyyy-mm-dd",
    Kind.TIME: "yyyy-mm-dd hh:mm",
}
_WIDTHS = {Kind.TEXT: 24, Kind.TIME: 17, Kind.DAY: 12}


@dataclass(frozen=True)
class Sheet:
    """A table with a name of at most 28 characters; its rows may come in several frames."""

    name: str
    columns: Sequence[Column]
    frames: Iterable[pd.DataFrame]

    @property
    def rows(self) -> Iterator[tuple[Any, ...]]:
        for each in self.frames:
            yield from zip(
                *(frames.values(each.iloc[:, place]) for place in range(len(self.columns))),
                strict=True,
            )


def sheet(name: str, table: Table) -> Sheet:
    return Sheet(name, table.columns, [table.frame])


def harmless(text: str) -> str:
    """Text that no spreadsheet takes for a formula."""
    if text.startswith(_STARTS_CELL) or text.lstrip().startswith(_STARTS_FORMULA):
        return f"'{text}"
    return text


def write_csv(target: IO[bytes], written: Sheet) -> None:
    """UTF-8 with a byte order mark, by which Excel knows it; times are on the lab's clock."""
    text = TextIOWrapper(target, encoding="utf-8-sig", newline="", write_through=True)
    heading = pd.DataFrame(columns=[harmless(column.name) for column in written.columns])
    heading.to_csv(text, index=False, lineterminator="\r\n")
    for each in written.frames:
        _in_words(each, written.columns).to_csv(
            text, header=False, index=False, lineterminator="\r\n"
        )
    text.detach()


def _in_words(frame: pd.DataFrame, columns: Sequence[Column]) -> pd.DataFrame:
    """Every cell as the text that stands in a CSV."""
    return pd.DataFrame(
        {
            place: [_as_text(column.kind, value) for value in frames.values(frame.iloc[:, place])]
            for place, column in enumerate(columns)
        },
        dtype=frames.OBJECT,
    )


def _as_text(kind: Kind, value: Any) -> str:
    if value is None:
        return ""
    if kind is Kind.TEXT:
        return harmless(str(value))
    if kind is Kind.TIME:
        return f"{_on_the_clock(value):%Y-%m-%d %H:%M}"
    if kind is Kind.SHARE:
        return f"{100 * value:.1f}%"
    return value.isoformat() if isinstance(value, date) else f"{value:.10g}"


def write_xlsx(
    target: IO[bytes], sheets: Iterable[Sheet], about: Sequence[tuple[str, str]]
) -> None:
    """A workbook; its last sheet says what the numbers are about."""
    import xlsxwriter  # only here: it would stay in the memory of every web process

    options = {
        "constant_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
    }
    with xlsxwriter.Workbook(target, options) as book:
        formats = {kind: book.add_format({"num_format": _FORMATS[kind]}) for kind in _FORMATS}
        heading = book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"})
        for each in sheets:
            _write_sheet(book, each, formats, heading)
        told = Sheet("About", (Column("About this file"), Column("")), [pd.DataFrame(about)])
        _write_sheet(book, told, formats, heading)


def _write_sheet(
    book: "Workbook", written: Sheet, formats: dict[Kind, "Format"], heading: "Format"
) -> None:
    """A table that is longer than a sheet goes on in another one."""
    page, line = 0, _SHEET_ROWS
    paper = None
    for row in written.rows:
        if line == _SHEET_ROWS:
            page, line = page + 1, 0
            paper = _begin_sheet(book, written, page, heading)
        line += 1
        assert paper is not None
        for place, (column, value) in enumerate(zip(written.columns, row, strict=True)):
            _write_cell(paper, line, place, column.kind, value, formats)
    if paper is None:
        _begin_sheet(book, written, 1, heading)


def _begin_sheet(book: "Workbook", written: Sheet, page: int, heading: "Format") -> "Worksheet":
    paper = book.add_worksheet(written.name if page == 1 else f"{written.name} {page}")
    paper.freeze_panes(1, 0)
    for place, column in enumerate(written.columns):
        paper.set_column(place, place, _WIDTHS.get(column.kind, 13))
        paper.write_string(0, place, harmless(column.name), heading)
    return paper


def _write_cell(
    paper: "Worksheet",
    line: int,
    place: int,
    kind: Kind,
    value: Any,
    formats: dict[Kind, "Format"],
) -> None:
    if value is None:
        return
    if kind is Kind.TEXT:
        paper.write_string(line, place, harmless(str(value))[:_CELL_LENGTH])
    elif kind in (Kind.TIME, Kind.DAY):
        at = _on_the_clock(value) if isinstance(value, datetime) else value
        paper.write_datetime(line, place, at, formats[kind])
    else:
        paper.write_number(line, place, value, formats[kind])


def _on_the_clock(moment: datetime) -> datetime:
    """A time on the lab's clock, without its zone, as spreadsheets know times."""
    return moment.astimezone(UTC).astimezone(lab().lab.zone).replace(tzinfo=None)
