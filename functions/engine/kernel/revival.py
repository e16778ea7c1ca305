"""Revival: what should have been looked at by now, and was not, gets a new task.

A task may be lost, and so may the process that works on it. Whatever waits for work says in
`wake_at` by when somebody must have looked at it; the every-minute check comes here.
"""

from collections.abc import Mapping
from typing import Final

from functions.engine.kernel.engine import Engine
from functions.engine.kernel.task_queue import TaskKind, enqueue_each
from functions.engine.ports.store import Query, Where

#: Each collection whose documents have a `wake_at`, and the task that looks at one of them.
TASKS: Final[Mapping[str, TaskKind]] = {
    "lanes": TaskKind.LANE,
    "notifications": TaskKind.NOTIFY,
    "imports": TaskKind.IMPORT,
}
#: Documents of a collection that are revived at most; the next check finds the others.
_REVIVED: Final = 500


async def revive(engine: Engine, collection: str) -> None:
    """Enqueue the tasks of a collection's documents that are overdue, the oldest first.

    What is held now, or wakes soon, is looked at once its lease is over: its worker may have died,
    and the next check is a minute away.
    """
    now = engine.clock.now()
    where = (Where("wake_at", "<=", now + engine.limits.lane_lease),)
    query = Query(collection, where, ("wake_at",), limit=_REVIVED, group=True)
    found = await engine.store.query(query)
    times = {each.path: max(now, each.data["wake_at"]) for each in found}
    await enqueue_each(engine, TASKS[collection], times)
