"""A clock that moves as those who wait by it sleep."""

import asyncio
from collections.abc import Callable, Coroutine
from datetime import datetime, timedelta
from typing import Any, Final

from tests.clock import NOON, MovedClock

#: What was begun before a sleep comes to its own sleep within so many turns of the event loop.
_TURNS: Final = 4


class LivingClock(MovedClock):
    """Moves as its sleepers sleep, who wake in order; what comes due happens before they wake."""

    def __init__(self, at: datetime = NOON) -> None:
        super().__init__(at)
        self.on_sleep: Callable[[], Coroutine[Any, Any, Any]] | None = None
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
        for _ in range(_TURNS):  # Whoever sleeps less says so now.
            await asyncio.sleep(0)
        while min(self._sleepers) < until:
            await self._one_woke.wait()
        self.advance(max(timedelta(), until - self.now()))
        if self.on_sleep is not None:
            # Who does not sleep on has not made anything of it undone.
            await asyncio.shield(self.on_sleep())
