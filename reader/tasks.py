"""What the sandboxed child can be asked to do. Whatever parses files is imported inside the tasks:
after the process has been confined, unless it was forked from a warm parent (reader/warm.py).

A task gets what JSON can hold, and yields its results by name, each as soon as it is there: what
was found before a reader ends by force still counts.
"""

import importlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reader.errors import Unreadable

if TYPE_CHECKING:
    from reader.mesh.solid import Solid

Results = Iterator[tuple[str, dict[str, Any]]]
PREVIEW = "preview"  # the file in the output folder
# Instead of a result: why there is none. A file that has none at all says so under WHOLE_FILE.
UNREADABLE, OUT_OF_MEMORY_HERE = "unreadable", "out_of_memory"
WHOLE_FILE = "file"


def find(task: str) -> Callable[..., Results]:
    """The function of a task. Any other one goes by "module:function", and has one result."""
    if task in TASKS:
        return TASKS[task]
    module, function = task.split(":")
    found = getattr(importlib.import_module(module), function)

    def run(*arguments: Any) -> Results:
        yield "answer", found(*arguments)

    return run


def attempt(make: Callable[..., dict[str, Any]], *arguments: Any) -> dict[str, Any]:
    """One result, or why there is none: the others may still be had."""
    try:
        return make(*arguments)
    except Unreadable as problem:
        return {UNREADABLE: problem.message}
    except MemoryError:
        return {OUT_OF_MEMORY_HERE: True}


def read_model(
    path: str,
    name: str,
    wanted: Sequence[str],
    beds: Sequence[list[float]],
    folder: str,
    asked_up_to: int,
) -> Results:
    """Reads and welds a model file once, and yields what is `wanted`: facts, picture, preview.

    Pictures and preview are written into `folder`. With the facts of a 3MF comes the opinion of the
    second reader, last, as it needs the most memory; above `asked_up_to` triangles it is not asked.
    Raises Unreadable.
    """
    from reader.mesh import loading, second_opinion
    from reader.mesh.solid import Solid

    kind = path.rpartition(".")[2].lower()
    model = loading.read(path, kind, name)
    solid = Solid(model)
    if "facts" in wanted:
        yield "facts", attempt(_measure, solid, beds)
    if "picture" in wanted:
        yield "picture", attempt(_draw, solid, folder)
    if "preview" in wanted:
        yield "preview", attempt(_write_preview, solid, folder)
    if "facts" in wanted and kind == "3mf":
        codes, triangles = {note["code"] for note in model.notes}, solid.triangles
        del solid
        yield "opinion", attempt(second_opinion.ask, path, codes, triangles, asked_up_to)


def _measure(solid: "Solid", beds: Sequence[list[float]]) -> dict[str, Any]:
    """The facts as reader/verdict/answers.py takes them. `tilted` says for each build volume
    whether the model might fit tilted; asked only where no way along the axes fits."""
    from reader.mesh import measuring, tilting

    facts = measuring.measure(solid)
    size = sorted(facts["size"])
    too_small = [bed for bed in beds if any(a > b for a, b in zip(size, sorted(bed), strict=True))]
    fitting = iter(tilting.could_fit(solid.points, too_small)) if too_small else iter(())
    facts["tilted"] = [bed not in too_small or next(fitting) for bed in beds]
    return facts


def _draw(solid: "Solid", folder: str) -> dict[str, Any]:
    from reader.pictures import thumbnail

    return thumbnail.draw(solid, Path(folder))


def _write_preview(solid: "Solid", folder: str) -> dict[str, Any]:
    from reader.pictures import preview

    return preview.write(solid, Path(folder) / PREVIEW)


def read_sliced(path: str) -> Results:
    from reader.sliced import reading

    yield "sliced", reading.answer(path)


TASKS: dict[str, Callable[..., Results]] = {"model": read_model, "sliced": read_sliced}
