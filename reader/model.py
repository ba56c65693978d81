"""What a model file is: read once, in the sandbox, for its facts, its picture and its preview."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from reader import sandbox
from reader.errors import CouldNotRead, Interrupted, Unreadable
from reader.sandbox import Answer, Limits
from reader.verdict import answers
from reader.verdict.answers import Facts, NotAsked, Opinion

Result = Literal["facts", "picture", "preview"]
ALL: frozenset[Result] = frozenset(("facts", "picture", "preview"))

# trimesh needs nine times the memory of lib3mf: above this it would only run into the limit.
SECOND_OPINION_TRIANGLES = 200_000


@dataclass(frozen=True)
class Reading:
    """One reading of a file, and the folder that its picture (`picture.png`, `small.webp`) and its
    `preview` were written into.

    All methods raise Unreadable when the file is at fault, Interrupted when the reader was killed
    from outside, and CouldNotRead when it needed too much, hung or crashed.
    """

    answer: Answer
    folder: Path
    kind: str

    def has(self, results: Iterable[Result]) -> bool:
        """Whether all of these were found."""
        return all(isinstance(self.answer.results.get(result), dict) for result in results)

    def broke_off(self, result: Result) -> bool:
        """Whether the reader was killed from outside before it had this result: it can be had yet.
        To the facts of a 3MF belongs the second reader's opinion."""
        needed = {result, "opinion"} if (result, self.kind) == ("facts", "3mf") else {result}
        is_whole = needed <= self.answer.results.keys()
        return isinstance(self.answer.problem, Interrupted) and not is_whole

    def facts(self) -> Facts:
        return answers.read_facts(self.answer.get("facts"))

    def opinion(self, facts: Facts) -> Opinion | Unreadable | NotAsked | str | None:
        """What the second reader makes of a 3MF, its refusal, why it was not asked, or why it gave
        none; None where there is no second one."""
        if self.kind != "3mf" or facts.has_note("one_reader"):
            return None
        try:
            opinion = self.answer.get("opinion")
            if "not_asked" in opinion:
                return NotAsked(_why_not_asked(opinion["not_asked"]))
            return answers.read_opinion(opinion)
        except Unreadable as refused:
            return refused
        except CouldNotRead as problem:
            return problem.message

    def picture(self) -> Path | None:
        """The folder with picture.png and small.webp; None when nothing would be seen in them."""
        return None if self.answer.get("picture").get("blank") else self.folder

    def preview(self) -> Path:
        self.answer.get("preview")
        return self.folder / "preview"


def read(
    path: Path,
    name: str,
    wanted: Collection[Result],
    folder: Path,
    *,
    beds: Sequence[Sequence[float]] = (),
    limits: Limits = sandbox.USUAL,
) -> Reading:
    """Reads the model file at `path`, which its owner calls `name`, for what is `wanted`.

    The file's ending is its kind: stl, obj or 3mf. `beds` are build volumes in mm; `folder` must
    exist, and gets picture and preview.
    """
    arguments = (str(path), name, sorted(wanted), [list(bed) for bed in beds], str(folder))
    answer = sandbox.run(
        "model", *arguments, SECOND_OPINION_TRIANGLES, output=folder, limits=limits
    )
    return Reading(answer, folder, path.suffix.lower().removeprefix("."))


def _why_not_asked(code: str) -> str:
    if code == "has_paths":
        return "the second cannot follow parts that lie in files of their own"
    return f"above {SECOND_OPINION_TRIANGLES:,} triangles the second needs too much memory"
