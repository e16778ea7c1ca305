"""Notify: subscribers hear of what happens, each thing at least once.

What is to be told is written in the commit of the change that it tells of, so neither exists
without the other. Each notification is then sent by a task of its own, which takes it under a
lease before the receiver is called: a sender that dies leaves it to be sent again.
"""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from random import random
from typing import Final

import structlog

from functions.domain.campaign import Action, Campaign
from functions.domain.message import Changes, Message
from functions.domain.notifications import (
    TEST,
    Hearing,
    Notice,
    Notification,
    NotificationStatus,
    Subscription,
    after_attempt,
    campaign_notice,
    give_up,
    headers,
    is_gone,
    is_taken,
    is_worn_out,
    lease,
    message_notice,
    notification_fields,
    notification_from,
    opt_out_notice,
    put_off,
    reply_notice,
    subscription_from,
)
from functions.engine import paths, subscriptions
from functions.engine.core import Engine
from functions.engine.enqueue import enqueue, notify_task
from functions.engine.ports import (
    ConflictError,
    Delete,
    Document,
    Query,
    Set,
    Task,
    Update,
    Where,
    Write,
)

log = structlog.get_logger()

#: Notifications that one check enqueues again at most; those left over are found by the next one.
_REVIVED = 500
#: Tasks that are enqueued at a time.
_AT_ONCE = 50

# --- Writing what is to be told --------------------------------------------------------------


async def listeners(engine: Engine, org: str) -> Sequence[Subscription]:
    """Return who listens in an organisation; see functions/engine/listeners.py."""
    return await engine.listeners.of(engine.store, org, now=engine.clock.now())


def campaign_writes(
    to: Sequence[Subscription], campaign: Campaign, action: Action, *, now: datetime
) -> list[Set]:
    """Return the writes that tell what `action` has just made of a campaign."""
    if not to:
        return []
    return _writes(to, campaign_notice(campaign, action, now=now))


def message_writes(
    to: Sequence[Subscription],
    campaign: Campaign,
    moves: Iterable[tuple[Message, Changes]],
    *,
    now: datetime,
) -> list[Set]:
    """Return the writes that tell of messages, each given as it was and with what changes."""
    if not to:
        return []
    notices = (message_notice(campaign, *move, now=now) for move in moves)
    return [write for notice in notices for write in _writes(to, notice)]


def opt_out_writes(
    to: Sequence[Subscription], contact_id: str, scope: str, reason: str, *, now: datetime
) -> list[Set]:
    """Return the writes that tell that a person is not to be contacted any more."""
    return _writes(to, opt_out_notice(contact_id, scope, reason, at=now)) if to else []


def reply_writes(
    to: Sequence[Subscription],
    inbound_id: str,
    contact_id: str,
    message: str | None,
    *,
    now: datetime,
) -> list[Set]:
    """Return the writes that tell of a text that somebody sent us (see reply_notice)."""
    return _writes(to, reply_notice(inbound_id, contact_id, message, at=now)) if to else []


def _writes(to: Sequence[Subscription], notice: Notice | None) -> list[Set]:
    """Return one notification for each who wants to hear of it.

    Whatever is told a second time is sent again, under the same id: it must never be the reason
    that the change it tells of cannot be committed.
    """
    if notice is None:
        return []
    fields = notification_fields(notice)
    return [
        Set(paths.notification(each.org, each.id, notice.id), fields)
        for each in to
        if notice.type in each.events
    ]


async def announce(engine: Engine, told: Sequence[Set]) -> None:
    """Have what was committed sent at once; what gets lost here the check finds."""
    await wake(engine, [write.path for write in told])


async def wake(engine: Engine, found: Sequence[str], *, at: datetime | None = None) -> None:
    """Enqueue notifications, given by their paths."""
    for first in range(0, len(found), _AT_ONCE):
        some = found[first : first + _AT_ONCE]
        await asyncio.gather(*(enqueue(engine, _task(path), at=at) for path in some))


def _task(path: str) -> Task:
    _, org, _, subscription, _, notification = path.split("/")
    return notify_task(org, subscription, notification)


