"""Several people pressing at the same moment."""

import threading
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from services import work
from services.errors import PrintdeskError
from tests.support import whole


@dataclass
class Outcome:
    """What came of each: the answers of those who won, and the refusals of the others."""

    won: list[Any] = field(default_factory=list)
    refused: list[PrintdeskError] = field(default_factory=list)
    broken: list[BaseException] = field(default_factory=list)

    @property
    def refusals(self) -> Counter[type[PrintdeskError]]:
        return Counter(type(refusal) for refusal in self.refused)


def at_once(actions: Sequence[Callable[[], Any]]) -> Outcome:
    """Runs every action in a thread of its own, all from the same moment."""
    barrier, outcome = threading.Barrier(len(actions)), Outcome()

    def run(action: Callable[[], Any]) -> None:
        barrier.wait()
        try:
            outcome.won.append(action())
        except PrintdeskError as refusal:
            outcome.refused.append(refusal)
        except BaseException as fault:  # told to the test, in its own thread
            outcome.broken.append(fault)

    threads = [threading.Thread(target=run, args=(action,)) for action in actions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if outcome.broken:
        raise outcome.broken[0]
    return outcome


def check_whole() -> None:
    with work.unit() as session:
        whole.assert_whole(session)
    assert whole.leftovers() == []
