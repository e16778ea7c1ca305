"""Migration: somebody goes over to another version of the plan that they walk through.

Nobody's clock starts anew, and nothing is said twice. Who stands at a node that is no more goes on
from another one, or leaves. Steps of a sequence each go over for themselves: what was said stays
said, what is unchanged keeps its time, and what is new counts from the entry, or from the end of
the step that it comes after. So does what comes after another step than before. When a step was
over that nothing came after is not noted: there it counts from when its message was due.
"""

from collections.abc import Collection, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from functions.domain.plans.document import PlanDocument, SendNode, WebhookNode
from functions.domain.plans.enrollment import (
    ADDED,
    MIGRATED,
    NODE_REMOVED,
    STEP_REMOVED,
    TOO_LATE,
    Enrollment,
    EnrollmentStatus,
    Move,
    Thread,
)
from functions.domain.plans.leaving import left
from functions.domain.plans.nexts import AHEAD, END
from functions.domain.plans.order import waits_for
from functions.domain.plans.plan import Plan, zone_of_walk
from functions.domain.plans.sends import quiet_hours_of
from functions.domain.plans.timing import Timing, after_turn, repeat_of
from functions.domain.plans.versions.difference import Aspect, aspects_changed

#: In a map of nodes: whoever stands there leaves the plan.
EXIT: Final = "exit"
#: A change of these makes another message of one that waits to be sent.
_OF_MESSAGES: Final = frozenset({Aspect.ACTION, Aspect.TIMING, Aspect.CONTENT})


class Route(NamedTuple):
    """From which version of a plan to which other one somebody goes over, and how."""

    before: Plan
    after: Plan
    number: int  #: of the version that they walk by then
    nodes: Mapping[str, str] = {}  #: by a node that is no more: where to go on, or EXIT
    campaign: str = ""  #: whose lots are drawn


class Waiting(NamedTuple):
    """A message that nobody has tried to send yet: it is made anew where its node has changed."""

    node: str
    visit: int


class Migrated(NamedTuple):
    """Somebody after they have gone over, and the messages that are written off with it."""

    walk: Enrollment
    remade: Collection[str] = ()  #: nodes whose message that waits is made anew, or never
    leaves: bool = False  #: all that waits is written off


class Stuck(NamedTuple):
    """Somebody who stands where the new version has no node, and nothing says where to go on."""

    node: str


def goes_over(walk: Enrollment, route_to: int, newest: int, *, is_sequence: bool) -> bool:
    """Tell whether somebody is to go over to a version.

    Who has entered by a newer version than there was when it was asked for stays with that. New
    steps of a sequence may lie ahead of those whose steps are all done.
    """
    is_done = walk.status == EnrollmentStatus.COMPLETED and is_sequence and walk.who != ""
    may = not walk.has_ended or is_done
    return may and walk.plan != route_to and walk.plan <= newest


def in_question(route: Route, walk: Enrollment) -> list[Waiting]:
    """Return the messages of steps that are over which may wait, and have changed or are no more.

    Where nothing leads on from a step it is over as its message is made.
    """
    if isinstance(route.before.document, PlanDocument):
        return []
    over = [step for step in route.before.starts if step not in walk.threads]
    changed = [step for step in over if _is_another(route, step)]
    return [Waiting(step, visit) for step in changed for visit in range(1, walk.remade + 2)]


def migrated(
    route: Route, walk: Enrollment, waiting: Collection[Waiting], *, now: datetime
) -> Migrated | Stuck:
    """Return somebody who has gone over; `waiting` are their messages that nobody has tried."""
    is_journey = isinstance(route.after.document, PlanDocument)
    branches = dict(_branches(route, walk))
    walk = walk._replace(plan=route.number, branches=branches)
    over = _of_journey if is_journey else _of_sequence
    return over(route, walk, {each.node: each.visit for each in waiting}, now)


def _is_another(route: Route, node: str, target: str | None = None) -> bool:
    """Tell whether what a node says is no more, or is said otherwise or at another time."""
    target = node if target is None else target
    has_other_hours = quiet_hours_of(route.before) != quiet_hours_of(route.after)
    if target not in route.after.nodes or has_other_hours:
        return True
    return not _OF_MESSAGES.isdisjoint(aspects_changed(route.before, node, route.after, target))


