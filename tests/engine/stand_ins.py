"""Stand-ins for a queue and for bots, for the tests of the engine."""

from datetime import datetime

from functions.engine.ports.queue import Task


class ReadyBots:
    """Bots that answer as the test says."""

    def __init__(self) -> None:
        self.ready = True
        self.woken: list[str] = []

    async def is_ready(self, bot_url: str) -> bool:
        """Note who was woken."""
        self.woken.append(bot_url)
        return self.ready


class Forgetful:
    """A queue that loses every task."""

    async def enqueue(
        self, task: Task, *, at: datetime | None = None, key: str | None = None
    ) -> bool:
        """Take a task, and forget it."""
        _ = task, at, key
        return True

    async def is_well(self) -> bool:
        """Think that all is well."""
        return True

    async def close(self) -> None:
        """Have nothing to let go of."""
