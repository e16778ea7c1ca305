"""A queue that delivers nothing."""

from datetime import datetime

from functions.engine.ports.queue import Task


class RecordingQueue:
    """Holds the tasks that were enqueued."""

    def __init__(self) -> None:
        self.tasks: list[Task] = []

    async def enqueue(
        self, task: Task, *, at: datetime | None = None, key: str | None = None
    ) -> bool:
        """Note a task."""
        del at, key
        self.tasks.append(task)
        return True

    async def is_well(self) -> bool:
        """Tell that all is well."""
        return True

    async def close(self) -> None:
        """Nothing to do."""
