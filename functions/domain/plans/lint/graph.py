"""A plan as a graph: its edges, how soon each can be taken, and the circles that they make."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Final, NamedTuple

from functions.domain.calendar.durations import parse_duration
from functions.domain.plans.document import (
    Document,
    Node,
    SendNode,
    SplitNode,
    UpdateNode,
    WebhookNode,
)
from functions.domain.plans.plan import is_timer, nodes_of, timer_of, ways_out

_NONE: Final = timedelta()
#: Events that come without anybody's doing, as soon as a message is sent.
BY_THEMSELVES: Final = frozenset(
    {"sent", "delivered", "failed", "bounced", "skipped", "expired", "unknown", "completed"}
)


class Edge(NamedTuple):
    """A way from one node to another."""

    source: str
    target: str
    place: Sequence[str | int]  #: of the target's name in the document
    soonest: timedelta  #: after entering the source, at the earliest
    by_itself: bool  #: taken though the person does nothing


def edges(document: Document) -> Iterator[Edge]:
    """Yield every edge, in the order of the document."""
    for number, node in enumerate(nodes_of(document)):
        yield from _edges_of(document, node, ("nodes", number))


def _edges_of(document: Document, node: Node, at: tuple[str, int]) -> Iterator[Edge]:
    if isinstance(node, UpdateNode):
        yield Edge(node.id, node.to, (*at, "to"), _NONE, by_itself=True)
    if isinstance(node, SplitNode):
        for number, branch in enumerate(node.branches):
            place = (*at, "branches", number, "to")
            yield Edge(node.id, branch.to, place, _NONE, by_itself=True)
    for number, way in enumerate(ways_out(node)):
        timer = timer_of(document, way)
        wait = timer.nominal if timer else parse_duration(way.after or "PT0S").nominal
        by_itself = is_timer(way.on) or way.on in BY_THEMSELVES
        place = (*at, "transitions", number, "to")
        yield Edge(node.id, way.to, place, wait + _delay(node), by_itself)


def _delay(node: Node) -> timedelta:
    """Return how long after entering a node its message is due, at the earliest."""
    if not isinstance(node, SendNode | WebhookNode):
        return _NONE
    if node.schedule.interval is not None:
        return node.schedule.interval.interval.offset.least
    return parse_duration(node.schedule.delay).nominal if node.schedule.delay else _NONE


def reachable(starts: Iterable[str], graph: Iterable[Edge]) -> set[str]:
    """Return the nodes that can be come to from some of them, these included."""
    targets: dict[str, list[str]] = {}
    for edge in graph:
        targets.setdefault(edge.source, []).append(edge.target)
    found = set(starts)
    ahead = list(found)
    while ahead:
        new = set(targets.get(ahead.pop(), ())) - found
        found |= new
        ahead += new
    return found


def circles(graph: Iterable[Edge]) -> list[list[str]]:
    """Return the sets of nodes that can be come back to by these edges (Tarjan)."""
    targets: dict[str, list[str]] = {}
    for edge in graph:
        targets.setdefault(edge.source, []).append(edge.target)
    return [
        component
        for component in _components(targets)
        if len(component) > 1 or component[0] in targets.get(component[0], ())
    ]


def _components(targets: Mapping[str, Sequence[str]]) -> Iterator[list[str]]:
    """Yield the strongly connected components; without recursion, for long plans."""
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    for root in targets:
        work = [(root, 0)] if root not in index else []
        while work:
            node, done = work.pop()
            if node not in index:
                index[node] = low[node] = len(index)
                stack.append(node)
            following = targets.get(node, ())
            for number in range(done, len(following)):
                target = following[number]
                if target not in index:
                    work += [(node, number), (target, 0)]
                    break
                if target in stack:
                    low[node] = min(low[node], low[target])
            else:
                if low[node] == index[node]:
                    cut = stack.index(node)
                    yield stack[cut:]
                    del stack[cut:]
