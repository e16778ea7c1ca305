"""Calls that are made at once are done together: one commit for hundreds of subjects."""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, Generic, TypeVar

#: Items that are done at once: the first callers are not to wait for the last.
_MOST: Final = 1000
_Item = TypeVar("_Item")
_Result = TypeVar("_Result")


class Together(Generic[_Item, _Result]):
    """Gathers the items of callers by key while others of that key are being done.

    `do` is given a key and its items, and returns their results in order; what it raises, each of
    those callers gets.
    """

    def __init__(self, do: Callable[[str, Sequence[_Item]], Awaitable[Sequence[_Result]]]) -> None:
        self._do = do
        self._waiting: defaultdict[str, list[tuple[_Item, asyncio.Future[_Result]]]]
        self._waiting = defaultdict(list)
        self._working: dict[str, asyncio.Task[None]] = {}

    async def one(self, key: str, item: _Item) -> _Result:
        """Return the result of an item, done with those of others."""
        result: asyncio.Future[_Result] = asyncio.get_running_loop().create_future()
        self._waiting[key].append((item, result))
        if key not in self._working:
            self._working[key] = asyncio.create_task(self._work(key))
        return await result

    async def _work(self, key: str) -> None:
        try:
            while waiting := self._waiting.pop(key, []):
                pairs = [each for each in waiting if not each[1].cancelled()]
                for first in range(0, len(pairs), _MOST):
                    await self._finish(key, pairs[first : first + _MOST])
        finally:
            del self._working[key]

    async def _finish(self, key: str, pairs: list[tuple[_Item, asyncio.Future[_Result]]]) -> None:
        try:
            results = await self._do(key, [item for item, _ in pairs])
        except Exception as error:  # noqa: BLE001 - it is the callers' to handle
            for _, waiter in pairs:
                if not waiter.done():
                    waiter.set_exception(error)
            return
        for (_, waiter), result in zip(pairs, results, strict=True):
            if not waiter.done():
                waiter.set_result(result)
