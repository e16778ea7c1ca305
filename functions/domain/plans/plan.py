"""A plan as it is walked: its nodes by id, and what holds where a node says nothing."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from functions.domain.calendar.durations import Duration, parse_duration
from functions.domain.kinds import ChannelKind
from functions.domain.plans.document import (
    Document,
    Node,
    PlanDocument,
    SendNode,
    SplitNode,
    StepNode,
    UpdateNode,
    WaitNode,
    WebhookNode,
)
from functions.domain.plans.parts import Transition
from functions.domain.times import are_zones, zone_of

ELAPSED: Final = "elapsed"
_NOT: Final = "no_"
#: A call that nobody picked up: an event, though it is called like a timer.
_REAL: Final = frozenset({"no_answer"})
#: The event that the word behind `no_` stands for; any other word is an event itself.
_STANDS_FOR: Final[Mapping[str, str]] = {
    "open": "opened",
    "click": "clicked",
    "reply": "replied",
    "delivery": "delivered",
}
#: After what time an event has not come, where neither the way nor the plan says.
_TIMERS: Final[Mapping[str, str]] = {"no_open_after": "PT72H", "no_click_after": "PT24H"}


#: Events after which nobody goes on, whatever their plan says.
ENDS: Final = ("erased", "suppressed", "unsubscribed", "complained")
GOAL: Final = "goal"


class Way(NamedTuple):
    """A way out that an event takes."""

    on: str
    to: str
    rank: int  #: in the order in which they are tried
    within: Duration | None
    after: Duration | None


class Timer(NamedTuple):
    """A way out that time takes."""

    on: str
    to: str
    rank: int
    wait: Duration
    event: str  #: what keeps it from firing, "" for nothing


class WaysOut(NamedTuple):
    """The ways out of a node, as they are looked up."""

    events: Mapping[str, Sequence[Way]]
    timers: Sequence[Timer]
    names: frozenset[str]  #: of all events that matter


class GoalInForce(NamedTuple):
    """What a plan is for."""

    on: str
    within: Duration | None


class Plan:
    """A plan that the linter has passed, ready to be walked."""

    def __init__(self, document: Document) -> None:
        self.document = document
        nodes = nodes_of(document)
        #: Where everybody begins: a sequence is a walk for each of its steps.
        self.starts: Sequence[str] = [node.id for node in nodes]
        if isinstance(document, PlanDocument):
            self.starts = [document.start_node_id]
        self.nodes: Mapping[str, Node] = {node.id: node for node in nodes}
        self.zone: ZoneInfo = zone_of(document.timezone)
        #: By step: the one that it comes after, and those that come after it.
        self.after: Mapping[str, str] = dict(_after(nodes))
        self.followers: Mapping[str, Sequence[str]] = _followers(self.after)
        self.ways: Mapping[str, WaysOut] = {node.id: _ways(document, node) for node in nodes}
        goal = document.goal
        self.goal = GoalInForce(goal.on, _duration(goal.within)) if goal else None
        #: Why people leave, by the event upon which they do.
        self.reasons: Mapping[str, str] = {
            **{name: name for name in ENDS},
            **{each.on: each.reason for each in document.exits},
            **({goal.on: GOAL} if goal else {}),
        }

    @property
    def in_order(self) -> Sequence[str]:
        """Where everybody begins: each step behind the one that it comes after."""
        order = [start for start in self.starts if start not in self.after]
        for step in order:  # it grows meanwhile
            order += self.followers.get(step, ())
        return order


def _after(nodes: Sequence[Node]) -> Iterator[tuple[str, str]]:
    for node in nodes:
        if isinstance(node, StepNode) and node.after is not None:
            yield node.id, node.after


def _followers(after: Mapping[str, str]) -> Mapping[str, Sequence[str]]:
    followers: dict[str, list[str]] = {}
    for step, before in after.items():
        followers.setdefault(before, []).append(step)
    return followers


def zone_of_walk(plan: Plan, names: Sequence[str], entered_at: datetime) -> ZoneInfo:
    """Return the zone by whose calendar and clocks somebody walks who may be in these.

    Of several it is the one whose ten o'clock comes last: whoever is in another one has ten
    o'clock behind them. Where no zone is known, or none is a zone any more, it is the plan's.
    """
    zones = [zone_of(name) for name in names if are_zones([name])]
    return min(zones, key=lambda zone: _offset(zone, entered_at), default=plan.zone)


def _offset(zone: ZoneInfo, at: datetime) -> timedelta:
    return at.astimezone(zone).utcoffset() or timedelta()


def _ways(document: Document, node: Node) -> WaysOut:
    events: dict[str, list[Way]] = {}
    timers: list[Timer] = []
    for rank, way in enumerate(ways_out(node)):
        wait = timer_of(document, way)
        if wait is not None:
            timers.append(Timer(way.on, way.to, rank, wait, awaited(way.on)))
        elif not is_timer(way.on):
            limits = _duration(way.within), _duration(way.after)
            events.setdefault(way.on, []).append(Way(way.on, way.to, rank, *limits))
    names = frozenset({*events, *(timer.event for timer in timers)})
    return WaysOut(events, timers, names)


def _duration(text: str | None) -> Duration | None:
    return parse_duration(text) if text is not None else None


def nodes_of(document: Document) -> Sequence[Node]:
    """Return the nodes of a journey, or the steps of a sequence as nodes that nothing leads to."""
    if isinstance(document, PlanDocument):
        return document.nodes
    return [step.node for step in document.steps]


def channel_of(document: Document, node: Node) -> ChannelKind:
    """Return by what means a node sends; of one that sends nothing the plan's default."""
    if isinstance(node, WebhookNode):
        return ChannelKind.WEBHOOK
    named = node.channel if isinstance(node, SendNode) else None
    return named or document.defaults.channel


def timer_of(document: Document, transition: Transition) -> Duration | None:
    """Return after what time a transition is taken if nothing happens.

    None for that of an event, and where neither the transition nor the plan says.
    """
    if not is_timer(transition.on):
        return None
    own = document.defaults.timers if isinstance(document, PlanDocument) else {}
    timers = {**_TIMERS, **own}
    text = transition.after or timers.get(f"{transition.on}_after")
    return parse_duration(text) if text else None


def is_timer(event: str) -> bool:
    """Tell whether an event is that of time which passes."""
    return event == ELAPSED or (event.startswith(_NOT) and event not in _REAL)


def awaited(timer: str) -> str:
    """Return the event that keeps a timer from firing; "" of `elapsed`, which nothing stops."""
    word = timer.removeprefix(_NOT)
    return "" if timer == ELAPSED else _STANDS_FOR.get(word, word)


def ways_out(node: Node) -> Sequence[Transition]:
    """Return the transitions of a node that waits, in the order in which they are tried."""
    return node.transitions if isinstance(node, SendNode | WebhookNode | WaitNode) else ()


def targets_of(node: Node) -> Sequence[str]:
    """Return the ids of the nodes that a node leads to."""
    match node:
        case SplitNode():
            return [branch.to for branch in node.branches]
        case UpdateNode():
            return [node.to]
        case _:
            return [way.to for way in ways_out(node)]
