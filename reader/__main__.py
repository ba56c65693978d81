"""`python -m reader FILE [--bed 250x210x220]` prints what a model file is, as JSON.

Ends with status 1 and one sentence on the standard error when the file cannot be read, and with 2
when the command is wrong.
"""

import argparse
import json
import logging
import re
import sys
import tempfile
from pathlib import Path
from typing import Any, NoReturn

import structlog

from reader import model
from reader.errors import CouldNotRead, Unreadable
from reader.lab import Lab, Printer
from reader.verdict import judging

_LAB_ONLY = ("state", "error", "estimate_g", "estimate_cents")


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{message[0].upper()}{message[1:]}.\n")


def main(arguments: list[str]) -> int:
    # The reader's own log is for the log of a service.
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    parser = _Parser(prog="python -m reader", description=__doc__)
    parser.add_argument("file", type=Path, help="a model: .stl, .obj or .3mf")
    parser.add_argument(
        *("--bed", "-b"),
        action="append",
        default=[],
        type=_bed,
        metavar="XxYxZ",
        help="a printer's build volume in mm, such as 250x210x220; may be given several times",
    )
    asked = parser.parse_args(arguments)
    try:
        print(json.dumps(read(asked.file, asked.bed), ensure_ascii=False, indent=2))  # noqa: T201
    except Unreadable as problem:
        return _complain(problem.message)
    except OSError as problem:
        return _complain(f"{asked.file} cannot be opened: {problem.strerror}.")
    except CouldNotRead as problem:
        return _complain(f"{asked.file} could not be read: {problem.message}.")
    return 0


def read(path: Path, beds: list[Printer]) -> dict[str, Any]:
    """Figures of the model, whether it fits each of the beds, and warnings in words."""
    with path.open("rb"):
        pass  # a missing file is told as the system tells it
    with tempfile.TemporaryDirectory(prefix="printdesk-model-") as folder:
        volumes = [bed.build_volume_mm for bed in beds]
        reading = model.read(path.resolve(), path.name, ["facts"], Path(folder), beds=volumes)
        facts = reading.facts()
        found = judging.judge(facts, reading.opinion(facts), Lab(tuple(beds)), None)
    return {name: value for name, value in found.items() if name not in _LAB_ONLY}


def _bed(text: str) -> Printer:
    found = re.fullmatch(r"(\d+(?:\.\d+)?)x(\d+(?:\.\d+)?)x(\d+(?:\.\d+)?)", text.lower())
    if not found:
        raise argparse.ArgumentTypeError(f"“{text}” is no build volume, write 250x210x220")
    x, y, z = map(float, found.groups())
    return Printer(text, f"A printer of {text} mm", (x, y, z))


def _complain(sentence: str) -> int:
    print(sentence, file=sys.stderr)  # noqa: T201
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
