"""Events: which of them what a plan sends can have, and how else people call them."""

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from difflib import get_close_matches
from functools import lru_cache
from typing import Final

from functions.domain.kinds import ChannelKind, facts_of
from functions.domain.plans.document import Document, Node, SendNode
from functions.domain.plans.lint.findings import Finding, warning
from functions.domain.plans.listening import is_custom
from functions.domain.plans.plan import ELAPSED, awaited, channel_of, is_timer

#: Events that messages of some channels alone can have.
_OF_SOME: Final = frozenset(event for kind in ChannelKind for event in facts_of(kind).events)
#: Events that messages of every channel can have.
_OF_ALL: Final = ("sent", "delivered", "failed", "skipped", "expired", "unknown", "unsubscribed")
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


def channels_of(document: Document, node: Node) -> AbstractSet[ChannelKind]:
    """Return by what means a node may reach somebody, its fallbacks included."""
    fallbacks = node.fallbacks if isinstance(node, SendNode) else ()
    return {channel_of(document, node), *(each.channel for each in fallbacks)}


def doubts_about(
    on: str, channels: AbstractSet[ChannelKind], place: Sequence[str | int]
) -> Iterator[Finding]:
    """Find an event that messages by these channels cannot have, or that has another name."""
    event = awaited(on) if is_timer(on) else on
    if event in _OF_SOME and not any(event in facts_of(kind).events for kind in channels):
        sentence = f"'{on}' is nothing that can happen to what is sent by {_listed(channels)}"
        yield warning("event_never_comes", place, sentence)
    meant = _meant(event) if event else None
    if meant:
        sentence = f"'{on}' counts as an event of your own, of which you tell us"
        yield warning("event_of_your_own", place, sentence, f"did you mean {meant}?")


def _listed(channels: AbstractSet[ChannelKind]) -> str:
    return " or ".join(sorted(channels))


@lru_cache(maxsize=1024)
def _meant(event: str) -> str | None:
    if not is_custom(event):
        return None
    close = get_close_matches(event, _KNOWN, n=1, cutoff=0.9)
    return _SYNONYMS.get(event) or (close[0] if close else None)
