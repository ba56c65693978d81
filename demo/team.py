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

    def moment(self, part: float) -> datetime:
        """The moment at which a part of the demo's time has passed."""
        return self.begin + (self.end - self.begin) * part

    def admin(self) -> Person:
        return next(person for person in cast.STAFF if person.role is Role.ADMIN)

    def somebody(self, at: datetime, rng: random.Random) -> Person:
        """One of those who work that morning or afternoon."""
        local = at.astimezone(self.opening.zone)
        shift = random.Random(f"{self.seed}/{local.date()}/{'am' if local.hour < 13 else 'pm'}")
        present = [person for person in cast.STAFF if self._works(person, at)]
        return rng.choice(shift.sample(present, min(_TOGETHER, len(present))))

    def _works(self, person: Person, at: datetime) -> bool:
        is_there = self.moment(person.since) < at
        has_left = person.until is not None and at > self.moment(person.until)
        return is_there and not has_left and person.role.includes(Role.STAFF)
