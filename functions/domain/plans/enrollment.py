"""Enrollments: where one subject stands in a plan, and how they came there."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, NamedTuple

#: Moves that an enrollment keeps; older ones are laid aside, a page at a time.
MOVES_KEPT: Final = 100
#: In front of an event's name among an enrollment's fields: when one came that ends the walk.
EXIT: Final = "x_"
#: A move of a person by an operator.
OPERATOR: Final = "operator"
#: Moves of whoever goes over to another version of the plan.
MIGRATED: Final = "migrated"
NODE_REMOVED: Final = "node_removed"
ADDED: Final = "added"
STEP_REMOVED: Final = "removed"
TOO_LATE: Final = "added_too_late"


class EnrollmentStatus(StrEnum):
    """Whether somebody is under way."""

    ACTIVE = "active"
    PAUSED = "paused"  #: by a person; events go on being noted
    COMPLETED = "completed"  #: final: the plan has come to its end for them
    EXITED = "exited"  #: final: they left before that, or never began


class Thread(NamedTuple):
    """One walk through a plan: a journey has one, a sequence one per step that is not done."""

    node: str
    since: datetime  #: when the node was entered: at the event's or the timer's instant
    visit: int = 1  #: counts the nodes that were entered
    message: str = ""  #: the id of the newest message; it stays in force at the nodes behind it
    due_at: datetime | None = None  #: when this visit's message is due; None: it is not made yet
    used: Sequence[str] = ()  #: occurrences that have moved the thread: none does so twice
    turn: int = 1  #: as visit, but a pause raises it not: what is drawn and counted hangs on it


class Move(NamedTuple):
    """A step from one node to the next, or to the end."""

    start: str  #: of which thread
    source: str
    target: str  #: "" for the end
    on: str  #: the event, or why it ended
    at: datetime  #: when it happened
    seen: datetime  #: when we noticed


class Enrollment(NamedTuple):
    """Where a subject stands, as stored under .../campaigns/{campaign}/enrollments/{id}."""

    subject: str  #: the contact's id, or what a caller calls whoever walks
    entered_at: datetime
    status: str = EnrollmentStatus.ACTIVE
    exit: str = ""  #: why they left
    ended_at: datetime | None = None
    goal_at: datetime | None = None
    resumed_at: datetime | None = None  #: when somebody last had them go on
    remade: int = 0  #: counts pauses and versions upon which what waited to be sent was made anew
    threads: Mapping[str, Thread] = {}  #: by the node that each began at
    began: Mapping[str, datetime] = {}  #: by step that comes after another: when that was over
    left: Sequence[str] = ()  #: starts of the threads that were not over when they left
    branches: Mapping[str, str] = {}  #: by split: the way that was chosen, for good
    moves: Sequence[Move] = ()
    next_at: datetime | None = None  #: when to look again at the latest; None once it has ended
    who: str = ""  #: the id of the contact, stored or not; of a free subject one derived from it
    contact: str = ""  #: the contact's path, also of a free subject, whom none is stored for
    address: str = ""  #: what they were enrolled by, where that was an address
    region: str = ""
    zones: Sequence[str] = ()
    data: Mapping[str, str] = {}  #: what the entry said, for the texts of this walk
    key: str = ""  #: tells this walk from others of the same subject
    entry: int = 1  #: counts how often they have entered
    by: str = ""  #: upon what they entered (EntryBy)
    event: str = ""  #: the id of the custom event upon which they entered, which is used up by it
    plan: int = 1  #: the version of the plan that they walk through
    pages: int = 0  #: of older moves, laid aside
    #: By step that is no more, or came too late: from where it would go on; None: it was made.
    former: Mapping[str, Thread | None] = {}
    hears: Sequence[str] = ()  #: custom events that may move them or end their walk
    heard_at: datetime | None = None  #: when a custom event was last marked
    exits: Mapping[str, datetime] = {}  #: the first of each event that ends the walk

    @property
    def has_ended(self) -> bool:
        """True once nothing more will happen."""
        return self.status in {EnrollmentStatus.COMPLETED, EnrollmentStatus.EXITED}


_STORED: Final = frozenset(Enrollment._fields) - {"threads", "former", "moves", "exits"}


def enrollment_from(data: Mapping[str, Any]) -> Enrollment:
    """Rebuild an enrollment from its stored fields."""
    others = data.keys() - _STORED
    own = {name: data[name] for name in data.keys() - others}
    threads = {start: Thread(**thread) for start, thread in data["threads"].items()}
    former = {step: thread and Thread(**thread) for step, thread in data.get("former", {}).items()}
    told = {name[len(EXIT) :]: data[name] for name in others if name.startswith(EXIT)}
    exits = {name: at for name, at in told.items() if at is not None}  # None: taken back
    moves = [Move(**move) for move in data["moves"]]
    return Enrollment(**own, threads=threads, former=former, moves=moves, exits=exits)


def enrollment_fields(enrollment: Enrollment, lane: str | None) -> dict[str, Any]:
    """Return what is stored of an enrollment; `lane` looks after it, None once it has ended."""
    threads = enrollment.threads.values()
    fields = enrollment._asdict()
    del fields["exits"]
    for name, at in enrollment.exits.items():
        fields[f"{EXIT}{name}"] = at
    fields["threads"] = {start: each._asdict() for start, each in enrollment.threads.items()}
    fields["former"] = {step: each and each._asdict() for step, each in enrollment.former.items()}
    fields["moves"] = [move._asdict() for move in enrollment.moves]
    # What enrollments are found by.
    fields["lane"] = lane
    fields["hearer"] = enrollment.who if enrollment.hears and not enrollment.has_ended else None
    fields["node"] = next(iter(threads)).node if len(threads) == 1 else None
    return fields
