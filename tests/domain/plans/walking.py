"""A person who walks through a plan: what happens to them is laid down before, then looked at."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from functions.domain.plans.advance import Advanced, Promise, advance
from functions.domain.plans.enrollment import Enrollment, Thread
from functions.domain.plans.facts import Facts, MessageFacts, Occurrence
from functions.domain.plans.plan import Plan
from functions.domain.plans.reading import stored_plan

START = datetime(2026, 3, 2, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
NEW_YORK = ZoneInfo("America/New_York")


def plan(*nodes: Mapping[str, Any], start: str = "", **more: Any) -> Plan:
    """Return a plan of these nodes, which begins at the first."""
    document = {"startNodeId": start or nodes[0]["id"], "nodes": list(nodes), **more}
    return stored_plan(document)


def send(id_: str, *ways: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    """Return a node that sends a mail."""
    said = {"subject": "Hello", "body": "Hello!"}
    return {"id": id_, "action": "send", **said, "transitions": list(ways), **more}


def wait(id_: str, *ways: Mapping[str, Any]) -> dict[str, Any]:
    """Return a node that waits."""
    return {"id": id_, "action": "wait", "transitions": list(ways)}


def on(event: str, to: str, **timing: str) -> dict[str, Any]:
    """Return a way out."""
    return {"on": event, "to": to, **timing}


STOP = {"id": "stop", "action": "stop"}


def look(
    plan: Plan,
    enrollment: Enrollment,
    facts: Facts,
    now: datetime,
    zone: ZoneInfo = NEW_YORK,
) -> Advanced:
    """Decide once about somebody of whom this is known; a message's id is start/node/visit."""
    return advance(plan, enrollment, facts, zone=zone, now=now, name=_name)


def _name(start: str, node: str, visit: int) -> str:
    return f"{start}/{node}/{visit}"


@dataclass
class Walker:
    """One person, and everything that will happen to them, by the node whose message it is of."""

    plan: Plan
    #: By node: how long after a message was due it left, and what followed so long after that.
    of_messages: Mapping[str, Sequence[tuple[str, timedelta]]] = field(default_factory=dict)
    late: timedelta = timedelta()
    custom: Sequence[Occurrence] = ()
    exits: Mapping[str, datetime] = field(default_factory=dict)
    zone: ZoneInfo = NEW_YORK
    resumed_at: datetime | None = None
    enrollment: Enrollment = field(init=False)
    promises: list[Promise] = field(default_factory=list)
    seen: Facts = field(default_factory=Facts)
    looked_at: datetime = START

    def __post_init__(self) -> None:
        """Enter."""
        threads = {start: Thread(start, START) for start in self.plan.starts}
        self.enrollment = Enrollment("ann", START, threads=threads)

    def look(self, at: datetime) -> "Walker":
        """Decide by what is known at an instant."""
        self.seen, self.looked_at = self.facts(at), at
        decided = look(self.plan, self.enrollment, self.seen, at, self.zone)
        self.enrollment = decided.enrollment
        self.promises += decided.promises
        return self

    def look_at(self, instants: Iterable[datetime]) -> "Walker":
        """Decide at each of these."""
        for at in instants:
            self.look(at)
        return self

    def facts(self, now: datetime) -> Facts:
        """Return what has happened by now."""
        return Facts(
            {promise.id: self._of(promise, now) for promise in self.promises},
            [each for each in self.custom if each.at <= now],
            {name: at for name, at in self.exits.items() if at <= now},
            self.resumed_at,
        )

    def _of(self, promise: Promise, now: datetime) -> MessageFacts:
        sent_at = promise.due_at + self.late
        if sent_at > now:
            return MessageFacts(made_at=promise.due_at)
        told: dict[str, datetime] = {}
        for name, after in self.of_messages.get(promise.node, ()):
            at = sent_at + after
            if at <= now:
                told[name] = min(told.get(name, at), at)
        return MessageFacts(sent_at, None, told, over_at=sent_at)

    @property
    def path(self) -> list[str]:
        """The nodes in their order, and why it ended."""
        moves = self.enrollment.moves
        return [move.source for move in moves] + (
            [moves[-1].target or moves[-1].on] if moves else []
        )

    @property
    def node(self) -> str:
        """Where they stand."""
        (thread,) = self.enrollment.threads.values()
        return thread.node
