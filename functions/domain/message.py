"""A message: the promise to contact one person at one time, and every rule of its statuses.

The functions return the fields that change. They know no clock and no store: the engine passes
the time and commits what they decide.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from hashlib import blake2b
from typing import Any, Final, NamedTuple, TypeAlias

from functions.domain.contact import ERASED, contact_id
from functions.domain.events import Retry
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
    READ = "read"  #: they have read the text, or opened the mail
    COMPLETED = "completed"  #: final: the call was answered and has ended
    FAILED = "failed"  #: final: the person was not reached
    SKIPPED = "skipped"  #: final: it was decided not to send it
    CANCELLED = "cancelled"  #: final: its campaign was cancelled first
    EXPIRED = "expired"  #: final: it could no longer be sent in time


_RANKED = (
    MessageStatus.PENDING,
    MessageStatus.SENDING,
    MessageStatus.UNKNOWN,
    MessageStatus.SENT,
    MessageStatus.DELIVERED,
    MessageStatus.ANSWERED,
    MessageStatus.READ,
)
RANK: Final[Mapping[str, int]] = {status: rank for rank, status in enumerate(_RANKED)}
FINAL: Final = frozenset(MessageStatus) - frozenset(_RANKED)
#: With the provider, not known to have ended: texts,
TEXTS_IN_FLIGHT: Final = (MessageStatus.SENDING, MessageStatus.SENT)
#: and calls, which go on once they have reached a phone.
CALLS_IN_FLIGHT: Final = (*TEXTS_IN_FLIGHT, MessageStatus.DELIVERED, MessageStatus.ANSWERED)


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
    deferrals: int = 0  #: how many of these attempts the provider put off: they do not count
    put_back: int = 0  #: how many of them never left us: they do not count either
    provider_id: str = ""
    sent_at: datetime | None = None
    answered_at: datetime | None = None
    ended_at: datetime | None = None
    duration_s: int = 0
    machine: bool = False
    reason: str = ""
    step: int = 0  #: 0 by the campaign's own channel, else by so many-th of its fallbacks
    filled: bool = True  #: what it says stands in it; a fallback's is filled in at its turn
    followed: bool = False  #: the next step was taken, because this one did not reach the person
    body: str = ""  #: what a text message says: kept as it was sent
    subject: str = ""  #: of a mail
    html: str = ""  #: of a mail
    parameters: Sequence[str] = ()  #: of a text that the provider keeps the template of
    delivered_at: datetime | None = None
    read_at: datetime | None = None
    clicked_at: datetime | None = None
    replied_at: datetime | None = None
    complained_at: datetime | None = None
    opted_out_at: datetime | None = None
    created_at: datetime | None = None

    @property
    def gave_up(self) -> bool:
        """True where a person was tried, not reached, and then not tried by the next channel."""
        left_out = self.status in {MessageStatus.SKIPPED, MessageStatus.EXPIRED}
        return left_out and self.step > 0 and not self.followed and bool(self.address)

    @property
    def counted_attempts(self) -> int:
        """Attempts that count against the limit."""
        return self.attempt - self.uncounted

    @property
    def uncounted(self) -> int:
        """Attempts that do not count: nobody was tried by them."""
        return self.deferrals + self.put_back


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


_PROMISE_LENGTH: Final = 16


def message_id(campaign: str, subject: str, *, step: int = 0, visit: int = 0) -> str:
    """Derive a message's id from what it promises, so that creating it twice is a no-op.

    A campaign's ids follow the order in which an audience is read, in sixteen ranges: a store
    writes neighbours together, and no single range of keys takes every write of a launch.
    """
    digest = contact_id(subject)
    return f"{digest[-1]}{digest[:-1]}{_promise(campaign, step, visit)}"


def following_id(id_: str, campaign: str, *, step: int) -> str:
    """Return the id of the message at another step to whom message `id_` is for.

    It begins as that one does: both are in the same lane.
    """
    return f"{id_[:-_PROMISE_LENGTH]}{_promise(campaign, step, 0)}"


@lru_cache(maxsize=1024)
def _promise(campaign: str, step: int, visit: int) -> str:
    """Return what tells the messages to one subject apart."""
    promise = f"{campaign}\0{step}\0{visit}".encode()
    return blake2b(promise, digest_size=_PROMISE_LENGTH // 2).hexdigest()


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


SETTLED: Final[Changes] = {"lane": None, "next_at": None}


_FORGOTTEN: Final[Changes] = {
    "provider_id": "",
    "sent_at": None,
    "answered_at": None,
    "delivered_at": None,
    "read_at": None,
}


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
    message: Message,
    outcome: SendOutcome,
    policy: DeliveryPolicy,
    *,
    watch: timedelta | None,
    now: datetime,
) -> Changes:
    """Return what the provider's answer changes of a message that is still `sending`.

    `watch` is how long its lane waits for a receipt before it looks what has become of it; None
    where nothing would follow from that.
    """
    match outcome:
        case Accepted(provider_id):
            left = SETTLED if watch is None else {"next_at": now + watch}
            sent = {"status": MessageStatus.SENT, "provider_id": provider_id, "sent_at": now}
            return {**sent, "reason": "", **left}
        case Deferred(reason=reason, ours=True):
            return {"put_back": message.put_back + 1, **_pend(message, reason, now)}
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
    return {"status": status, "reason": reason, "ended_at": now, **SETTLED}


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
    told: Changes = {} if message.provider_id else {"provider_id": outcome.provider_id}
    if message.sent_at is None or now < message.sent_at:
        told["sent_at"] = now
    return told


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
    return dict(SETTLED)


def after_watch() -> Changes:
    """Stop watching a text of which no more was told: it stays sent, and receipts still count."""
    return dict(SETTLED)


def after_look_up(message: Message, policy: DeliveryPolicy, *, now: datetime) -> Changes:
    """Decide on a call that the provider knows no end of: look again, or give it up as unknown."""
    if message.sent_at is not None and now - message.sent_at > policy.longest_call:
        return end(MessageStatus.UNKNOWN, "no_receipt", now=now)
    return {"next_at": now + policy.look_up_after}
