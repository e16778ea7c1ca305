"""Concurrency: run a coroutine for each of many items, a few at a time."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

T = TypeVar("T")

#: One thread for work that keeps the processor busy: several would take all of it from requests.
_BUSY: Final = ThreadPoolExecutor(max_workers=1, thread_name_prefix="busy")


async def in_turn(work: Callable[[], T]) -> T:
    """Run work that takes long in a thread, one piece at a time and in the order of asking."""
    return await asyncio.get_running_loop().run_in_executor(_BUSY, work)


async def for_each(
    items: Sequence[T], do: Callable[[T], Awaitable[object]], *, at_once: int
) -> None:
    """Run `do` for every item; then raise the first failure, which has stopped no other item."""
    if not items:
        return
    turns, failures = iter(items), list[Exception]()

    async def work() -> None:
        for item in turns:
            try:
                await do(item)
            except Exception as error:  # noqa: BLE001 - raised below, once the others are done
                failures.append(error)

    await asyncio.gather(*(work() for _ in range(min(at_once, len(items)))))
    if failures:
        raise failures[0]
