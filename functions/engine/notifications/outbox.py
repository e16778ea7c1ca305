"""Notify: subscribers hear of what happens, each thing at least once.

What is to be told is written in the commit of the change that it tells of, so neither exists
without the other. Each notification is then sent by a task of its own, which takes it under a
lease before the receiver is called: a sender that dies leaves it to be sent again.
"""

import asyncio
from collections.abc import Iterable, Sequence
from datetime import datetime

import structlog

from functions.domain.campaigns.campaign import Campaign
from functions.domain.campaigns.status import Action
from functions.domain.messages.message import Changes, Message
from functions.domain.notifications.events import (
    Notice,
    campaign_notice,
    message_notice,
    opt_out_notice,
    reply_notice,
)
from functions.domain.notifications.notification import (
    notification_fields,
)
from functions.domain.notifications.subscription import Subscription
from functions.engine import paths
from functions.engine.kernel.engine import Engine
from functions.engine.kernel.task_queue import enqueue, notify_task
from functions.engine.ports.queue import Task
from functions.engine.ports.store import (
    Query,
    Set,
    Where,
)

log = structlog.get_logger()

#: Notifications that one check enqueues again at most; those left over are found by the next one.
_REVIVED = 500
#: Tasks that are enqueued at a time.
_AT_ONCE = 50

# --- Writing what is to be told --------------------------------------------------------------


async def subscribers(engine: Engine, org: str) -> Sequence[Subscription]:
    """Return who listens in an organisation; see functions/engine/process/subscribers.py."""
    return await engine.memory.subscribers.of(engine.store, org, now=engine.clock.now())


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
