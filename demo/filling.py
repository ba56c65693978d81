"""Fills the database and the storage of the settings: `python -m demo.filling`, a child of
demo.running. What it has made is noted beside them."""

import argparse
import json
import logging
import signal
import sys
from datetime import datetime

import structlog

from demo import cast, history, lanes
from demo.acts import PASSWORD
from demo.running import INTERRUPTED, NOTES
from launch import prepare
from models import utcnow
from services.files import storage
from settings import settings

_WORDS = "Making the demo's history (once, about two minutes)"


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--days", type=int, required=True)
    parser.add_argument("--pace", type=float, required=True)
    parser.add_argument("--end", type=datetime.fromisoformat, default=history.anchor(utcnow()))
    wanted = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    prepare.migrate()
    storage.prepare_root(False)
    # Told to end, it ends its own children first.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    progress = Progress()
    try:
        jobs = history.make(history.Wanted(**vars(wanted)), progress.tell)
    except KeyboardInterrupt:
        return INTERRUPTED
    except lanes.LaneEnded:
        return 1
    finally:
        progress.end()
    _note(wanted.seed, wanted.end, jobs)
    return 0


class Progress:
    """One line that grows, or a line now and then where nobody watches."""

    def __init__(self) -> None:
        self._step = 1 if sys.stdout.isatty() else 20
        self._told = -1
        self.tell(0.0)

    def tell(self, part: float) -> None:
        percent = int(part * 100) // self._step * self._step
        if percent > self._told:
            self._told = percent
            start, end = ("\r", "") if self._step == 1 else ("", "\n")
            print(f"{start}{_WORDS}: {percent} %", end=end, flush=True)

    def end(self) -> None:
        if self._step == 1:
            print(flush=True)


def _note(seed: int, end: datetime, jobs: int) -> None:
    notes = {
        "seed": seed,
        "ends_at": end.isoformat(),
        "jobs": jobs,
        "people": [{"email": person.email, "role": person.role} for person in cast.SHOWN],
        "password": PASSWORD,
    }
    text = json.dumps(notes, indent=2)
    (settings().var_dir / NOTES).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