def _branches(route: Route, walk: Enrollment) -> Iterator[tuple[str, str]]:
    """Yield the lots that hold: those of splits that still lead to where they led."""
    for split, chosen in walk.branches.items():
        target = route.nodes.get(chosen, chosen)
        node = route.after.nodes.get(split)
        if target in {branch.to for branch in getattr(node, "branches", ())}:
            yield split, target


# --- A journey ------------------------------------------------------------------------------------


def _of_journey(
    route: Route, walk: Enrollment, waiting: Mapping[str, int], now: datetime
) -> Migrated | Stuck:
    ((start, thread),) = walk.threads.items()
    target = _target(route, thread.node)
    if target is None:
        return Stuck(thread.node)
    if not target:
        return Migrated(left(walk, NODE_REMOVED, now=now), leaves=True)
    sends = isinstance(route.after.nodes[target], SendNode | WebhookNode)
    here = thread._replace(node=target, due_at=thread.due_at if sends else None)
    remade = thread.node in waiting and (not sends or _is_another(route, thread.node, target))
    if remade:
        here = here._replace(visit=thread.visit + 1, message="", due_at=None)
    moves = walk.moves
    if target != thread.node:
        moves = [*moves, Move(start, thread.node, target, MIGRATED, now, now)]
    after = walk._replace(threads={start: here}, moves=moves, remade=walk.remade + remade)
    return Migrated(after, [thread.node] if remade else [])


def _target(route: Route, node: str) -> str | None:
    """Return the node at which somebody goes on, "" where they leave; None: nothing says so."""
    if node in route.after.nodes:
        return node
    target = route.nodes.get(node)
    return "" if target == EXIT and EXIT not in route.after.nodes else target


# --- A sequence -----------------------------------------------------------------------------------


def _of_sequence(
    route: Route, walk: Enrollment, waiting: Mapping[str, int], now: datetime
) -> Migrated:
    steps = _Steps(route, walk, waiting, now)
    for step in route.before.starts:
        steps.stay_or_go(step)
    for step in route.after.in_order:
        if step not in route.before.nodes:
            steps.add(step)
        else:
            steps.stay_behind(step)
    return steps.migrated()


