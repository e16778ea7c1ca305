"""Receipts: how a provider's report changes a message."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from functions.domain.messages.attempts import (
    SETTLED,
    DeliveryPolicy,
    after_failure,
    claim,
    end,
)
from functions.domain.messages.delivery_events import DeliveryEvent, EventKind, Retry
from functions.domain.messages.message import FINAL, RANK, Changes, Message, MessageStatus, changed


def after_event(
    message: Message, event: DeliveryEvent, policy: DeliveryPolicy, *, now: datetime
) -> Changes:
    """Return what a receipt changes; nothing where it is late, early for another attempt, or old.

    Statuses only move up in rank within an attempt, and final ones absorb. What a person has done
    is noted whatever the status is, at the earliest instant that was told: so receipts come to
    the same in any order. A message that is told of faster than its result is still stored as
    pending: the receipt says that it was handed over.
    """
    if event.machine:
        return {}
    if message.status == MessageStatus.PENDING and event.attempt == message.attempt + 1:
        handed = claim(message, until=now + policy.send_lease)
        changes = _told(changed(message, handed), event, policy, now=now)
        return handed | changes if changes else {}
    return _told(message, event, policy, now=now) if event.attempt == message.attempt else {}


def _told(
    message: Message, event: DeliveryEvent, policy: DeliveryPolicy, *, now: datetime
) -> Changes:
    """Return what a receipt of the message's present attempt changes."""
    changes = _advance(message, event, policy, now=now) | _noted(message, event)
    if changes and event.provider_id and not message.provider_id:
        changes["provider_id"] = event.provider_id
    return changes


#: When what has happened to a person is noted, by what is told of it.
_NOTED: Final[Mapping[EventKind, str]] = {
    EventKind.SENT: "sent_at",
    EventKind.DELIVERED: "delivered_at",
    EventKind.READ: "read_at",
    EventKind.CLICKED: "clicked_at",
    EventKind.REPLIED: "replied_at",
    EventKind.COMPLAINED: "complained_at",
    EventKind.OPTED_OUT: "opted_out_at",
}
#: These tell that a text has arrived: its lane has nothing left to do.
_ARRIVES: Final = frozenset(
    {EventKind.DELIVERED, EventKind.READ, EventKind.CLICKED, EventKind.REPLIED}
)


def _noted(message: Message, event: DeliveryEvent) -> Changes:
    """Return the instants that were not known, or are earlier than we knew."""
    # What has arrived was sent, also where the provider's answer was lost.
    names = {_NOTED.get(event.kind), "sent_at" if event.kind in _ARRIVES else None} - {None}
    told = {name: getattr(message, name) for name in names if name}
    return {name: event.at for name, known in told.items() if known is None or event.at < known}


def _advance(
    message: Message, event: DeliveryEvent, policy: DeliveryPolicy, *, now: datetime
) -> Changes:
    if message.status in FINAL or _comes_too_late(message, event):
        return {}
    return _receipt(message, event, policy, now=now)


def _comes_too_late(message: Message, event: DeliveryEvent) -> bool:
    """Tell whether the attempt had ended, as far as we were told, and this does not reopen it."""
    arrived = event.kind in _ARRIVES
    match message.status:
        case MessageStatus.UNKNOWN:
            over = message.ended_at is not None
            return over and event.kind is not EventKind.COMPLETED and not arrived
        case MessageStatus.PENDING:
            # Waits for another attempt, which is not needed once this one has arrived after all.
            return event.kind is not EventKind.COMPLETED and not arrived
        case MessageStatus.DELIVERED | MessageStatus.READ if message.lane is None:
            # Its provider may take it back for good, but no other attempt is due.
            failed = event.kind is EventKind.FAILED and event.retry is Retry.NEVER
            return event.kind is not EventKind.COMPLETED and not arrived and not failed
        case _:
            return False


def _receipt(
    message: Message, event: DeliveryEvent, policy: DeliveryPolicy, *, now: datetime
) -> Changes:
    match event.kind:
        case EventKind.COMPLETED:
            done = end(MessageStatus.COMPLETED, event.reason, now=event.at)
            return {**done, "duration_s": event.duration_s}
        case EventKind.UNCERTAIN:
            return end(MessageStatus.UNKNOWN, event.reason, now=event.at)
        case EventKind.FAILED:
            return after_failure(message, event.retry, event.reason, policy, now=now)
        case EventKind.COMPLAINED | EventKind.OPTED_OUT | EventKind.BOT_LOST:
            return {}
        case EventKind.MACHINE:
            return {"machine": True}
        case kind:
            return _rise(message, kind, event.at, policy, now=now)


_RISES: Final[Mapping[EventKind, MessageStatus]] = {
    EventKind.SENT: MessageStatus.SENT,
    EventKind.RINGING: MessageStatus.DELIVERED,
    EventKind.ANSWERED: MessageStatus.ANSWERED,
    EventKind.DELIVERED: MessageStatus.DELIVERED,
    EventKind.READ: MessageStatus.READ,
    EventKind.CLICKED: MessageStatus.READ,
    EventKind.REPLIED: MessageStatus.READ,
}


def _rise(
    message: Message, kind: EventKind, at: datetime, policy: DeliveryPolicy, *, now: datetime
) -> Changes:
    status = _RISES[kind]
    if RANK[status] <= RANK[message.status]:
        return {}
    if kind in _ARRIVES:
        return {"status": status, "reason": "", "ended_at": None, **SETTLED}
    if kind is EventKind.SENT:
        return {"status": status, "reason": "", **_watched(message, policy, now=now)}
    # Where the provider's answer was lost, this is what tells that the message was sent.
    rise: Changes = {"status": status, "sent_at": message.sent_at or now}
    answered = {"answered_at": at} if kind is EventKind.ANSWERED else {}
    return {**rise, **answered, "next_at": now + policy.look_up_after}


def _watched(message: Message, policy: DeliveryPolicy, *, now: datetime) -> Changes:
    """Let the lane that waits for a text look once more what has become of it (after_watch)."""
    return SETTLED if message.lane is None else {"next_at": now + policy.look_up_after}
