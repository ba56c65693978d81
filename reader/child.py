"""The child's side of reader/sandbox.py: limits first, then one task, and a line of JSON for each
of its results.

Started as `python -m reader.child PLAN`, or forked by reader/warm.py.
"""

import json
import os
import signal
import sys
from collections.abc import Mapping
from typing import Any

from reader import tasks
from reader.confinement import confine
from reader.errors import Unreadable

OUT_OF_MEMORY = 71


def work(plan: Mapping[str, Any]) -> int:
    """Does the task of a plan in this process, which is confined for good. The exit status."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # a stop from outside, and no error of the task's
    confine(
        folders=plan["folders"],
        memory_mb=plan["memory_mb"],
        cpu_s=plan["cpu_s"],
        file_mb=plan["file_mb"],
        parent=plan["parent"],
    )
    with open(plan["answer"], "wb") as pipe:
        try:
            for name, result in tasks.find(plan["task"])(*plan["arguments"]):
                _write(pipe, name, result)
        except Unreadable as problem:
            _write(pipe, tasks.WHOLE_FILE, {tasks.UNREADABLE: problem.message})
        except MemoryError:
            return OUT_OF_MEMORY
    return 0


def _write(pipe: Any, name: str, result: Any) -> None:
    pipe.write(json.dumps({name: result}, allow_nan=False).encode() + b"\n")
    pipe.flush()


def leave(status: int) -> None:
    """At once: the destructors of a library that has read a hostile file may crash."""
    sys.stdout.flush()
    os._exit(status)


if __name__ == "__main__":
    leave(work(json.loads(sys.argv[1])))