class _Steps:
    """The steps of one person, as they go over one by one."""

    def __init__(
        self, route: Route, walk: Enrollment, waiting: Mapping[str, int], now: datetime
    ) -> None:
        self._route, self._walk, self._waiting, self._now = route, walk, waiting, now
        self._zone: ZoneInfo = zone_of_walk(route.after, walk.zones, walk.entered_at)
        self._threads = dict(walk.threads)
        self._former = dict(walk.former)
        self._began = dict(walk.began)
        self._moves: list[Move] = []
        self._remade: list[str] = []

    def stay_or_go(self, step: str) -> None:
        """Keep a step, as it is or as it has become, or let go of it."""
        visit = self._waiting.get(step)
        if visit is not None and _is_another(self._route, step):
            self._remade.append(step)
            self._threads[step] = self._anew(step, visit + 1)
        if step not in self._route.after.nodes:
            self._remove(step)
        elif step in self._threads:
            self._end_if_made(step)
        elif step in self._former and _is_another(self._route, step):
            self.add(step)

    def _anew(self, step: str, visit: int) -> Thread:
        """Return the thread of a step whose message is made anew; one that repeats goes on."""
        thread = self._threads.get(step)
        if thread is None or not _repeats(self._route.before.nodes[step]):
            return Thread(step, self._start(step), visit)
        return thread._replace(visit=visit, message="", due_at=None)

    def _remove(self, step: str) -> None:
        """Let go of a step, and remember from where it would go on if it came back."""
        thread = self._threads.pop(step, None)
        if thread is None:
            self._former.setdefault(step, None)  # it was made: it is over for good
            return
        if thread.due_at is not None:
            is_over = not _repeats(self._route.before.nodes[step])
            thread = None if is_over else after_turn(thread)._replace(visit=thread.visit + 1)
        self._former[step] = thread and thread._replace(message="")
        self._note(step, "", STEP_REMOVED)

    def _end_if_made(self, step: str) -> None:
        """End a step that has come, and does not come again any more."""
        thread = self._threads[step]
        is_made = thread.due_at is None and thread.turn > 1
        if is_made and not _repeats(self._route.after.nodes[step]):
            del self._threads[step]
            self._note(step, "", END)

    def add(self, step: str) -> None:
        """Begin a step that lies ahead of somebody; one that was over, or is too late, is not."""
        is_known = step in self._former
        former = self._former.pop(step, None)
        thread = former or Thread(step, self._walk.entered_at)
        may_come = thread.turn == 1 or _repeats(self._route.after.nodes[step])
        if (is_known and former is None) or not may_come:
            self._former[step] = None
            return
        self._begin(step)
        if thread.turn == 1:
            thread = thread._replace(since=self._start(step))
        ahead = thread if self._waits(thread) else self._ahead(thread)
        if ahead is not None:
            self._threads[step] = ahead
            self._moves.append(Move(step, "", step, ADDED, self._now, self._now))
            return
        self._former[step] = thread  # it comes if it is put off to a time that lies ahead
        if not is_known:
            self._note(step, "", TOO_LATE)

    def stay_behind(self, step: str) -> None:
        """Have a step that is not made yet count from the one that it comes after now."""
        thread = self._threads.get(step)
        before, after = self._route.before.after, self._route.after.after
        if thread is None or thread.due_at is not None or before.get(step) == after.get(step):
            return
        self._begin(step)
        if not self._waits(thread) and thread.turn == 1:
            self._threads[step] = thread._replace(since=self._start(step))

    def _begin(self, step: str) -> None:
        """Note when the step that one comes after was over, if it is and was not noted then."""
        before, walk = self._route.after.after.get(step), self._walk
        if before is None or before in self._threads or step in self._began:
            return
        ends = [each.at for each in walk.moves if (each.source, each.target) == (before, "")]
        if ends:
            was_awaited = before in self._route.before.followers
            self._began[step] = max(ends) + (timedelta() if was_awaited else AHEAD)
        elif walk.pages and before in self._route.before.nodes:
            self._began[step] = self._now  # it was over so long ago that its end is laid aside

    def _start(self, step: str) -> datetime:
        """Return from when a step counts."""
        return self._began.get(step, self._walk.entered_at)

    def _waits(self, thread: Thread) -> bool:
        return bool(waits_for(self._route.after, thread, self._threads, self._began))

    def _ahead(self, thread: Thread) -> Thread | None:
        """Return a thread at the first of its times that lies ahead; None: none does."""
        node, walk = self._route.after.nodes[thread.node], self._walk
        if not isinstance(node, SendNode | WebhookNode):
            return thread
        campaign, began = self._route.campaign, self._began
        timing = Timing(self._zone, walk.entered_at, campaign, walk.subject, began)
        due = timing.due(node, thread)
        while due is not None and due <= self._now:
            if not _repeats(node):
                return None
            thread = after_turn(thread._replace(due_at=due))
            due = timing.due(node, thread)
        return thread if due is not None else None

    def migrated(self) -> Migrated:
        """Return what has become of all steps."""
        walk = self._walk
        after = walk._replace(
            threads=self._threads,
            former=self._former,
            began=self._began,
            moves=[*walk.moves, *self._moves],
            remade=walk.remade + bool(self._remade),
        )
        return Migrated(_with_status(after, self._now), self._remade)

    def _note(self, step: str, target: str, on: str) -> None:
        self._moves.append(Move(step, step, target, on, self._now, self._now))


def _repeats(node: object) -> bool:
    return isinstance(node, SendNode | WebhookNode) and repeat_of(node) is not None


def _with_status(walk: Enrollment, now: datetime) -> Enrollment:
    """Return a walk that is under way again where steps lie ahead, or that has come to its end."""
    is_done = walk.status == EnrollmentStatus.COMPLETED
    if walk.threads and is_done:
        return walk._replace(status=EnrollmentStatus.ACTIVE, ended_at=None)
    if not walk.threads and not is_done:
        return walk._replace(status=EnrollmentStatus.COMPLETED, ended_at=now, next_at=None)
    return walk
