"""One attempt to post a notification."""

from collections.abc import Mapping
from random import random
from typing import Final

from functions.domain.notifications.events import TEST
from functions.domain.notifications.notification import (
    Notification,
    NotificationStatus,
    PostResult,
    after_attempt,
    give_up,
    is_gone,
    is_taken,
    is_worn_out,
    lease,
    notification_from,
    put_off,
)
from functions.domain.notifications.signing import headers
from functions.domain.notifications.subscription import Subscription, subscription_from
from functions.engine import paths
from functions.engine.kernel.engine import Engine
from functions.engine.notifications import subscriptions
from functions.engine.notifications.outbox import log, wake
from functions.engine.ports.store import ConflictError, Delete, Document, Update, Write


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
    elif engine.memory.receiver_slots.take(home.path):
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
        result = await _post(engine, to, notification)
        failed = not is_taken(result)
    finally:
        engine.memory.receiver_slots.give_back(paths.subscription(to.org, to.id), failed=failed)
    await _record(engine, to, notification, version, result)


async def _post(engine: Engine, to: Subscription, notification: Notification) -> PostResult:
    now = engine.clock.now()
    body = notification.body(to.org)
    signed = headers(to.secrets(now=now), notification.id, body, now=now)
    return await engine.notifier.post(to.url, signed, body)


async def _record(
    engine: Engine, to: Subscription, notification: Notification, version: int, result: PostResult
) -> None:
    """Record the outcome of an attempt, unless the notification has changed meanwhile."""
    path = paths.notification(to.org, to.id, notification.id)
    changes = after_attempt(notification, result, now=engine.clock.now(), jitter=_jitter())
    if is_gone(result):
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
