"""Words: where somebody stands in a plan, what is waited for, and why each move was made."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from functions.domain.calendar.durations import Duration
from functions.domain.messages.reasons import explain
from functions.domain.plans.advance import LOOP
from functions.domain.plans.document import Node, SendNode, StopNode, WaitNode, WebhookNode
from functions.domain.plans.enrollment import (
    ADDED,
    MIGRATED,
    NODE_REMOVED,
    OPERATOR,
    STEP_REMOVED,
    TOO_LATE,
    Enrollment,
    EnrollmentStatus,
    Move,
    Thread,
)
from functions.domain.plans.facts import NOTHING, Facts, MessageFacts, Occurrence
from functions.domain.plans.nexts import (
    END,
    OVERTAKEN,
    PASSED_OVER,
    REPEATED,
    SPLIT,
    UPDATED,
    Go,
    Nexts,
    base_of,
    holds,
)
from functions.domain.plans.order import waits_for
from functions.domain.plans.plan import (
    ELAPSED,
    GOAL,
    Plan,
    Timer,
    Way,
    WaysOut,
    awaited,
    is_timer,
)
from functions.domain.plans.timing import Timing

#: What is noticed within this time is noticed at once, for whoever reads of it.
_AT_ONCE: Final = timedelta(minutes=1)
#: Why people left or did not enter, beside the reasons of messages and exits that plans name.
_LEFT: Final[Mapping[str, str]] = {
    GOAL: "the goal was reached",
    LOOP: "the plan leads round in a circle without waiting",
    OPERATOR: "an operator took them out",
    "entry_filter": "the conditions of the entry do not hold for them",
    NODE_REMOVED: "another version of the plan has no such node",
    "erased": "the person was erased",
    "not_found": "no contact has this id",
    "suppressed": "the address must not be contacted any more",
}
_ENDED: Final[Mapping[str, str]] = {
    END: "the plan ends at '{source}'",
    OVERTAKEN: "'{source}' was due in a pause, and a later step went out instead",
    REPEATED: "'{source}' came round again",
    PASSED_OVER: "'{source}' came round in a pause, or while it still waited: it goes out once",
    SPLIT: "the lot fell on '{target}'",
    UPDATED: "the fields of the contact were written",
    OPERATOR: "an operator moved them to '{target}'",
    MIGRATED: "another version of the plan has '{target}' in place of '{source}'",
    ADDED: "another version of the plan has '{target}' besides",
    STEP_REMOVED: "another version of the plan has no '{source}'",
    TOO_LATE: "'{source}' was added to the plan when its time had passed for them",
}
#: Why a step has come to its end, and the walk perhaps not.
_ENDS: Final = frozenset({END, OVERTAKEN, STEP_REMOVED, TOO_LATE})


class Waiting(NamedTuple):
    """Something that somebody waits for, and what it leads to."""

    on: str
    to: str
    at: datetime | None  #: of a timer: when it fires; of an event: up to when it counts
    sentence: str


class Position(NamedTuple):
    """Where a thread of somebody's walk stands."""

    start: str
    node: str
    since: datetime
    sentence: str
    waits_for: Sequence[Waiting]


class _Known(NamedTuple):
    facts: Facts
    timing: Timing
    now: datetime

    @property
    def zone(self) -> ZoneInfo:
        """The zone of times in sentences."""
        return self.timing.zone


class Result(StrEnum):
    """What a single event does to somebody."""

    SUCCESS = "success"  #: it moves them, or has done so
    NO_MATCHING_TRANSITION = "no_matching_transition"  #: their node does not name it
    TIMING_CONSTRAINTS_NOT_MET = "timing_constraints_not_met"  #: it came too early or too late
    STALE_VISIT = "stale_visit"  #: it belongs to a visit that is over
    ENROLLMENT_ENDED = "enrollment_ended"  #: they had left before, or come to the end


def position(
    plan: Plan,
    enrollment: Enrollment,
    facts: Facts,
    *,
    zone: ZoneInfo,
    now: datetime,
    lots: str = "",
) -> list[Position]:
    """Return where each thread stands, and what it waits for; nothing once the walk has ended.

    `zone` is theirs, else the plan's; times in sentences are those of it. `lots` as in advance.
    """
    began = enrollment.began
    timing = Timing(zone, enrollment.entered_at, lots, enrollment.subject, began)
    nexts, known = Nexts(plan, enrollment, facts, zone, now, lots), _Known(facts, timing, now)
    return [
        _behind(start, thread, before)
        if (before := waits_for(plan, thread, enrollment.threads, began))
        else _position(nexts, plan, start, thread, known)
        for start, thread in enrollment.threads.items()
    ]


