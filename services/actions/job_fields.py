"""The fields of job actions: amounts (grams, hours), print settings, and reasons."""

from dataclasses import replace

from services.actions import choices
from services.actions.fields import Choice, Field, Fixed, Flag, Number, Several, Text, TypedId

MIN_WEIGHT_G, MAX_WEIGHT_G = 0.1, 20_000
MIN_HOURS, MAX_HOURS = 0.01, 1_000  # half a minute; charged hours are rounded up anyway
MAX_REASON = 1_000

WEIGHT = Number(
    name="weight_g",
    label="Weight (g)",
    missing="Enter the weight in grams.",
    least=MIN_WEIGHT_G,
    most=MAX_WEIGHT_G,
    unit="g",
    beyond=f"Enter the weight in grams: at least {MIN_WEIGHT_G}, at most {MAX_WEIGHT_G:,}.",
    keeps=True,
    is_half=True,
    example=42.5,
)
HOURS = Number(
    name="time_hours",
    label="Time (hours)",
    missing="Enter the time in hours.",
    least=MIN_HOURS,
    most=MAX_HOURS,
    unit="h",
    beyond=f"Enter the time in hours: at least {MIN_HOURS}, at most {MAX_HOURS:,}.",
    keeps=True,
    is_half=True,
    example=3.2,
)
MATERIAL = Choice(
    name="material",
    label="Material",
    is_required=False,
    options=choices.materials,
    values=choices.material_names,
    max_length=32,
    is_closed=False,
    keeps=True,
    is_half=True,
    example="Filament",
)
PRINTER = Choice(
    name="printer",
    label="Printer",
    is_required=False,
    options=choices.printers,
    values=choices.printer_ids,
    is_closed=False,
    keeps=True,
    is_half=True,
    example="prusa_mk4s",
)
COLOR = Choice(
    name="color",
    label="Colour",
    is_required=False,
    options=choices.colors,
    values=choices.color_names,
    max_length=32,
    is_closed=False,
    keeps=True,
    example="True Red",
)
HOW_IT_IS_PRINTED: tuple[Field, ...] = (
    MATERIAL,
    PRINTER,
    COLOR,
    replace(WEIGHT, is_required=False, missing="Enter the weight as a number."),
    replace(HOURS, is_required=False, missing="Enter the time as a number."),
)

REJECTION_REASONS = Several(
    name="reasons",
    label="Reasons",
    is_required=False,
    options=choices.rejection_reasons,
    most=20,
    max_length=200,
    example=["Model is too large for the printer"],
)
OWN_REASON = Text(
    name="custom_reason",
    label="In your own words (optional)",
    is_required=False,
    max_length=MAX_REASON,
    is_long=True,
    example="Scaled to 10 %, it would fit.",
)
NEW_STATUS = Choice(
    name="new_status",
    label="New status",
    missing="Choose a status that differs from the present one.",
    options=choices.statuses,
    values=choices.status_names,
    example="READYTOPRINT",
)
MAIL_KIND = Choice(
    name="email_type",
    missing="Choose approval, rejection or completion.",
    options=choices.nothing,
    values=lambda: ("approval", "rejection", "completion"),
    in_dialog=False,
    example="approval",
)
# The id of the student's signed link; it is read from the token, and cannot be sent.
LINK = Text(name="confirmation_id", is_required=False, max_length=64, in_dialog=False, in_api=False)
SHORT_ID = TypedId(name="short_id", label="Type {short_id} to delete it")
REVIEWED = Flag(name="reviewed", missing="Say true or false.", example=True)
# Accepted for compatibility with the plan; the confirmation never waits for an e-mail.
BYPASS_EMAIL = Fixed(name="bypass_email", value=True, example=True)


def reason(label: str, missing: str, example: str) -> Text:
    """The reason for an action; it is kept in the history."""
    return Text(
        name="reason",
        label=label,
        missing=missing,
        max_length=MAX_REASON,
        is_long=True,
        example=example,
    )
