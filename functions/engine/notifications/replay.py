"""The notifications of a subscription: list them, send them again, send a test."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple
from uuid import uuid4

import structlog

from functions.domain.errors import InvalidFieldError, NotFoundError
from functions.domain.notifications.events import TEST, Notice
from functions.domain.notifications.notification import (
    Notification,
    NotificationStatus,
    notification_fields,
    notification_from,
    replay,
)
from functions.domain.notifications.subscription import Subscription
from functions.engine import paths
from functions.engine.kernel.commits.modify import at_version, modify
from functions.engine.kernel.engine import Engine
from functions.engine.notifications import delivery, outbox
from functions.engine.notifications.subscriptions import load
from functions.engine.ports.store import Create, Document, Query, Update, Where, Write

log = structlog.get_logger()

#: Notifications that one request has told again at most.
PAGE: Final = 200


class Replayed(NamedTuple):
    """How many are told again, and whether there are more to ask for."""

    number: int
    more: bool


async def page_of(
    engine: Engine,
    org: str,
    subscription_id: str,
    *,
    status: NotificationStatus | None = None,
    limit: int,
    start_after: Sequence[Any] = (),
) -> tuple[list[Notification], tuple[Any, ...] | None]:
    """Return a page of a subscription's notifications, newest first.

    `start_after` holds instant and id of the last one seen; so does what is returned with the
    page where more may follow. Raises NotFoundError.
    """
    await load(engine, org, subscription_id)
    collection = paths.notifications(org, subscription_id)
    where = (Where("status", "==", status),) if status else ()
    start = (start_after[0], f"{collection}/{start_after[1]}") if start_after else None
    query = Query(collection, where, ("-created_at",), limit=limit, start_after=start)
    found = await engine.store.query(query)
    last = found[-1] if len(found) == limit else None
    following = (last.data["created_at"], last.id) if last else None
    return [notification_from(each.id, each.data) for each in found], following


async def tell_again(engine: Engine, org: str, subscription_id: str, id_: str) -> Notification:
    """Send one notification anew, with all attempts, whatever came of it before.

    Raises NotFoundError, and InvalidFieldError of a subscription that is switched off.
    """
    _check_active((await load(engine, org, subscription_id)).value)
    path = paths.notification(org, subscription_id, id_)
    changes = replay(now=engine.clock.now())

    def decide(documents: list[Document | None]) -> tuple[Notification, Sequence[Write]]:
        stored = at_version(documents[0], "Notification", id_, None)
        after = notification_from(id_, {**stored.data, **changes})
        return after, [Update(path, changes, stored.version)]

    after = await modify(engine.store, [path], decide)
    log.info("notification_replayed", org=org, subscription=subscription_id, notification=id_)
    await outbox.wake(engine, [path])
    return after


async def tell_failed_again(
    engine: Engine, org: str, subscription_id: str, *, since: datetime
) -> Replayed:
    """Send anew what has failed of all that happened since then, PAGE of it at most.

    Asking again goes on with the rest. Raises NotFoundError, and InvalidFieldError of a
    subscription that is switched off.
    """
    _check_active((await load(engine, org, subscription_id)).value)
    where = (Where("status", "==", NotificationStatus.FAILED), Where("created_at", ">=", since))
    collection = paths.notifications(org, subscription_id)
    query = Query(collection, where, ("-created_at",), limit=PAGE + 1)
    failed = await engine.store.query(query)
    chosen = [each.path for each in failed[:PAGE]]
    if chosen:
        changes = replay(now=engine.clock.now())
        await engine.store.commit(*(Update(path, changes) for path in chosen))
        await outbox.wake(engine, chosen)
    log.info("notifications_replayed", org=org, subscription=subscription_id, count=len(chosen))
    return Replayed(len(chosen), len(failed) > PAGE)


async def send_test(engine: Engine, org: str, subscription_id: str) -> Notification:
    """Send a test to a subscription, once and now; return the notification after the attempt.

    It is sent to one that is switched off as well. Raises NotFoundError.
    """
    subscription = (await load(engine, org, subscription_id)).value
    told = {"subscription_id": subscription.id}
    notice = Notice(f"evt_{uuid4().hex}", TEST, engine.clock.now(), told)
    path = paths.notification(org, subscription.id, notice.id)
    await engine.store.commit(Create(path, notification_fields(notice)))
    await delivery.deliver(engine, org, subscription.id, notice.id)
    document = await engine.store.get(path)
    if document is None:
        raise NotFoundError("Subscription", subscription_id)  # It was deleted meanwhile.
    return notification_from(notice.id, document.data)


def _check_active(subscription: Subscription) -> None:
    if not subscription.active:
        raise InvalidFieldError("active", "active: the subscription is switched off")
