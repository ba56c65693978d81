"""Two processes that share the work: each has its own jobs, and both keep step in time.

A job's acts are all done by one lane, so each lane knows its jobs and its files. What concerns
many jobs at once (links that run out, archiving) is done by the first lane while the other waits.
"""

import gc
import logging
import multiprocessing
import signal
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import structlog

from demo import catalogue
from demo import stage as staging
from demo.acts import Players
from demo.arrivals import Sent
from demo.plot import Act
from demo.stage import Stage
from services.checks import modelchecks
from settings import settings

LANES = 2
_PLACES = {key: place for place, key in enumerate(catalogue.DESIGNS)}


class LaneEnded(Exception):
    """A lane has broken off; what it had to say is in the terminal."""


def lane_of(sent: Sent) -> int:
    """By the design, so that each picture is drawn in one lane only."""
    return _PLACES[sent.design] % LANES


class Lanes:
    """The lanes as their director sees them."""

    def __init__(self, pipes: Sequence["Connection[Any, Any]"]) -> None:
        self._pipes = pipes

    def check(self, sent: Sent) -> dict[str, Any]:
        """What the model check says of a file."""
        lane = lane_of(sent)
        self._tell(lane, "check", [sent])
        model: dict[str, Any] = self._hear(lane)[0]
        return model

    def check_all(self, many: Sequence[Sent]) -> dict[str, dict[str, Any]]:
        """The same for many, by their keys."""
        shares = [[sent for sent in many if lane_of(sent) == lane] for lane in range(LANES)]
        for lane, share in enumerate(shares):
            self._tell(lane, "check", share)
        found: dict[str, dict[str, Any]] = {}
        for lane, share in enumerate(shares):
            found |= zip((sent.key for sent in share), self._hear(lane), strict=True)
        return found

    def learn(self, acts: Sequence[Act], sent: Mapping[str, Sent]) -> None:
        self._all("learn", acts, sent)

    def perform(self, start: int, stop: int) -> None:
        """Acts from one place in the list to another, all lanes at once."""
        self._all("perform", start, stop)

    def _all(self, *words: Any) -> None:
        for lane in range(LANES):
            self._tell(lane, *words)
        for lane in range(LANES):
            self._hear(lane)

    def _tell(self, lane: int, *words: Any) -> None:
        try:
            self._pipes[lane].send(words)
        except OSError as problem:
            raise LaneEnded from problem

    def _hear(self, lane: int) -> Any:
        try:
            return self._pipes[lane].recv()
        except EOFError as problem:
            raise LaneEnded from problem


@contextmanager
def started(begin: datetime) -> Iterator[Lanes]:
    """Lanes that live as long as the block, and end with this process however it ends."""
    context = multiprocessing.get_context("spawn")
    pairs = [context.Pipe() for _ in range(LANES)]
    processes = [
        context.Process(target=_run, args=(lane, theirs, begin), daemon=True)
        for lane, (_, theirs) in enumerate(pairs)
    ]
    try:
        for process, (_, theirs) in zip(processes, pairs, strict=True):
            process.start()
            theirs.close()
        yield Lanes([ours for ours, _ in pairs])
    except BaseException:
        for process in processes:
            process.terminate()
        raise
    finally:
        for ours, _ in pairs:
            ours.close()
        for process in processes:
            process.join()


class _Lane:
    def __init__(self, number: int, stage: Stage, folder: Path) -> None:
        self.number, self.stage, self.folder = number, stage, folder
        self.acts: Sequence[Act] = ()

    def check(self, many: Sequence[Sent]) -> list[dict[str, Any]]:
        return [self._check(sent) for sent in many]

    def _check(self, sent: Sent) -> dict[str, Any]:
        path = self.folder / f"model{sent.suffix}"
        path.write_bytes(sent.content())
        return modelchecks.check_file(str(path), sent.filename, sent.material)

    def learn(self, acts: Sequence[Act], sent: Mapping[str, Sent]) -> None:
        self.acts = acts
        self.players = Players(self.stage, sent)
        gc.freeze()  # all this stays to the end, and need not be looked through again and again

    def perform(self, start: int, stop: int) -> None:
        for act in self.acts[start:stop]:
            sent = self.players.sent.get(act.key)
            if self.number == (lane_of(sent) if sent else 0):
                self.players.perform(act)


def _run(number: int, pipe: "Connection[Any, Any]", begin: datetime) -> None:
    """A lane's whole life: it does what it is told until nobody is there to tell."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the director ends, and with it the pipe
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    scratch = tempfile.TemporaryDirectory(dir=settings().var_dir)
    with staging.set_up(begin) as stage, scratch as folder:
        lane = _Lane(number, stage, Path(folder))
        while told := _listen(pipe):
            word, *about = told
            answer = getattr(lane, word)(*about)
            with suppress(OSError):  # nobody is there any more: then nobody tells the next word
                pipe.send(answer)


def _listen(pipe: "Connection[Any, Any]") -> tuple[Any, ...] | None:
    """What to do next; None when the director has ended."""
    try:
        told: tuple[Any, ...] = pipe.recv()
    except (EOFError, OSError):
        return None
    return told
