"""A clock that moves as those who wait by it sleep."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any

from tests.clock import NOON, MovedClock


class LivingClock(MovedClock):
    """Moves as its sleepers sleep, who wake in order; what comes due happens before they wake."""

    def __init__(self, at: datetime = NOON) -> None:
        super().__init__(at)
        self.on_sleep: Callable[[], Awaitable[Any]] | None = None
        self._sleepers: list[datetime] = []
        self._one_woke = asyncio.Event()

    async def sleep(self, seconds: float) -> None:
        """Let the time of a sleep pass, with what happens in it."""
        until = self.now() + timedelta(seconds=seconds)
        self._sleepers.append(until)
        try:
            await self._wait_until(until)
        finally:
            self._sleepers.remove(until)
            self._one_woke.set()
            self._one_woke = asyncio.Event()

    async def _wait_until(self, until: datetime) -> None:
        await asyncio.sleep(0)  # Whoever sleeps less says so now.
        while min(self._sleepers) < until:
            await self._one_woke.wait()
        self.advance(max(timedelta(), until - self.now()))
        if self.on_sleep is not None:
            await self.on_sleep()
