"""The SQLite store keeps the promises of the Store port, on disk and in memory."""

import asyncio
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from functions.engine.ports.store import (
    Add,
    ConflictError,
    Create,
    Document,
    Query,
    Store,
    StoreError,
    Update,
    Where,
)
from functions.stores.indexes import Indexes
from functions.stores.sqlite import queries
from functions.stores.sqlite.store import MEMORY, SqliteStore
from tests.stores.conformance import StoreConformance
from tests.stores.given import INDEXES, NOON, fill, ids, messages

PROJECT = Path(__file__).parents[3]

SENT = (Where("status", "==", "sent"),)
DUE = (Where("lane", "==", 1), Where("next_at", "<=", NOON))
LATE = (Where("status", "==", "scheduled"), Where("scheduled_at", "<=", NOON))


class TestSqliteOnDisk(StoreConformance):
    """A database in a file."""

    @pytest.fixture
    async def store(self, tmp_path: Path) -> AsyncIterator[Store]:
        """Give a store in a new file, in a folder that does not exist yet."""
        opened = SqliteStore(tmp_path / "kept" / "clarion.db", INDEXES)
        yield opened
        await opened.close()

    async def test_survives_a_kill(self, tmp_path: Path) -> None:
        """11: what was committed is there after kill -9, and a commit is there whole or not."""
        path = tmp_path / "clarion.db"
        committed = _kill_while_committing(path, after=200)
        store = SqliteStore(path, Indexes({}))
        found = {each.id for each in await store.query(Query("orgs/o/things", limit=10**6))}
        await store.close()
        assert {f"{number}-{side}" for number in committed for side in "ab"} <= found
        assert {id_[:-1] + "a" for id_ in found} == {id_ for id_ in found if id_.endswith("a")}

    async def test_never_repeats_a_version_after_a_restart(self, tmp_path: Path) -> None:
        """5: versions go on where the last process ended, also behind a delete."""
        first = SqliteStore(tmp_path / "clarion.db", INDEXES)
        versions = await first.commit(Create("things/a", {}))
        versions += await first.commit(Update("things/a", {"n": 1}))
        await first.close()
        second = SqliteStore(tmp_path / "clarion.db", INDEXES)
        versions += await second.commit(Update("things/a", {"n": 2}))
        await second.close()
        assert len(set(versions)) == 3

    async def test_reads_a_new_table_only_when_it_is_there(self, store: Store) -> None:
        """2: whoever reads while the first use makes the table waits for it, and finds it."""
        reads = []
        for number in range(500):
            reads.append(asyncio.create_task(store.get(f"new{number // 100}/a")))
            await asyncio.sleep(0)  # one after the other, some of them amid the commit
        assert set(await asyncio.gather(*reads)) == {None}

    async def test_shares_its_file(self, tmp_path: Path, org: str) -> None:
        """2: two stores over one file see each other's commits, documents, columns and all."""
        stores = [SqliteStore(tmp_path / "clarion.db", INDEXES) for _ in range(2)]
        names = Query(f"orgs/{org}/contacts", (Where("name", "==", "Ann"),))
        for number, (writer, reader) in enumerate((stores, stores[::-1]) * 2):
            await writer.commit(Create(f"orgs/{org}/contacts/{number}", {"name": "Ann"}))
            assert len(await reader.query(names)) == number + 1
        for store in stores:
            await store.close()

    async def test_adds_from_several_processes(self, tmp_path: Path, org: str) -> None:
        """13: what two stores over one file add at once to one document adds up."""
        stores = [SqliteStore(tmp_path / "clarion.db", INDEXES) for _ in range(2)]
        path = f"orgs/{org}/counters/a"
        await asyncio.gather(*(store.commit(Add(path, {"n": 1})) for store in stores * 25))
        document = await stores[0].get(path)
        assert document is not None
        assert document.data == {"n": 50}
        for store in stores:
            await store.close()

    async def test_indexes_what_is_there_already(self, tmp_path: Path, org: str) -> None:
        """8: an index that is declared later finds the documents that were written before."""
        before = SqliteStore(tmp_path / "clarion.db", Indexes({}))
        await fill(before, org, {"lane": 1, "next_at": NOON}, {"lane": 1, "next_at": None})
        await before.close()
        after = SqliteStore(tmp_path / "clarion.db", INDEXES)
        assert ids(await after.query(Query(messages(org), DUE, ("next_at",)))) == "0"
        await after.close()

    async def test_outlives_a_full_disk(self, tmp_path: Path, org: str) -> None:
        """2: commits that find no room raise StoreError and leave nothing; with room, they work."""
        store = SqliteStore(tmp_path / "clarion.db", INDEXES)
        await _allow_pages(store, 40)
        large = [Create(f"orgs/{org}/things/{n}", {"text": "x" * 100_000}) for n in range(20)]
        with pytest.raises(StoreError, match="full"):
            await store.commit(*large)
        assert await store.count(Query(f"orgs/{org}/things")) == 0
        await _allow_pages(store, 10**6)
        await store.commit(*large)
        assert await store.count(Query(f"orgs/{org}/things")) == 20
        await store.close()

    async def test_refuses_what_is_no_database(self, tmp_path: Path) -> None:
        """A file that is no database raises StoreError when the store is made."""
        path = tmp_path / "notes.txt"
        path.write_text("not a database " * 100)
        with pytest.raises(StoreError, match="cannot be opened"):
            SqliteStore(path, INDEXES)


