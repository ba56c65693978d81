"""What a sliced file says of its print: weight, time, filament, printer.

Reading is bounded, whatever the file claims to hold: of a text the first and last 64 KB, of a
binary G-code the blocks before the moves, of an archive two small parts. So it is done where it is
asked for, in the web process, in a few milliseconds, with nothing but Python's own library.
"""

from services.sliced.facts import Plate, SlicedFacts
from services.sliced.offers import SlicedOffer, offer
from services.sliced.reading import read_sliced

__all__ = ["Plate", "SlicedFacts", "SlicedOffer", "offer", "read_sliced"]
