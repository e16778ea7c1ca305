"""Documents in one SQLite file, or in memory: the store of a laptop and of the tests."""

import sqlite3
from collections import defaultdict
from collections.abc import AsyncGenerator, Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from functools import partial
from pathlib import Path
from typing import Any, Final, TypeAlias

import orjson

from functions.engine.ports.store import Add, Delete, Document, Query, Write
from functions.stores.document_paths import collection_name, place
from functions.stores.indexes import Indexes
from functions.stores.sqlite import queries
from functions.stores.sqlite.connections import Database, DatabaseInLoop, DatabaseReader
from functions.stores.sqlite.documents import decode
from functions.stores.sqlite.schema import Schema, create_plumbing, table_of
from functions.stores.sqlite.transactions import one_by_one, together
from functions.stores.sqlite.writer import DatabaseWriter
from functions.stores.sqlite.writes import FEW, Commit

MEMORY = ":memory:"
_FEW: Final = 20  #: documents whose reading keeps the event loop for no more than 0.2 ms
#: As many are read out by whoever looks at them, if anybody does: a page that was shown before is
#: told by its versions. More would keep the event loop from others, and are read out by the thread.
_PAGE: Final = 100

_UNVERSIONED = (Delete, Add)  #: `commit` answers 0 for these

#: Ids by collection, by the collection's name.
Wanted: TypeAlias = dict[str, dict[str, list[str]]]

# FULL: what was marked as sent must be remembered after a power cut too. Larger pages than
# SQLite's own suit documents of half a kilobyte: inserts are half as fast again. What a savepoint
# may have to undo stays in memory: each page that it changes would be copied into a file first.
# What is committed is brought into the file after 128 MB of it, not 16: a message's page that has
# changed again by then is copied once, which saves a twelfth of a launch.
_SETTINGS = """
PRAGMA page_size = 16384;
PRAGMA journal_mode = WAL;
PRAGMA synchronous = FULL;
PRAGMA temp_store = MEMORY;
PRAGMA busy_timeout = 10000;
PRAGMA wal_autocheckpoint = 8000;
"""
#: What each connection keeps of the file in memory, KiB. Twice as much makes nothing faster: what
#: is not here the operating system keeps, which gives it back where memory is short.
_WRITERS_CACHE: Final = 32_768
_READERS_CACHES: Final = (8192, 2048)  #: of the thread's, and of the event loop's


