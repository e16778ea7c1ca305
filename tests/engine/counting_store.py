"""A store whose reads a test can count."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from typing import Any

from functions.engine.ports.store import Document, Query, Store


class WatchedStore:
    """Notes what is asked of another store, and what was found."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.queries: list[Query] = []
        self.found: list[list[Document]] = []  #: by each query
        self.asked: list[str] = []  #: by path

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    async def query(self, query: Query) -> list[Document]:
        """Note a query and what it found."""
        documents = await self._store.query(query)
        self.queries.append(query)
        self.found.append(documents)
        return documents

    async def stream(self, query: Query) -> AsyncGenerator[list[Document], None]:
        """Note a query once for each part that it found."""
        async with aclosing(self._store.stream(query)) as parts:
            async for part in parts:
                self.queries.append(query)
                self.found.append(part)
                yield part

    async def get_many(self, paths: Sequence[str]) -> list[Document | None]:
        """Note the documents asked for by path."""
        self.asked += paths
        return await self._store.get_many(paths)
