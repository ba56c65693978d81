"""Request schemas of the actions' routes, generated from the fields of their rows."""

from collections.abc import Callable
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, create_model
from pydantic_core import PydanticCustomError

from api.requests import SOMETHING, In, Storable
from services.actions import fields
from services.actions.rows import Action


def body_of(row: Action, name: str) -> type[In] | None:
    """The schema of a route's body; None if it takes no body."""
    asked = [field for field in row.fields if field.in_api]
    if not asked or row.route is None:
        return None
    parts: dict[str, Any] = {field.name: _part(field) for field in asked}
    return create_model(name, __base__=In, __doc__=row.route.note or None, **parts)


def example_of(row: Action) -> dict[str, Any]:
    return {field.name: field.example for field in row.fields if field.in_api}


def _part(field: fields.Field) -> tuple[Any, Any]:
    """A field for pydantic: its type, and its default."""
    kind = KINDS[type(field)](field)
    if isinstance(field, fields.Fixed):
        return kind, field.value
    if isinstance(field, fields.Several):
        return kind, []
    return (kind, ...) if field.is_required else (kind | None, None)


def _text(field: fields.Text) -> Any:
    if not field.is_required:
        return Annotated[str, Field(max_length=field.max_length), Storable()]
    return Annotated[str, _words(field.max_length, field.format), Storable()]


def _words(max_length: int, form: str = "") -> Any:
    shape: Any = {"format": form} if form else {"pattern": SOMETHING}
    return Field(min_length=1, max_length=max_length, json_schema_extra=shape)


def _number(field: fields.Number) -> Any:
    limits: Any = {"minimum": field.least, "maximum": field.most}
    return Annotated[
        float,
        Field(allow_inf_nan=False, json_schema_extra=limits, description=f"In {field.unit}."),
        _validated_by(field.check),
    ]


def _validated_by(check: Callable[[Any], Any]) -> AfterValidator:
    """Refuses a value with the message of its field."""

    def validate(value: Any) -> Any:
        try:
            return check(value)
        except ValueError as problem:
            raise PydanticCustomError("field", "{words}", {"words": str(problem)}) from None

    return AfterValidator(validate)


def _choice(field: fields.Choice) -> Any:
    if field.is_closed:
        return Literal[tuple(field.values())]

    def name_values(schema: dict[str, Any]) -> None:
        schema["enum"] = list(field.values())

    limits = Field(max_length=field.max_length, json_schema_extra=name_values)
    return Annotated[str, limits, Storable()]


def _several(field: fields.Several) -> Any:
    entry = Annotated[str, _words(field.max_length), Storable()]
    return Annotated[list[entry], Field(max_length=field.most)]


def _flag(_field: fields.Flag) -> Any:
    return bool


def _fixed(field: fields.Fixed) -> Any:
    return Literal[field.value]


KINDS: dict[type[fields.Field], Callable[[Any], Any]] = {
    fields.Text: _text,
    fields.Number: _number,
    fields.Choice: _choice,
    fields.Several: _several,
    fields.Flag: _flag,
    fields.Fixed: _fixed,
}
