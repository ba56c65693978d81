"""The actor of an action: the person, as the console, the API and the tasks all represent them."""

from dataclasses import dataclass

from models import Role
from services.errors import Forbidden


@dataclass(frozen=True)
class Actor:
    """`id` is a staff id, "student" or "system". `role` is None for the last two."""

    id: str
    name: str
    role: Role | None = None

    def may(self, role: Role) -> bool:
        return self.role is not None and self.role.includes(role)


def student(name: str) -> Actor:
    """The student of a job, who has no account."""
    return Actor("student", name)


SYSTEM = Actor("system", "System")


def require(actor: Actor, role: Role) -> None:
    """Raises Forbidden unless the actor has the role or a higher one. The system may do
    anything."""
    if actor is not SYSTEM and not actor.may(role):
        raise missing_role(role)


def missing_role(role: Role) -> Forbidden:
    """The error for somebody without the role."""
    return Forbidden(
        f"This needs the role {role.value}. Ask an administrator if you should have it.",
        role=role.value,
    )
