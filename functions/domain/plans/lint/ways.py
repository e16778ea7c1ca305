"""Ways out: whether each can be taken, and whether somebody could stand at a node for ever."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Final

from functions.domain.calendar.durations import Duration, parse_duration
from functions.domain.messages.happened import MACHINE, PROVES
from functions.domain.plans.document import Node, PlanDocument, SendNode, StopNode, WaitNode
from functions.domain.plans.lint.events import Told, doubts_about
from functions.domain.plans.lint.findings import Finding, error, warning
from functions.domain.plans.lint.hours import night_of, too_long
from functions.domain.plans.parts import Transition
from functions.domain.plans.plan import (
    ELAPSED,
    ENDS,
    awaited,
    channel_of,
    is_timer,
    timer_of,
    ways_out,
)

_DAY: Final = timedelta(days=1)
#: Upon these everybody leaves; unsubscribed leads on where another channel of the plan is left.
_LEAVES: Final = frozenset(ENDS) - {"unsubscribed"}
#: Upon these a person was not reached.
_NOT_REACHED: Final = frozenset(
    {"failed", "bounced", "no_answer", "busy", "machine", "undelivered", "no_delivery"}
)


def of_plan(document: PlanDocument, told: Mapping[str, Told]) -> Iterator[Finding]:
    """Find what is wrong with the ways out of a journey's nodes.

    `told` is what can be told of what was sent to whoever stands at each.
    """
    nodes = {node.id: node for node in document.nodes}
    night = night_of(document)
    for number, node in enumerate(document.nodes):
        at = ("nodes", number)
        if isinstance(node, StopNode) and node.transitions:
            sentence = "a stop ends the walk: nothing leads on from it"
            yield error("stop_leads_on", (*at, "transitions"), sentence, "leave them out")
        for place, way in enumerate(ways_out(node)):
            here = (*at, "transitions", place)
            yield from _by_time(document, way, here)
            yield from _by_event(way, night, here)
            yield from doubts_about(way.on, told[node.id], (*here, "on"))
            yield from _said_again(document, node, way, nodes, here)
        yield from _never_taken(document, node, at)
        yield from _machine_too_late(node, at)
        yield from _standstill(document, node, at)


def _by_time(
    document: PlanDocument, way: Transition, place: Sequence[str | int]
) -> Iterator[Finding]:
    yield from too_long(way.after, (*place, "after"))
    yield from too_long(way.within, (*place, "within"))
    if is_timer(way.on) and way.within is not None:
        sentence = f"{way.on} comes when time is up: it has an after and no within"
        yield error("timer_within", (*place, "within"), sentence)
    elif is_timer(way.on) and timer_of(document, way) is None:
        sentence = f"{way.on} never comes: neither it nor the plan's timers say after what time"
        yield error("timer_without_time", (*place, "on"), sentence, "add an after")


def _by_event(way: Transition, night: timedelta, place: Sequence[str | int]) -> Iterator[Finding]:
    if way.on in _LEAVES:
        sentence = f"{way.on} ends every walk: nothing leads on from it"
        yield warning("never_taken", (*place, "on"), sentence, "name it among the exits")
    if way.after is not None and not is_timer(way.on):
        sentence = f"only the first {way.on} is judged: one that comes earlier leads nowhere"
        yield warning("after_on_event", (*place, "after"), sentence)
    if way.within is not None and parse_duration(way.within).nominal < night:
        sentence = "within is shorter than the quiet hours: it may be over before anybody is awake"
        yield warning("within_the_night", (*place, "within"), sentence)


def _said_again(
    document: PlanDocument,
    node: Node,
    way: Transition,
    nodes: Mapping[str, Node],
    place: Sequence[str | int],
) -> Iterator[Finding]:
    target = nodes.get(way.to)
    if way.on not in _NOT_REACHED or not isinstance(node, SendNode):
        return
    if not isinstance(target, SendNode) or _words(target) != _words(node) or not any(_words(node)):
        return
    if channel_of(document, target) != channel_of(document, node):
        sentence = f"'{target.id}' says the same by another channel, because '{node.id}' failed"
        hint = "make it a fallback of that node: an answer to either then counts for both"
        yield warning("use_fallbacks", (*place, "to"), sentence, hint)


def _words(node: SendNode) -> tuple[str | None, str | None]:
    return node.body, node.provider_template


def _never_taken(document: PlanDocument, node: Node, at: Sequence[str | int]) -> Iterator[Finding]:
    """Find ways that another one of the node is always taken before."""
    ways = ways_out(node)
    waits = [timer_of(document, way) for way in ways]
    for number, (way, wait) in enumerate(zip(ways, waits, strict=True)):
        for earlier, (other, its) in enumerate(zip(ways, waits, strict=True)):
            if wait is None or its is None:
                is_behind = other.on == way.on and earlier < number
                is_first = is_behind and other.within is None and other.after is None
            else:
                is_first = (its.nominal, earlier) < (wait.nominal, number) and _fires(other, way)
            if is_first:
                sentence = f"{way.on} is never taken: transition {earlier} always is before it"
                yield warning("never_taken", (*at, "transitions", number), sentence)
                break


def _machine_too_late(node: Node, at: Sequence[str | int]) -> Iterator[Finding]:
    """Find a way upon a machine behind which the call's being picked up has led on before."""
    names = [way.on for way in ways_out(node)]
    if MACHINE in names and "answered" in names:
        place = (*at, "transitions", names.index(MACHINE), "on")
        sentence = "machine is never taken: a machine picks up too, and answered leads on then"
        yield warning("never_taken", place, sentence, "name completed instead of answered")


def _fires(first: Transition, later: Transition) -> bool:
    """Tell whether one timer fires wherever another one, which takes longer, would."""
    event, its = awaited(first.on), awaited(later.on)
    return first.on == ELAPSED or event == its or its in PROVES.get(event, ())


def _standstill(document: PlanDocument, node: Node, at: Sequence[str | int]) -> Iterator[Finding]:
    ways = ways_out(node)
    if isinstance(node, WaitNode) and not ways:
        sentence = f"the node '{node.id}' waits for nothing and leads nowhere"
        yield error("leads_nowhere", at, sentence, "give it transitions, or stop before it")
    elif ways and not any(_always_leads_on(document, ways, way) for way in ways):
        sentence = f"somebody could stand at '{node.id}' for ever"
        hint = "add {'on': 'elapsed', 'after': ...}, or let every event before no_* lead on"
        yield error("waits_for_ever", at, sentence, hint)


def _always_leads_on(document: PlanDocument, ways: Sequence[Transition], timer: Transition) -> bool:
    """Tell whether time takes this way, or the event that stops it leads on in any case."""
    wait = timer_of(document, timer)
    if wait is None:
        return False
    if timer.on == ELAPSED:
        return True
    event = awaited(timer.on)
    return any(
        way.on == event
        and way.after is None
        and (way.within is None or _covers(parse_duration(way.within), wait))
        for way in ways
    )


def _covers(limit: Duration, wait: Duration) -> bool:
    """Tell whether a limit lasts at least as long, whatever calendars and clocks do meanwhile."""
    if (limit.months, limit.days) == (wait.months, wait.days):
        return limit.exact >= wait.exact
    slack = 3 * _DAY if limit.months != wait.months else timedelta(hours=3)
    return limit.nominal >= wait.nominal + slack
