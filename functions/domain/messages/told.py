"""What was told of a message, as the message itself remembers it: the last receipts, each once.

A receipt that is repeated is known by its id. One that was forgotten, for more than REMEMBERED came
after it, does no harm: statuses only rise within an attempt, instants only get earlier, and an
attempt that has ended is over.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from functions.domain.messages.delivery_events import DeliveryEvent
from functions.domain.messages.message import Message

REMEMBERED: Final = 8
#: What is only remembered of receipts that tell it.
_OPTIONAL: Final = ("reason", "link", "machine")


def told(message: Message, id_: str) -> Mapping[str, Any] | None:
    """Return what a receipt has told of a message, by its id; None where that is not known."""
    return next((each for each in message.told if each["id"] == id_), None)


def entry(event: DeliveryEvent) -> dict[str, Any]:
    """Return what is remembered of a receipt."""
    kept = {"id": event.id, "kind": event.kind, "attempt": event.attempt, "at": event.at}
    kept |= {name: value for name in _OPTIONAL if (value := getattr(event, name))}
    return kept | ({"bars": True} if event.suppress else {})


def with_told(message: Message, new: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return what a message remembers once more was told of it; the same id replaces itself.

    What bars an address is forgotten last: told again, it would bar one that was freed since.
    """
    every = [*without(message, new["id"]), new]
    if len(every) > REMEMBERED:
        first = next((at for at, each in enumerate(every) if not each.get("bars")), 0)
        del every[first]
    return every


def without(message: Message, id_: str) -> Sequence[Mapping[str, Any]]:
    """Return what a message remembers, but for one receipt."""
    return [each for each in message.told if each["id"] != id_]
