"""Continuing: somebody comes back who had left, for what they have not had, by whatever version."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from functions.domain.plans.document import PlanDocument
from functions.domain.plans.enrollment import Enrollment, Thread
from functions.domain.plans.plan import Plan


class Rest(NamedTuple):
    """What is left of a plan for somebody who comes back."""

    starts: Sequence[str]  #: where they begin; none: nothing is left
    former: Mapping[str, Thread | None] = {}  #: as of their enrollment


def rest_of(before: Plan | None, after: Plan, walk: Enrollment, *, at: datetime) -> Rest:
    """Return what is left of a version of a plan for somebody who comes back to it at `at`.

    `before` is the version that they walked by; None: it is the same, or gone. Steps that were not
    over when they left are left, and those that they have never walked by.
    """
    if not walk.left:
        return Rest(())
    if isinstance(after.document, PlanDocument):
        return Rest(after.starts)
    known = before.starts if before is not None else after.starts
    gone = {step for step in known if step not in after.nodes}
    former = {step: step in walk.left or bool(walk.former.get(step)) for step in gone}
    may_come = {step: thread is not None for step, thread in walk.former.items()} | former
    new = {step for step in after.starts if step not in known and may_come.get(step, True)}
    starts = [step for step in after.starts if step in walk.left or step in new]
    kept = {step: may for step, may in may_come.items() if step not in starts}
    return Rest(starts, {step: Thread(step, at) if may else None for step, may in kept.items()})
