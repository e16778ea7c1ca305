"""The decision of a plan: what happens next to one person, from what is known of them.

A pure function of plan, enrollment, facts and time, in the order in which things happened and not
in which they were told. So it does not matter how often somebody is looked at.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final, NamedTuple, Protocol, TypeAlias
from zoneinfo import ZoneInfo

from functions.domain.digest import digest
from functions.domain.plans.document import (
    Node,
    SendNode,
    SplitNode,
    StopNode,
    UpdateNode,
    WaitNode,
    WebhookNode,
)
from functions.domain.plans.durations import Duration, parse_duration
from functions.domain.plans.enrollment import Enrollment, EnrollmentStatus, Move, Thread
from functions.domain.plans.facts import NOTHING, Facts, Occurrence
from functions.domain.plans.parts import Transition
from functions.domain.plans.plan import PROVES, Plan, awaited, due_at, ways_out

#: How long before it is due a message is made.
AHEAD: Final = timedelta(minutes=5)
#: Whoever waits for events alone is looked at so often, should a mark ever be lost.
SAFETY_LOOK: Final = timedelta(days=30)
#: A message that should have left is asked after so often, while it waits for its turn.
_ASK_AGAIN: Final = timedelta(minutes=5)
#: More steps of a thread than this at one look are a loop without a wait.
_MOST_STEPS: Final = 50
#: Where events and timers fall on one instant, events come first; exits come before both.
_EXIT, _TIMER = -1, 1000
#: Events after which nobody goes on, whatever their plan says.
_ENDS: Final = ("erased", "suppressed", "unsubscribed", "complained")
_BOUNCED: Final = "bounced"
GOAL: Final = "goal"
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


class _Make(NamedTuple):
    due_at: datetime


class _Go(NamedTuple):
    target: str
    on: str
    key: str = ""  #: of the occurrence that is used up by it
    writes: bool = False
    chosen: bool = False  #: by lot, and kept


class _End(NamedTuple):
    pass


class _Leave(NamedTuple):
    reason: str


_Act: TypeAlias = _Make | _Go | _End | _Leave


class _Next(NamedTuple):
    """Something that may happen to a thread: the earliest of all does."""

    at: datetime
    rank: int
    start: str
    act: _Act


def advance(
    plan: Plan,
    enrollment: Enrollment,
    facts: Facts,
    *,
    zone: ZoneInfo,
    now: datetime,
    name: NameMessage,
) -> Advanced:
    """Let everything happen to one person that is due by `now`.

    `zone` is theirs, else the plan's. Whoever has ended or is paused stays as they are.
    """
    if enrollment.status != EnrollmentStatus.ACTIVE:
        return Advanced(enrollment._replace(next_at=None))
    walk = _Walk(plan, enrollment, facts, zone, now, name)
    steps, most = 0, _MOST_STEPS * len(enrollment.threads)
    while (following := walk.following()) is not None:
        steps += 1
        if steps > most:
            following = _Next(now, _EXIT, "", _Leave(LOOP))
        walk.apply(following)
        if walk.enrollment.has_ended:
            break
    return walk.advanced()


class _Walk:
    """One look at one person: what has happened so far, and what comes next."""

    def __init__(
        self,
        plan: Plan,
        enrollment: Enrollment,
        facts: Facts,
        zone: ZoneInfo,
        now: datetime,
        name: NameMessage,
    ) -> None:
        self.enrollment = enrollment
        self._plan = plan
        self._facts = facts
        self._zone = zone
        self._now = now
        self._name = name
        self._looks: list[datetime] = []
        self._promises: list[Promise] = []
        self._writings: list[Writing] = []

    def following(self) -> _Next | None:
        """Return the earliest thing that has happened or is due; None where nothing is yet."""
        self._looks = []
        found = list(self._exits())
        for start, thread in self.enrollment.threads.items():
            found += self._of_thread(start, thread)
        due = [each for each in found if each.at <= self._now]
        self._looks += [each.at for each in found if each.at > self._now]
        return min(due, key=lambda each: (each.at, each.rank, each.start), default=None)

    def advanced(self) -> Advanced:
        """Return what came of it."""
        next_at = None
        if not self.enrollment.has_ended:
            next_at = min([*self._looks, self._now + SAFETY_LOOK])
        enrollment = self.enrollment._replace(next_at=next_at)
        return Advanced(enrollment, self._promises, self._writings)

    # --- What may happen ----------------------------------------------------------------------

    def _exits(self) -> Iterator[_Next]:
        entered_at = self.enrollment.entered_at
        for name, reason in self._reasons().items():
            at = self._facts.exits.get(name)
            if at is not None and at >= entered_at and self._in_time(name, at):
                yield _Next(at, _EXIT, "", _Leave(reason))

    def _reasons(self) -> dict[str, str]:
        """Return why people leave, by the event upon which they do."""
        document = self._plan.document
        reasons = {name: name for name in _ENDS}
        if not self._names(_BOUNCED):
            reasons[_BOUNCED] = _BOUNCED
        reasons |= {each.on: each.reason for each in document.exits}
        if document.goal is not None:
            reasons[document.goal.on] = GOAL
        return reasons

    def _names(self, event: str) -> bool:
        nodes = [self._plan.nodes[thread.node] for thread in self.enrollment.threads.values()]
        return any(way.on == event for node in nodes for way in ways_out(node))

    def _in_time(self, name: str, at: datetime) -> bool:
        goal = self._plan.document.goal
        if goal is None or goal.on != name or goal.within is None:
            return True
        return at <= parse_duration(goal.within).add(self.enrollment.entered_at, self._zone)

    def _of_thread(self, start: str, thread: Thread) -> Iterator[_Next]:
        node, since = self._plan.nodes[thread.node], thread.since
        match node:
            case StopNode():
                yield _Next(since, 0, start, _End())
            case SplitNode():
                yield _Next(since, 0, start, _Go(self._branch(node), "split", chosen=True))
            case UpdateNode():
                yield _Next(since, 0, start, _Go(node.to, "updated", writes=True))
            case SendNode() | WebhookNode() if thread.due_at is None:
                due = due_at(node.schedule, since, self._zone)
                yield _Next(max(since, due - AHEAD), 0, start, _Make(due))
            case SendNode() | WebhookNode() | WaitNode():
                if node.transitions:
                    yield from self._by_event(start, thread, node)
                    yield from self._by_timer(start, thread, node)
                else:  # nothing leads on: it ends as its message is made
                    made = max(since, thread.due_at - AHEAD) if thread.due_at else since
                    yield _Next(made, 0, start, _End())

    def _by_event(self, start: str, thread: Thread, node: Node) -> Iterator[_Next]:
        base = self._base(thread, node) or thread.due_at or thread.since
        for occurrence in self._occurrences(thread):
            if occurrence.key in thread.used:
                continue
            at = max(occurrence.at, thread.since)
            for rank, way in enumerate(ways_out(node)):
                if way.on == occurrence.name and self._holds(way, base, at):
                    yield _Next(at, rank, start, _Go(way.to, way.on, occurrence.key))
                    break

    def _by_timer(self, start: str, thread: Thread, node: Node) -> Iterator[_Next]:
        base = self._base(thread, node)
        for rank, way in enumerate(ways_out(node)):
            timer = self._plan.timer(way)
            if timer is None:
                continue
            if base is None:  # it has not left yet: its timer does not run
                self._looks.append(self._asks_at(thread, timer))
                continue
            fires = timer.add(base, self._zone)
            if not self._is_stopped(thread, way.on, fires):
                yield _Next(fires, _TIMER + rank, start, _Go(way.to, way.on))

    def _asks_at(self, thread: Thread, timer: Duration) -> datetime:
        """Return when to ask whether a message has left whose timer waits for that."""
        at = timer.add(thread.due_at or thread.since, self._zone)
        return at if at > self._now else self._now + _ASK_AGAIN

    def _base(self, thread: Thread, node: Node) -> datetime | None:
        """Return from when on a node's timing counts; None while its message has not left."""
        if isinstance(node, WaitNode):
            return thread.since
        message = self._facts.messages.get(thread.message, NOTHING)
        return message.sent_at or message.ended_at

    def _occurrences(self, thread: Thread) -> list[Occurrence]:
        """Return what happened to the thread's message, and to the person since it came here."""
        told = _with_proven(self._facts.messages.get(thread.message, NOTHING).events)
        of_message = [Occurrence(name, at, f"{name}/{thread.message}") for name, at in told.items()]
        custom = [each for each in self._facts.events if each.at >= thread.since]
        return sorted([*of_message, *custom], key=lambda each: each.at)

    def _is_stopped(self, thread: Thread, timer: str, fires: datetime) -> bool:
        """Tell whether what a timer waits for has come; what led here has had its effect."""
        event = awaited(timer)
        return any(
            each.name == event and each.at <= fires and each.key not in thread.used
            for each in self._occurrences(thread)
        )

    def _holds(self, way: Transition, base: datetime, at: datetime) -> bool:
        """Tell whether an event at `at` comes in time; one from before the send does."""
        if way.within is not None:
            return at <= parse_duration(way.within).add(base, self._zone)
        return way.after is None or at >= parse_duration(way.after).add(base, self._zone)

    def _branch(self, node: SplitNode) -> str:
        """Return the way of a person: by a digest, in equal shares, the same on every machine."""
        known = self.enrollment.branches.get(node.id)
        if known is not None and node.sticky:
            return known
        salt = "" if node.sticky else str(len(self.enrollment.moves))
        total = sum(branch.weight for branch in node.branches)
        lot = int(digest(node.id, self.enrollment.subject, salt, size=6), 16) % total
        for branch in node.branches:
            lot -= branch.weight
            if lot < 0:
                return branch.to
        raise AssertionError("a lot lies below the sum of the weights")

    # --- What happens -------------------------------------------------------------------------

    def apply(self, following: _Next) -> None:
        """Let it happen."""
        at, _, start, act = following
        match act:
            case _Make(due):
                self._make(start, due)
            case _Go():
                self._go(start, at, act)
            case _End():
                self._end(start, at)
            case _Leave(reason):
                self._leave(at, reason)

    def _make(self, start: str, due: datetime) -> None:
        thread = self.enrollment.threads[start]
        id_ = self._name(start, thread.node, thread.visit)
        self._promises.append(Promise(id_, start, thread.node, thread.visit, due))
        self._set(start, thread._replace(message=id_, due_at=due))

    def _go(self, start: str, at: datetime, go: _Go) -> None:
        thread = self.enrollment.threads[start]
        if go.writes:
            self._writings.append(Writing(thread.node, at))
        if go.chosen:
            branches = {**self.enrollment.branches, thread.node: go.target}
            self.enrollment = self.enrollment._replace(branches=branches)
        self._note(start, thread.node, go.target, go.on, at)
        used = [*thread.used, go.key] if go.key else thread.used
        following = Thread(go.target, at, thread.visit + 1, thread.message, None, used)
        self._set(start, following)

    def _end(self, start: str, at: datetime) -> None:
        self._note(start, self.enrollment.threads[start].node, "", "end", at)
        threads = {key: each for key, each in self.enrollment.threads.items() if key != start}
        self.enrollment = self.enrollment._replace(threads=threads)
        if not threads:
            status = EnrollmentStatus.COMPLETED
            self.enrollment = self.enrollment._replace(status=status, ended_at=at)

    def _leave(self, at: datetime, reason: str) -> None:
        for start, thread in self.enrollment.threads.items():
            self._note(start, thread.node, "", reason, at)
        self.enrollment = self.enrollment._replace(
            status=EnrollmentStatus.EXITED,
            exit=reason,
            ended_at=at,
            goal_at=at if reason == GOAL else None,
            threads={},
        )

    def _set(self, start: str, thread: Thread) -> None:
        threads = {**self.enrollment.threads, start: thread}
        self.enrollment = self.enrollment._replace(threads=threads)

    def _note(self, start: str, source: str, target: str, on: str, at: datetime) -> None:
        move = Move(start, source, target, on, at, self._now)
        self.enrollment = self.enrollment._replace(moves=[*self.enrollment.moves, move])


def _with_proven(told: Mapping[str, datetime]) -> dict[str, datetime]:
    """Return what was told of a message, and what that proves, each when it is first known of."""
    found = dict(told)
    for event, at in told.items():
        for name in PROVES.get(event, ()):
            found[name] = min(found.get(name, at), at)
    return found
