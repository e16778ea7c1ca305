"""What may happen next to somebody who walks: of all of it, the earliest does."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Final, NamedTuple, TypeAlias
from zoneinfo import ZoneInfo

from functions.domain.digest import digest
from functions.domain.messages.happened import with_proven
from functions.domain.plans.document import (
    Node,
    SendNode,
    SplitNode,
    StepNode,
    StopNode,
    UpdateNode,
    WaitNode,
    WebhookNode,
)
from functions.domain.plans.enrollment import Enrollment, Move, Thread
from functions.domain.plans.facts import NOTHING, Facts, MessageFacts, Occurrence
from functions.domain.plans.order import waits_for
from functions.domain.plans.plan import Plan, Way, WaysOut
from functions.domain.plans.timing import Timing, after_turn, repeat_of

#: How long before it is due a message is made.
AHEAD: Final = timedelta(minutes=5)
#: A message that should have left marks its walk once it does. Should it have left while it was
#: looked for, it is asked after soon, then ever more seldom, up to this.
_ASK_SOONEST: Final = timedelta(seconds=5)
_ASK_LATEST: Final = timedelta(hours=1)
#: A message that a step waits for marks its walk as it leaves: it is asked after behind that.
_MARKED_WITHIN: Final = timedelta(minutes=1)
#: Where events and timers fall on one instant, events come first; exits come before both.
EXIT, _TIMER = -1, 1000
#: Upon this people leave, unless their node says what follows: upon it or what comes with it.
_BOUNCED: Final = "bounced"
_WITH_IT: Final = frozenset({_BOUNCED, "failed", "invalid_address"})
#: Why a thread ends: nothing leads on; or its step fell due in a pause, and a later one goes out.
END, OVERTAKEN = "end", "overtaken"
#: Why somebody goes on from a node that waits for nothing.
SPLIT, UPDATED = "split", "updated"
#: Why a step comes again; or does not, since it was due in a pause, or still waited to be sent.
REPEATED, PASSED_OVER = "repeated", "passed_over"


class Make(NamedTuple):
    """A message is made."""

    due_at: datetime


class Go(NamedTuple):
    """Somebody goes on to the next node."""

    target: str
    on: str
    key: str = ""  #: of the occurrence that is used up by it
    writes: bool = False
    chosen: bool = False  #: by lot, and kept


class Again(NamedTuple):
    """A step that repeats has come, and comes again."""

    thread: Thread  #: as it stands then
    on: str = REPEATED


class Begin(NamedTuple):
    """Steps begin that come after one which goes on: it repeats, and its first time is over."""


class End(NamedTuple):
    """A thread ends."""

    on: str = END
    behind_at: datetime | None = None  #: from when steps behind it count; None: from its end


class Leave(NamedTuple):
    """Somebody leaves, wherever they stand."""

    reason: str


#: None: nothing happens, but somebody is looked at again.
Act: TypeAlias = Make | Go | Again | Begin | End | Leave | None


class Next(NamedTuple):
    """Something that may happen."""

    at: datetime
    rank: int
    start: str
    act: Act


class Nexts:
    """What may happen next to one person, by what is known of them at one instant."""

    def __init__(
        self,
        plan: Plan,
        enrollment: Enrollment,
        facts: Facts,
        zone: ZoneInfo,
        now: datetime,
        lots: str = "",
    ) -> None:
        self._plan = plan
        self._enrollment = enrollment
        self._facts = facts
        self._zone = zone
        self._now = now
        self._lots = lots
        began, subject = enrollment.began, enrollment.subject
        self._timing = Timing(zone, enrollment.entered_at, lots, subject, began)
        resumed_at = facts.resumed_at
        self._newest = None if resumed_at is None else self._newest_missed(resumed_at)

    @property
    def may_end(self) -> bool:
        """True where something has been told upon which walks end."""
        return bool(self._facts.exits)

    def exits(self, nodes: Sequence[str], moves: Iterable[Move]) -> Iterator[Next]:
        """Yield what ends the walk of somebody who has come to these nodes by these moves."""
        entered_at = self._enrollment.entered_at
        for name, at in self._facts.exits.items():
            reason = self._plan.reasons.get(name)
            if name == _BOUNCED and reason is None and not self._leads_on(at, nodes, moves):
                reason = _BOUNCED
            if reason is not None and at >= entered_at and self._is_in_time(name, at):
                yield Next(at, EXIT, "", Leave(reason))

    def begin(self, thread: Thread) -> bool:
        """Have a step begin as the one before it is over.

        True where others are overtaken by that: it was due in a pause, later than they.
        """
        node, resumed_at, newest = (
            self._plan.nodes[thread.node],
            self._facts.resumed_at,
            self._newest,
        )
        self._timing = self._timing.beginning(thread.node, thread.since)
        if resumed_at is not None and isinstance(node, SendNode | WebhookNode):
            missed = list(self._timing.missed(node, thread, resumed_at))
            self._newest = max([*([newest] if newest else []), *missed], default=None)
        return self._newest != newest

    def of_thread(self, start: str, thread: Thread, *, awaited: bool = False) -> Iterator[Next]:
        """Yield what may happen to a thread, where it stands.

        `awaited`: another step waits until this one is over.
        """
        node, since = self._plan.nodes[thread.node], thread.since
        match node:
            case SendNode() | WebhookNode() if thread.due_at is None:
                yield self._make(start, node, thread)
            case StepNode() if thread.due_at is not None:
                yield from self._of_step(start, node, thread, thread.due_at, awaited=awaited)
            case SendNode() | WebhookNode() | WaitNode():
                yield from self._waiting(start, thread, node)
            case StopNode():
                yield Next(since, 0, start, End())
            case SplitNode():
                target = self._branch(node, thread.visit)
                yield Next(since, 0, start, Go(target, SPLIT, chosen=True))
            case UpdateNode():
                yield Next(since, 0, start, Go(node.to, UPDATED, writes=True))

    def _leads_on(self, at: datetime, nodes: Sequence[str], moves: Iterable[Move]) -> bool:
        """Tell whether a node says what follows upon a mail that came back, or has said it."""
        is_named = any(_WITH_IT & self._plan.ways[node].events.keys() for node in nodes)
        return is_named or any(move.on in _WITH_IT and move.at >= at for move in moves)

    def _is_in_time(self, name: str, at: datetime) -> bool:
        goal = self._plan.goal
        if goal is None or goal.on != name or goal.within is None:
            return True
        return at <= goal.within.add(self._enrollment.entered_at, self._zone)

    # --- Messages -----------------------------------------------------------------------------

    def _make(self, start: str, node: SendNode | WebhookNode, thread: Thread) -> Next:
        due = self._timing.due(node, thread)
        if due is None:
            return Next(thread.since, 0, start, End())
        newest = self._newest
        if newest is None or due >= newest:
            return Next(max(thread.since, due - AHEAD), 0, start, Make(due))
        if repeat_of(node) is None:
            return Next(newest, 0, start, End(OVERTAKEN, self._facts.resumed_at))
        missed = [at for at in self._timing.missed(node, thread, newest) if at < newest]
        later = after_turn(thread._replace(due_at=missed[-1]), len(missed))
        return Next(newest, 0, start, Again(later, PASSED_OVER))

    def _newest_missed(self, resumed_at: datetime) -> datetime | None:
        """Return when the newest of the steps was due that were missed in a pause.

        It stands for those before it: nobody gets a week's messages in one minute.
        """
        dues = [
            due
            for thread in self._begun()
            if isinstance(node := self._plan.nodes[thread.node], SendNode | WebhookNode)
            for due in self._timing.missed(node, thread, resumed_at)
        ]
        return max(dues, default=None)

    def _repeating(self, start: str, node: StepNode, thread: Thread, made: datetime) -> Next:
        """Return how a step that repeats goes on, whose message was due at `made`.

        What comes due while the message before it still waits is not made: that one stands for
        it, and nobody gets two at once.
        """
        message = self._facts.messages.get(thread.message, NOTHING)
        left, due = base_of(node, thread, message), self._timing.following(node, thread)
        if due is None:
            if left is not None:
                return Next(max(left, thread.since), 0, start, End())
            asked_at = self._asked_at(message.due_at or made, message.made_at)
            return Next(asked_at, 0, start, None)
        soonest = max(made, due - AHEAD)
        if left is not None and left < due:
            later = after_turn(thread)._replace(visit=thread.visit + 1)
            return Next(max(soonest, left), 0, start, Again(later))
        if left is None and self._now < due:
            return Next(soonest if self._now < soonest else due, 0, start, None)
        return Next(due, 0, start, Again(after_turn(thread)._replace(due_at=due), PASSED_OVER))

    # --- Steps of a sequence ------------------------------------------------------------------

    def _of_step(
        self, start: str, node: StepNode, thread: Thread, made: datetime, *, awaited: bool
    ) -> Iterator[Next]:
        """Yield what may happen to a step whose message is made."""
        if node.repeat is not None:
            if awaited and (over_at := self._over_at(thread)) is not None:
                yield Next(over_at, 0, start, Begin())
            yield self._repeating(start, node, thread, made)
        elif awaited:
            yield self._until_over(start, thread, made)
        else:
            yield from self._waiting(start, thread, node)

    def _begun(self) -> Iterator[Thread]:
        threads, began = self._enrollment.threads, self._enrollment.began
        for thread in threads.values():
            if not waits_for(self._plan, thread, threads, began):
                yield thread

    def _over_at(self, thread: Thread) -> datetime | None:
        over_at = self._facts.messages.get(thread.message, NOTHING).over_at
        return over_at and max(over_at, thread.since)

    def _until_over(self, start: str, thread: Thread, made: datetime) -> Next:
        """Return the end of a step as it is over; its message marks the walk, should it be late."""
        over_at = self._over_at(thread)
        if over_at is not None:
            return Next(over_at, 0, start, End())
        message = self._facts.messages.get(thread.message, NOTHING)
        soonest = (message.due_at or made) + _MARKED_WITHIN
        return Next(self._asked_at(soonest, message.made_at), 0, start, None)

    # --- Events and timers --------------------------------------------------------------------

    def _waiting(
        self, start: str, thread: Thread, node: SendNode | WebhookNode | WaitNode
    ) -> Iterator[Next]:
        ways = self._plan.ways[node.id]
        if not node.transitions:  # nothing leads on: it ends as its message is made
            made = max(thread.since, thread.due_at - AHEAD) if thread.due_at else thread.since
            yield Next(made, 0, start, End())
            return
        message = self._facts.messages.get(thread.message, NOTHING)
        base = base_of(node, thread, message)
        told = self._told(thread, message, ways)
        for each in told:
            at = max(each.at, thread.since)
            for way in ways.events.get(each.name, ()):
                if holds(way, base, at, self._zone):
                    yield Next(at, way.rank, start, Go(way.to, way.on, each.key))
                    break
        for timer in ways.timers:
            if base is None:  # it has not left yet: its timer does not run
                due = message.due_at or thread.due_at or thread.since
                fires = timer.wait.add(due, self._zone)
                yield Next(self._asked_at(fires, message.made_at), 0, start, None)
                continue
            fires = timer.wait.add(base, self._zone)
            if not any(each.name == timer.event and each.at <= fires for each in told):
                yield Next(fires, _TIMER + timer.rank, start, Go(timer.to, timer.on))

    def _asked_at(self, at: datetime, made_at: datetime | None) -> datetime:
        """Return when to ask whether a message has left whose timer could fire at `at`.

        One that was made late, as after a pause, leaves at once: it is asked after as soon.
        """
        if at > self._now:
            return at
        waited = self._now - max(at, made_at or self._now)
        return self._now + min(max(waited, _ASK_SOONEST), _ASK_LATEST)

    def _told(self, thread: Thread, message: MessageFacts, ways: WaysOut) -> list[Occurrence]:
        """Return what the node names of what happened to the thread's message, and to the person.

        Of the person since the thread came here; what has moved it before is used up.
        """
        found = [
            Occurrence(name, at, f"{name}/{thread.message}")
            for name, at in with_proven(message.events).items()
            if name in ways.names
        ]
        found += [
            each
            for each in self._facts.events
            if each.name in ways.names and each.at >= thread.since
        ]
        if thread.used:
            found = [each for each in found if each.key not in thread.used]
        if len(found) > 1:
            found.sort(key=lambda each: each.at)
        return found

    def _branch(self, node: SplitNode, visit: int) -> str:
        """Return the way of a person: by a digest, in equal shares, the same on every machine."""
        known = self._enrollment.branches.get(node.id)
        if known is not None and node.sticky:
            return known
        salt = "" if node.sticky else str(visit)
        total = sum(branch.weight for branch in node.branches)
        lot = int(digest(self._lots, node.id, self._enrollment.subject, salt, size=6), 16) % total
        for branch in node.branches:
            lot -= branch.weight
            if lot < 0:
                return branch.to
        raise AssertionError("a lot lies below the sum of the weights")


def base_of(node: Node, thread: Thread, message: MessageFacts) -> datetime | None:
    """Return from when on a node's timing counts; None while its message has not left."""
    if isinstance(node, WaitNode):
        return thread.since
    known = message.sent_at or message.ended_at
    return known and max(known, thread.since)


def holds(way: Way, base: datetime | None, at: datetime, zone: ZoneInfo) -> bool:
    """Tell whether an event at `at` comes in time, counted from `base`; None: that lies ahead.

    What comes before it is within any time of it, and after none: so the answer is the same
    before and after a message has left.
    """
    if way.within is not None:
        return base is None or at <= way.within.add(base, zone)
    return way.after is None or (base is not None and at >= way.after.add(base, zone))
