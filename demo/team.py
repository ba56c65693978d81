"""Who of the staff is in the lab."""

import random
from datetime import datetime

from demo import cast
from demo.cast import Person
from demo.terms import Opening
from models import Role

_TOGETHER = 2  # as many are in the lab at a time


class Team:
    """The staff, from `begin` to `end` of the demo."""

    def __init__(self, seed: int, begin: datetime, end: datetime, opening: Opening) -> None:
        self.seed, self.begin, self.end, self.opening = seed, begin, end, opening

    def joins_at(self, person: Person) -> datetime:
        """When somebody is put on the staff list: at the beginning, or in the lab's next hours."""
        return self._in_the_lab(person.since) if person.since else self.begin

    def leaves_at(self, person: Person) -> datetime | None:
        """When somebody is deactivated; None for those who stay."""
        return None if person.until is None else self._in_the_lab(person.until)

    def admin(self) -> Person:
        return next(person for person in cast.STAFF if person.role is Role.ADMIN)

    def somebody(self, at: datetime, rng: random.Random) -> Person:
        """One of those who work that morning or afternoon."""
        local = at.astimezone(self.opening.zone)
        shift = random.Random(f"{self.seed}/{local.date()}/{'am' if local.hour < 13 else 'pm'}")
        present = [person for person in cast.STAFF if self._works(person, at)]
        return rng.choice(shift.sample(present, min(_TOGETHER, len(present))))

    def _works(self, person: Person, at: datetime) -> bool:
        """Between the acts that add and deactivate the person, which wait for the lab to open."""
        left = self.leaves_at(person)
        is_there = self.joins_at(person) < at and (left is None or at < left)
        return is_there and person.role.includes(Role.STAFF)

    def _in_the_lab(self, part: float) -> datetime:
        """The first moment in opening hours after a part of the demo's time has passed."""
        return self.opening.next(self.begin + (self.end - self.begin) * part)
