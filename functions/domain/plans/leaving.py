"""Leaving: people end their walk before the plan does, and are forgotten."""

from datetime import datetime
from typing import Final

from functions.domain.contacts.contact import ERASED
from functions.domain.plans.enrollment import Enrollment, EnrollmentStatus, Move

#: What stays of a walk once its person is forgotten: nodes, ways and times, and nobody.
_IMPERSONAL: Final = (
    "entered_at",
    "status",
    "exit",
    "ended_at",
    "goal_at",
    "branches",
    "moves",
    "entry",
    "by",
    "plan",
    "pages",
    "exits",
)


def left(walk: Enrollment, reason: str, *, now: datetime) -> Enrollment:
    """Return somebody who leaves now, wherever they stand; who has ended stays as they are."""
    if walk.has_ended:
        return walk
    moves = [
        Move(start, thread.node, "", reason, now, now) for start, thread in walk.threads.items()
    ]
    return walk._replace(
        status=EnrollmentStatus.EXITED,
        exit=reason,
        ended_at=now,
        threads={},
        next_at=None,
        moves=[*walk.moves, *moves],
    )


def forgotten(walk: Enrollment, *, now: datetime) -> Enrollment:
    """Return what is left of a walk that nobody is known of any more; it has ended."""
    gone = left(walk, ERASED, now=now)
    return Enrollment(subject=ERASED, **{name: getattr(gone, name) for name in _IMPERSONAL})


def is_forgotten(walk: Enrollment) -> bool:
    """Tell whether nobody is known of a walk any more."""
    return not walk.who