def standing(enrollment: Enrollment, *, zone: ZoneInfo) -> str:
    """Return a sentence on the walk as a whole."""
    ended = when(enrollment.ended_at, zone) if enrollment.ended_at else ""
    match enrollment.status:
        case EnrollmentStatus.COMPLETED:
            return f"came to the end of the plan at {ended}"
        case EnrollmentStatus.EXITED:
            return f"left at {ended}: {why_left(enrollment.exit)}"
        case EnrollmentStatus.PAUSED:
            return "is paused: events are noted, and nothing is sent"
        case _:
            return f"is under way since {when(enrollment.entered_at, zone)}"


def why(move: Move, *, zone: ZoneInfo) -> str:
    """Return a sentence on why a move was made."""
    late = move.seen - move.at > _AT_ONCE
    noticed = f"; noticed at {when(move.seen, zone)}" if late else ""
    return f"{_cause(move, zone)}{noticed}"


def when(at: datetime, zone: ZoneInfo) -> str:
    """Return an instant as clocks in a zone show it."""
    return f"{at.astimezone(zone):%Y-%m-%d %H:%M} ({zone.key})"


def result_of(
    plan: Plan,
    enrollment: Enrollment,
    facts: Facts,
    event: Occurrence,
    *,
    message: str = "",
    zone: ZoneInfo,
) -> Result:
    """Return what an event does to somebody who stands where the enrollment says.

    `message`: the id of the message that it happened to; "" for one of the person.
    """
    if _has_moved(plan, enrollment, event):
        return Result.SUCCESS
    if enrollment.has_ended:
        return Result.ENROLLMENT_ENDED
    found = [
        _result(plan, thread, facts.messages.get(thread.message, NOTHING), event, zone)
        for thread in enrollment.threads.values()
        if _is_heard(plan, thread, event, message)
    ]
    order = list(Result)
    return min(found, key=order.index, default=Result.STALE_VISIT)


# --- Where somebody stands ----------------------------------------------------------------------


def _behind(start: str, thread: Thread, before: str) -> Position:
    """Return where a thread stands that waits for another step."""
    sentence = f"'{thread.node}' waits for step '{before}', from whose end it counts"
    return Position(start, thread.node, thread.since, sentence, [])


def _position(nexts: Nexts, plan: Plan, start: str, thread: Thread, known: _Known) -> Position:
    node = plan.nodes[thread.node]
    message = known.facts.messages.get(thread.message, NOTHING)
    waits: list[Waiting] = []
    if isinstance(node, WaitNode) or thread.due_at is not None:
        base = base_of(node, thread, message)
        waits += _events(plan.ways[node.id], message, base, known)
        fires = {
            (each.act.on, each.act.target): each.at
            for each in nexts.of_thread(start, thread)
            if isinstance(each.act, Go) and is_timer(each.act.on)
        }
        timers = plan.ways[node.id].timers
        waits += [
            Waiting(timer.on, timer.to, at, _by_timer(timer, at, known.zone))
            for timer in timers
            if (at := fires.get((timer.on, timer.to))) or base is None
        ]
    if isinstance(node, SendNode | WebhookNode) and thread.due_at is not None:
        again = known.timing.ahead(node, thread)
        if again is not None:
            sentence = f"'{node.id}' comes again at {when(again, known.zone)}"
            waits.append(Waiting(REPEATED, node.id, again, sentence))
    return Position(start, thread.node, thread.since, _stands(node, thread, message, known), waits)


def _stands(node: Node, thread: Thread, message: MessageFacts, known: _Known) -> str:
    match node:
        case WaitNode():
            return f"waits at '{node.id}' since {when(thread.since, known.zone)}"
        case SendNode() | WebhookNode():
            return f"the message of '{node.id}' {_stands_at_send(node, thread, message, known)}"
        case StopNode():
            return f"is about to end at '{node.id}'"
        case _:
            return f"is about to go on from '{node.id}'"


