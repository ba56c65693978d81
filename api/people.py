"""The staff list, for administrators; its actions are in api/actions.py."""

from apiflask import APIBlueprint
from flask import g

from api import answers
from services import work
from services.people import staff_list

bp = APIBlueprint("people", __name__, tag="People")


@bp.get("/people")
@bp.output(answers.PeopleOut)
def list_people() -> answers.PeopleOut:
    """Everybody, active people first."""
    with work.unit() as session:
        listed = staff_list.list_people(session, actor=g.actor)
    return answers.PeopleOut(people=[answers.PersonOut.model_validate(each) for each in listed])
