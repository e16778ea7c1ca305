"""A store before which something happens at the worst moment that the test can think of."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import aclosing
from typing import Any, TypeAlias

from functions.engine.ports.store import Document, Query, Store, Write

Happening: TypeAlias = Callable[[], Awaitable[Any]]
IsIt: TypeAlias = Callable[[str, Sequence[str]], bool]
"""Tells by the name of an operation and its paths whether the moment has come."""


class InterposedStore:
    """Runs `happening` once, just before the first operation that `is_it` recognises."""

    def __init__(self, store: Store, is_it: IsIt, happening: Happening) -> None:
        self._store = store
        self._is_it = is_it
        self._happening: Happening | None = happening

    async def _before(self, operation: str, paths: Sequence[str]) -> None:
        if self._happening is not None and self._is_it(operation, paths):
            happening, self._happening = self._happening, None
            await happening()

    async def get(self, path: str) -> Document | None:
        """Read."""
        await self._before("get", [path])
        return await self._store.get(path)

    async def get_many(self, paths: Sequence[str]) -> list[Document | None]:
        """Read."""
        await self._before("get", paths)
        return await self._store.get_many(paths)

    async def query(self, query: Query) -> list[Document]:
        """Read; the path ends with the values that are asked for."""
        await self._before("query", [_asked(query)])
        return await self._store.query(query)

    async def stream(self, query: Query) -> AsyncGenerator[list[Document], None]:
        """Read part after part, as queries do."""
        async with aclosing(self._store.stream(query)) as parts:
            await self._before("query", [_asked(query)])
            async for part in parts:
                yield part
                await self._before("query", [_asked(query)])

    async def count(self, query: Query) -> int:
        """Count."""
        return await self._store.count(query)

    async def commit(self, *writes: Write) -> list[int]:
        """Write."""
        await self._before("commit", [write.path for write in writes])
        return await self._store.commit(*writes)

    async def close(self) -> None:
        """Leave the store open: it belongs to the world."""


def _asked(query: Query) -> str:
    values = "/".join(str(where.value) for where in query.where)
    return f"{query.collection}/{values}"
