"""The child's side of reader/sandbox.py: limits first, then one task, then one line of JSON.

Started as `python -m reader.child PLAN`. Libraries that parse files are imported here only,
after the process has been confined, and never in a process that serves people.
"""

import importlib
import json
import os
import sys
from typing import Any

from reader.confinement import confine
from reader.errors import Unreadable

OUT_OF_MEMORY = 71

# Task -> the module and the function that does it: strings in, something JSON can hold out. Any
# other one of ours goes by "module:function".
TASKS = {
    "thumbnail": ("reader.pictures.thumbnail", "draw"),
    "preview": ("reader.pictures.preview", "make"),
    "check": ("reader.mesh.checking", "check"),
    "sliced": ("reader.sliced.reading", "answer"),
    "second-opinion": ("reader.mesh.second_opinion", "measure"),
}


def main() -> int:
    plan: dict[str, Any] = json.loads(sys.argv[1])
    confine(
        folders=plan["folders"],
        memory_mb=plan["memory_mb"],
        cpu_s=plan["cpu_s"],
        file_mb=plan["file_mb"],
        parent=plan["parent"],
    )
    try:
        answer = _do(plan["task"], plan["arguments"])
    except Unreadable as problem:
        answer = {"unreadable": problem.message}
    except MemoryError:
        return OUT_OF_MEMORY
    with open(plan["answer"], "wb") as pipe:
        pipe.write(json.dumps(answer, allow_nan=False).encode())
    return 0


def _do(task: str, arguments: list[str]) -> dict[str, Any]:
    module, function = TASKS.get(task) or task.split(":")
    answer: dict[str, Any] = getattr(importlib.import_module(module), function)(*arguments)
    return answer


if __name__ == "__main__":
    status = main()
    sys.stdout.flush()
    # Nothing is left to do, and the destructors of a library that read a hostile file may crash.
    os._exit(status)
