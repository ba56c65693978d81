"""The staff list, for administrators; its actions are in api/actions.py."""

from apiflask import APIBlueprint
from flask import g

from api import schemas
from services import work
from services.people import staff_list

bp = APIBlueprint("people", __name__, tag="People")


@bp.get("/people")
@bp.output(schemas.PeopleOut)
def list_people() -> schemas.PeopleOut:
    """Everybody, active people first."""
    with work.unit() as session:
        listed = staff_list.list_people(session, actor=g.actor)
    return schemas.PeopleOut(people=[schemas.PersonOut.model_validate(each) for each in listed])