class SqliteStore:
    """A Store in a SQLite file, which several processes may share, or in memory (":memory:").

    Every commit that waits goes into one transaction, which a thread syncs to disk. Another reads
    beside it; what is in memory needs neither. A few documents are read by their ids, and written,
    in the event loop, for to hand them over takes several times as long. One event loop at a time
    uses a store. Raises StoreError where the file cannot be opened.
    """

    def __init__(self, path: str | Path, indexes: Indexes) -> None:
        self._indexes = indexes
        self._schema = Schema(indexes)
        #: By table, the fields that have a column for every reader: a commit has made them.
        self._columns: dict[str, frozenset[str]] = {}
        connect = partial(_connect, str(path), _WRITERS_CACHE)
        self._writer: Database
        self._reader: Database
        self._nearby: Database  #: reads a few documents in the event loop's own thread
        if str(path) == MEMORY:  # such a database is seen by its own connection only
            self._writer = self._reader = self._nearby = DatabaseInLoop(connect, together)
        else:
            self._writer = DatabaseWriter(connect)
            reading, nearby = (partial(_connect, str(path), kib) for kib in _READERS_CACHES)
            self._reader = DatabaseReader(reading)
            self._nearby = DatabaseInLoop(nearby, one_by_one)

    async def get(self, path: str) -> Document | None:
        return (await self.get_many([path]))[0]

    async def get_many(self, paths: Sequence[str]) -> list[Document | None]:
        ids: Wanted = defaultdict(lambda: defaultdict(list))
        for path in paths:
            collection, id_ = place(path)
            ids[collection_name(collection)][collection].append(id_)
        for name in ids:
            await self._prepare(name)
        database = self._nearby if len(paths) <= _FEW else self._reader
        found = await database.do(lambda db: _read_ids(db, ids))
        return [found.get(path) for path in paths]

    async def query(self, query: Query) -> list[Document]:
        needed = self._indexes.require(query)
        await self._prepare(needed.collection, _fields(query))
        statement, values = queries.select(query, needed)
        return await self._reader.do(lambda db: _read(db, statement, values))

    async def stream(self, query: Query) -> AsyncGenerator[list[Document], None]:
        following: Query | None = query
        while following is not None:
            part = await self.query(following)
            following = following.after(part[-1]) if len(part) == query.limit else None
            if part:
                yield part

    async def count(self, query: Query) -> int:
        needed = self._indexes.require(query)
        await self._prepare(needed.collection, _fields(query))
        statement, values = queries.count(query, needed)
        return await self._reader.do(lambda db: int(db.execute(statement, values).fetchone()[0]))

    async def commit(self, *writes: Write) -> list[int]:
        commit = Commit.of(self._schema, writes)
        for group in commit.groups:
            await self._prepare(collection_name(group.collection))
        if commit.size > FEW:
            commit = commit.encoded()
        version = await self._writer.do(commit)
        return [0 if type(write) in _UNVERSIONED else version for write in writes]

    async def close(self) -> None:
        for database in (self._reader, self._nearby, self._writer):
            await database.close()

    async def _prepare(self, name: str, fields: Iterable[str] = ()) -> None:
        """Make the table and the columns that are about to be used; they never go away again."""
        known = self._columns.get(name)
        if known is None or not known.issuperset(fields):
            made = await self._writer.do(lambda db: self._schema.ensure(db, name, fields))
            self._columns[name] = self._columns.get(name, made) | made


def _connect(path: str, cache_kib: int) -> sqlite3.Connection:
    if path != MEMORY:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
    # What is in memory is used by the thread of the event loop, whoever has opened it.
    db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    db.executescript(f"{_SETTINGS}PRAGMA cache_size = -{cache_kib};")
    create_plumbing(db)
    return db


def _fields(query: Query) -> frozenset[str]:
    ordered = {name.lstrip("-") for name in query.order_by}
    return frozenset(ordered | {where.field for where in query.where})


def _read_ids(db: sqlite3.Connection, ids: Wanted) -> dict[str, Document]:
    statements = [_by_id(table_of(name), collections) for name, collections in ids.items()]
    with _one_moment(db) if len(statements) > 1 else nullcontext():
        found = [document for each in statements for document in _read(db, *each)]
    return {document.path: document for document in found}


@contextmanager
def _one_moment(db: sqlite3.Connection) -> Iterator[None]:
    """Read within one transaction; what is in memory is read within that of its writers."""
    if db.in_transaction:
        yield
        return
    db.execute("BEGIN")
    try:
        yield
    finally:
        db.execute("ROLLBACK")


def _by_id(table: str, collections: dict[str, list[str]]) -> tuple[str, list[Any]]:
    """Return the statement for documents of one table: of one collection, or of several."""
    if len(collections) == 1:
        ((collection, ids),) = collections.items()
        return queries.select_ids(table), [collection, orjson.dumps(ids).decode()]
    pairs = [(collection, id_) for collection, ids in collections.items() for id_ in ids]
    return queries.select_paths(table), [orjson.dumps(pairs).decode()]


def _read(db: sqlite3.Connection, statement: str, values: list[Any]) -> list[Document]:
    rows = db.execute(statement, values).fetchall()
    if len(rows) <= _PAGE:
        return [Document(path, version, partial(decode, doc)) for path, version, doc in rows]
    return [Document(path, version, decode(doc)) for path, version, doc in rows]