async def revive(engine: Engine) -> None:
    """Enqueue what should have been sent by now: its task was lost, or its sender."""
    where = (Where("wake_at", "<=", engine.clock.now()),)
    query = Query("notifications", where, ("wake_at",), limit=_REVIVED, group=True)
    await wake(engine, [found.path for found in await engine.store.query(query)])


# --- Delivering it ---------------------------------------------------------------------------


async def deliver(engine: Engine, org: str, subscription_id: str, id_: str) -> None:
    """Make one attempt to tell a subscription something, if it is time.

    Twice at once, one of the two sends; once more, there is nothing left to do.
    """
    stored = await engine.store.get_many(
        [
            paths.notification(org, subscription_id, id_),
            paths.subscription(org, subscription_id),
        ]
    )
    document, home = stored
    if document is None or not _is_due(engine, document):
        return
    if home is None:
        await _try_commit(engine, Delete(document.path, document.version))
        return
    to = subscription_from(org, subscription_id, home.data)
    notification = notification_from(id_, document.data)
    if reason := _hindrance(to, notification):
        await _try_commit(engine, Update(document.path, give_up(reason), document.version))
    elif engine.turns.take(home.path):
        await _deliver_at_turn(engine, to, notification, document)
    else:
        await _put_off(engine, notification, document)


def _is_due(engine: Engine, document: Document) -> bool:
    wake_at = document.data["wake_at"]
    return wake_at is not None and bool(wake_at <= engine.clock.now())


def _hindrance(to: Subscription, notification: Notification) -> str:
    """Return why a notification is not to be sent any more, "" where it is."""
    if not to.active and notification.type != TEST:
        return "subscription_inactive"
    return "sender_lost" if is_worn_out(notification) else ""


async def _put_off(engine: Engine, notification: Notification, document: Document) -> None:
    """Come back later: its receiver has as many requests under way as it may have."""
    changes = put_off(notification, now=engine.clock.now(), jitter=_jitter())
    if await _try_commit(engine, Update(document.path, changes, document.version)) is not None:
        await wake(engine, [document.path], at=changes["wake_at"])


async def _deliver_at_turn(
    engine: Engine, to: Subscription, notification: Notification, document: Document
) -> None:
    failed = True
    try:
        changes = lease(notification, now=engine.clock.now())
        version = await _try_commit(engine, Update(document.path, changes, document.version))
        if version is None:
            failed = False  # Somebody else sends it.
            return
        notification = notification._replace(**changes)
        hearing = await _tell(engine, to, notification)
        failed = not is_taken(hearing)
    finally:
        engine.turns.give_back(paths.subscription(to.org, to.id), failed=failed)
    await _record(engine, to, notification, version, hearing)


async def _tell(engine: Engine, to: Subscription, notification: Notification) -> Hearing:
    now = engine.clock.now()
    body = notification.body(to.org)
    signed = headers(to.secrets(now=now), notification.id, body, now=now)
    return await engine.notifier.tell(to.url, signed, body)


async def _record(
    engine: Engine, to: Subscription, notification: Notification, version: int, hearing: Hearing
) -> None:
    """Write down what came of an attempt, unless it was replayed or lost to another meanwhile."""
    path = paths.notification(to.org, to.id, notification.id)
    changes = after_attempt(notification, hearing, now=engine.clock.now(), jitter=_jitter())
    if is_gone(hearing):
        await subscriptions.switch_off(engine, to, "gone")
    if await _try_commit(engine, Update(path, changes, version)) is None:
        return
    log.info(
        _EVENTS[changes["status"]],
        org=to.org,
        subscription=to.id,
        notification=notification.id,
        attempt=notification.attempts,
        error=changes["last_error"],
    )
    if changes["wake_at"] is not None:
        await wake(engine, [path], at=changes["wake_at"])


_EVENTS: Final[Mapping[str, str]] = {
    NotificationStatus.DELIVERED: "notification_delivered",
    NotificationStatus.PENDING: "notification_not_taken",
    NotificationStatus.FAILED: "notification_failed",
}


async def _try_commit(engine: Engine, write: Write) -> int | None:
    """Commit one write and return its version; None where somebody else was faster."""
    try:
        return (await engine.store.commit(write))[0]
    except ConflictError:
        return None


def _jitter() -> float:
    return random()  # noqa: S311 - nobody gains by guessing it
