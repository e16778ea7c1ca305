"""Counts: how many walk, where they stand, and by which ways they have left each node.

They stand beside the counts of messages in the shards of a campaign's statistics, and change in
the commit of the move.
"""

import re
from collections import Counter
from collections.abc import Iterable

from functions.domain.plans.enrollment import Enrollment, EnrollmentStatus
from functions.engine.messages.statistics import Statistics

_STATUS = "e_"
_AT, _IN, _OUT, _EXIT, _GOAL = "at_", "in_", "out_", "exit_", "goal"


def changed(pairs: Iterable[tuple[Enrollment | None, Enrollment]]) -> Counter[str]:
    """Return what is to be added where walks change so; None: somebody who enters."""
    amounts: Counter[str] = Counter()
    for before, after in pairs:
        if before is not None:
            amounts.subtract(state(before))
        amounts.update(state(after))
        amounts.update(_flow(before, after))
    return Counter({name: amount for name, amount in amounts.items() if amount})


def under_way(counted: Statistics) -> int:
    """Return how many people have entered and not come to an end."""
    under_way = (EnrollmentStatus.ACTIVE, EnrollmentStatus.PAUSED)
    return sum(counted.amounts.get(f"{_STATUS}{status}", 0) for status in under_way)


def state(walk: Enrollment) -> list[str]:
    """Return what a walk counts as."""
    nodes = [f"{_AT}{_safe(thread.node)}" for thread in walk.threads.values()]
    more = [f"{_EXIT}{walk.exit}"] if walk.exit else []
    goals = [_GOAL] if walk.goal_at else []
    return [f"{_STATUS}{walk.status}", *nodes, *more, *goals]


def _flow(before: Enrollment | None, after: Enrollment) -> list[str]:
    """Return what has happened in between: who came to a node, and by which way they left it."""
    if before is None or after.entry > before.entry:
        return [f"{_IN}{_safe(start)}" for start in after.threads]
    new = after.moves[len(before.moves) :]
    ways = [f"{_OUT}{_safe(move.source)}_{move.on}" for move in new]
    return ways + [f"{_IN}{_safe(move.target)}" for move in new if move.target]


def _safe(node: str) -> str:
    """Return a node's id as part of a counter's name: letters and digits, each id another one."""
    return re.sub(r"[^A-Za-wyz0-9]", lambda found: f"x{ord(found[0]):02x}", node)


def _node(safe: str) -> str:
    return re.sub(r"x([0-9a-f]{2})", lambda found: chr(int(found[1], 16)), safe)
