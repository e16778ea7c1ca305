"""What other systems are told of what happens here: its words, its signature, its persistence.

A subscription names a URL and the types of events that it wants to hear. Each of them becomes one
notification, which is repeated until the receiver takes it. Headers, secrets and signatures are
those of Standard Webhooks 1.0.0 (standardwebhooks.com), so its libraries verify them.
"""

import hmac
import json
from base64 import b64decode, b64encode
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from hashlib import blake2b
from typing import Any, Final, NamedTuple, TypeAlias

from functions.domain.campaign import Action, Campaign, CampaignStatus
from functions.domain.message import Changes, Message, MessageStatus


class EventType(StrEnum):
    """What a subscription can hear of."""

    CAMPAIGN_SCHEDULED = "campaign.scheduled"  #: it has a time, or another one than before
    CAMPAIGN_STARTED = "campaign.started"
    CAMPAIGN_PAUSED = "campaign.paused"
    CAMPAIGN_RESUMED = "campaign.resumed"
    CAMPAIGN_COMPLETED = "campaign.completed"
    CAMPAIGN_CANCELLED = "campaign.cancelled"
    CAMPAIGN_FAILED = "campaign.failed"
    MESSAGE_DELIVERED = "message.delivered"  #: an attempt reached the person's device
    MESSAGE_FAILED = "message.failed"  #: its last attempt has failed
    MESSAGE_REPLIED = "message.replied"  #: somebody has written to one of our numbers
    CONTACT_OPTED_OUT = "contact.opted_out"  #: an address was suppressed, whoever asked for it


#: The type of what is sent on request, to see whether a receiver works. Nobody subscribes to it.
TEST: Final = "subscription.test"

#: How long to wait after the first, second ... failed attempt; after the last one it has failed.
BACKOFF: Final = (
    timedelta(seconds=5),
    timedelta(seconds=30),
    timedelta(minutes=2),
    timedelta(minutes=10),
    timedelta(hours=1),
    timedelta(hours=3),
    timedelta(hours=6),
    timedelta(hours=12),
)
#: A wait is longer than its schedule by at most this share, so that not all come back together.
SPREAD: Final = 0.2
#: For longer than this no receiver can put us off.
LONGEST_RETRY_AFTER: Final = timedelta(hours=12)
#: An attempt that nobody has recorded by then is lost with its sender, and is made again.
LEASE: Final = timedelta(seconds=60)
#: Before a notification is looked at again whose receiver has too many requests under way; this
#: doubles each time, up to LONGEST_PUT_OFF.
PUT_OFF: Final = timedelta(seconds=2)
LONGEST_PUT_OFF: Final = timedelta(minutes=10)
#: For how long a secret that was replaced still signs.
OVERLAP: Final = timedelta(hours=24)

_PREFIX: Final = "whsec_"
_GONE: Final = 410


class NotificationStatus(StrEnum):
    """Where a notification stands. The last two are ends, until somebody replays it."""

    PENDING = "pending"  #: to be sent at wake_at; while it is being sent, that is its lease's end
    DELIVERED = "delivered"  #: the receiver answered 2xx
    FAILED = "failed"  #: given up; it can be replayed


# --- What is told ----------------------------------------------------------------------------


class Notice(NamedTuple):
    """One thing to be told. Its id is derived from what it tells: telling it twice has one id."""

    id: str
    type: str
    at: datetime
    data: Mapping[str, Any]


def notice_id(*promise: object) -> str:
    """Derive a notice's id from what it tells."""
    text = "\0".join(map(str, promise))
    return f"evt_{blake2b(text.encode(), digest_size=16).hexdigest()}"


_TOLD: Final[Mapping[Action, EventType]] = {
    Action.SCHEDULE: EventType.CAMPAIGN_SCHEDULED,
    Action.RESCHEDULE: EventType.CAMPAIGN_SCHEDULED,
    Action.SEND: EventType.CAMPAIGN_STARTED,
    Action.START: EventType.CAMPAIGN_STARTED,
    Action.PAUSE: EventType.CAMPAIGN_PAUSED,
    Action.HOLD: EventType.CAMPAIGN_PAUSED,
    Action.RESUME: EventType.CAMPAIGN_RESUMED,
    Action.COMPLETE: EventType.CAMPAIGN_COMPLETED,
    Action.CANCEL: EventType.CAMPAIGN_CANCELLED,
    Action.FAIL: EventType.CAMPAIGN_FAILED,
}
_TOLD_OF_NEW: Final[Mapping[CampaignStatus, EventType]] = {
    CampaignStatus.SCHEDULED: EventType.CAMPAIGN_SCHEDULED,
    CampaignStatus.RUNNING: EventType.CAMPAIGN_STARTED,
}


