"""A store that counts what it is asked: what a cloud bills."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass

from functions.engine.ports.store import Document, Query, Store, Write


@dataclass(slots=True)
class Operations:
    """What was asked of a store."""

    reads: int = 0  #: documents asked for or found; a query that finds none counts once
    found: int = 0  #: documents found by queries
    writes: int = 0
    calls: int = 0  #: round trips


class CountingStore:
    """Counts the operations of another store."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.counted = Operations()

    def _query(self, found: Sequence[Document]) -> None:
        self.counted.reads += max(1, len(found))
        self.counted.found += len(found)
        self.counted.calls += 1

    async def get(self, path: str) -> Document | None:
        """Read."""
        self.counted.reads += 1
        self.counted.calls += 1
        return await self._store.get(path)

    async def get_many(self, paths: Sequence[str]) -> list[Document | None]:
        """Read."""
        self.counted.reads += len(paths)
        self.counted.calls += bool(paths)
        return await self._store.get_many(paths)

    async def query(self, query: Query) -> list[Document]:
        """Read."""
        found = await self._store.query(query)
        self._query(found)
        return found

    async def stream(self, query: Query) -> AsyncGenerator[list[Document], None]:
        """Read part after part."""
        async with aclosing(self._store.stream(query)) as parts:
            async for part in parts:
                self._query(part)
                yield part

    async def count(self, query: Query) -> int:
        """Count."""
        self.counted.calls += 1
        return await self._store.count(query)

    async def commit(self, *writes: Write) -> list[int]:
        """Write."""
        self.counted.writes += len(writes)
        self.counted.calls += 1
        return await self._store.commit(*writes)

    async def close(self) -> None:
        """Close the other store."""
        await self._store.close()
