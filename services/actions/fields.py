"""The fields of an action: their kinds, their limits, and the messages for wrong values.

The dialogs and the API's request schemas are both generated from these. `check` is the service's
own validation of a value, whoever sent it.
"""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from services.actors import Actor
from services.errors import Invalid

Values: TypeAlias = Mapping[str, Any]


@dataclass(frozen=True)
class Option:
    """One option: the value that is sent, and the label that people read."""

    value: str
    label: str


@dataclass(frozen=True, kw_only=True)
class Field:
    """One input. `name` is the same in the API and in the dialog.

    `missing` is the message for a required value that is left out. `keeps`: the dialog starts with
    the subject's value. `start`: the initial value if there is no subject yet. `is_half`: half
    width, beside its neighbour. `note` explains the field in the API.
    """

    name: str
    label: str = ""
    is_required: bool = True
    missing: str = ""
    keeps: bool = False
    start: Any = None
    is_half: bool = False
    in_dialog: bool = True
    in_api: bool = True
    note: str = ""
    example: Any = None

    def check(self, value: Any) -> Any:
        """The validated value; None if it is left out. Raises ValueError with a message that says
        what is allowed."""
        raise NotImplementedError

    def require(self) -> None:
        """Raises ValueError if the field is required."""
        if self.is_required:
            raise ValueError(self.missing)


@dataclass(frozen=True, kw_only=True)
class Text(Field):
    """Free text. `is_long`: several lines. `format` is that of the API's document: "email", or
    "printable", which has no control characters."""

    max_length: int
    is_long: bool = False
    format: str = ""

    def check(self, value: Any) -> str | None:
        words = str(value or "").strip()
        if not words:
            self.require()
            return None
        if len(words) > self.max_length:
            raise ValueError(f"Use at most {self.max_length:,} characters.")
        return words


@dataclass(frozen=True, kw_only=True)
class Number(Field):
    """An amount within limits; `unit` is for the API's document."""

    least: float
    most: float
    unit: str
    beyond: str  # the message for a number outside the limits

    def check(self, value: Any) -> float | None:
        if value is None:
            self.require()
            return None
        if math.isnan(value):
            raise ValueError(self.missing)
        if not (math.isfinite(value) and self.least <= value <= self.most):
            raise ValueError(self.beyond)
        return float(value)


@dataclass(frozen=True, kw_only=True)
class Choice(Field):
    """One of several options. `options` depend on the subject and the person; `values` are all that
    the API documents."""

    options: Callable[[Any, Actor], Sequence[Option]]
    values: Callable[[], Sequence[str]]
    max_length: int = 64
    is_closed: bool = True  # whether a value beyond `values` is refused here

    def check(self, value: Any) -> str | None:
        if value in (None, ""):
            self.require()
            return None
        known = self.values()
        if self.is_closed and value not in known:
            raise ValueError(f"Choose one of: {', '.join(known)}.")
        return str(value)


@dataclass(frozen=True, kw_only=True)
class Several(Field):
    """Any number of entries, from a list or free text."""

    options: Callable[[Any, Actor], Sequence[Option]]
    most: int
    max_length: int

    def check(self, value: Any) -> tuple[str, ...]:
        words = tuple(word.strip() for word in value or () if word.strip())
        if self.is_required and not words:
            raise ValueError(self.missing)
        if len(words) > self.most or any(len(word) > self.max_length for word in words):
            raise ValueError(
                f"Give at most {self.most}, each of at most {self.max_length} characters."
            )
        return words


@dataclass(frozen=True, kw_only=True)
class TypedId(Field):
    """The subject's short id, typed as a confirmation. Only in the dialog."""

    in_api: bool = False

    def check(self, value: Any) -> None:
        return None

    def compare(self, value: Any, short_id: str) -> None:
        """Raises Invalid unless the short id was typed."""
        if str(value or "").strip().lower() != short_id:
            raise Invalid(**{self.name: f"Type {short_id} to delete this job."})


@dataclass(frozen=True, kw_only=True)
class Flag(Field):
    """Yes or no, in the API; in the console, the button implies the value."""

    in_dialog: bool = False

    def check(self, value: Any) -> bool | None:
        if value is None:
            self.require()
            return None
        return bool(value)


@dataclass(frozen=True, kw_only=True)
class Fixed(Field):
    """A field that the API accepts with one value only, and that has no effect."""

    value: Any
    is_required: bool = False
    in_dialog: bool = False

    def check(self, value: Any) -> None:
        return None


def check_all(fields: Iterable[Field], values: Values) -> dict[str, Any]:
    """The validated values of the fields, without those that were left out. Raises Invalid with
    every wrong field."""
    found: dict[str, Any] = {}
    wrong: dict[str, str] = {}
    for field in fields:
        try:
            value = field.check(values.get(field.name))
        except ValueError as problem:
            wrong[field.name] = str(problem)
            continue
        if value not in (None, ()):
            found[field.name] = value
    if wrong:
        raise Invalid(**wrong)
    return found
