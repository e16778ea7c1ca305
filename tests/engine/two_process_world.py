"""A world in which nobody is late for being slow: time stands still while anybody is at work.

It has two engines over one store, as two processes, and a second carrier, whose campaigns must
not notice what the first one's go through.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
from contextlib import aclosing, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import cycle
from typing import Final

import orjson

from functions.domain.messages.send_outcomes import SendOutcome
from functions.engine import worker
from functions.engine.kernel.engine import Engine
from functions.engine.ports.channel import Outbound
from functions.engine.ports.queue import Task
from functions.engine.ports.store import Document, Query, Store, Write
from tests.engine.recording_channel import PROVIDER, TALKS, Fate, RecordingChannel
from tests.engine.world import LivingClock, World

OTHER: Final = "other-carrier"
#: For so many turns of the event loop nobody has used the store: everybody waits.
_QUIET_TURNS: Final = 12


class CalmClock(LivingClock):
    """Moves only once nobody is busy."""

    def __init__(self) -> None:
        super().__init__()
        self._busy = 0

    @contextmanager
    def held(self) -> Iterator[None]:
        """Have it stand still for the length of a `with`."""
        self._busy += 1
        try:
            yield
        finally:
            self._busy -= 1

    async def _wait_until(self, until: datetime) -> None:
        await self._quiet()
        while min(self._sleepers) < until:
            await self._one_woke.wait()
            await self._quiet()
        await super()._wait_until(until)

    async def _quiet(self) -> None:
        turns = 0
        while turns < _QUIET_TURNS:
            await asyncio.sleep(0)
            turns = 0 if self._busy else turns + 1


class BusyStore:
    """Has the clock stand still for the length of every operation."""

    def __init__(self, store: Store, clock: CalmClock) -> None:
        self._store = store
        self._clock = clock

    async def get(self, path: str) -> Document | None:
        """Read."""
        with self._clock.held():
            return await self._store.get(path)

    async def get_many(self, paths: Sequence[str]) -> list[Document | None]:
        """Read."""
        with self._clock.held():
            return await self._store.get_many(paths)

    async def query(self, query: Query) -> list[Document]:
        """Read."""
        with self._clock.held():
            return await self._store.query(query)

    async def stream(self, query: Query) -> AsyncGenerator[list[Document], None]:
        """Read part after part; time stands still while one is read."""
        async with aclosing(self._store.stream(query)) as parts:
            while True:
                with self._clock.held():
                    part = await anext(parts, None)
                if part is None:
                    return
                yield part

    async def count(self, query: Query) -> int:
        """Count."""
        with self._clock.held():
            return await self._store.count(query)

    async def commit(self, *writes: Write) -> list[int]:
        """Write."""
        with self._clock.held():
            return await self._store.commit(*writes)

    async def close(self) -> None:
        """Leave the store to whoever lent it."""


@dataclass(slots=True)
class MoodyChannel(RecordingChannel):
    """A carrier whose manner changes with time."""

    fate_at: Callable[[datetime], Fate] = lambda _: TALKS
    answers_after: Callable[[datetime], timedelta] = lambda _: timedelta()

    async def send(self, outbound: Outbound) -> SendOutcome:
        """Meet the fate of the hour, and take the time that it takes."""
        now = self.clock.now()
        self.otherwise = self.fate_at(now)
        answer = await RecordingChannel.send(self, outbound)
        if wait := self.answers_after(now):
            await self.clock.sleep(wait.total_seconds())
        return answer


@dataclass
class CalmWorld(World):
    """Use as the other world."""

    def __post_init__(self) -> None:
        """Put a second carrier beside the first, and a second engine."""
        super().__post_init__()
        self.moody = MoodyChannel(self.clock, self._receive)
        self.calm = MoodyChannel(self.clock, self._receive)
        self.clock.on_sleep = self._happen
        self.engines = [self._calm(), self._calm()]
        self._turn = cycle(self.engines)
        self.engine = self.engines[0]

    def new_clock(self) -> CalmClock:
        """Return a clock that waits for everybody."""
        return CalmClock()

    def _calm(self) -> Engine:
        assert isinstance(self.clock, CalmClock)
        channels = {PROVIDER: self.moody, OTHER: self.calm}
        store = BusyStore(self.store, self.clock)
        return replace(self.new_engine(), channels=channels, store=store)

    async def _run_task(self, _headers: dict[str, str], body: bytes) -> int:
        """Run tasks by the two engines in turn."""
        await worker.run(next(self._turn), Task(**orjson.loads(body)))
        return 200

    async def _happen(self) -> None:
        """Let tasks begin that are due, and deliver receipts, although other tasks go on."""
        self.queue._begin_due()
        await self._deliver_receipts()

    async def _deliver_receipts(self) -> int:
        return await self.moody.deliver_due() + await self.calm.deliver_due()

    async def settle(self) -> None:
        """Do all that is due now."""
        while await self.queue.run_due() + await self._deliver_receipts():
            pass

    def _next_at(self, end: datetime, *, checks: bool) -> datetime:
        receipts = [at for at in (self.moody.next_at, self.calm.next_at) if at is not None]
        return min(super()._next_at(end, checks=checks), *receipts, end)
