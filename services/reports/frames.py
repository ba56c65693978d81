"""What the tables of the reports are shaped with, in pandas: typed columns, parts of a whole."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import numpy as np
import pandas as pd

OBJECT: Final = "object"
WHOLE: Final = "int64"
REAL: Final = "float64"


def frame(rows: Sequence[Sequence[Any]], types: Mapping[str, str]) -> pd.DataFrame:
    """Rows as they come from the database, or none; a type for each column, by its name."""
    columns: Iterable[Sequence[Any]] = zip(*rows, strict=True) if rows else [()] * len(types)
    named = zip(types.items(), columns, strict=True)
    return pd.DataFrame({name: _array(each, kind) for (name, kind), each in named}, copy=False)


def _array(column: Sequence[Any], kind: str) -> "np.ndarray[Any, Any]":
    """A Series for each column would take five times as long."""
    if kind != OBJECT:
        return np.array(column, dtype=kind)
    objects = np.empty(len(column), dtype=object)  # also of lists, which numpy would look into
    objects[:] = column
    return objects


def share(parts: "pd.Series[Any]", whole: "pd.Series[Any] | float") -> "pd.Series[Any]":
    """Parts of a whole, or each of its own; where that is nothing, there is no share."""
    return parts.div(whole).replace([np.inf, -np.inf], np.nan)


def values(column: "pd.Series[Any]") -> list[Any]:
    """Plain values of Python; None where there is none."""
    plain = column.tolist()
    if not column.hasnans:
        return plain
    return [None if gone else value for value, gone in zip(plain, column.isna(), strict=True)]


def crossed(
    found: pd.DataFrame, down: str, across: str, counted: str, columns: list[str]
) -> pd.DataFrame:
    """A row for each value of `down`, a column for each of `columns`; 0 where nothing counts."""
    wide = found.set_index([down, across])[counted].unstack(fill_value=0)
    return wide.reindex(columns=columns, fill_value=0)