def _stands_at_send(
    node: SendNode | WebhookNode, thread: Thread, message: MessageFacts, known: _Known
) -> str:
    zone = known.zone
    if thread.due_at is None:
        due = known.timing.due(node, thread)
        return f"is due at {when(due, zone)}" if due else "does not come again"
    if message.sent_at is not None:
        return f"was sent at {when(message.sent_at, zone)}"
    if message.ended_at is not None:
        return f"was not sent, as was known at {when(message.ended_at, zone)}"
    return "waits to be sent"


def _events(
    ways: WaysOut, message: MessageFacts, base: datetime | None, known: _Known
) -> Iterator[Waiting]:
    """Yield the events that may lead on; what has come already, or is too late, does not."""
    for way in (way for each in ways.events.values() for way in each):
        limit = way.within.add(base, known.zone) if way.within and base else None
        is_over = limit is not None and limit < known.now
        if way.on not in message.events and not is_over:
            yield Waiting(way.on, way.to, limit, _by_event(way, base, limit, known.zone))


def _by_event(way: Way, base: datetime | None, limit: datetime | None, zone: ZoneInfo) -> str:
    if limit is not None:
        return f"{way.on} leads to '{way.to}' until {when(limit, zone)}"
    if way.after is not None and base is not None:
        return f"{way.on} leads to '{way.to}' from {when(way.after.add(base, zone), zone)} on"
    return f"{way.on} leads to '{way.to}'"


def _by_timer(timer: Timer, fires: datetime | None, zone: ZoneInfo) -> str:
    leads = f"{timer.on} leads to '{timer.to}'"
    if fires is None:
        return f"{leads} {_length(timer.wait)} after the message has left"
    unless = f", unless {timer.event} comes first" if timer.event else ""
    return f"{leads} at {when(fires, zone)}{unless}"


def _length(wait: Duration) -> str:
    minutes, seconds = divmod(int(wait.exact.total_seconds()), 60)
    hours, minutes = divmod(minutes, 60)
    amounts = (wait.months, wait.days, hours, minutes, seconds)
    units = ("month", "day", "hour", "minute", "second")
    parts = [
        f"{amount} {unit}{'s' if amount > 1 else ''}"
        for amount, unit in zip(amounts, units, strict=True)
        if amount
    ]
    return ", ".join(parts) or "directly"


# --- Why a move was made ------------------------------------------------------------------------


def _cause(move: Move, zone: ZoneInfo) -> str:
    at = when(move.at, zone)
    if move.on in _ENDED and (move.target or move.on in _ENDS):
        return _ENDED[move.on].format(source=move.source, target=move.target)
    if not move.target:
        return f"{why_left(move.on)}, at {at}"
    if move.on == ELAPSED:
        return f"time was up at {at}"
    if is_timer(move.on):
        return f"{awaited(move.on)} had not come by {at}"
    return f"{move.on} came at {at}"


def why_left(reason: str) -> str:
    """Return what the reason of an exit or of a refused entry means.

    What a plan calls an exit speaks for itself.
    """
    return _LEFT.get(reason) or explain(reason)


# --- What a single event does -------------------------------------------------------------------


def _has_moved(plan: Plan, enrollment: Enrollment, event: Occurrence) -> bool:
    """Tell whether an event has moved somebody, or ends their walk."""
    if any(event.key in thread.used for thread in enrollment.threads.values()):
        return True
    if event.name in plan.reasons and event.at >= enrollment.entered_at:
        return not enrollment.has_ended or enrollment.ended_at == event.at
    return any((move.on, move.at) == (event.name, event.at) for move in enrollment.moves)


def _is_heard(plan: Plan, thread: Thread, event: Occurrence, message: str) -> bool:
    """Tell whether an event belongs to the visit that a thread is on."""
    node = plan.nodes[thread.node]
    if isinstance(node, SendNode | WebhookNode) and thread.due_at is None:
        return False
    return message == thread.message if message else event.at >= thread.since


def _result(
    plan: Plan, thread: Thread, message: MessageFacts, event: Occurrence, zone: ZoneInfo
) -> Result:
    ways = plan.ways[thread.node].events.get(event.name, ())
    base = base_of(plan.nodes[thread.node], thread, message)
    at = max(event.at, thread.since)
    if not ways:
        return Result.NO_MATCHING_TRANSITION
    in_time = any(holds(way, base, at, zone) for way in ways)
    return Result.SUCCESS if in_time else Result.TIMING_CONSTRAINTS_NOT_MET
