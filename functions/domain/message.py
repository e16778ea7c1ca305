"""A message: the promise to contact one person at one time, and every rule of its statuses.

The functions return the fields that change. They know no clock and no store: the engine passes
the time and commits what they decide.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from hashlib import blake2b
from typing import Any, Final, NamedTuple, TypeAlias

from functions.domain.contact import ERASED, contact_id
from functions.domain.events import DeliveryEvent, EventKind, Retry
from functions.domain.outcomes import Accepted, Deferred, Rejected, SendOutcome, Unknown

Changes: TypeAlias = dict[str, Any]


class MessageStatus(StrEnum):
    """Where a message stands."""

    PENDING = "pending"  #: to be sent at next_at
    SENDING = "sending"  #: being handed to the provider, under a lease that ends at next_at
    UNKNOWN = "unknown"  #: handed to the provider, answer lost; never repeated blindly
    SENT = "sent"  #: the provider has taken it
    DELIVERED = "delivered"  #: it has reached the person's device: their phone rings
    ANSWERED = "answered"  #: somebody or something picked up
    COMPLETED = "completed"  #: final: the call was answered and has ended
    FAILED = "failed"  #: final: the person was not reached
    SKIPPED = "skipped"  #: final: it was decided not to send it
    CANCELLED = "cancelled"  #: final: its campaign was cancelled first


_RANKED = (
    MessageStatus.PENDING,
    MessageStatus.SENDING,
    MessageStatus.UNKNOWN,
    MessageStatus.SENT,
    MessageStatus.DELIVERED,
    MessageStatus.ANSWERED,
)
RANK: Final[Mapping[str, int]] = {status: rank for rank, status in enumerate(_RANKED)}
FINAL: Final = frozenset(MessageStatus) - frozenset(_RANKED)
#: With the provider, not known to have ended.
IN_FLIGHT: Final = (
    MessageStatus.SENDING,
    MessageStatus.SENT,
    MessageStatus.DELIVERED,
    MessageStatus.ANSWERED,
)


class Message(NamedTuple):
    """One message, as stored under .../campaigns/{campaign}/messages/{id}. Instants are UTC."""

    id: str
    address: str
    status: str
    lane: str | None = None  #: who looks after it (see send_lane); None once nothing is left to do
    next_at: datetime | None = None  #: when its lane must look at it again
    due_at: datetime | None = None  #: when it was promised
    contact: str = ""  #: the contact's path; "" for a number that nobody has named
    region: str = ""
    zones: Sequence[str] = ()
    attempt: int = 0  #: grows each time it is handed to the provider
    deferrals: int = 0  #: how many of these attempts do not count
    provider_id: str = ""
    sent_at: datetime | None = None
    answered_at: datetime | None = None
    ended_at: datetime | None = None
    duration_s: int = 0
    machine: bool = False
    reason: str = ""
    body: str = ""  #: what a text message says: kept as it was sent
    created_at: datetime | None = None

    @property
    def counted_attempts(self) -> int:
        """Attempts that count against the limit."""
        return self.attempt - self.deferrals


def message_from(id_: str, data: Mapping[str, Any]) -> Message:
    """Rebuild a message from its stored fields."""
    return Message(id=id_, **data)


@dataclass(frozen=True, slots=True)
class DeliveryPolicy:
    """How patient and how persistent delivery is."""

    max_attempts: int = 3
    backoff: timedelta = timedelta(minutes=5)  #: before the second attempt; doubles after that
    send_lease: timedelta = timedelta(seconds=90)  #: a send without an answer is given up
    unknown_wait: timedelta = timedelta(minutes=15)  #: how long a lost answer waits for a receipt
    look_up_after: timedelta = timedelta(minutes=5)  #: between look-ups of a call that goes on
    longest_call: timedelta = timedelta(hours=1)  #: after that a call without an end is unknown
    defer: timedelta = timedelta(seconds=30)  #: where a provider does not say when to come back
    longest_defer: timedelta = timedelta(minutes=15)  #: the wait doubles up to this
    max_deferrals: int = 50


def message_id(campaign: str, subject: str, *, step: int = 0, visit: int = 0) -> str:
    """Derive a message's id from what it promises, so that creating it twice is a no-op.

    A campaign's ids follow the order in which an audience is read, in sixteen ranges: a store
    writes neighbours together, and no single range of keys takes every write of a launch.
    """
    digest = contact_id(subject)
    return f"{digest[-1]}{digest[:-1]}{_promise(campaign, step, visit)}"


@lru_cache(maxsize=1024)
def _promise(campaign: str, step: int, visit: int) -> str:
    """Return what tells the messages to one subject apart."""
    return blake2b(f"{campaign}\0{step}\0{visit}".encode(), digest_size=8).hexdigest()


def lane_number(id_: str, lanes: int) -> int:
    """Return the number of the lane that looks after the message with this id."""
    return int(id_[:8], 16) % lanes


def send_lane(number: int | str) -> str:
    """Return what the lane's messages that wait to be sent hold in `lane`."""
    return f"send-{number}"


