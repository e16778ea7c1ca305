"""The difference of two versions of a plan: nodes that come, go or change, and in what."""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any, Final, NamedTuple

from functions.domain.plans.document import Node, SendNode, WebhookNode
from functions.domain.plans.plan import Plan, channel_of, nodes_of


class Aspect(StrEnum):
    """In what a node changes."""

    ACTION = "action"  #: it does something else than before
    TIMING = "timing"  #: when it is due, and until when it may be sent
    CONTENT = "content"  #: what it says, by what means and from whom, or what it writes
    WAYS_OUT = "ways_out"  #: what leads on from it, and when


class Difference(NamedTuple):
    """What a version of a plan has that another has not."""

    added: Sequence[str]  #: nodes by id, in the order of their plan
    removed: Sequence[str]
    changed: Mapping[str, Sequence[Aspect]]
    plan: Sequence[str]  #: members of the plan itself that changed, such as exits

    @property
    def is_none(self) -> bool:
        """True where both versions say the same."""
        return not any(self)


_TIMING: Final = frozenset({"schedule", "repeat", "after", "expires_after"})
_WAYS_OUT: Final = frozenset({"transitions", "branches", "sticky", "to"})
#: What is said of the nodes; what else a plan has, it says of itself.
_OF_NODES: Final = frozenset({"nodes", "steps"})


def difference(before: Plan, after: Plan) -> Difference:
    """Return what is new, gone and changed in a version of a plan."""
    both = [id_ for id_ in before.nodes if id_ in after.nodes]
    changed = {id_: aspects_changed(before, id_, after, id_) for id_ in both}
    return Difference(
        [id_ for id_ in after.nodes if id_ not in before.nodes],
        [id_ for id_ in before.nodes if id_ not in after.nodes],
        {id_: aspects for id_, aspects in changed.items() if aspects},
        _members_changed(before, after),
    )


def aspects_changed(before: Plan, old: str, after: Plan, new: str) -> list[Aspect]:
    """Return in what a node of a version differs from one of another version."""
    was, is_ = before.nodes[old], after.nodes[new]
    if was.action != is_.action:
        return [Aspect.ACTION]
    found = {
        Aspect.TIMING: _some(was, _TIMING) != _some(is_, _TIMING),
        Aspect.CONTENT: _content(before, was) != _content(after, is_),
        Aspect.WAYS_OUT: _ways_out(before, was) != _ways_out(after, is_),
    }
    return [aspect for aspect, differs in found.items() if differs]


def _some(node: Node, names: frozenset[str]) -> dict[str, Any]:
    return {name: getattr(node, name) for name in type(node).model_fields if name in names}


def _content(plan: Plan, node: Node) -> tuple[Any, ...]:
    names = type(node).model_fields.keys() - {"id", "channel"} - _TIMING - _WAYS_OUT
    channel = channel_of(plan.document, node) if isinstance(node, SendNode | WebhookNode) else ""
    return channel, _some(node, frozenset(names))


def _ways_out(plan: Plan, node: Node) -> tuple[Any, ...]:
    """Return the ways out with the timers in force, which may be the plan's."""
    return plan.ways[node.id], _some(node, _WAYS_OUT - {"transitions"})


def _members_changed(before: Plan, after: Plan) -> list[str]:
    fields = type(after.document).model_fields
    others = [name for name in fields if name not in _OF_NODES]
    changed = [
        fields[name].alias or name
        for name in others
        if getattr(before.document, name, None) != getattr(after.document, name)
    ]
    order = [[node.id for node in nodes_of(plan.document)] for plan in (before, after)]
    is_moved = sorted(order[0]) == sorted(order[1]) and order[0] != order[1]
    return [*changed, *(["order"] if is_moved else [])]
