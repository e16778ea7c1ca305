"""The outbox: notifications are written in the commit of the change that they tell of.

Neither exists without the other, so subscribers hear of each change at least once. Each
notification is then sent by a task of its own (see delivery.py).
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import TypeAlias, TypeVar

import structlog

from functions.domain.notifications.events import EventType, Notice
from functions.domain.notifications.notification import notification_fields
from functions.domain.notifications.subscription import Subscription
from functions.engine import paths
from functions.engine.kernel.commits.modify import modify
from functions.engine.kernel.engine import Engine
from functions.engine.kernel.task_queue import TaskKind, enqueue_for
from functions.engine.kernel.walks import Commit, commit_marked
from functions.engine.ports.store import Document, Set, Write

log = structlog.get_logger()

T = TypeVar("T")


Decision: TypeAlias = tuple[T, Sequence[Write], Iterable[Notice | None]]
"""What a change of documents returns, writes, and tells subscribers."""


async def subscribers(engine: Engine, org: str) -> Sequence[Subscription]:
    """Return an organisation's active subscriptions, as this process remembers them."""
    return await engine.memory.subscribers.of(engine.store, org, now=engine.clock.now())


async def is_heard(engine: Engine, org: str, type_: EventType) -> bool:
    """Tell whether anybody subscribes to an event, as this process remembers it."""
    return any(type_ in each.events for each in await subscribers(engine, org))


async def commit_with_notices(
    engine: Engine,
    org: str,
    writes: Sequence[Write],
    notices: Iterable[Notice | None],
    *,
    by: Commit | None = None,
) -> list[int]:
    """Commit a change together with the notifications of it, and have these sent.

    Returns the versions of `writes` first. Without notices nobody reads the subscriptions.
    """
    listening = await subscribers(engine, org) if notices else ()
    notifications = _notifications(listening, notices)
    versions = await commit_marked(
        engine.store, [*writes, *notifications], by or engine.store.commit
    )
    await wake(engine, [write.path for write in notifications])
    return versions


async def modify_with_notices(
    engine: Engine,
    org: str,
    paths_: Sequence[str],
    decide: Callable[[list[Document | None]], Decision[T]],
) -> T:
    """Modify documents as kernel.commits.modify does, with the notifications of the change.

    `decide` also returns the notices of what it changes.
    """
    listening = await subscribers(engine, org)
    notifications: list[Set] = []

    def with_notifications(documents: list[Document | None]) -> tuple[T, Sequence[Write]]:
        result, writes, notices = decide(documents)
        notifications[:] = _notifications(listening, notices)
        return result, [*writes, *notifications]

    async def commit(*writes: Write) -> None:
        await commit_marked(engine.store, writes, engine.store.commit)

    result = await modify(engine.store, paths_, with_notifications, commit=commit)
    await wake(engine, [write.path for write in notifications])
    return result


def _notifications(
    listening: Sequence[Subscription], notices: Iterable[Notice | None]
) -> list[Set]:
    """Return one notification for each subscription and each notice that it wants.

    A notice that was told already is told again, under the same id: it must never be the reason
    that the change it tells of cannot be committed.
    """
    if not listening:
        return []
    return [
        Set(paths.notification(to.org, to.id, notice.id), notification_fields(notice))
        for notice in notices
        if notice is not None
        for to in listening
        if notice.type in to.events
    ]


async def wake(engine: Engine, found: Sequence[str], *, at: datetime | None = None) -> None:
    """Have notifications sent, given by their paths; what gets lost here the check finds."""
    await enqueue_for(engine, TaskKind.NOTIFY, found, at=at)
