"""Subscriptions: the URLs of an organisation's own systems that hear of events.

Every change is one commit: the subscription, conditional on its version, and its entry in the
audit trail.
"""

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final
from uuid import uuid4

import structlog

from functions.domain.errors import InvalidFieldError, NotFoundError
from functions.domain.notifications.signing import new_secret
from functions.domain.notifications.subscription import (
    Subscription,
    rotation,
    subscription_fields,
    subscription_from,
)
from functions.engine import paths
from functions.engine.kernel import audit_trail
from functions.engine.kernel.commits.modify import at_version, modify
from functions.engine.kernel.commits.versioned import Versioned
from functions.engine.kernel.engine import Engine
from functions.engine.kernel.paging import page_by_id
from functions.engine.kernel.task_queue import TaskKind, enqueue, task_of
from functions.engine.ports.store import Create, Delete, Document, Query, Update, Write
from functions.engine.process.subscriber_cache import LIFE

log = structlog.get_logger()

#: Subscriptions that an organisation can have: each of them is asked about every event.
MOST: Final = 20
_SECRET_BYTES: Final = 32
#: Notifications of a deleted subscription that are removed in one commit.
_PAGE: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class NewSubscription:
    """What a new subscription shall be."""

    url: str
    events: Sequence[str]
    by: str
    description: str = ""
    active: bool = True


async def create(engine: Engine, org: str, new: NewSubscription) -> Versioned[Subscription]:
    """Let a URL hear of events from now on, everywhere within subscriber_cache.LIFE.

    Raises InvalidFieldError for a URL that must not be called, and for one subscription too many.
    """
    await _check_url(engine, new.url)
    if await engine.store.count(Query(paths.subscriptions(org))) >= MOST:
        raise InvalidFieldError("url", f"url: an organisation can have {MOST} subscriptions")
    now = engine.clock.now()
    subscription = Subscription(
        id=uuid4().hex,
        org=org,
        url=new.url,
        events=list(dict.fromkeys(new.events)),
        description=new.description,
        active=new.active,
        secret=_secret(),
        created_at=now,
        created_by=new.by,
        updated_at=now,
    )
    versions = await engine.store.commit(
        Create(paths.subscription(org, subscription.id), subscription_fields(subscription)),
        _audit(engine, subscription, "create", new.by),
    )
    _note(engine, subscription, "create", new.by)
    return Versioned(subscription, versions[0])


async def load(engine: Engine, org: str, id_: str) -> Versioned[Subscription]:
    """Return a subscription. Raises NotFoundError, also for one of another organisation."""
    document = at_version(await engine.store.get(paths.subscription(org, id_)), "Subscription", id_)
    return Versioned(subscription_from(org, id_, document.data), document.version)


async def page_of(
    engine: Engine, org: str, *, limit: int, after: str | None
) -> tuple[list[Subscription], str | None]:
    """Return a page of subscriptions by id, and the last id where more may follow."""
    found, following = await page_by_id(engine, paths.subscriptions(org), after=after, limit=limit)
    return [subscription_from(org, each.id, each.data) for each in found], following


async def update(
    engine: Engine,
    org: str,
    id_: str,
    changes: Mapping[str, Any],
    *,
    by: str,
    if_version: int | None = None,
) -> Versioned[Subscription]:
    """Change url, events, description or active.

    Raises NotFoundError, StaleError, and InvalidFieldError for a URL that must not be called.
    """
    if "url" in changes:
        await _check_url(engine, changes["url"])
    wanted = dict(changes)
    if "events" in wanted:
        wanted["events"] = list(dict.fromkeys(wanted["events"]))
    if "active" in wanted:
        wanted["reason"] = None
    await _change(engine, org, id_, lambda _: wanted, "update", by, if_version)
    return await load(engine, org, id_)


async def rotate_secret(
    engine: Engine, org: str, id_: str, *, by: str, if_version: int | None = None
) -> Versioned[Subscription]:
    """Make a new secret; the one before signs beside it for notifications.OVERLAP.

    Raises NotFoundError and StaleError.
    """
    now = engine.clock.now()
    secret = _secret()

    def changes(before: Subscription) -> Mapping[str, Any]:
        return rotation(before, secret, now=now)

    await _change(engine, org, id_, changes, "rotate_secret", by, if_version)
    return await load(engine, org, id_)


