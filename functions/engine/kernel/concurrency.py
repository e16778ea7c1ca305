"""Concurrency: run a coroutine for each of many items, a few at a time."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

T = TypeVar("T")


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