def campaign_notice(campaign: Campaign, action: Action, *, now: datetime) -> Notice | None:
    """Return what is told of a campaign that `action` has just changed; None of a new draft."""
    type_ = _TOLD.get(action)
    if action is Action.CREATE:
        type_ = _TOLD_OF_NEW.get(campaign.status)
    if type_ is None:
        return None
    data = {
        "campaign_id": campaign.id,
        "name": campaign.name,
        "channel": campaign.channel,
        "status": campaign.status,
        "reason": campaign.reason,
        "scheduled_at": _iso(campaign.scheduled_at),
        "started_at": _iso(campaign.started_at),
        "ended_at": _iso(campaign.ended_at),
    }
    return Notice(notice_id(type_, campaign.id, campaign.epoch), type_, now, data)


#: The statuses that say that the attempt has reached the person's device.
_REACHED: Final = frozenset(
    {
        MessageStatus.DELIVERED,
        MessageStatus.ANSWERED,
        MessageStatus.READ,
        MessageStatus.COMPLETED,
    }
)


def message_notice(
    campaign: Campaign, before: Message, changes: Changes, *, now: datetime
) -> Notice | None:
    """Return what is told of a message, given as it was and with what is written of it."""
    after = before._replace(**changes)
    if after.status == MessageStatus.FAILED and before.status != MessageStatus.FAILED:
        type_ = EventType.MESSAGE_FAILED
    elif after.status in _REACHED and before.status not in _REACHED:
        type_ = EventType.MESSAGE_DELIVERED
    else:
        return None
    data = {
        "campaign_id": campaign.id,
        "message_id": before.id,
        "contact_id": before.contact.rpartition("/")[2] or None,
        "channel": campaign.at_step(before.step).channel,
        "status": after.status,
        "reason": after.reason or None,
        "attempt": after.attempt,
    }
    return Notice(notice_id(type_, campaign.id, before.id, after.attempt), type_, now, data)


def reply_notice(inbound_id: str, contact_id: str, message: str | None, *, at: datetime) -> Notice:
    """Return what is told of a text that somebody sent us; `message` is the one that it answers."""
    type_ = EventType.MESSAGE_REPLIED
    campaign, _, message_id = (message or "").partition(".")
    data = {
        "inbound_id": inbound_id,
        "contact_id": contact_id,
        "campaign_id": campaign or None,
        "message_id": message_id or None,
    }
    return Notice(notice_id(type_, inbound_id), type_, at, data)


def opt_out_notice(contact_id: str, scope: str, reason: str, *, at: datetime) -> Notice:
    """Return what is told of a person who is not to be contacted any more, under a scope."""
    type_ = EventType.CONTACT_OPTED_OUT
    data = {"contact_id": contact_id, "scope": scope, "reason": reason}
    return Notice(notice_id(type_, contact_id, scope, at.isoformat()), type_, at, data)


def _iso(at: datetime | None) -> str | None:
    if at is None:
        return None
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


# --- Who is told -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """A URL that hears of events, as stored under orgs/{org}/subscriptions/{id}."""

    id: str
    org: str
    url: str
    events: Sequence[str]  #: EventTypes
    description: str = ""
    active: bool = True
    reason: str | None = None  #: why it was switched off by us
    secret: str = field(repr=False)  #: "whsec_" and a key in base64
    old_secret: str = field(default="", repr=False)  #: signs beside it until old_secret_until
    old_secret_until: datetime | None = None
    epoch: int = 1  #: grows with every change
    created_at: datetime
    created_by: str
    updated_at: datetime | None = None

    def secrets(self, *, now: datetime) -> list[str]:
        """Return the secrets that sign now, the newest first."""
        overlaps = self.old_secret_until is not None and now < self.old_secret_until
        return [self.secret, self.old_secret] if overlaps else [self.secret]


_NAMES = frozenset(f.name for f in fields(Subscription)) - {"id", "org"}


def subscription_from(org: str, id_: str, data: Mapping[str, Any]) -> Subscription:
    """Rebuild a subscription from its stored fields."""
    return Subscription(org=org, id=id_, **data)


def subscription_fields(subscription: Subscription) -> dict[str, Any]:
    """Return what is stored of a subscription; its id and org are its path."""
    return {name: getattr(subscription, name) for name in _NAMES}


def rotation(subscription: Subscription, secret: str, *, now: datetime) -> Changes:
    """Return what a new secret changes. One that was replaced before signs no more."""
    return {
        "secret": secret,
        "old_secret": subscription.secret,
        "old_secret_until": now + OVERLAP,
    }


# --- Signing ---------------------------------------------------------------------------------


def new_secret(random: bytes) -> str:
    """Return the secret of these random bytes, 24 to 64 of them."""
    return _PREFIX + b64encode(random).decode()


def signature(secret: str, id_: str, at: datetime, body: bytes) -> str:
    """Return the "v1" signature of a body that is sent under this id at this time."""
    key = b64decode(secret.removeprefix(_PREFIX))
    signed = f"{id_}.{int(at.timestamp())}.".encode() + body
    return f"v1,{b64encode(hmac.digest(key, signed, 'sha256')).decode()}"


