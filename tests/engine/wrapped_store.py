"""A store around which a test does something at each operation: count, wait, intervene, die."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import aclosing
from typing import Any, NamedTuple, TypeAlias, TypeVar

from functions.engine.ports.store import Document, Query, Store, Write

T = TypeVar("T")


class Operation(NamedTuple):
    """What the store is asked for."""

    name: str  #: of the method of the Store port
    paths: Sequence[str]  #: of a query: its collection, then the values asked for
    query: Query | None = None


Do: TypeAlias = Callable[[], Awaitable[Any]]
Around: TypeAlias = Callable[[Operation, Do], Awaitable[Any]]
"""Carries an operation out, and returns what it returned."""


class WrappedStore:
    """Hands each operation to `around`; a stream is one operation for each of its parts."""

    def __init__(self, store: Store, around: Around) -> None:
        self._store = store
        self._around = around

    async def get(self, path: str) -> Document | None:
        """Read."""
        return await self._do(Operation("get", [path]), lambda: self._store.get(path))

    async def get_many(self, paths: Sequence[str]) -> list[Document | None]:
        """Read."""
        return await self._do(Operation("get_many", paths), lambda: self._store.get_many(paths))

    async def query(self, query: Query) -> list[Document]:
        """Read."""
        return await self._do(_of(query, "query"), lambda: self._store.query(query))

    async def stream(self, query: Query) -> AsyncGenerator[list[Document], None]:
        """Read part after part; the operation behind the last part returns None."""
        async with aclosing(self._store.stream(query)) as parts:
            operation = _of(query, "stream")
            while (part := await self._do(operation, lambda: anext(parts, None))) is not None:
                yield part

    async def count(self, query: Query) -> int:
        """Count."""
        return await self._do(_of(query, "count"), lambda: self._store.count(query))

    async def commit(self, *writes: Write) -> list[int]:
        """Write."""
        operation = Operation("commit", [write.path for write in writes])
        return await self._do(operation, lambda: self._store.commit(*writes))

    async def close(self) -> None:
        """Leave the store open: it belongs to the world."""

    async def _do(self, operation: Operation, do: Callable[[], Awaitable[T]]) -> T:
        result: T = await self._around(operation, do)
        return result


def _of(query: Query, name: str) -> Operation:
    values = "/".join(str(where.value) for where in query.where)
    return Operation(name, [f"{query.collection}/{values}"], query)
