from decimal import Decimal

import pytest

from services.errors import Invalid
from services.jobs.costs import cost_cents, format_money, round_up_hours
from tests.support.prices import PRICES


@pytest.mark.parametrize(
    ("grams", "cents_per_gram", "minimum", "cents"), [*PRICES, (0, "10", 300, 300)]
)
def test_a_price_is_exact_half_up_and_at_least_the_minimum(grams, cents_per_gram, minimum, cents):
    assert cost_cents(grams, Decimal(cents_per_gram), minimum) == cents


@pytest.mark.parametrize("weight", [-1.0, float("nan"), float("inf")])
def test_an_invalid_weight_is_refused(weight):
    with pytest.raises(Invalid) as refusal:
        cost_cents(weight, Decimal(10), 300)
    assert "weight_g" in refusal.value.fields


@pytest.mark.parametrize(
    ("hours", "rounded"),
    [
        (0.0, 0.0),
        (0.01, 0.5),
        (0.5, 0.5),
        (3, 3.0),
        (3.01, 3.5),
        (3.5, 3.5),
        (3.51, 4.0),
        (0.1 + 0.2 + 0.2, 0.5),
        (1.1 + 2.2 + 0.2, 3.5),  # 3.5000000000000004
        (3.5000000001, 3.5),
        (3.500000001, 4.0),
        (3.4999999999, 3.5),
    ],
)
def test_hours_round_up_to_the_next_half(hours, rounded):
    assert round_up_hours(hours) == rounded


@pytest.mark.parametrize("hours", [-0.5, float("nan"), float("inf")])
def test_an_invalid_time_is_refused(hours):
    with pytest.raises(Invalid) as refusal:
        round_up_hours(hours)
    assert "time_hours" in refusal.value.fields


@pytest.mark.parametrize(
    ("cents", "written"),
    [
        (425, "$4.25"),
        (300, "$3.00"),
        (5, "$0.05"),
        (0, "$0.00"),
        (123450, "$1,234.50"),
        (-50, "-$0.50"),
    ],
)
def test_money_is_written_with_two_decimals(cents, written):
    assert format_money(cents) == written
