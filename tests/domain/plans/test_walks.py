"""Random plans, random events, random looks: what holds for every walk, whatever happens."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from functions.domain.plans.advance import Promise
from functions.domain.plans.enrollment import Enrollment, Thread
from functions.domain.plans.facts import Facts, MessageFacts, Occurrence
from functions.domain.plans.nexts import AHEAD
from functions.domain.plans.plan import Plan
from functions.domain.plans.reading import read_plan
from tests.domain.plans.walking import DAY, HOUR, NEW_YORK, START, STOP, look, on, send, wait

NODES = ("a", "b", "c", "d", "e")
_TIMERS = ("no_open", "no_click", "no_delivery", "no_purchase", "elapsed")
_EVENTS = ("delivered", "opened", "clicked", "failed", "purchase", "visit")
_LENGTHS = ("PT0S", "PT5H", "P1D", "PT30H")
#: The longest timer of a plan, and the longest delay of a send.
LONGEST = 2 * DAY
#: A message leaves at most so long after it was due.
LATEST = 12 * HOUR
#: So much later than it could have been a move is noticed at most.
LAG = timedelta(minutes=5)
SECOND = timedelta(seconds=1)


@st.composite
def plans(draw: st.DrawFn) -> dict[str, Any]:
    """Return a plan whose timers lead forward; events lead anywhere, and every node to an end."""
    nodes = []
    for number, id_ in enumerate(NODES):
        ahead = st.sampled_from([*NODES[number + 1 :], "stop"])
        ways = [
            on(event, draw(st.sampled_from([*NODES, "stop"])), **_timing(draw))
            for event in draw(st.lists(st.sampled_from(_EVENTS), max_size=3))
        ]
        ways += [
            on(timer, draw(ahead), after=draw(st.sampled_from(_LENGTHS)))
            for timer in draw(st.lists(st.sampled_from(_TIMERS), max_size=2))
        ]
        ways.append(on("elapsed", draw(ahead), after=draw(st.sampled_from(_LENGTHS[1:]))))
        ways = draw(st.permutations(ways))
        kind = draw(st.sampled_from(["send", "send", "later", "wait", "split"]))
        nodes.append(_node(id_, kind, ways, draw(ahead), draw(ahead)))
    exits = [{"on": "replied", "as": "answered"}]
    return {"startNodeId": "a", "nodes": [*nodes, STOP], "exits": exits}


def _timing(draw: st.DrawFn) -> dict[str, str]:
    kind = draw(st.sampled_from(["", "within", "after"]))
    return {kind: draw(st.sampled_from(_LENGTHS))} if kind else {}


def _node(id_: str, kind: str, ways: Sequence[Any], *branches: str) -> dict[str, Any]:
    if kind == "split":
        split = {"id": id_, "action": "split"}
        return {**split, "branches": [{"to": to, "weight": 1} for to in branches]}
    if kind == "wait":
        return wait(id_, *ways)
    return send(id_, *ways, schedule={"delay": "PT7H"} if kind == "later" else {})


class Person:
    """Somebody who walks, as somebody sees them who looks at them at some instants."""

    def __init__(self, plan: Plan, at: datetime) -> None:
        self.plan = plan
        threads = {start: Thread(start, at) for start in plan.starts}
        self.enrollment = Enrollment("ann", at, threads=threads, next_at=at)
        self.promises: list[Promise] = []

    def look(self, facts: Facts, now: datetime) -> None:
        """Decide."""
        decided = look(self.plan, self.enrollment, facts, now)
        assert not (decided.promises and self.enrollment.has_ended)
        self.enrollment = decided.enrollment
        self.promises += decided.promises

    def is_due(self, now: datetime) -> bool:
        """Tell whether they asked to be looked at by now."""
        return self.enrollment.next_at is not None and self.enrollment.next_at <= now

    @property
    def path(self) -> list[Any]:
        """Every move, but for when it was noticed."""
        return [move._replace(seen=START) for move in self.enrollment.moves]


class Walks(RuleBasedStateMachine):
    """One walk: watched all the time, as seldom as may be, and once at the end."""

    def __init__(self) -> None:
        super().__init__()
        self.now = START
        self.told: dict[str, dict[str, datetime]] = {}
        self.custom: list[Occurrence] = []
        self.exits: dict[str, datetime] = {}
        self.late: timedelta = timedelta()
        self.is_told_in_time = True

    @initialize(given=plans(), late=st.integers(0, 12))
    def enter(self, given: Any, late: int) -> None:
        """Begin, if the linter lets the plan pass; most do."""
        plan = read_plan(given, now=START).plan
        self.often = Person(plan, START) if plan else None
        self.seldom = Person(plan, START) if plan else None
        self.once = Person(plan, START) if plan else None
        self.late = late * HOUR
        self._pass()

    @rule(hours=st.integers(1, 40))
    def wait(self, hours: int) -> None:
        """Let time pass, with a look at everything that is due meanwhile."""
        self._go_on(hours * HOUR)

    @rule(event=st.sampled_from(_EVENTS[:-2]), back=st.integers(0, 3), ago=st.integers(0, 20))
    def tell_of_message(self, event: str, back: int, ago: int) -> None:
        """Something happens to one of the last messages that have left; told now, or late."""
        self._go_on(SECOND)
        left = [each for each in self._promises() if self._leaves_at(each) <= self.now]
        if left:
            promise = left[-1 - min(back, len(left) - 1)]
            at = max(self._leaves_at(promise), self.now - ago * HOUR)
            self.told.setdefault(promise.id, {}).setdefault(event, at)
            self.is_told_in_time &= at == self.now
            self._pass(marked=True)

    @rule(event=st.sampled_from(_EVENTS[-2:]))
    def tell_of_person(self, event: str) -> None:
        """They do something."""
        self._go_on(SECOND)
        self.custom.append(Occurrence(event, self.now, f"e-{len(self.custom)}"))
        self._pass(marked=True)

    @rule(will=st.integers(0, 7))
    def reply(self, will: int) -> None:
        """Seldom, they reply, and leave."""
        if will == 0:
            self._go_on(SECOND)
            self.exits.setdefault("replied", self.now)
            self._pass(marked=True)

    @rule()
    def look_once_more(self) -> None:
        """Somebody looks for no reason."""
        if self.seldom:
            self.seldom.look(self._facts(), self.now)

    @invariant()
    def is_at_one_place(self) -> None:
        """Never two nodes at once; both watchers see the same path, and the same messages.

        Who looks seldom may see the newest of them a few minutes later.
        """
        if not (self.often and self.seldom):
            return
        assert len(self.often.enrollment.threads) <= 1
        seen = self.seldom.path
        assert self.often.path[: len(seen)] == seen
        assert all(move.at > self.now - LAG for move in self.often.path[len(seen) :])
        made = self.seldom.promises
        assert self.often.promises[: len(made)] == made

    @invariant()
    def nothing_follows_an_exit(self) -> None:
        """Once they have left, nothing is promised, and nobody looks again."""
        if self.often and self.exits and self.often.enrollment.status != "completed":
            assert self.often.enrollment.exit == "answered"
            assert self.often.enrollment.next_at is None
            left = self.exits["replied"]
            assert all(promise.due_at - AHEAD <= left for promise in self.often.promises)

    def teardown(self) -> None:
        """Left alone they come to an end, within all timers that can still be ahead of them."""
        if not (self.often and self.seldom and self.once):
            return
        end = self.now + len(NODES) * (LONGEST + LATEST + 7 * HOUR)
        while self.now < end and not self.seldom.enrollment.has_ended:
            self.now = min([end, *self._instants()])
            self._pass()
        assert self.often.enrollment.has_ended
        assert self.often.path == self.seldom.path
        if self.is_told_in_time:  # what is told late may come after a timer that was faster
            self.once.look(self._facts(), self.now)
            assert self.often.path == self.once.path

    def _go_on(self, wait: timedelta) -> None:
        """Let time pass; what is told afterwards is told after what was seen before."""
        end = self.now + wait
        while self.now < end:
            self.now = min([end, *self._instants()])
            self._pass()

    def _pass(self, *, marked: bool = False) -> None:
        """Let one watcher look anyway, and the other one where it is time, or they are marked.

        What is told marks them; that a message has left does so where its timers have been looked
        at before that.
        """
        if not (self.often and self.seldom):
            return
        marked |= any(map(self._leaves_late, self._promises()))
        while True:
            facts = self._facts()
            self.often.look(facts, self.now)
            if marked or self.seldom.is_due(self.now):
                self.seldom.look(facts, self.now)
            if facts == self._facts():
                break

    def _instants(self) -> list[datetime]:
        """Return when somebody asked to be looked at, or a message leaves, from now on."""
        asked = [each.enrollment.next_at for each in (self.often, self.seldom) if each]
        leaving = [self._leaves_at(each) for each in self._promises()]
        return [at for at in [*asked, *leaving] if at is not None and at > self.now]

    def _promises(self) -> Sequence[Promise]:
        return self.often.promises if self.often else ()

    def _leaves_at(self, promise: Promise) -> datetime:
        return max(promise.due_at, START) + self.late

    def _leaves_late(self, promise: Promise) -> bool:
        assert self.often
        timers = self.often.plan.ways[promise.node].timers
        timed_at = min(
            (each.wait.add(promise.due_at, NEW_YORK) for each in timers), default=self.now
        )
        return timed_at <= self.now == self._leaves_at(promise)

    def _facts(self) -> Facts:
        """Return what is known by now."""
        messages = {
            each.id: MessageFacts(self._leaves_at(each), None, dict(self.told.get(each.id, {})))
            for each in self._promises()
            if self._leaves_at(each) <= self.now
        }
        return Facts(messages, list(self.custom), dict(self.exits))


TestWalks = Walks.TestCase
TestWalks.settings = settings(max_examples=100, stateful_step_count=25, deadline=None)
