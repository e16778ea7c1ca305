"""What sending, its answer, a lost answer and a retry change of a message.

The functions return the fields that change. They know no clock and no store: the engine passes
the time and commits what they decide.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from functions.domain.contacts.contact import ERASED
from functions.domain.messages.delivery_events import Retry
from functions.domain.messages.ids import send_lane, watch_lane
from functions.domain.messages.message import Changes, Message, MessageStatus, changed
from functions.domain.messages.send_outcomes import (
    Accepted,
    Deferred,
    Rejected,
    SendOutcome,
    Unknown,
)


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


#: How often a message is put off because its provider refuses us; the next refusal ends it.
MAX_REFUSALS: Final = 3


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


def claim(message: Message, *, until: datetime) -> Changes:
    """Return what hands a pending message over, with whom it is lost where no result comes `until`.

    It is written with the attempt's result, or with the first receipt of it; before that the
    lane's document names the message (engine/kernel/claims.py). What is known of the attempt
    before is forgotten: it is not this one's call.
    """
    return {
        **(_FORGOTTEN if message.attempt else {}),
        "status": MessageStatus.SENDING,
        "attempt": message.attempt + 1,
        "lane": watch_lane(_number(message)),
        "next_at": until,
    }


def claimed(message: Message, *, until: datetime) -> Message:
    """Return a pending message as it is handed over."""
    return changed(message, claim(message, until=until))


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
        case Accepted(provider_id, log=log):
            left = SETTLED if watch is None else {"next_at": now + watch}
            sent = {"status": MessageStatus.SENT, "provider_id": provider_id, "sent_at": now}
            return {**sent, "reason": "", **left, **_logged(log)}
        case Deferred(reason=reason, ours=True):
            return {"put_back": message.put_back + 1, **_pend(message, reason, now)}
        case Deferred(reason, retry_after):
            wait = _deferral(message, policy) if retry_after is None else retry_after
            return defer(message, policy, reason=reason, until=now + wait)
        case Rejected(reason, retry, log=log):
            # Nobody was disturbed, so nobody has to be left in peace for a while.
            wait = policy.defer
            failed = after_failure(message, retry, reason, policy, now=now, backoff=wait)
            return {**failed, **_logged(log)}
        case Unknown(reason):
            return lose(reason, policy, now=now)


def _logged(log: str) -> Changes:
    return {"log": log} if log else {}


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
    return {**told, **_logged(outcome.log)}


def after_failure(
    message: Message,
    retry: Retry,
    reason: str,
    policy: DeliveryPolicy,
    *,
    now: datetime,
    backoff: timedelta | None = None,
) -> Changes:
    """Return the changes after a failed attempt: another attempt, a deferral, or the end.

    The second attempt follows after `backoff`, or else after the policy's.
    """
    backoff = backoff or policy.backoff
    match retry:
        case Retry.DEFER:
            return defer(message, policy, reason=reason, until=now + _deferral(message, policy))
        case Retry.STOP:
            return defer(message, policy, reason=reason, until=now)
        case Retry.REFUSED if message.refusals < MAX_REFUSALS:
            wait = backoff * 2**message.refusals
            return {"refusals": message.refusals + 1, **_pend(message, reason, now + wait)}
        case Retry.LATER if message.counted_attempts < policy.max_attempts:
            return _again(message, reason, backoff, now=now)
        case Retry.ONCE if message.counted_attempts < min(2, policy.max_attempts):
            return _again(message, reason, backoff, now=now)
        case _:
            return end(MessageStatus.FAILED, reason, now=now)


def _again(message: Message, reason: str, backoff: timedelta, *, now: datetime) -> Changes:
    return _pend(message, reason, now + backoff * 2 ** (message.counted_attempts - 1))


def after_claim(
    message: Message, policy: DeliveryPolicy, *, idempotent: bool, now: datetime
) -> Changes:
    """Decide on a claimed message whose sender died: unknown, unless repeating it is harmless."""
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
