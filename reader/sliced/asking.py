"""What a sliced file says, as the sandbox reads it: once for each version of the file."""

import os
from functools import lru_cache
from pathlib import Path
from typing import Any

import structlog
from pydantic import TypeAdapter, ValidationError

from reader import sandbox
from reader.errors import CouldNotRead
from reader.sliced import facts
from reader.sliced.facts import Plate, SlicedFacts

log = structlog.get_logger()

KEPT = 512  # answers, of some hundred bytes each
# Python alone takes some 30 MB; the time is for a machine that is busy with other things.
MEMORY_MB, CPU_S, WALL_S = 256, 5, 10

_PLATES = TypeAdapter(list[Plate])
_WORDS = TypeAdapter(str | None)


def ask(path: Path) -> SlicedFacts | None:
    """What a sliced file says, or None when it says neither weight nor time.

    Raises CouldNotRead when the child did not come to an end; OSError goes through.
    """
    found = os.lstat(path)
    return _ask(str(path), found.st_mtime_ns, found.st_size)


@lru_cache(maxsize=KEPT)
def _ask(path: str, _changed: int, _size: int) -> SlicedFacts | None:
    limits = sandbox.Limits(memory_mb=MEMORY_MB, cpu_s=CPU_S, wall_s=WALL_S, file_mb=1)
    answer = sandbox.run("sliced", path, limits=limits).get("sliced")
    if "problem" in answer:
        log.info("sliced_file_not_read", file=Path(path).name, problem=str(answer["problem"])[:200])
    return _check(answer) if answer.get("plates") else None


def _check(answer: dict[str, Any]) -> SlicedFacts | None:
    """The facts from their parts: the child has read a stranger's file, and is not trusted."""
    try:
        plates = [_clean(plate) for plate in _PLATES.validate_python(answer["plates"])]
        names = [_WORDS.validate_python(answer.get(name)) for name in ("printer", "slicer")]
    except ValidationError:
        raise CouldNotRead("the reader returned an invalid answer") from None
    return facts.of_plates(plates[: facts.MAX_PLATES], *names)


def _clean(plate: Plate) -> Plate:
    kinds = facts.kinds(";".join(plate.filament_types))
    return Plate(
        facts.words(plate.name) or "",
        facts.as_weight(plate.weight_g),
        facts.as_hours(plate.time_hours),
        tuple(kind for kind in kinds if kind),
    )
