"""The options in the fields of actions, for a subject and a person."""

from typing import Any

from models import STATUS_LABELS, Role, Status
from services.actions.fields import Option
from services.actions.rows import ROLE_OF_STATUS
from services.actors import Actor
from settings import lab

ROLE_LABELS = {
    Role.MANAGER: "Manager: reads reports and the queue",
    Role.STAFF: "Staff: works on the queue",
    Role.ADMIN: "Administrator: everything, including people and system",
}


def materials(_view: Any, _actor: Actor) -> list[Option]:
    return [Option(name, name) for name in material_names()]


def printers(view: Any, _actor: Actor) -> list[Option]:
    """Printers for the job's material first; the service refuses wrong combinations."""
    ordered = sorted(lab().printers, key=lambda printer: printer.material != view.material)
    return [Option(printer.id, f"{printer.name} ({printer.material})") for printer in ordered]


def colors(view: Any, _actor: Actor) -> list[Option]:
    """Colours of the job's material first."""
    own = lab().find_material(view.material)
    first = own.colors if own else ()
    others = [color for known in lab().materials for color in known.colors if color not in first]
    return [Option(color, color) for color in (*first, *others)]


def statuses(view: Any, actor: Actor) -> list[Option]:
    """Every status except the current one to which the person may move a job."""
    return [
        Option(status.value, STATUS_LABELS[status])
        for status in Status
        if status is not view.status and actor.may(ROLE_OF_STATUS.get(status, Role.STAFF))
    ]


def rejection_reasons(_view: Any, _actor: Actor) -> list[Option]:
    return [Option(reason, reason) for reason in lab().choices.rejection_reasons]


def roles(_view: Any, _actor: Actor) -> list[Option]:
    return [Option(role.value, label) for role, label in ROLE_LABELS.items()]


def nothing(_view: Any, _actor: Actor) -> list[Option]:
    return []


def material_names() -> list[str]:
    return [material.name for material in lab().materials]


def printer_ids() -> list[str]:
    return [printer.id for printer in lab().printers]


def color_names() -> list[str]:
    return sorted({color for material in lab().materials for color in material.colors})


def status_names() -> list[str]:
    return [status.value for status in Status]


def role_names() -> list[str]:
    return [role.value for role in Role]