def watch_lane(number: int | str) -> str:
    """Return what the lane's messages that are with the provider hold in `lane`.

    Apart from those that wait, so that a long backlog never hides a message that was lost.
    """
    return f"watch-{number}"


def _number(message: Message) -> str:
    return (message.lane or "").rpartition("-")[2]


_SETTLED: Final[Changes] = {"lane": None, "next_at": None}


_FORGOTTEN: Final[Changes] = {"provider_id": "", "sent_at": None, "answered_at": None}


def claim(message: Message, policy: DeliveryPolicy, *, now: datetime) -> Changes:
    """Mark a pending message as being handed over. Written before the provider is called.

    What is known of the attempt before is forgotten: it is not this one's call.
    """
    return {
        **(_FORGOTTEN if message.attempt else {}),
        "status": MessageStatus.SENDING,
        "attempt": message.attempt + 1,
        "lane": watch_lane(_number(message)),
        "next_at": now + policy.send_lease,
    }


def after_send(
    message: Message, outcome: SendOutcome, policy: DeliveryPolicy, *, live: bool, now: datetime
) -> Changes:
    """Return what the provider's answer changes of a message that is still `sending`.

    `live`: the channel holds a live call until a receipt ends it, so its lane goes on watching.
    """
    match outcome:
        case Accepted(provider_id):
            watch = {"next_at": now + policy.look_up_after} if live else _SETTLED
            sent = {"status": MessageStatus.SENT, "provider_id": provider_id, "sent_at": now}
            return {**sent, "reason": "", **watch}
        case Deferred(reason, retry_after):
            wait = _deferral(message, policy) if retry_after is None else retry_after
            return defer(message, policy, reason=reason, until=now + wait)
        case Rejected(reason, retry):
            # Nobody was disturbed, so nobody has to be left in peace for a while.
            return after_failure(message, retry, reason, policy, now=now, backoff=policy.defer)
        case Unknown(reason):
            return lose(reason, policy, now=now)


def end(status: MessageStatus, reason: str, *, now: datetime) -> Changes:
    """Bring a message to a final status."""
    return {"status": status, "reason": reason, "ended_at": now, **_SETTLED}


def lose(reason: str, policy: DeliveryPolicy, *, now: datetime) -> Changes:
    """Mark a message's outcome as unknown; its lane waits a while for a receipt."""
    next_at = now + policy.unknown_wait
    return {"status": MessageStatus.UNKNOWN, "reason": reason, "next_at": next_at}


def _deferral(message: Message, policy: DeliveryPolicy) -> timedelta:
    return min(policy.defer * (1 << min(message.deferrals, 16)), policy.longest_defer)


def defer(message: Message, policy: DeliveryPolicy, *, reason: str, until: datetime) -> Changes:
    """Put a message off without counting the attempt; after very many deferrals it fails."""
    if message.deferrals >= policy.max_deferrals:
        return end(MessageStatus.FAILED, reason, now=until)
    return {"deferrals": message.deferrals + 1, **_pend(message, reason, until)}


def _pend(message: Message, reason: str, at: datetime) -> Changes:
    if message.lane is None or message.address == ERASED:
        # Its lane stopped waiting for it, and its campaign may have ended on that; or nobody
        # knows any more whom to try again.
        return end(MessageStatus.FAILED, reason, now=at)
    lane = send_lane(_number(message))
    return {"status": MessageStatus.PENDING, "lane": lane, "next_at": at, "reason": reason}


def merge_late_answer(
    message: Message, attempt: int, outcome: SendOutcome, now: datetime
) -> Changes:
    """Return what a provider's answer still adds to a message that a receipt has moved on."""
    if not isinstance(outcome, Accepted) or message.attempt != attempt:
        return {}
    told = {"provider_id": outcome.provider_id, "sent_at": now}
    return {name: value for name, value in told.items() if not getattr(message, name)}


