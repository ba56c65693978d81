"""The task "check" of the sandboxed child: one file, all its facts."""

import json
from typing import Any

from reader.mesh import loading, measuring, tilting


def check(path: str, kind: str, name: str, beds: str) -> dict[str, Any]:
    """The facts of a model file, as reader/verdict/answers.py reads them.

    `beds` is JSON: build volumes in mm. `tilted` says for each whether the model might fit tilted;
    it is asked only where no way along the axes fits. Raises Unreadable.
    """
    found, points = measuring.measure(loading.read(path, kind, name))
    size = sorted(found["size"])
    volumes: list[list[float]] = json.loads(beds)
    too_small = [
        bed for bed in volumes if any(a > b for a, b in zip(size, sorted(bed), strict=True))
    ]
    fitting = iter(tilting.could_fit(points, too_small)) if too_small else iter(())
    found["tilted"] = [bed not in too_small or next(fitting) for bed in volumes]
    return found
