"""The decision of a plan: what happens next to one person, from what is known of them.

A pure function of plan, enrollment, facts and time, in the order in which things happened and not
in which they were told. So it does not matter how often somebody is looked at.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from itertools import chain
from typing import Any, Final, NamedTuple, Protocol
from zoneinfo import ZoneInfo

from functions.domain.plans.enrollment import Enrollment, EnrollmentStatus, Move, Thread
from functions.domain.plans.facts import Facts
from functions.domain.plans.nexts import EXIT, Again, Begin, End, Go, Leave, Make, Next, Nexts
from functions.domain.plans.order import waiting_for, waits_for
from functions.domain.plans.plan import GOAL, Plan

#: Whoever waits for events alone is looked at so often, should a mark ever be lost.
SAFETY_LOOK: Final = timedelta(days=30)
#: More steps of a thread than this at one instant are a loop without a wait.
_MOST_AT_ONCE: Final = 50
#: After so many steps somebody is looked at anew: who was paused for long has much to catch up.
_MOST_AT_A_LOOK: Final = 1000
LOOP: Final = "loop"


class Promise(NamedTuple):
    """A message to be made."""

    id: str
    start: str
    node: str
    visit: int
    due_at: datetime


class Writing(NamedTuple):
    """Fields of the contact to be written, as a node says."""

    node: str
    at: datetime


class Advanced(NamedTuple):
    """Where somebody stands now, and what is to be done for it in the same commit."""

    enrollment: Enrollment
    promises: Sequence[Promise] = ()
    writings: Sequence[Writing] = ()


class NameMessage(Protocol):
    """Derives the id of a message from what it promises."""

    def __call__(self, start: str, node: str, visit: int) -> str: ...


def advance(
    plan: Plan,
    enrollment: Enrollment,
    facts: Facts,
    *,
    zone: ZoneInfo,
    now: datetime,
    name: NameMessage,
    lots: str = "",
) -> Advanced:
    """Let everything happen to one person that is due by `now`.

    `zone` is theirs, else the plan's. Whoever has ended or is paused stays as they are. `lots`
    tells the lots of one campaign from those of others: who is in the first half of one is in
    either half of another.
    """
    if enrollment.status != EnrollmentStatus.ACTIVE:
        return Advanced(enrollment._replace(next_at=None))
    nexts = Nexts(plan, enrollment, facts, zone, now, lots)
    walk = _Walk(plan, enrollment, nexts, now, name)
    most = _MOST_AT_ONCE * len(enrollment.threads)
    instants: list[datetime] = []
    while (following := walk.following()) is not None:
        if len(instants) >= max(most, _MOST_AT_A_LOOK):
            return walk.advanced(look_at=now)
        if len(instants) >= most and instants[-most] == following.at:
            following = Next(following.at, EXIT, "", Leave(LOOP))
        instants.append(following.at)
        walk.apply(following)
    return walk.advanced()


class _Walk:
    """One look at one person: where they stand meanwhile, and what has come of it so far."""

    def __init__(
        self,
        plan: Plan,
        enrollment: Enrollment,
        nexts: Nexts,
        now: datetime,
        name: NameMessage,
    ) -> None:
        self._plan = plan
        self._before = enrollment
        self._nexts = nexts
        self._now = now
        self._name = name
        self._threads = dict(enrollment.threads)
        self._began = dict(enrollment.began)
        #: What may happen to each thread; under "" what ends them all.
        self._ahead = {start: self._nexts_of(start, at) for start, at in self._threads.items()}
        self._branches = dict(enrollment.branches)
        self._moves: list[Move] = []
        self._promises: list[Promise] = []
        self._writings: list[Writing] = []
        self._ended: Mapping[str, Any] = {}

    def following(self) -> Next | None:
        """Return the earliest thing that has happened or is due; None where nothing is yet."""
        if not self._threads:
            return None
        if self._nexts.may_end:
            nodes = [thread.node for thread in self._threads.values()]
            exits = self._nexts.exits(nodes, chain(self._before.moves, self._moves))
            self._ahead[""] = list(exits)
        found = [each for ahead in self._ahead.values() for each in ahead if each.at <= self._now]
        if len(found) < 2:  # noqa: PLR2004  nothing to choose from
            return found[0] if found else None
        return min(found, key=lambda each: (each.at, each.rank, each.start))

    def apply(self, following: Next) -> None:
        """Let it happen."""
        at, _, start, act = following
        match act:
            case Make(due):
                self._make(start, due)
            case Go():
                self._go(start, at, act)
            case Again(thread, on):
                self._note(start, thread.node, on, at)
                self._set(start, thread)
            case Begin():
                self._begin_behind(start, at)
            case End():
                self._end(start, at, act)
            case Leave(reason):
                self._leave(at, reason)

    def advanced(self, look_at: datetime | None = None) -> Advanced:
        """Return what came of it; somebody is looked at again at `look_at`, or when it is time."""
        before = self._before
        changes: dict[str, Any] = {"next_at": None, **self._ended}
        if self._threads:
            later = [each.at for ahead in self._ahead.values() for each in ahead]
            changes["next_at"] = look_at or min(later, default=self._now + SAFETY_LOOK)
        if self._promises or self._moves or len(self._began) > len(before.began):
            changes |= {"threads": self._threads, "branches": self._branches}
            changes["began"] = self._began
            changes["moves"] = [*before.moves, *self._moves]
        return Advanced(before._replace(**changes), self._promises, self._writings)

    def _make(self, start: str, due: datetime) -> None:
        thread = self._threads[start]
        id_ = self._name(start, thread.node, thread.visit)
        self._promises.append(Promise(id_, start, thread.node, thread.visit, due))
        node, since, visit, _, _, used, turn = thread
        self._set(start, Thread(node, since, visit, id_, due, used, turn))

    def _go(self, start: str, at: datetime, go: Go) -> None:
        thread = self._threads[start]
        if go.writes:
            self._writings.append(Writing(thread.node, at))
        if go.chosen:
            self._branches[thread.node] = go.target
        self._note(start, go.target, go.on, at)
        used = _used(thread, at, go.key)
        visit, turn = thread.visit + 1, thread.turn + 1
        self._set(start, Thread(go.target, at, visit, thread.message, None, used, turn))

    def _end(self, start: str, at: datetime, end: End) -> None:
        self._note(start, "", end.on, at)
        self._begin_behind(start, end.behind_at or at)
        del self._threads[start], self._ahead[start]
        if not self._threads:
            self._ended = {"status": EnrollmentStatus.COMPLETED, "ended_at": at}

    def _leave(self, at: datetime, reason: str) -> None:
        for start in self._threads:
            self._note(start, "", reason, at)
        self._threads = {}
        goal_at = at if reason == GOAL else None
        status = EnrollmentStatus.EXITED
        self._ended = {"status": status, "exit": reason, "ended_at": at, "goal_at": goal_at}

    def _set(self, start: str, thread: Thread) -> None:
        self._threads[start] = thread
        self._ahead[start] = self._nexts_of(start, thread)

    def _nexts_of(self, start: str, thread: Thread) -> list[Next]:
        """Return what may happen to a thread: nothing to one that waits for another step."""
        plan = self._plan
        if not plan.after:
            return list(self._nexts.of_thread(start, thread))
        if waits_for(plan, thread, self._threads, self._began):
            return []
        awaited = any(waiting_for(plan, start, self._threads, self._began))
        return list(self._nexts.of_thread(start, thread, awaited=awaited))

    def _begin_behind(self, start: str, at: datetime) -> None:
        """Have those begin that wait for a step which is over."""
        waiting = list(waiting_for(self._plan, start, self._threads, self._began))
        overtakes = False
        for step in waiting:
            self._began[step] = at
            thread = self._threads[step] = self._threads[step]._replace(since=at)
            overtakes = self._nexts.begin(thread) or overtakes
        changed = self._threads if overtakes else [start, *waiting] if waiting else ()
        for each in changed:
            self._ahead[each] = self._nexts_of(each, self._threads[each])

    def _note(self, start: str, target: str, on: str, at: datetime) -> None:
        source = self._threads[start].node
        self._moves.append(Move(start, source, target, on, at, self._now))


def _used(thread: Thread, at: datetime, key: str) -> Sequence[str]:
    """Return the occurrences that could still move a thread which they have moved already.

    Those of its message could, which stays in force, and those of the very instant.
    """
    if not thread.used:
        return [key] if key else []
    of_message = f"/{thread.message}"
    kept = [each for each in thread.used if at == thread.since or each.endswith(of_message)]
    return [*kept, key] if key else kept
