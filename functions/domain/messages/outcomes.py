"""Outcomes: what has become of a message, and when; the figures of a delivery report.

Each is told by the message alone: a report can be counted again from the messages, and comes to
the same.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from enum import StrEnum
from typing import Final, NamedTuple

from functions.domain.messages.message import Message, MessageStatus


class Outcome(StrEnum):
    """Something that has become of a message; one message may have several."""

    SENT = "sent"  #: the provider has taken it, whatever came of that
    DELIVERED = "delivered"  #: it has arrived, and was not sent back; of a call: a phone rang
    READ = "read"  #: they have read it, or opened the mail
    FAILED = "failed"  #: it has not reached the person
    SKIPPED = "skipped"  #: it was decided not to send it
    CANCELLED = "cancelled"  #: its campaign was cancelled first
    EXPIRED = "expired"  #: it could no longer be sent in time
    UNKNOWN = "unknown"  #: it was handed over, and nobody knows what became of it
    CLICKED = "clicked"  #: they have followed a link of it
    REPLIED = "replied"  #: they have written back
    COMPLAINED = "complained"  #: they have called it unwanted
    OPTED_OUT = "opted_out"  #: they want no more of these
    BOUNCED = "bounced"  #: it has failed: there is nobody at the address, or it was sent back


class Happened(NamedTuple):
    """An outcome of a message, and when it came."""

    outcome: Outcome
    at: datetime


_ARRIVED: Final = frozenset(
    {
        MessageStatus.DELIVERED,
        MessageStatus.ANSWERED,
        MessageStatus.READ,
        MessageStatus.COMPLETED,
    }
)
#: Outcomes that are an end, each with its reason.
ENDS: Final[Mapping[str, Outcome]] = {
    str(outcome): outcome
    for outcome in (
        Outcome.FAILED,
        Outcome.SKIPPED,
        Outcome.CANCELLED,
        Outcome.EXPIRED,
        Outcome.UNKNOWN,
    )
}
#: What people do with a message.
_REACTIONS: Final[Mapping[Outcome, str]] = {
    Outcome.CLICKED: "clicked_at",
    Outcome.REPLIED: "replied_at",
    Outcome.COMPLAINED: "complained_at",
    Outcome.OPTED_OUT: "opted_out_at",
}
#: What an outcome is told by, of a message's fields.
TOLD_BY: Final = frozenset(
    {
        "status",
        "reason",
        "due_at",
        "sent_at",
        "delivered_at",
        "answered_at",
        "read_at",
        "ended_at",
        *_REACTIONS.values(),
    }
)
#: Reasons of failed messages that are bounces.
_BOUNCES: Final = frozenset({"bounced", "invalid_address"})


def outcomes_of(message: Message) -> Iterator[Happened]:
    """Yield what has become of a message, each with when it came."""
    if message.sent_at is not None:
        yield Happened(Outcome.SENT, message.sent_at)
    if message.status in _ARRIVED:
        yield from _arrival(message)
    elif (end := ENDS.get(message.status)) and (at := _over_at(message)):
        yield Happened(end, at)
        if end is Outcome.FAILED and message.reason in _BOUNCES:
            yield Happened(Outcome.BOUNCED, at)
    for outcome, field in _REACTIONS.items():
        if at := getattr(message, field):
            yield Happened(outcome, at)


def _arrival(message: Message) -> Iterator[Happened]:
    told = (message.delivered_at, message.answered_at, message.read_at, message.clicked_at)
    arrived_at = min(filter(None, told), default=_over_at(message))
    if arrived_at is not None:
        yield Happened(Outcome.DELIVERED, arrived_at)
        if message.status == MessageStatus.READ:
            yield Happened(Outcome.READ, message.read_at or message.clicked_at or arrived_at)


def _over_at(message: Message) -> datetime | None:
    """Return when a message came to where it is; nobody has told when one was lost."""
    return message.ended_at or message.sent_at or message.due_at or message.created_at