def headers(secrets: Iterable[str], id_: str, body: bytes, *, now: datetime) -> dict[str, str]:
    """Return the headers of one attempt: signed anew, so that none can be used again later."""
    return {
        "content-type": "application/json",
        "webhook-id": id_,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": " ".join(signature(each, id_, now, body) for each in secrets),
    }


# --- One notification ------------------------------------------------------------------------


class Notification(NamedTuple):
    """What one subscription is told, as stored below it; its id is the notice's."""

    id: str
    type: str
    data: Mapping[str, Any]
    created_at: datetime  #: when it happened
    status: str
    wake_at: datetime | None  #: when it has to be looked at; None once nothing is left to do
    attempts: int = 0
    put_off: int = 0  #: how often in a row its receiver was too busy to be asked
    attempted_at: datetime | None = None
    last_status: int | None = None  #: the HTTP status of the last answer; None if there was none
    last_error: str | None = None  #: why the last attempt failed

    def body(self, org: str) -> bytes:
        """Return what is posted: the same bytes at each attempt."""
        envelope = {
            "id": self.id,
            "type": self.type,
            "timestamp": _iso(self.created_at),
            "org": org,
            "data": self.data,
        }
        return json.dumps(envelope, ensure_ascii=False, separators=(",", ":")).encode()


def notification_from(id_: str, data: Mapping[str, Any]) -> Notification:
    """Rebuild a notification from its stored fields."""
    return Notification(id=id_, **data)


def notification_fields(notice: Notice) -> dict[str, Any]:
    """Return what is stored of a notification that is to be sent at once."""
    return {
        "type": notice.type,
        "data": dict(notice.data),
        "created_at": notice.at,
        "status": NotificationStatus.PENDING,
        "wake_at": notice.at,
    }


class Answered(NamedTuple):
    """The receiver answered."""

    status: int
    retry_after: timedelta | None = None


class Unanswered(NamedTuple):
    """No answer came; nobody knows whether the receiver heard."""

    reason: str


Hearing: TypeAlias = Answered | Unanswered


def is_taken(hearing: Hearing) -> bool:
    """Tell whether the receiver has taken the notification."""
    return isinstance(hearing, Answered) and 200 <= hearing.status < 300  # noqa: PLR2004 - HTTP


def is_gone(hearing: Hearing) -> bool:
    """Tell whether the receiver says that it never wants to hear of anything again."""
    return isinstance(hearing, Answered) and hearing.status == _GONE


def lease(notification: Notification, *, now: datetime) -> Changes:
    """Take a notification for one attempt. Written before the receiver is called."""
    return {"attempts": notification.attempts + 1, "put_off": 0, "wake_at": now + LEASE}


def is_worn_out(notification: Notification) -> bool:
    """Tell whether every attempt has been made, the last of them by a sender that died."""
    return notification.attempts > len(_waits(notification))


def after_attempt(
    notification: Notification, hearing: Hearing, *, now: datetime, jitter: float
) -> Changes:
    """Return what comes of an attempt. `jitter`, 0 to 1, spreads the next ones."""
    waits = _waits(notification)
    outcome: Changes
    if is_taken(hearing):
        outcome = {"status": NotificationStatus.DELIVERED, "wake_at": None}
    elif is_gone(hearing) or notification.attempts > len(waits):
        outcome = {"status": NotificationStatus.FAILED, "wake_at": None}
    else:
        wait = waits[notification.attempts - 1] * (1 + SPREAD * jitter)
        asked = hearing.retry_after if isinstance(hearing, Answered) else None
        wait = max(wait, min(asked or timedelta(), LONGEST_RETRY_AFTER))
        outcome = {"status": NotificationStatus.PENDING, "wake_at": now + wait}
    return {**outcome, "attempted_at": now, **_heard(hearing)}


def give_up(reason: str) -> Changes:
    """End a notification that is not to be sent any more."""
    return {"status": NotificationStatus.FAILED, "wake_at": None, "last_error": reason}


def put_off(notification: Notification, *, now: datetime, jitter: float) -> Changes:
    """Let a notification wait for its receiver to have less to do; no attempt is counted."""
    doubled = PUT_OFF * (1 << min(notification.put_off, 16))
    wait = min(doubled, LONGEST_PUT_OFF) * (1 + jitter)
    return {"put_off": notification.put_off + 1, "wake_at": now + wait}


def replay(*, now: datetime) -> Changes:
    """Begin anew, with all attempts, whatever came of it before."""
    status = NotificationStatus.PENDING
    return {"status": status, "wake_at": now, "attempts": 0, "put_off": 0}


def _waits(notification: Notification) -> Sequence[timedelta]:
    """Return the waits between attempts: whoever tests a receiver sees what one comes to."""
    return () if notification.type == TEST else BACKOFF


def _heard(hearing: Hearing) -> Changes:
    match hearing:
        case Answered(status):
            error = None if is_taken(hearing) else f"answered_{status}"
            return {"last_status": status, "last_error": error}
        case Unanswered(reason):
            return {"last_status": None, "last_error": reason}
