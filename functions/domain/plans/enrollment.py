"""Enrollments: where one subject stands in a plan, and how they came there."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Final, NamedTuple

#: Moves that an enrollment keeps; older ones are laid aside.
MOVES_KEPT: Final = 100


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

    subject: str
    entered_at: datetime
    status: str = EnrollmentStatus.ACTIVE
    exit: str = ""  #: why they left
    ended_at: datetime | None = None
    goal_at: datetime | None = None
    threads: Mapping[str, Thread] = {}  #: by the node that each began at
    branches: Mapping[str, str] = {}  #: by split: the way that was chosen, for good
    moves: Sequence[Move] = ()
    next_at: datetime | None = None  #: when to look again at the latest; None once it has ended

    @property
    def has_ended(self) -> bool:
        """True once nothing more will happen."""
        return self.status in {EnrollmentStatus.COMPLETED, EnrollmentStatus.EXITED}
