"""The live price in a dialog equals the price that the server computes."""

import json
from decimal import Decimal

import pytest

from services.jobs.costs import cost_cents, format_money
from settings import ROOT
from tests.support import node
from tests.support.prices import PRICES

RUN = """
globalThis.window = { dash_clientside: { printdesk: {} } };
const { readFileSync } = require('node:fs');
const [script, cases] = process.argv.slice(1);
(0, eval)(readFileSync(script, 'utf8'));
const { cost } = window.dash_clientside.printdesk;
console.log(JSON.stringify(JSON.parse(cases).map((given) => cost(...given))));
"""
NOTHING = "Cost: enter the weight."


def shown(*cases):
    """What the dialog shows for each (weight, material, prices)."""
    script = ROOT / "assets" / "costs.js"
    result = node.evaluate(RUN, str(script), json.dumps(cases))
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout)


def prices(per_gram, minimum=300):
    return {"minimum_cents": minimum, "cents_per_gram": {"Filament": per_gram}}


@pytest.mark.parametrize("as_typed", [float, str], ids=["as a number", "as text"])
def test_browser_and_server_work_out_the_same_price(as_typed):
    cases = [
        (as_typed(grams), "Filament", prices(per_gram, minimum))
        for grams, per_gram, minimum, _ in PRICES
    ]
    assert len(cases) > 20
    for found, (grams, per_gram, minimum, cents) in zip(shown(*cases), PRICES, strict=True):
        is_minimum = cost_cents(grams, Decimal(per_gram), 0) < minimum
        words = f"Cost: {format_money(cents)}" + " (the minimum charge)" * is_minimum
        assert found == words, (grams, per_gram, minimum)


def test_without_a_weight_or_a_material_there_is_no_price():
    weights = [None, "", " ", ".", "-", 0, "0", "0.0", -1, "-1", "1e", "12,5", "abc", "Infinity"]
    found = shown(
        *((weight, "Filament", prices("10")) for weight in weights),
        (10, None, prices("10")),
        (10, "Wood", prices("10")),
        (10, "Filament", None),
    )
    assert found == [NOTHING] * (len(weights) + 3)
