"""The structure of an action's row: what it does, who may take it, and how it is shown."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum, IntFlag, StrEnum, auto
from typing import Any

from models import MailKind, Role, Status
from services.actions.fields import Field, Values
from services.actors import Actor

# The role needed to move a job into or out of a status, by any action.
ROLE_OF_STATUS: Mapping[Status, Role] = {Status.ARCHIVED: Role.ADMIN}


class Subject(StrEnum):
    """What an action is performed on. The value is the key in the data that pages send."""

    JOB = "job"
    PERSON = "person"


class Lock(Enum):
    """Whether an action needs the job's lock."""

    HELD = "the person must hold it"
    NOT_ANOTHERS = "nobody else may hold it"
    NONE = "it does not matter"


class Look(Enum):
    """The appearance of an action's button."""

    DANGER = "danger"
    PLAIN = "plain"
    ACCENT = "accent"  # recommended, but not the most frequent action
    MAIN = "main"  # the most frequent action in this status


class Place(IntFlag):
    """The places of an action's button."""

    NOWHERE = 0
    CARD = auto()  # in the queue
    PANEL = auto()  # with the other actions of the chosen job
    PANEL_HEAD = auto()
    PANEL_FACTS = auto()  # below the job's facts
    FILE_LINK = auto()  # the slicer link: components/cards.py
    SELECTION = auto()  # above the queue, for all selected jobs
    LIST = auto()  # beside each person
    PAGE_HEAD = auto()


class Show(Enum):
    """Information that a dialog shows besides its fields."""

    MODEL = "the results of the model check"
    FILE = "the file to print, and the figures of a sliced one"
    PRINTER = "the printer"
    PRICE = "the price"
    LIVE_PRICE = "the price computed from the fields"
    NEW_PRICE = "the same, if the job already has a price"


class Answer(Enum):
    """The content of the API's answer."""

    SUBJECT = "the job or the person after the action"
    NOTHING = "204"
    MESSAGE = "a sentence"
    LINK = "a sentence, and the token of a new link"
    PASSWORD = "the person, and the generated password"


@dataclass(frozen=True)
class Words:
    """The texts of an action. `done` is shown afterwards; `many` is the title of the batch action,
    with {jobs}; `submit` is the label of the dialog's button, by default the action's label."""

    title: str = ""
    text: str | Callable[[Any], str] = ""
    done: str = ""
    submit: str = ""
    many: str = ""
    icon: str = ""


@dataclass(frozen=True)
class Route:
    """The API route of an action under /api/v1, with <job_id> or <person_id>. `summary` and `note`
    describe the route and its body in the OpenAPI document; `operation` is its id there, by default
    the action's name. `refusals`: error statuses of this route only."""

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
    """The result of an action. `view` is the subject afterwards, None if it was deleted. A token or
    password is stored nowhere else."""

    view: Any = None
    token: str | None = None
    password: str | None = None


@dataclass(frozen=True)
class Transition:
    """A change of a job's status. `target` None: the job is deleted, unless the request names the
    target (`target_is_chosen`). `in_window`: only within `revert_window_minutes` after the last
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
    """One action.

    `role` None: the student, by a signed link. `sources` are the job statuses in which it may be
    taken; `when` is a further condition on the subject as shown. Either `transition` or `perform`
    does the work. `asks`: a dialog opens first. `implied`: values that the console's button
    implies. `undone_by` is the action that reverts it. `only` returns the fields that apply to a
    subject now.
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
    is_new: bool = False  # it creates its subject
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
        """The fields of the dialog for a subject."""
        names = self.only(view) if self.only and view is not None else None
        asked = (each for each in self.fields if each.in_dialog)
        return tuple(each for each in asked if names is None or each.name in names)

    def is_offered(self, view: Any, actor: Actor) -> bool:
        """Whether the person may take it on the subject as shown, regardless of locks: a held lock
        is shown, and a free one is taken when the action begins."""
        if self.role is None or not actor.may(self.role):
            return False
        if self.subject is Subject.JOB and view is not None:
            role = ROLE_OF_STATUS.get(view.status)
            if view.status not in self.sources or (role and not actor.may(role)):
                return False
        return self.when is None or view is None or self.when(view, actor)
