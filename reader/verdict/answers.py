"""What the sandboxed child answers, checked: it has read a stranger's file, and is not trusted."""

from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, NonNegativeInt, ValidationError

from reader.errors import CouldNotRead

Length = Annotated[float, Field(ge=0, le=1e5)]
Size = tuple[Length, Length, Length]


class _Answer(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Note(_Answer):
    code: Annotated[str, Field(max_length=40)]
    count: NonNegativeInt = 0
    first: NonNegativeInt = 0
    second: NonNegativeInt = 0


class Facts(_Answer):
    """mm, mm2, mm3. `volume` is less than 0 when the surface is inside out; `tilted` says for each
    printer whether the model might fit in some rotation."""

    triangles: Annotated[int, Field(gt=0)]
    size: Size
    volume: FiniteFloat
    surface: Annotated[float, Field(gt=0)]
    bodies: NonNegativeInt
    open_edges: NonNegativeInt
    holes: NonNegativeInt
    overshared_edges: NonNegativeInt
    flipped_edges: NonNegativeInt
    degenerate_triangles: NonNegativeInt
    unit: Annotated[str, Field(max_length=20)] | None
    items: NonNegativeInt
    notes: Annotated[tuple[Note, ...], Field(max_length=20)]
    tilted: tuple[bool, ...]

    def has_note(self, code: str) -> bool:
        return any(note.code == code for note in self.notes)


class Opinion(_Answer):
    """The second reader's."""

    triangles: NonNegativeInt
    size: Size
    unit: Annotated[str, Field(max_length=20)]


@dataclass(frozen=True)
class NotAsked:
    """Why the second reader was not asked: words that follow "Read by one reader only: "."""

    because: str


def read_facts(answer: dict[str, Any]) -> Facts:
    """Raises CouldNotRead when the answer is none."""
    try:
        return Facts.model_validate(answer)
    except ValidationError:
        raise CouldNotRead("the reader returned an invalid answer") from None


def read_opinion(answer: dict[str, Any]) -> Opinion:
    """Raises CouldNotRead when the answer is none."""
    try:
        return Opinion.model_validate(answer)
    except ValidationError:
        raise CouldNotRead("the reader returned an invalid answer") from None
