"""What a sliced file says of its print: weight, time, filament, printer.

Reading is bounded, whatever the file claims to hold: of a text the first and last 64 KB, of a
binary G-code the blocks before the moves, of an archive two small parts. It is parsed all the same
(zip, XML, JSON, deflate), so `asking` has it done in the sandbox: about 0.1 s when the approve
dialog opens, most of it for starting the child, and nothing when the same file is asked for again.

`offers` knows the database and comes only when asked for: the child must not load it.
"""

from typing import TYPE_CHECKING, Any

from services.sliced.facts import Plate, SlicedFacts
from services.sliced.reading import read_sliced

if TYPE_CHECKING:
    from services.sliced.offers import SlicedOffer, offer

__all__ = ["Plate", "SlicedFacts", "SlicedOffer", "offer", "read_sliced"]


def __getattr__(name: str) -> Any:
    if name not in ("SlicedOffer", "offer"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from services.sliced import offers

    return getattr(offers, name)