def after_event(
    message: Message, event: DeliveryEvent, policy: DeliveryPolicy, *, now: datetime
) -> Changes:
    """Return what a receipt changes; nothing where it is late, early for another attempt, or old.

    Statuses only move up in rank within an attempt, and final ones absorb.
    """
    if message.status in FINAL or event.attempt != message.attempt:
        return {}
    if _is_over(message) and event.kind is not EventKind.COMPLETED:
        return {}
    changes = _receipt(message, event, policy, now=now)
    if changes and event.provider_id and not message.provider_id:
        changes["provider_id"] = event.provider_id
    return changes


def _is_over(message: Message) -> bool:
    """Tell whether the attempt has ended, as far as we were told."""
    uncertain = message.status == MessageStatus.UNKNOWN and message.ended_at is not None
    delivered = message.status == MessageStatus.DELIVERED and message.lane is None
    return uncertain or delivered or message.status == MessageStatus.PENDING


def _receipt(
    message: Message, event: DeliveryEvent, policy: DeliveryPolicy, *, now: datetime
) -> Changes:
    match event.kind:
        case EventKind.RINGING | EventKind.ANSWERED | EventKind.DELIVERED:
            status, and_also = _RISES[event.kind](event)
            rise = _rise(message, status, policy, now=now)
            return {**rise, **and_also} if rise else {}
        case EventKind.MACHINE:
            return {"machine": True}
        case EventKind.COMPLETED:
            done = end(MessageStatus.COMPLETED, event.reason, now=event.at)
            return {**done, "duration_s": event.duration_s}
        case EventKind.UNCERTAIN:
            return end(MessageStatus.UNKNOWN, event.reason, now=event.at)
        case EventKind.FAILED:
            return after_failure(message, event.retry, event.reason, policy, now=now)


_RISES: Final[Mapping[EventKind, Callable[[DeliveryEvent], tuple[MessageStatus, Changes]]]] = {
    EventKind.RINGING: lambda _: (MessageStatus.DELIVERED, {}),
    EventKind.ANSWERED: lambda event: (MessageStatus.ANSWERED, {"answered_at": event.at}),
    EventKind.DELIVERED: lambda _: (MessageStatus.DELIVERED, _SETTLED),
}


def _rise(
    message: Message, status: MessageStatus, policy: DeliveryPolicy, *, now: datetime
) -> Changes:
    if RANK[status] <= RANK[message.status]:
        return {}
    # Where the provider's answer was lost, this is what tells that the message was sent.
    sent_at = message.sent_at or now
    return {"status": status, "sent_at": sent_at, "next_at": now + policy.look_up_after}


def after_failure(
    message: Message,
    retry: Retry,
    reason: str,
    policy: DeliveryPolicy,
    *,
    now: datetime,
    backoff: timedelta | None = None,
) -> Changes:
    """Return what a failed attempt leads to: another attempt, a deferral, or the end.

    The second attempt follows after `backoff`, or else after the policy's.
    """
    backoff = backoff or policy.backoff
    match retry:
        case Retry.DEFER:
            return defer(message, policy, reason=reason, until=now + _deferral(message, policy))
        case Retry.STOP:
            return defer(message, policy, reason=reason, until=now)
        case Retry.LATER if message.counted_attempts < policy.max_attempts:
            return _again(message, reason, backoff, now=now)
        case Retry.ONCE if message.counted_attempts < min(2, policy.max_attempts):
            return _again(message, reason, backoff, now=now)
        case _:
            return end(MessageStatus.FAILED, reason, now=now)


def _again(message: Message, reason: str, backoff: timedelta, *, now: datetime) -> Changes:
    return _pend(message, reason, now + backoff * 2 ** (message.counted_attempts - 1))


def after_lease(
    message: Message, policy: DeliveryPolicy, *, idempotent: bool, now: datetime
) -> Changes:
    """Decide on a message whose sender died: unknown, unless repeating it is harmless."""
    if idempotent:
        return _pend(message, "sender_lost", now)
    return lose("sender_lost", policy, now=now)


def after_unknown_wait() -> Changes:
    """Stop waiting: the message stays unknown, and a late receipt may still tell its end."""
    return dict(_SETTLED)


def after_look_up(message: Message, policy: DeliveryPolicy, *, now: datetime) -> Changes:
    """Decide on a call that the provider knows no end of: look again, or give it up as unknown."""
    if message.sent_at is not None and now - message.sent_at > policy.longest_call:
        return end(MessageStatus.UNKNOWN, "no_receipt", now=now)
    return {"next_at": now + policy.look_up_after}