async def switch_off(engine: Engine, gone: Subscription, reason: str) -> None:
    """Stop telling a URL that says it is gone, unless the subscription has another one by now."""

    def changes(before: Subscription) -> Mapping[str, Any]:
        if not before.active or before.url != gone.url:
            return {}
        return {"active": False, "reason": reason}

    try:
        await _change(engine, gone.org, gone.id, changes, "switch_off", "clarion", None)
    except NotFoundError:
        return  # It was deleted meanwhile.


async def delete(
    engine: Engine, org: str, id_: str, *, by: str, if_version: int | None = None
) -> None:
    """Delete a subscription; a task removes what it was told. Raises NotFoundError, StaleError."""

    def decide(documents: list[Document | None]) -> tuple[Subscription, Sequence[Write]]:
        stored = at_version(documents[0], "Subscription", id_, if_version)
        before = subscription_from(org, id_, stored.data)
        last = replace(before, epoch=before.epoch + 1)
        return last, [Delete(stored.path, stored.version), _audit(engine, last, "delete", by)]

    last = await modify(engine.store, [paths.subscription(org, id_)], decide)
    _note(engine, last, "delete", by)
    # By then no process remembers it any more.
    await enqueue(engine, task_of(TaskKind.FORGET, org, id_), at=engine.clock.now() + 2 * LIFE)


async def forget(engine: Engine, org: str, id_: str) -> None:
    """Remove the notifications of a subscription that does not exist any more."""
    if await engine.store.get(paths.subscription(org, id_)) is not None:
        return
    query = Query(paths.notifications(org, id_), limit=_PAGE)
    deadline = engine.clock.now() + engine.limits.task_deadline
    while found := await engine.store.query(query):
        await engine.store.commit(*(Delete(each.path) for each in found))
        if engine.clock.now() >= deadline or engine.stopping.is_set():
            await enqueue(engine, task_of(TaskKind.FORGET, org, id_))
            return


async def _change(
    engine: Engine,
    org: str,
    id_: str,
    changes: Callable[[Subscription], Mapping[str, Any]],
    action: str,
    by: str,
    if_version: int | None,
) -> None:
    """Commit what `changes` makes of a subscription; nothing where it makes nothing."""
    now = engine.clock.now()

    def decide(documents: list[Document | None]) -> tuple[Subscription | None, Sequence[Write]]:
        stored = at_version(documents[0], "Subscription", id_, if_version)
        before = subscription_from(org, id_, stored.data)
        changed = changes(before)
        if not changed:
            return None, ()
        every = {**changed, "epoch": before.epoch + 1, "updated_at": now}
        after = replace(before, **every)
        trail = _audit(engine, after, action, by)
        return after, [Update(stored.path, every, stored.version), trail]

    after = await modify(engine.store, [paths.subscription(org, id_)], decide)
    if after is not None:
        _note(engine, after, action, by)


async def _check_url(engine: Engine, url: str) -> None:
    if refused := await engine.notifier.why_refused(url):
        raise InvalidFieldError("url", f"url: {refused}")


def _secret() -> str:
    return new_secret(secrets.token_bytes(_SECRET_BYTES))


def _audit(engine: Engine, subscription: Subscription, action: str, by: str) -> Write:
    return audit_trail.entry(
        subscription.org,
        f"subscription-{subscription.id}-{subscription.epoch}",
        action=action,
        by=by,
        at=engine.clock.now(),
        reason=subscription.reason,
        subscription=subscription.id,
    )


def _note(engine: Engine, subscription: Subscription, action: str, by: str) -> None:
    """Make a change known: at once to this process, within subscriber_cache.LIFE to others."""
    engine.memory.subscribers.forget(subscription.org)
    log.info(_EVENTS[action], org=subscription.org, subscription=subscription.id, by=by)


_EVENTS: Final[Mapping[str, str]] = {
    "create": "subscription_created",
    "update": "subscription_changed",
    "rotate_secret": "subscription_secret_rotated",
    "switch_off": "subscription_switched_off",
    "delete": "subscription_deleted",
}
