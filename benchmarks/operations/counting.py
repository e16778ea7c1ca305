"""A store that counts what it is asked: what a cloud bills."""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Iterable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field

from functions.engine import paths
from functions.engine.ports.store import Document, Query, Store, Write

#: How many index entries a count reads for the price of a document.
_COUNTED_FOR_ONE = 1000


@dataclass(slots=True)
class Operations:
    """What was asked of a store, by the names of collections.

    A document that is asked for or found is a read, and so is a query that finds none.
    """

    read: Counter[str] = field(default_factory=Counter)
    written: Counter[str] = field(default_factory=Counter)
    found: int = 0  #: documents found by queries
    commits: int = 0

    @property
    def reads(self) -> int:
        """All reads."""
        return self.read.total()

    @property
    def writes(self) -> int:
        """All writes, deletions included."""
        return self.written.total()

    def __sub__(self, other: "Operations") -> "Operations":
        """Return what was asked more than in `other`."""
        return Operations(
            self.read - other.read,
            self.written - other.written,
            self.found - other.found,
            self.commits - other.commits,
        )


class CountingStore:
    """Counts the operations of another store, which answers after `latency_s`."""

    def __init__(self, store: Store, *, latency_s: float = 0) -> None:
        self.stored = store  #: what is asked here is not counted
        self._latency_s = latency_s
        self.counted = Operations()

    async def get(self, path: str) -> Document | None:
        """Read."""
        await self._asked([path])
        return await self.stored.get(path)

    async def get_many(self, paths: Sequence[str]) -> list[Document | None]:
        """Read."""
        await self._asked(paths)
        return await self.stored.get_many(paths)

    async def query(self, query: Query) -> list[Document]:
        """Read."""
        await self._wait()
        found = await self.stored.query(query)
        self._queried(query, len(found))
        return found

    async def stream(self, query: Query) -> AsyncGenerator[list[Document], None]:
        """Read part after part."""
        async with aclosing(self.stored.stream(query)) as parts:
            async for part in parts:
                await self._wait()
                self._queried(query, len(part))
                yield part

    async def count(self, query: Query) -> int:
        """Count."""
        await self._wait()
        found = await self.stored.count(query)
        self.counted.read[_name(query.collection)] += max(1, -(-found // _COUNTED_FOR_ONE))
        return found

    async def commit(self, *writes: Write) -> list[int]:
        """Write."""
        await self._wait()
        self.counted.written.update(_collections(write.path for write in writes))
        self.counted.commits += 1
        return await self.stored.commit(*writes)

    async def close(self) -> None:
        """Close the other store."""
        await self.stored.close()

    async def _asked(self, paths_: Sequence[str]) -> None:
        await self._wait()
        self.counted.read.update(_collections(paths_))

    def _queried(self, query: Query, found: int) -> None:
        self.counted.read[_name(query.collection)] += max(1, found)
        self.counted.found += found

    async def _wait(self) -> None:
        if self._latency_s:
            await asyncio.sleep(self._latency_s)


def _collections(paths_: Iterable[str]) -> Iterable[str]:
    return map(paths.collection_of, paths_)


def _name(collection: str) -> str:
    return collection.rpartition("/")[2]
