"""One notification: its attempts, how long it waits between them, and what ends it.

A subscription names a URL and the types of events that it wants. Each event becomes one
notification for each subscription, which is repeated until the receiver takes it.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final, NamedTuple, TypeAlias

from functions.domain.messages.message import Changes
from functions.domain.notifications.events import TEST, Notice
from functions.domain.times import iso

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

_GONE: Final = 410


class NotificationStatus(StrEnum):
    """Where a notification stands. The last two are ends, until somebody replays it."""

    PENDING = "pending"  #: to be sent at wake_at; while it is being sent, that is its lease's end
    DELIVERED = "delivered"  #: the receiver answered 2xx
    FAILED = "failed"  #: given up; it can be replayed


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
            "timestamp": iso(self.created_at),
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


class Responded(NamedTuple):
    """The receiver answered."""

    status: int
    retry_after: timedelta | None = None


class NoResponse(NamedTuple):
    """No answer came; nobody knows whether the receiver heard."""

    reason: str


PostResult: TypeAlias = Responded | NoResponse


def is_taken(result: PostResult) -> bool:
    """Tell whether the receiver has taken the notification."""
    return isinstance(result, Responded) and 200 <= result.status < 300  # noqa: PLR2004 - HTTP


def is_gone(result: PostResult) -> bool:
    """Tell whether the receiver says that it never wants to hear of anything again."""
    return isinstance(result, Responded) and result.status == _GONE


def lease(notification: Notification, *, now: datetime) -> Changes:
    """Take a notification for one attempt. Written before the receiver is called."""
    return {"attempts": notification.attempts + 1, "put_off": 0, "wake_at": now + LEASE}


def is_worn_out(notification: Notification) -> bool:
    """Tell whether every attempt has been made, the last of them by a sender that died."""
    return notification.attempts > len(_waits(notification))


def after_attempt(
    notification: Notification, result: PostResult, *, now: datetime, jitter: float
) -> Changes:
    """Return the changes after an attempt. `jitter`, 0 to 1, spreads the next ones."""
    waits = _waits(notification)
    outcome: Changes
    if is_taken(result):
        outcome = {"status": NotificationStatus.DELIVERED, "wake_at": None}
    elif is_gone(result) or notification.attempts > len(waits):
        outcome = {"status": NotificationStatus.FAILED, "wake_at": None}
    else:
        wait = waits[notification.attempts - 1] * (1 + SPREAD * jitter)
        asked = result.retry_after if isinstance(result, Responded) else None
        wait = max(wait, min(asked or timedelta(), LONGEST_RETRY_AFTER))
        outcome = {"status": NotificationStatus.PENDING, "wake_at": now + wait}
    return {**outcome, "attempted_at": now, **_recorded(result)}


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


def _recorded(result: PostResult) -> Changes:
    match result:
        case Responded(status):
            error = None if is_taken(result) else f"answered_{status}"
            return {"last_status": status, "last_error": error}
        case NoResponse(reason):
            return {"last_status": None, "last_error": reason}
