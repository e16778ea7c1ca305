"""Revival: what should have been looked at by now, and was not, gets a new task.

A task may be lost, and so may the process that works on it. Whatever waits for work says in
`wake_at` by when somebody must have looked at it; the every-minute check comes here.
"""

from collections.abc import Mapping
from typing import Final

from functions.engine.kernel.engine import Engine
from functions.engine.kernel.task_queue import TaskKind, enqueue_for
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
    """Enqueue the tasks of a collection's documents that are overdue, the oldest first."""
    where = (Where("wake_at", "<=", engine.clock.now()),)
    query = Query(collection, where, ("wake_at",), limit=_REVIVED, group=True)
    overdue = [document.path for document in await engine.store.query(query)]
    await enqueue_for(engine, TASKS[collection], overdue)
