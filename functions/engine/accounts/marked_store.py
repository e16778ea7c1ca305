"""A store that notes, in a request's first commit, that the request has begun to act.

The note stands or falls with what was done: whoever finds it knows that doing the request again
would do some of it twice, and whoever does not find it knows that nothing was done.
"""

from collections.abc import AsyncGenerator, Sequence

from functions.engine import paths
from functions.engine.ports.store import Document, Query, Store, Update, Write


class MarkedStore:
    """The store of one request; a commit that it makes updates the document at `path` as well.

    Unless it makes no more than the secret of the organisation's ids, which any request may do.
    """

    def __init__(self, store: Store, org: str, path: str) -> None:
        self._store = store
        self._salt = paths.salt(org)
        self._path = path
        self.has_acted = False

    async def commit(self, *writes: Write) -> list[int]:
        """Commit, with the note as long as none has been written."""
        if self.has_acted or all(write.path == self._salt for write in writes):
            return await self._store.commit(*writes)
        versions = await self._store.commit(*writes, Update(self._path, {"has_acted": True}))
        self.has_acted = True
        return versions[:-1]

    async def get(self, path: str) -> Document | None:
        """Read a document."""
        return await self._store.get(path)

    async def get_many(self, paths: Sequence[str]) -> list[Document | None]:
        """Read documents."""
        return await self._store.get_many(paths)

    async def query(self, query: Query) -> list[Document]:
        """Read the documents of a query."""
        return await self._store.query(query)

    def stream(self, query: Query) -> AsyncGenerator[list[Document], None]:
        """Read the documents of a query in parts."""
        return self._store.stream(query)

    async def count(self, query: Query) -> int:
        """Count the documents of a query."""
        return await self._store.count(query)

    async def close(self) -> None:
        """Leave the store open: it is not this request's alone."""
