"""What has happened to a message, by the names that plans call it by."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final

from functions.domain.messages.message import FINAL, Message, MessageStatus

#: Events that a message has a field for.
_NOTED: Final[Mapping[str, str]] = {
    "sent": "sent_at",
    "delivered": "delivered_at",
    "opened": "read_at",
    "clicked": "clicked_at",
    "replied": "replied_at",
    "complained": "complained_at",
    "unsubscribed": "opted_out_at",
    "answered": "answered_at",
}
#: An answering machine picked up; it is told of calls that are made to listen for one.
MACHINE: Final = "machine"
#: What an event proves: whoever clicks has opened, even if their mail program keeps that quiet.
PROVES: Final[Mapping[str, tuple[str, ...]]] = {
    "clicked": ("opened", "delivered"),
    "replied": ("opened", "delivered"),
    "opened": ("delivered",),
}
_ENDS: Final = frozenset(
    {
        MessageStatus.COMPLETED,
        MessageStatus.FAILED,
        MessageStatus.SKIPPED,
        MessageStatus.EXPIRED,
        MessageStatus.UNKNOWN,
    }
)
_STARTS: Final = _ENDS | {"sent"}
#: Every name that a message can have an event of, besides the codes of reasons.
MESSAGE_EVENTS: Final = frozenset(
    {*_NOTED, *map(str, _ENDS), MACHINE, "bounced", "no_answer", "busy"}
)


def happened(message: Message) -> dict[str, datetime]:
    """Return when each event of a message came, with what these prove.

    A message that another one has followed has not ended: its end is that of the last of them.
    """
    told = {name: at for name, field in _NOTED.items() if (at := getattr(message, field))}
    if message.machine:
        told[MACHINE] = message.answered_at or ended_at(message)
    if has_ended(message) and not message.followed and message.status in _ENDS:
        for name in (str(message.status), *reasons_of(message)):
            told.setdefault(name, ended_at(message))
    return with_proven(told)


def reasons_of(message: Message) -> Sequence[str]:
    """Return by which names it is told why a message has ended.

    A mailbox that there is not is a bounce, whether its server says so at once or sends the mail
    back later.
    """
    is_bounce = message.reason == "invalid_address" and "@" in message.address
    return [message.reason, "bounced"] if is_bounce else [message.reason] if message.reason else []


def with_proven(told: Mapping[str, datetime]) -> dict[str, datetime]:
    """Return what was told of a message, and what that proves, each when it is first known of."""
    found = dict(told)
    for event, at in told.items():
        for name in PROVES.get(event, ()):
            found[name] = min(found.get(name, at), at)
    return found


def overs(*, is_call: bool) -> frozenset[str]:
    """Return the events by which something is over: a call as it ends, others as they leave."""
    return frozenset(map(str, _ENDS if is_call else _STARTS))


def over_at(message: Message, *, is_call: bool) -> datetime | None:
    """Return when a message was over, for what comes after it; None while it is not."""
    if message.followed:  # what follows it counts
        return None
    if message.sent_at is not None and not is_call:
        return message.sent_at
    return ended_at(message) if has_ended(message) else None


def starts_timers(told: Iterable[str]) -> bool:
    """Tell whether the timers of a message's node run, by the names of what has happened to it."""
    return not _STARTS.isdisjoint(told)


def has_ended(message: Message) -> bool:
    """Tell whether nothing is left to be done about a message."""
    given_up = message.status == MessageStatus.UNKNOWN and message.lane is None
    return message.status in FINAL or given_up


def ended_at(message: Message) -> datetime:
    """Return when a message ended; one that was given up ended when it was due, for all we know."""
    at = message.ended_at or message.sent_at or message.due_at or message.created_at
    assert at is not None, "a message was created at some time"  # noqa: S101 - for the type checker
    return at
