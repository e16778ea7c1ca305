"""A store whose reads and writes a test can count."""

from typing import Any

from functions.engine.ports.store import Document, Query, Store
from tests.engine.wrapped_store import Do, Operation, WrappedStore


class CountingStore(WrappedStore):
    """Notes what is asked of another store, and what was found."""

    def __init__(self, store: Store) -> None:
        super().__init__(store, self._note)
        self.queries: list[Query] = []  #: a stream's once for each part
        self.found: list[list[Document]] = []  #: by each query
        self.asked: list[str] = []  #: by path, together with others
        self.read: list[str] = []  #: by path, alone or together with others
        self.written: list[str] = []  #: paths

    async def _note(self, operation: Operation, do: Do) -> Any:
        found = await do()
        if operation.name == "commit":
            self.written += operation.paths
        if operation.name in {"get", "get_many"}:
            self.read += operation.paths
        if operation.name == "get_many":
            self.asked += operation.paths
        elif operation.name in {"query", "stream"} and operation.query and found is not None:
            self.queries.append(operation.query)
            self.found.append(found)
        return found
