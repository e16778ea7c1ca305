"""Events: which of them what a plan sends can have, and how else people call them."""

from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from functools import lru_cache
from typing import Final, NamedTuple

from functions.domain.kinds import ChannelKind, facts_of
from functions.domain.messages.happened import MACHINE, PROVES
from functions.domain.plans.document import Document, FallbackPart, Node, SendNode, WebhookNode
from functions.domain.plans.lint.basis import Basis
from functions.domain.plans.lint.findings import Finding, warning
from functions.domain.plans.listening import is_custom
from functions.domain.plans.plan import (
    ELAPSED,
    awaited,
    channel_of,
    is_timer,
    nodes_of,
    targets_of,
)

#: Events that are told of messages of some channels alone.
_OF_SOME: Final = frozenset(event for kind in ChannelKind for event in facts_of(kind).events)
#: Events that messages of every channel can have.
_OF_ALL: Final = ("sent", "failed", "skipped", "expired", "unknown", "unsubscribed")
_KNOWN: Final = (*sorted(_OF_SOME), *_OF_ALL, ELAPSED)
#: How else people call them.
_SYNONYMS: Final[Mapping[str, str]] = {
    **dict.fromkeys(("open", "opens", "read", "seen"), "opened"),
    **dict.fromkeys(("click", "clicks"), "clicked"),
    **dict.fromkeys(("reply", "replies", "response", "responded"), "replied"),
    **dict.fromkeys(("bounce", "bounces", "hard_bounce"), "bounced"),
    **dict.fromkeys(("unsubscribe", "opt_out", "opted_out", "optout"), "unsubscribed"),
    **dict.fromkeys(("complaint", "spam", "spam_report"), "complained"),
    **dict.fromkeys(("fail", "error"), "failed"),
    **dict.fromkeys(("answer", "pickup", "picked_up"), "answered"),
    **dict.fromkeys(("timeout", "timer", "wait"), ELAPSED),
    "deliver": "delivered",
    "delivery": "delivered",
    "voicemail": "machine",
}


class Told(NamedTuple):
    """What can be told of what was sent to whoever stands at a node, and by what channels."""

    channels: frozenset[ChannelKind] = frozenset()
    events: frozenset[str] = frozenset()

    def with_(self, other: "Told") -> "Told":
        """Return what can be told of either."""
        return Told(self.channels | other.channels, self.events | other.events)


def told_at(document: Document, basis: Basis) -> Mapping[str, Told]:
    """Return what can be told at each node: of its own messages, else of those sent before it.

    Nodes that send nothing leave the message before them in force.
    """
    nodes = {node.id: node for node in nodes_of(document)}
    told = {id_: _of_node(document, node, basis) for id_, node in nodes.items()}
    silent = {id_ for id_, each in told.items() if not each.channels}
    ahead = list(told.keys() - silent)
    while ahead:
        here = ahead.pop()
        for to in silent.intersection(targets_of(nodes[here])):
            more = told[to].with_(told[here])
            if more != told[to]:
                told[to] = more
                ahead.append(to)
    return told


def _of_node(document: Document, node: Node, basis: Basis) -> Told:
    """Return what can be told of what a node sends, its fallbacks included."""
    if not isinstance(node, SendNode | WebhookNode):
        return Told()
    told = Told()
    parts = (node, *node.fallbacks) if isinstance(node, SendNode) else (node,)
    for part in parts:
        kind = part.channel if isinstance(part, FallbackPart) else channel_of(document, node)
        events = facts_of(kind).events - basis.untold.get(kind, frozenset())
        if isinstance(part, WebhookNode) or not part.machine_detection:
            events -= {MACHINE}
        told = told.with_(Told(frozenset({kind}), events))
    return told


def doubts_about(on: str, told: Told, place: Sequence[str | int]) -> Iterator[Finding]:
    """Find an event that what was sent cannot have, or that has another name."""
    event = awaited(on) if is_timer(on) else on
    if event in _OF_SOME and event not in told.events:
        yield _untold(on, event, told, place)
    meant = _meant(event) if event else None
    if meant:
        sentence = f"'{on}' counts as an event of your own, of which you tell us"
        yield warning("event_of_your_own", place, sentence, f"did you mean {meant}?")


def _untold(on: str, event: str, told: Told, place: Sequence[str | int]) -> Finding:
    """Return the finding about an event that nobody tells, or that others have to tell."""
    sent = f"what is sent by {' or '.join(sorted(told.channels))}"
    if proofs := sorted(name for name in told.events if event in PROVES.get(name, ())):
        sentence = f"'{event}' of {sent} comes with {' or '.join(proofs)} alone: nobody tells of it"
        return warning("event_only_proven", place, sentence, f"name {proofs[0]} instead")
    if not told.channels:
        sentence = f"'{on}' is nothing that can happen: nothing is sent before"
        return warning("event_never_comes", place, sentence)
    sentence = f"'{on}' is nothing that is ever told of {sent}"
    if event == MACHINE and ChannelKind.VOICE in told.channels:
        hint = "have the call listen for one: machineDetection"
    else:
        hint = "use elapsed for time that passes" if is_timer(on) else ""
    return warning("event_never_comes", place, sentence, hint)


@lru_cache(maxsize=1024)
def _meant(event: str) -> str | None:
    if not is_custom(event):
        return None
    close = get_close_matches(event, _KNOWN, n=1, cutoff=0.9)
    return _SYNONYMS.get(event) or (close[0] if close else None)
