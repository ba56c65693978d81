"""Prices and times, rounded as the lab rounds them (the plan's sections 2.1 and 5.5)."""

import math
from decimal import ROUND_FLOOR, ROUND_HALF_UP, Decimal

from services.errors import Invalid

# Floating-point sums such as 0.1 + 0.2 exceed a half hour by less than this; it is not charged.
FLOAT_NOISE_HOURS = Decimal("1e-9")


def cost_cents(weight_g: float, cents_per_gram: Decimal, minimum_cents: int) -> int:
    """Grams times price, half-up to a whole cent, and at least the minimum. Cents.

    Exact: 1.005 g is not rounded first. Raises Invalid if the weight is not a valid weight.
    """
    if not math.isfinite(weight_g) or weight_g < 0:
        raise Invalid(weight_g="Enter the weight in grams as a number, such as 12.5.")
    price = (Decimal(str(weight_g)) * cents_per_gram).to_integral_value(ROUND_HALF_UP)
    return max(int(price), minimum_cents)


def round_up_hours(hours: float) -> float:
    """Hours, up to the next half: 3.5 stays, 3.01 becomes 3.5. More than 0 stays more than 0.

    Raises Invalid if it is not a valid time.
    """
    if not math.isfinite(hours) or hours < 0:
        raise Invalid(time_hours="Enter the time in hours as a number, such as 3.5.")
    exact = Decimal(str(hours))
    halves = (exact * 2).to_integral_value(ROUND_FLOOR)
    if exact - halves / 2 >= FLOAT_NOISE_HOURS or 0 < exact < FLOAT_NOISE_HOURS:
        halves += 1
    return float(halves / 2)


def format_money(cents: int) -> str:
    """Cents as people write them: "$4.25", "$1,234.50", "-$0.50"."""
    dollars, rest = divmod(abs(cents), 100)
    return f"{'-' if cents < 0 else ''}${dollars:,}.{rest:02d}"
