"""Messages that are counted alike: of a chunk that takes one way, one message is looked at."""

from collections import Counter
from collections.abc import Hashable, Iterable
from operator import attrgetter
from typing import Final, NamedTuple, TypeAlias

from functions.domain.messages.message import Changes, Message, changed
from functions.domain.messages.outcomes import TOLD_BY

Pair: TypeAlias = tuple[Message, Changes]
"""A message as it was, and what is written of it."""

#: All by which messages are counted, but for whether they have an address.
_COUNTED_BY: Final = (
    *("send", "created_at", "attempt", "duration_s", "followed"),
    *sorted(TOLD_BY),
)
_counted_of: Final = attrgetter(*_COUNTED_BY)


class Alike(NamedTuple):
    """One of the messages that are counted alike, before and after its change."""

    before: Message
    after: Message
    number: int  #: how many they are, this one included


def alike(pairs: Iterable[Pair]) -> list[Alike]:
    """Group messages by what they are counted as, and return one of each group."""
    counts: Counter[Hashable] = Counter()
    examples: dict[Hashable, Pair] = {}
    for pair in pairs:
        before, changes = pair
        told, address = _counted_of(before), before.address
        kind: Hashable = (
            *(told, not address, not changes.get("address", address)),
            *map(changes.get, _COUNTED_BY, told),
        )
        counts[kind] += 1
        examples[kind] = pair
    return [
        Alike(before, changed(before, changes), counts[kind])
        for kind, (before, changes) in examples.items()
    ]
