"""An event loop whose time passes as soon as nothing is left to do.

An hour takes no longer than what happens in it.
"""

import asyncio
import selectors
from collections.abc import Coroutine
from datetime import UTC, datetime, timedelta
from typing import Any, Final, TypeVar

T = TypeVar("T")

#: How long to wait for a thread before time passes, seconds.
_MOMENT_S: Final = 0.001
_BEGIN: Final = datetime(2026, 3, 2, 12, tzinfo=UTC)


def run(main: Coroutine[Any, Any, T]) -> T:
    """Run to the end, in time that passes by itself."""
    with asyncio.Runner(loop_factory=_Loop) as runner:
        return runner.run(main)


class LoopClock:
    """The time of the running loop."""

    def now(self) -> datetime:
        """Return the time, UTC."""
        return _BEGIN + timedelta(seconds=asyncio.get_running_loop().time())

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await asyncio.sleep(seconds)


class _Selector(selectors.DefaultSelector):
    """Waits for other threads only: where none is at work, the wait is over at once."""

    def __init__(self) -> None:
        super().__init__()
        self.passed_s = 0.0  #: the time, seconds
        self.threads = 0  #: at work for the loop

    def select(self, timeout: float | None = None) -> list[Any]:
        """Return what has happened, or let the time pass until the loop has something to do."""
        if timeout is None:
            return list(super().select(None))
        if self.threads:  # they may in turn wait for what the loop does in a moment
            timeout = min(timeout, _MOMENT_S)
        found = list(super().select(timeout if self.threads else 0))
        if not found:
            self.passed_s += timeout
        return found


class _Loop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self._virtual = _Selector()
        super().__init__(self._virtual)

    def time(self) -> float:
        return self._virtual.passed_s

    def run_in_executor(  # type: ignore[override]  # any arguments
        self, executor: Any, func: Any, *args: Any
    ) -> asyncio.Future[Any]:
        self._virtual.threads += 1
        future = super().run_in_executor(executor, func, *args)
        future.add_done_callback(self._one_less)
        return future

    def _one_less(self, _: object) -> None:
        self._virtual.threads -= 1
