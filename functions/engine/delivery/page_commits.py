"""Commits of pages: one is being committed while the next is made."""

import asyncio
from collections.abc import Coroutine
from types import TracebackType
from typing import Any, Self


class PageCommits:
    """Commits pages in their order, each once the one before it is stored.

    On leaving it the last one is waited for; whatever a commit raises is raised by the next wait.
    """

    def __init__(self) -> None:
        self._last: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._last.set_result(None)

    async def __aenter__(self) -> Self:
        """Begin."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: object, trace: TracebackType | None
    ) -> None:
        """Wait for the last page; where something has failed, let go of it."""
        try:
            if kind is None:
                await self._last
        finally:
            self._last.cancel()

    async def settled(self) -> None:
        """Wait until the page before is stored."""
        await self._last

    async def begin(self, commit: Coroutine[Any, Any, None]) -> None:
        """Have a page committed: it begins, and only then is the next page made."""
        self._last = asyncio.create_task(commit)
        await asyncio.sleep(0)
