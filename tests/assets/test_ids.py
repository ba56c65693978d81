"""The console's scripts name components that exist: components/ids.py is the list."""

import re

import pytest

from components import ids, queueview
from settings import ROOT

SCRIPTS = sorted((ROOT / "assets").glob("*.js"))
KNOWN = {value for name, value in vars(ids).items() if name.isupper()}
KNOWN |= {ids.queue(name) for name in queueview.DEFAULTS} | {ids.report("period")}
PREFIXES = "|".join({value.partition("-")[0] for value in KNOWN})
NAMED = re.compile(rf"['\"#]((?:{PREFIXES})-[a-z][a-z-]*)['\" :\[\]]")
# Words that look like ids, and are none.
OTHERS = {ids.field("")["type"], "slicer-path"}


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_every_id_that_a_script_names_exists(path):
    text = path.read_text(encoding="utf-8")
    made_here = set(re.findall(r"input\('\w+', '([\w-]+)'\)", text))
    assert set(NAMED.findall(text)) - made_here - OTHERS <= KNOWN
