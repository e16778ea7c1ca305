"""The port of time."""

from datetime import datetime
from typing import Protocol


class Clock(Protocol):
    """The time, UTC. Only bootstrap has the real one."""

    def now(self) -> datetime: ...
    async def sleep(self, seconds: float) -> None: ...
