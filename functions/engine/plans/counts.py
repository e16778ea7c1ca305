"""Counts: how many walk, where they stand, and by which ways they have left each node.

They stand beside the counts of messages in the shards of a campaign's statistics, and change in
the commit of the move.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from functions.domain.plans.enrollment import Enrollment, EnrollmentStatus
from functions.engine.messages.statistics import Statistics

_STATUS = "e_"
_AT, _IN, _OUT, _EXIT, _GOAL = "at_", "in_", "out_", "exit_", "goal"
_VERSION = "version_"


def changed(pairs: Iterable[tuple[Enrollment | None, Enrollment]]) -> Counter[str]:
    """Return what is to be added where walks change so; None: somebody who enters."""
    # Many people take few different ways: each is counted as often as it was taken.
    ways = Counter(
        (state(before) if before is not None else (), state(after), _flow(before, after))
        for before, after in pairs
    )
    amounts: Counter[str] = Counter()
    for (left, come, flow), count in ways.items():
        for name in left:
            amounts[name] -= count
        for name in (*come, *flow):
            amounts[name] += count
    return Counter({name: amount for name, amount in amounts.items() if amount})


def under_way(counted: Statistics) -> int:
    """Return how many people have entered and not come to an end."""
    under_way = (EnrollmentStatus.ACTIVE, EnrollmentStatus.PAUSED)
    return sum(counted.amounts.get(f"{_STATUS}{status}", 0) for status in under_way)


class NodeCounts(NamedTuple):
    """What has happened at one node, over all versions of a plan."""

    id: str
    here: int  #: who stand there now
    entered: int  #: how often somebody has come there
    left: Mapping[str, int]  #: how often somebody has gone on, by the event upon which


class Walks(NamedTuple):
    """What has become of those who have entered a plan."""

    by_status: Mapping[str, int]
    goal: int  #: who have reached the goal
    exits: Mapping[str, int]  #: who have left, by the reason
    nodes: Sequence[NodeCounts]  #: by id, those that somebody has come to
    versions: Mapping[int, int]  #: who are under way, by the version that they walk by


def read(counted: Statistics) -> Walks:
    """Return what a campaign's statistics tell of its plan."""
    amounts = counted.amounts
    at, entered = _by_node(amounts, _AT), _by_node(amounts, _IN)
    left = _ways(amounts)
    nodes = sorted({*at, *entered, *left})
    return Walks(
        {status: amounts.get(f"{_STATUS}{status}", 0) for status in EnrollmentStatus},
        amounts.get(_GOAL, 0),
        _behind(amounts, _EXIT),
        [NodeCounts(id_, at.get(id_, 0), entered.get(id_, 0), left.get(id_, {})) for id_ in nodes],
        {int(number): count for number, count in _behind(amounts, _VERSION).items()},
    )


def _behind(amounts: Mapping[str, int], start: str) -> dict[str, int]:
    """Return the counts whose names begin so, by what follows."""
    return {
        name.removeprefix(start): amount
        for name, amount in sorted(amounts.items())
        if name.startswith(start) and amount
    }


def _by_node(amounts: Mapping[str, int], start: str) -> dict[str, int]:
    return {_node(safe): amount for safe, amount in _behind(amounts, start).items()}


def _ways(amounts: Mapping[str, int]) -> dict[str, dict[str, int]]:
    """Return how often each way out was taken, by node and event."""
    ways: dict[str, dict[str, int]] = {}
    for name, amount in _behind(amounts, _OUT).items():
        safe, _, event = name.partition("_")
        ways.setdefault(_node(safe), {})[event] = amount
    return ways


def state(walk: Enrollment) -> tuple[str, ...]:
    """Return what a walk counts as."""
    nodes = [f"{_AT}{_safe(thread.node)}" for thread in walk.threads.values()]
    more = [f"{_EXIT}{walk.exit}"] if walk.exit else []
    goals = [_GOAL] if walk.goal_at else []
    versions = [] if walk.has_ended else [f"{_VERSION}{walk.plan}"]
    return (f"{_STATUS}{walk.status}", *nodes, *more, *goals, *versions)


def _flow(before: Enrollment | None, after: Enrollment) -> tuple[str, ...]:
    """Return what has happened in between: who came to a node, and by which way they left it."""
    come: list[str] = []
    known = before.moves if before is not None and before.entry == after.entry else None
    if known is None:  # they have just entered, and may have gone on in the same commit
        come += dict.fromkeys([*(move.start for move in after.moves), *after.threads])
    new = after.moves[len(known or ()) :]
    come += [move.target for move in new if move.target]
    ways = [f"{_OUT}{_safe(move.source)}_{move.on}" for move in new if move.source]
    return (*ways, *(f"{_IN}{_safe(node)}" for node in come))


@lru_cache(maxsize=4096)
def _safe(node: str) -> str:
    """Return a node's id as part of a counter's name: letters and digits, each id another one."""
    return re.sub(r"[^A-Za-wyz0-9]", lambda found: f"x{ord(found[0]):02x}", node)


def _node(safe: str) -> str:
    return re.sub(r"x([0-9a-f]{2})", lambda found: chr(int(found[1], 16)), safe)
