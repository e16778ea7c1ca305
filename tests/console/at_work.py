"""A Clarion at work while somebody looks: its time passes as the test says."""

import asyncio
from datetime import datetime, timedelta
from typing import Final, Self

from functions.queues.local import LocalQueue
from tests.channels.simulator.simulated_carrier import make_callbacks
from tests.console.served import Viewer

#: Within so many turns of the loop all is done that can be done at one instant.
_TURNS: Final = 200


class AtWork:
    """The workers of what somebody looks at: they wait until the test lets their time pass."""

    def __init__(self, viewer: Viewer) -> None:
        self._viewer = viewer
        self._served = viewer.served
        self._moved = asyncio.Event()
        self._over = False
        self._working: asyncio.Task[int] | None = None
        queue = self._served.stack.engine.queue
        assert isinstance(queue, LocalQueue)
        self._queue = queue
        self._served.clock.sleep = self._sleep  # type: ignore[method-assign]

    async def __aenter__(self) -> Self:
        """Begin."""
        return self

    async def __aexit__(self, *_raised: object) -> None:
        """Have the workers die where they are."""
        self._over = True
        self._moved.set()
        tasks = [*self._queue._running, *([self._working] if self._working else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def passes(self, seconds: int) -> None:
        """Let seconds pass, for the workers, the carrier and the browser."""
        for _ in range(seconds):
            self._served.clock.advance(timedelta(seconds=1))
            self._moved.set()
            self._moved = asyncio.Event()
            await self._settle()
        await self._viewer.page.clock.set_fixed_time(self._served.clock.now())

    async def _settle(self) -> None:
        """Let be done what can be done now, as far as that takes so many turns of the loop."""
        if self._working is None or self._working.done():
            self._working = asyncio.create_task(self._queue.run_due())
        for turn in range(_TURNS):
            if turn % 10 == 0:
                await make_callbacks(self._served.stack.engine)
            await asyncio.sleep(0)

    async def _sleep(self, seconds: float) -> None:
        until: datetime = self._served.clock.now() + timedelta(seconds=seconds)
        while self._served.clock.now() < until and not self._over:
            await self._moved.wait()
