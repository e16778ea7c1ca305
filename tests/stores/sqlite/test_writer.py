"""Who writes to a file: the event loop, and a thread for the disk and for what has to wait."""

import asyncio
import sqlite3
import threading
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from pytest_mock import MockerFixture

from functions.engine.ports.store import Create, Query, StoreError, Write
from functions.stores.indexes import Indexes
from functions.stores.sqlite import writer
from functions.stores.sqlite.store import MEMORY, SqliteStore
from functions.stores.sqlite.writes import FEW, Commit


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return the path of a file that is not there yet."""
    return tmp_path / "clarion.db"


@pytest.fixture
async def store(path: Path) -> AsyncIterator[SqliteStore]:
    """Give a store whose table of things is there."""
    opened = SqliteStore(path, Indexes({}))
    await opened.commit(Create("things/first", {}))
    yield opened
    await opened.close()


def things(*names: object) -> list[Write]:
    """Return the writes that make these things."""
    return [Create(f"things/{name}", {}) for name in names]


async def count(store: SqliteStore) -> int:
    """Return how many things there are besides the first."""
    return await store.count(Query("things")) - 1


@pytest.mark.parametrize(
    ("writes", "writers"), [(1, {"MainThread"}), (FEW + 1, {"sqlite-writer"})], ids=["few", "many"]
)
async def test_few_writes_are_made_in_the_event_loop(
    store: SqliteStore, mocker: MockerFixture, writes: int, writers: set[str]
) -> None:
    """Many are left to the thread: they would keep the loop from everything else."""
    seen: set[str] = set()
    apply = Commit.__call__

    def noting(commit: Commit, db: sqlite3.Connection) -> int:
        seen.add(threading.current_thread().name)
        return apply(commit, db)

    mocker.patch.object(Commit, "__call__", noting)
    await store.commit(*things(*range(writes)))
    assert seen == writers
    assert await count(store) == writes


async def test_another_process_that_writes_is_waited_for_beside_the_event_loop(
    store: SqliteStore, path: Path
) -> None:
    """Meanwhile everything else goes on, and what waited is written then."""
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    commits = [asyncio.ensure_future(store.commit(*things(number))) for number in range(3)]
    await asyncio.wait(commits, timeout=0.05)
    assert not any(commit.done() for commit in commits)
    assert await count(store) == 0  # reading is not held up
    other.execute("ROLLBACK")
    other.close()
    await asyncio.gather(*commits)
    assert await count(store) == 3


async def test_whoever_waits_too_long_for_another_process_is_told(
    store: SqliteStore, path: Path, mocker: MockerFixture
) -> None:
    """The commit fails with StoreError, and a later one is done."""
    mocker.patch.object(writer, "_WAIT", "PRAGMA busy_timeout = 20")
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreError, match="locked"):
        await store.commit(*things("a"))
    other.close()
    await store.commit(*things("b"))
    assert await count(store) == 1


class _InterruptError(BaseException):
    """Something that is no error of ours, such as Ctrl-C."""


@pytest.mark.parametrize("file", ["clarion.db", MEMORY])
async def test_an_interrupt_amid_a_commit_leaves_nothing_half_done(
    tmp_path: Path, mocker: MockerFixture, file: str
) -> None:
    """Everybody who waited is told, nothing is written, and the store works on."""
    store = SqliteStore(file if file == MEMORY else tmp_path / file, Indexes({}))
    await store.commit(*things("first"))

    def interrupted(_: Commit, db: sqlite3.Connection) -> int:
        db.execute("UPDATE versions SET last = 1000")
        raise _InterruptError

    patched = mocker.patch.object(Commit, "__call__", interrupted)
    commits = [store.commit(*things("a")), store.commit(*things("b"))]
    told = await asyncio.gather(*commits, return_exceptions=True)
    assert [type(each) for each in told] == [_InterruptError] * 2
    mocker.stop(patched)
    assert await store.commit(*things("a")) == [2]
    assert await count(store) == 1
    await store.close()


#: A table of which SQLite refuses a row only as it is to be committed.
_CHECKED_AT_THE_END = """
CREATE TABLE checked (
    id INTEGER PRIMARY KEY, other REFERENCES checked (id) DEFERRABLE INITIALLY DEFERRED
)
"""


async def test_a_commit_that_fails_in_the_end_is_told_and_undone(
    store: SqliteStore, mocker: MockerFixture
) -> None:
    """What is refused as it is synced is a StoreError, and is not there."""
    await store._writer.do(lambda db: db.execute(_CHECKED_AT_THE_END))
    store._writer._db.execute("PRAGMA foreign_keys = ON")  # in a transaction it changes nothing
    apply = Commit.__call__

    def breaking(commit: Commit, db: sqlite3.Connection) -> int:
        version = apply(commit, db)
        db.execute("INSERT INTO checked VALUES (1, 2)")
        return version

    patched = mocker.patch.object(Commit, "__call__", breaking)
    with pytest.raises(StoreError, match="FOREIGN KEY"):
        await store.commit(*things("a"))
    mocker.stop(patched)
    await store.commit(*things("a"))
    assert await count(store) == 1


async def test_finishes_what_waits_before_it_closes(path: Path) -> None:
    """Commits that were made before `close` are done, whoever does them; later ones are refused."""
    store = SqliteStore(path, Indexes({}))
    await store.commit(*things("first"))
    sizes = [1, 2, FEW + 1, 1]
    parts = [things(*(f"{at}-{n}" for n in range(size))) for at, size in enumerate(sizes)]
    commits = [asyncio.ensure_future(store.commit(*part)) for part in parts]
    await asyncio.sleep(0)
    commits += [asyncio.ensure_future(store.commit(*things("late")))]
    await asyncio.sleep(0)
    await store.close()
    await asyncio.gather(*commits)
    with pytest.raises(StoreError, match="closed"):
        await store.commit(*things("later"))
    again = SqliteStore(path, Indexes({}))
    assert await count(again) == sum(sizes) + 1
    await again.close()


@pytest.mark.parametrize("file", ["clarion.db", MEMORY])
@pytest.mark.parametrize("writes", [1, FEW + 1])
def test_outlives_an_event_loop_that_ends_amid_a_commit(
    tmp_path: Path, file: str, writes: int
) -> None:
    """What is asked of the store in the next loop is done, and what was left there is whole."""
    store = SqliteStore(file if file == MEMORY else tmp_path / file, Indexes({}))

    async def leave() -> None:
        await store.commit(*things("first"))
        for name in "abc":
            part = things(*(f"{name}{n}" for n in range(writes)))
            asyncio.ensure_future(store.commit(*part))  # noqa: RUF006  nobody waits for it
            await asyncio.sleep(0)

    async def go_on() -> int:
        await store.commit(*things("last"))
        found = await count(store)
        await store.close()
        return found

    asyncio.run(leave())
    assert asyncio.run(go_on()) in {1 + writes * done for done in range(4)}


@pytest.mark.parametrize("file", ["clarion.db", MEMORY])
def test_outlives_an_event_loop_that_stops_before_it_has_begun(tmp_path: Path, file: str) -> None:
    """What nobody came to in a loop that is gone keeps nobody in the next one waiting."""
    store = SqliteStore(file if file == MEMORY else tmp_path / file, Indexes({}))
    gone = asyncio.new_event_loop()
    gone.run_until_complete(store.commit(*things("first")))
    left = gone.create_task(store.commit(*things("left")))
    gone.call_soon(gone.stop)
    gone.run_forever()
    gone.close()

    async def go_on() -> None:
        await asyncio.wait_for(store.commit(*things("next")), timeout=30)
        await store.close()

    asyncio.run(go_on())
    assert not left.done()