class TestSqliteInMemory(StoreConformance):
    """A database in memory."""

    @pytest.fixture
    async def store(self) -> AsyncIterator[Store]:
        """Give a store in memory."""
        opened = SqliteStore(MEMORY, INDEXES)
        yield opened
        await opened.close()

    async def test_finishes_what_waits_before_it_closes(self, org: str) -> None:
        """2: commits that were made before `close` are applied, later ones are refused."""
        store = SqliteStore(MEMORY, INDEXES)
        commits = [
            asyncio.ensure_future(store.commit(Create(f"orgs/{org}/a/{n}", {}))) for n in range(9)
        ]
        await asyncio.wait(commits, return_when=asyncio.FIRST_COMPLETED)
        await store.close()
        assert len(await asyncio.gather(*commits)) == 9
        with pytest.raises(StoreError, match="closed"):
            await store.get(f"orgs/{org}")

    async def test_writes_one_document_several_times_in_a_commit(self, org: str) -> None:
        """2: the writes of a commit to one document are applied in their order."""
        store = SqliteStore(MEMORY, INDEXES)
        path = f"orgs/{org}/things/a"
        with pytest.raises(ConflictError):
            await store.commit(Update(path, {"n": 2}), Create(path, {"n": 1}))
        await store.commit(Create(path, {"n": 1}), Update(path, {"n": 2}))
        document = await store.get(path)
        assert document is not None
        assert document.data == {"n": 2}
        await store.close()

    @pytest.mark.parametrize(
        ("query", "search"),
        [
            (Query("o/o/messages"), "(parent=?"),
            (Query("o/o/messages", SENT), "(parent=? AND f_status=?"),
            (Query("o/o/messages", DUE, ("next_at",)), "(parent=? AND f_lane=? AND f_next_at>?"),
            (Query("o/o/messages", (), ("-next_at",)), "(parent=? AND f_next_at>?"),
            (Query("campaigns", LATE, ("scheduled_at",), group=True), "(f_status=? AND f_sched"),
            (Query("o/o/contacts", (Where("name", "==", "Ann"),)), "(parent=? AND f_name=?"),
        ],
        ids=str,
    )
    async def test_reads_by_its_indexes(
        self, store: SqliteStore, query: Query, search: str
    ) -> None:
        """8: what an index serves is searched by it and not sorted, on the first page and later."""
        await store.query(query)
        assert search in await _plan(store, query)
        later = replace(query, start_after=(*(NOON for _ in query.order_by), "o/o"))
        for page in (query, later):
            assert "TEMP B-TREE" not in await _plan(store, page)
            assert "SCAN" not in await _plan(store, page)

    async def test_an_index_holds_what_has_all_of_its_fields(self, store: SqliteStore) -> None:
        """A row without a field costs no entry in the indexes that name it."""
        lacking, whole = {"next_at": NOON, "lane": None}, {"next_at": NOON, "lane": "a"}
        await store.commit(Create("o/o/messages/a", lacking), Create("o/o/messages/b", whole))
        assert await _entries(store, "messages: parent, %lane%next_at%") == 1


async def _allow_pages(store: SqliteStore, pages: int) -> None:
    """Say how large the disk is."""
    statement = f"PRAGMA max_page_count = {pages}"
    await store._writer.do(lambda db: db.execute(statement).fetchall())


async def _plan(store: SqliteStore, query: Query) -> str:
    """Return how SQLite goes about a query."""
    statement, values = queries.select(query, INDEXES.require(query))
    explain = f"EXPLAIN QUERY PLAN {statement}"
    rows = await store._reader.do(lambda db: db.execute(explain, values).fetchall())
    return " ".join(row[3] for row in rows)


async def _entries(store: SqliteStore, index: str) -> int:
    """Return how many rows the index holds whose name is like this."""

    def count(db: sqlite3.Connection) -> int:
        db.execute("ANALYZE")
        found = db.execute("SELECT stat FROM sqlite_stat1 WHERE idx LIKE ?", (index,)).fetchone()
        return int(found[0].split()[0])

    return await store._writer.do(count)


def _kill_while_committing(path: Path, *, after: int) -> list[int]:
    """Kill a process that commits; return the numbers of the commits that it saw done."""
    script = [sys.executable, str(Path(__file__).with_name("endless_commits.py")), str(path)]
    with subprocess.Popen(  # noqa: S603  our own script
        script, stdout=subprocess.PIPE, text=True, cwd=PROJECT, env={"PYTHONPATH": str(PROJECT)}
    ) as process:
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(after)]
        process.kill()
        lines += process.stdout.readlines()
    return [int(line) for line in lines if line.endswith("\n")]


def test_a_document_is_read_out_once_and_when_somebody_looks() -> None:
    """A page of documents that are known by their versions costs no reading of their content."""
    looked: list[str] = []

    def content() -> dict[str, str]:
        looked.append("looked")
        return {"name": "a"}

    document = Document("lists/a", 1, content)
    assert (document.id, document.version, looked) == ("a", 1, [])
    assert (document.data, document.data, looked) == ({"name": "a"}, {"name": "a"}, ["looked"])
