"""A world in which nobody is late for being slow: time stands still while anybody is at work.

It has two engines over one store, as two processes, and a second carrier, whose campaigns must
not notice what the first one's go through.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import cycle
from typing import Any, Final

import orjson

from functions.domain.messages.send_outcomes import SendOutcome
from functions.engine import worker
from functions.engine.kernel.engine import Engine
from functions.engine.ports.channel import Outbound
from functions.engine.ports.queue import Task
from tests.engine.living_clock import LivingClock
from tests.engine.recording_channel import PROVIDER, TALKS, Fate, RecordingChannel
from tests.engine.world import World
from tests.engine.wrapped_store import Do, Operation, WrappedStore

OTHER: Final = "other-carrier"
#: For so many turns of the event loop nobody has used the store: everybody waits.
_QUIET_TURNS: Final = 12
#: How finely time passes for a test that looks on.
_STEP: Final = timedelta(seconds=0.1)


class PatientClock(LivingClock):
    """Moves only once nobody is busy."""

    def __init__(self) -> None:
        super().__init__()
        self._busy = 0

    async def stand_still(self, _: Operation, do: Do) -> Any:
        """Let no time pass while the store is at work."""
        self._busy += 1
        try:
            return await do()
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


@dataclass(slots=True)
class ChangingChannel(RecordingChannel):
    """A carrier whose answers change with time."""

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
class TwoProcessWorld(World):
    """Two engines over one store and two carriers. Use as World is used."""

    def __post_init__(self) -> None:
        """Put a second carrier beside the first, and a second engine."""
        super().__post_init__()
        self.changing = ChangingChannel(self.clock, self._receive)
        self.steady = ChangingChannel(self.clock, self._receive)
        self.clock.on_sleep = self._happen
        self.engines = [self._new_process(), self._new_process()]
        self._turn = cycle(self.engines)
        self.engine = self.engines[0]

    def new_clock(self) -> PatientClock:
        """Return a clock that waits for everybody."""
        return PatientClock()

    def _new_process(self) -> Engine:
        assert isinstance(self.clock, PatientClock)
        channels = {PROVIDER: self.changing, OTHER: self.steady}
        store = WrappedStore(self.store, self.clock.stand_still)
        return replace(self.new_engine(), channels=channels, store=store)

    def run_by(self, engines: Sequence[Engine]) -> None:
        """Have all further work done by these processes in turn."""
        self._turn = cycle(engines)

    async def run_for(self, length: timedelta) -> None:
        """Let a time pass in which lanes go on with their work, and stop in the midst of it."""
        end = self.clock.now() + length
        while (left := end - self.clock.now()) > timedelta():
            await self._happen()
            await self.clock.sleep(min(left, _STEP).total_seconds())

    async def _run_task(self, _headers: dict[str, str], body: bytes) -> int:
        """Run tasks by the two engines in turn."""
        await worker.run(next(self._turn), Task(**orjson.loads(body)))
        return 200

    async def _happen(self) -> None:
        """Let tasks begin that are due, and deliver receipts, although other tasks go on."""
        self.queue._begin_due()
        await self.deliver_receipts()

    async def deliver_receipts(self) -> int:
        """Deliver the receipts of both carriers."""
        return await self.changing.deliver_due() + await self.steady.deliver_due()

    def next_at(self, end: datetime) -> datetime:
        """Return when something comes due by itself, of either carrier."""
        receipts = [at for at in (self.changing.next_at, self.steady.next_at) if at is not None]
        return min(super().next_at(end), *receipts, end)
