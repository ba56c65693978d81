"""The form of a row: what an action is, who may take it, and how it is shown."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum, IntFlag, StrEnum, auto
from typing import Any

from models import MailKind, Role, Status
from services.actions.fields import Field, Values
from services.actors import Actor

# Who may bring a job there, or take one away from there, by whatever action.
ROLE_OF_STATUS: Mapping[Status, Role] = {Status.ARCHIVED: Role.ADMIN}


class Subject(StrEnum):
    """What an action is about. The value names it in what the console's pages send."""

    JOB = "job"
    PERSON = "person"


class Lock(Enum):
    """What an action asks of the job's lock."""

    HELD = "the person must hold it"
    NOT_ANOTHERS = "nobody else may hold it"
    NONE = "it does not matter"


class Look(Enum):
    """How its button stands out."""

    DANGER = "danger"
    PLAIN = "plain"
    ACCENT = "accent"  # invites, and is not what is done most often
    MAIN = "main"  # what is done most often in this status


class Place(IntFlag):
    """Where its button is."""

    NOWHERE = 0
    CARD = auto()  # of the queue
    PANEL = auto()  # with the other actions of the chosen job
    PANEL_HEAD = auto()
    PANEL_FACTS = auto()  # below what is known of the job
    FILE_LINK = auto()  # a link of its own: components/slicer.py
    SELECTION = auto()  # above the queue, for all selected jobs
    LIST = auto()  # beside each person
    PAGE_HEAD = auto()


class Show(Enum):
    """What a dialog shows besides its fields."""

    MODEL = "what the check says of the model"
    FILE = "which file will be printed, and what a sliced one says"
    PRINTER = "where it is printed"
    PRICE = "what the student pays"
    LIVE_PRICE = "what it costs with the amounts in the fields"
    NEW_PRICE = "the same, where there is a price already"


class Answer(Enum):
    """What the API answers."""

    SUBJECT = "the job or the person as it is then"
    NOTHING = "204"
    MESSAGE = "a sentence"
    LINK = "a sentence, and the token of a new link"
    PASSWORD = "the person, and the password that was made"


@dataclass(frozen=True)
class Words:
    """What people read. `done` is said afterwards; `many` is the title for several, with {jobs};
    `submit` is the dialog's button where it is not the action's label."""

    title: str = ""
    text: str | Callable[[Any], str] = ""
    done: str = ""
    submit: str = ""
    many: str = ""
    icon: str = ""


@dataclass(frozen=True)
class Route:
    """Its address under /api/v1, with <job_id> or <person_id>; `summary` and `note` are the
    document's words for it and for its body; `operation` is its id there, where it is not the
    action's name. `refusals`: statuses that only this route has."""

    method: str
    path: str
    summary: str
    note: str = ""
    answer: Answer = Answer.SUBJECT
    status: int = 200
    message: str = ""
    refusals: tuple[int, ...] = ()
    operation: str = ""


@dataclass
class Outcome:
    """What came of an action. `view` is the subject as it is then, None when it is gone; a token or
    a password is nowhere else."""

    view: Any = None
    token: str | None = None
    password: str | None = None


@dataclass(frozen=True)
class Transition:
    """What an action on a job's status does. `target` None: the job goes, unless the request says
    where to (`target_is_chosen`). `in_window`: only for `revert_window_minutes` after the last
    change of status."""

    target: Status | None
    event_types: tuple[str, ...]
    effect: Callable[..., dict[str, Any]]
    mail: MailKind | None = None
    in_window: bool = False
    target_is_chosen: bool = False

    @property
    def deletes(self) -> bool:
        return self.target is None and not self.target_is_chosen


@dataclass(frozen=True, kw_only=True)
class Action:
    """One row.

    `role` None: the student, by a signed link. `sources` are the statuses of a job from which it
    may be taken; `when` says it of the subject as it is shown. Either `transition` or `perform`
    does the work. `asks`: a dialog comes first. `implied`: what the console's button says by
    itself. `undone_by` takes it back. `only` names the fields that may be asked of a subject now.
    """

    name: str
    label: str
    subject: Subject
    role: Role | None
    sources: frozenset[Status] = frozenset()
    lock: Lock = Lock.NONE
    transition: Transition | None = None
    perform: Callable[..., Outcome] | None = None
    fields: tuple[Field, ...] = ()
    only: Callable[[Any], frozenset[str]] | None = None
    shows: tuple[Show, ...] = ()
    places: Place = Place.NOWHERE
    look: Look = Look.PLAIN
    is_dangerous: bool = False
    asks: bool = True
    is_new: bool = False  # there is no subject before it
    implied: Callable[[Any], Values] | None = None
    when: Callable[[Any, Actor], bool] | None = None
    undone_by: str = ""
    shortcut: str = ""
    words: Words = Words()
    route: Route | None = None

    @property
    def works_on_many(self) -> bool:
        return Place.SELECTION in self.places

    def fields_for(self, view: Any) -> tuple[Field, ...]:
        """What the dialog asks about a subject."""
        names = self.only(view) if self.only and view is not None else None
        asked = (each for each in self.fields if each.in_dialog)
        return tuple(each for each in asked if names is None or each.name in names)

    def is_offered(self, view: Any, actor: Actor) -> bool:
        """Whether the person may take it on the subject as it is shown. A lock is left out of
        account: a held lock is shown, and taken when the action begins."""
        if self.role is None or not actor.may(self.role):
            return False
        if self.subject is Subject.JOB and view is not None:
            role = ROLE_OF_STATUS.get(view.status)
            if view.status not in self.sources or (role and not actor.may(role)):
                return False
        return self.when is None or view is None or self.when(view, actor)
