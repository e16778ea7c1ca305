"""Ends: upon what people leave a plan, and whether anything is left to be sent then."""

from collections.abc import Iterator, Mapping, Sequence
from functools import reduce
from typing import Final

from functions.domain.kinds import facts_of
from functions.domain.plans.document import (
    Document,
    PlanDocument,
    SendNode,
    StopNode,
    WebhookNode,
)
from functions.domain.plans.lint.events import Told, doubts_about
from functions.domain.plans.lint.findings import Finding, error, warning
from functions.domain.plans.lint.graph import BY_THEMSELVES, Edge, reachable
from functions.domain.plans.plan import GOAL, is_timer, nodes_of, ways_out

#: Comes with every message that leaves.
_ALWAYS: Final = "sent"
#: What ends are called that no exit makes.
_OURS: Final = frozenset({GOAL, "loop", "operator"})


def of_plan(
    document: Document, graph: Sequence[Edge], told: Mapping[str, Told]
) -> Iterator[Finding]:
    """Find what is wrong with a plan's exits, its goal and its stops.

    `told` is what can be told of what was sent to whoever stands at each node.
    """
    ends: list[tuple[str, tuple[str | int, ...]]]
    ends = [(each.on, ("exits", number, "on")) for number, each in enumerate(document.exits)]
    if document.goal is not None:
        ends.append((document.goal.on, ("goal", "on")))
    anywhere = reduce(Told.with_, told.values(), Told())
    sends_twice = _sends_twice(document, graph)
    for on, place in ends:
        if is_timer(on):
            sentence = f"nobody leaves upon {on}: that is no event, but time which passes"
            yield error("exit_never_fires", place, sentence, "lead to a stop by a transition")
        elif on == _ALWAYS and sends_twice:
            sentence = "everybody leaves with their first message: no other one is ever sent"
            yield error("exit_always_fires", place, sentence)
        else:
            yield from doubts_about(on, anywhere, place)
    yield from _unclear(document)
    if isinstance(document, PlanDocument):
        yield from _stops_by_opening(document, told)


def _unclear(document: Document) -> Iterator[Finding]:
    """Find exits that contradict each other, or whose end is called like one of ours."""
    seen = {document.goal.on: "the goal"} if document.goal else {}
    for number, each in enumerate(document.exits):
        if each.on in seen:
            sentence = f"upon {each.on} people leave already: it is {seen[each.on]} too"
            yield error("duplicate_exit", ("exits", number, "on"), sentence)
        if each.reason in _OURS:
            sentence = f"as: '{each.reason}' is what another end is called"
            yield error(
                "reserved_reason", ("exits", number, "as"), sentence, "give it another name"
            )
        seen.setdefault(each.on, f"exit {number}")


def _sends_twice(document: Document, graph: Sequence[Edge]) -> bool:
    """Tell whether one person can be sent to more than once."""
    sends = {node.id for node in nodes_of(document) if isinstance(node, SendNode | WebhookNode)}
    if not isinstance(document, PlanDocument):
        return len(sends) > 1
    behind = [edge.target for edge in graph if edge.source in sends]
    return not reachable(behind, graph).isdisjoint(sends)


def _stops_by_opening(document: PlanDocument, told: Mapping[str, Told]) -> Iterator[Finding]:
    """Find plans that people leave by nothing they do but opening a mail."""
    stops = {node.id for node in document.nodes if isinstance(node, StopNode)}
    by_deed = [
        (node, way, ("nodes", number, "transitions", place))
        for number, node in enumerate(document.nodes)
        for place, way in enumerate(ways_out(node))
        if way.to in stops and not is_timer(way.on) and way.on not in BY_THEMSELVES
    ]
    mails = [
        place
        for node, way, place in by_deed
        if way.on == "opened"
        and any(facts_of(kind).is_opened_by_programs for kind in told[node.id].channels)
    ]
    if mails and len(mails) == len(by_deed):
        sentence = "only opening leads to a stop, and many mail programs open mails by themselves"
        yield warning("stops_by_opening", (*mails[0], "on"), sentence, "stop upon clicked")
