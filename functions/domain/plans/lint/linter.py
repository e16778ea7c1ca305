"""The linter: what is wrong with a plan that is shaped as one, and what was hardly meant.

A plan without errors leads everybody to an end: every node that waits has a way out that time
takes, and no circle can be gone round without waiting.
"""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Final

from functions.domain.plans.document import Document, PlanDocument, SendNode, WebhookNode
from functions.domain.plans.lint import content, ends, hours, order, repeats, ways
from functions.domain.plans.lint.basis import Basis
from functions.domain.plans.lint.doubts import doubts, templates_of
from functions.domain.plans.lint.events import told_at
from functions.domain.plans.lint.findings import Finding, Level, error, warning
from functions.domain.plans.lint.graph import Edge, circles, edges, reachable
from functions.domain.plans.plan import nodes_of

_DAY: Final = timedelta(days=1)
_INSTANT: Final = timedelta(seconds=1)


def lint(document: Document, basis: Basis) -> list[Finding]:
    """Return what is found in a plan, errors first."""
    graph, told = list(edges(document)), told_at(document, basis)
    found = [*_ids(document), *hours.of_plan(document, basis)]
    found += ends.of_plan(document, graph, told)
    if isinstance(document, PlanDocument):
        found += [*_targets(document, graph), *_reach(document, graph), *_circles(document, graph)]
        found += ways.of_plan(document, told)
    found += [*content.of_plan(document, basis), *doubts(templates_of(document), None)]
    found += [*hours.of_sends(document, basis), *repeats.of_steps(document, basis)]
    found += order.of_steps(document)
    return sorted(found, key=lambda finding: finding.level is not Level.ERROR)


def _ids(document: Document) -> Iterator[Finding]:
    member, word = ("nodes", "node") if isinstance(document, PlanDocument) else ("steps", "step")
    seen: set[str] = set()
    for number, node in enumerate(nodes_of(document)):
        if node.id in seen:
            sentence = f"there is another {word} with the id '{node.id}'"
            yield error("duplicate_id", (member, number, "id"), sentence)
        seen.add(node.id)


def _targets(document: PlanDocument, graph: Sequence[Edge]) -> Iterator[Finding]:
    ids = {node.id for node in document.nodes}
    if document.start_node_id not in ids:
        sentence = f"there is no node '{document.start_node_id}' to start at"
        yield error("unknown_start", ("startNodeId",), sentence)
    for edge in graph:
        if edge.target not in ids:
            sentence = f"there is no node '{edge.target}' to go to"
            yield error("unknown_target", edge.place, sentence)


def _reach(document: PlanDocument, graph: Sequence[Edge]) -> Iterator[Finding]:
    found = reachable([document.start_node_id], graph)
    for number, node in enumerate(document.nodes):
        if node.id not in found:
            sentence = f"nothing leads to the node '{node.id}'"
            yield warning("unreachable", ("nodes", number), sentence)


def _circles(document: PlanDocument, graph: Sequence[Edge]) -> Iterator[Finding]:
    numbers = {node.id: number for number, node in enumerate(document.nodes)}
    instant = circles([edge for edge in graph if edge.by_itself and edge.soonest < _INSTANT])
    for ids in instant:
        sentence = f"{', '.join(sorted(ids))} can be gone round without waiting"
        hint = "put a wait, or an after, into the circle"
        yield error("loop_without_wait", ("nodes", numbers[ids[0]]), sentence, hint)
    if instant:
        return
    for ids in circles([edge for edge in graph if edge.soonest < _DAY]):
        places = [numbers[id_] for id_ in ids if id_ in numbers]
        sends = [n for n in places if isinstance(document.nodes[n], SendNode | WebhookNode)]
        if sends:
            sentence = f"{', '.join(sorted(ids))} can send to one person more than once a day"
            yield warning("loop_sends_often", ("nodes", sends[0]), sentence)
