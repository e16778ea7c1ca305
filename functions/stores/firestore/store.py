"""Documents in Cloud Firestore, or in its emulator."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import replace
from typing import Any, Final

from functions.engine.ports.store import Add, Delete, Document, Query, Write
from functions.stores.firestore.calls import Calls
from functions.stores.firestore.requests import COUNT, Requests
from functions.stores.firestore.values import read, version
from functions.stores.indexes import Indexes

#: Documents of one query of a stream: Firestore answers a query for a minute, however slow we are.
_STREAMED: Final = 20_000
_UNVERSIONED = (Delete, Add)  #: `commit` answers 0 for these


class FirestoreStore:
    """A Store in one Firestore database. A document's version is its update time.

    Where Firestore differs from the port: it keeps the update time of a write that changes
    nothing, which answers with the version that it was made over; of several ordered fields, it
    returns documents that have null in a later one; a sum of more than 64 bits stays at the last
    number that fits, where other stores refuse it.
    """

    def __init__(self, requests: Requests, calls: Calls, indexes: Indexes) -> None:
        self._requests = requests
        self._calls = calls
        self._indexes = indexes

    @classmethod
    def connect(
        cls,
        project: str,
        *,
        indexes: Indexes,
        database: str = "(default)",
        emulator_host: str | None = None,
    ) -> "FirestoreStore":
        """Return a store that connects at its first use, as this machine's Google identity.

        With `emulator_host` ("host:port") it connects to an emulator, without any identity.
        """
        requests = Requests(project, database)
        return cls(requests, Calls(requests.database, emulator_host), indexes)

    async def get(self, path: str) -> Document | None:
        return (await self.get_many([path]))[0]

    async def get_many(self, paths: Sequence[str]) -> list[Document | None]:
        if not paths:
            return []
        answers = await self._calls.batch_get(self._requests.batch_get(paths))
        found = [self._document(each.found) for each in answers if each.HasField("found")]
        by_path = {document.path: document for document in found}
        return [by_path.get(path) for path in paths]

    async def query(self, query: Query) -> list[Document]:
        needed = self._indexes.require(query)
        return self._documents(await self._calls.run_query(self._requests.run_query(query, needed)))

    async def stream(self, query: Query) -> AsyncGenerator[list[Document], None]:
        needed = self._indexes.require(query)
        following: Query | None = replace(query, limit=_STREAMED)
        while following is not None:
            request, read = self._requests.run_query(following, needed), 0
            last: Document | None = None
            async with aclosing(self._calls.stream_query(request, query.limit)) as answers:
                async for part in answers:
                    documents = self._documents(part)
                    if documents:
                        read, last = read + len(documents), documents[-1]
                        yield documents
            following = following.after(last) if last and read == _STREAMED else None

    async def count(self, query: Query) -> int:
        needed = self._indexes.require(query)
        answers = await self._calls.run_aggregation(self._requests.run_count(query, needed))
        return sum(each.result.aggregate_fields[COUNT].integer_value for each in answers)

    async def commit(self, *writes: Write) -> list[int]:
        answer = await self._calls.commit(self._requests.commit(writes))
        return [
            0 if type(write) in _UNVERSIONED else version(result.update_time)
            for write, result in zip(writes, answer.write_results, strict=True)
        ]

    async def close(self) -> None:
        await self._calls.close()

    def _documents(self, answers: Sequence[Any]) -> list[Document]:
        return [self._document(each.document) for each in answers if each.HasField("document")]

    def _document(self, message: Any) -> Document:
        path = self._requests.path(message.name)
        return Document(path, version(message.update_time), read(message.fields))
