"""Revival: what should have been looked at by now, and was not, gets a new task.

A task may be lost, and so may the process that works on it. Whatever waits for work says in
`wake_at` by when somebody must have looked at it; the every-minute check comes here.
"""

from collections.abc import Mapping
from typing import Final

from functions.engine import paths
from functions.engine.kernel.concurrency import for_each
from functions.engine.kernel.engine import Engine
from functions.engine.kernel.task_queue import TaskKind, enqueue, task_of
from functions.engine.ports.store import Document, Query, Where

#: Each collection whose documents have a `wake_at`, and the task that looks at one of them.
TASKS: Final[Mapping[str, TaskKind]] = {
    "lanes": TaskKind.LANE,
    "notifications": TaskKind.NOTIFY,
    "imports": TaskKind.IMPORT,
}
#: Documents of a collection that are revived at most; the next check finds the others.
_REVIVED: Final = 500
#: Tasks that are enqueued at a time.
_AT_ONCE: Final = 20


async def revive(engine: Engine, collection: str) -> None:
    """Enqueue the tasks of a collection's documents that are overdue, the oldest first.

    What is held now, or wakes soon, is looked at once its lease is over: its worker may have died,
    and the next check is a minute away.
    """
    now = engine.clock.now()
    where = (Where("wake_at", "<=", now + engine.limits.lane_lease),)
    query = Query(collection, where, ("wake_at",), limit=_REVIVED, group=True)

    async def look_at(found: Document) -> None:
        task = task_of(TASKS[collection], *paths.ids(found.path))
        await enqueue(engine, task, at=max(now, found.data["wake_at"]))

    await for_each(await engine.store.query(query), look_at, at_once=_AT_ONCE)
