"""Each: one thing done for each of many, a few at a time; one that fails stops no other."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

T = TypeVar("T")


async def for_each(
    items: Sequence[T], do: Callable[[T], Awaitable[object]], *, at_once: int
) -> None:
    """Do it for all; then raise what the first that failed has raised."""
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
