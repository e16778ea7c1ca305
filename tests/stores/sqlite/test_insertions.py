"""However many documents a commit has, each becomes a row."""

import sqlite3
from pathlib import Path

import pytest
from pytest_mock import MockerFixture

from functions.engine.ports.store import Create, Query, Set, Where
from functions.stores.indexes import Indexes
from functions.stores.sqlite.insertions import Insertion
from functions.stores.sqlite.store import MEMORY, SqliteStore


@pytest.mark.parametrize("number", [1, 9, 10, 11, 99, 101, 1000, 1109, 2222])
async def test_any_number_of_documents_is_stored(number: int) -> None:
    """Made and then written over, each with its own content and the commit's version."""
    store = SqliteStore(MEMORY, Indexes({}))
    versions = await store.commit(*(Create(f"things/{n}", {"n": n}) for n in range(number)))
    assert set(versions) == {1}
    assert await store.commit(*(Set(f"things/{n}", {"n": -n}) for n in range(0, number, 2)))
    found = await store.query(Query("things", limit=number + 1))
    expected = {str(n): (n, 1) if n % 2 else (-n, 2) for n in range(number)}
    assert {each.id: (each.data["n"], each.version) for each in found} == expected
    await store.close()


async def test_statements_are_as_short_as_sqlite_wants_them() -> None:
    """A SQLite that takes few values in a statement stores as much."""
    store = SqliteStore(MEMORY, Indexes({}))
    limit = sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER
    await store._writer.do(lambda db: db.setlimit(limit, 20))
    await store.commit(*(Create(f"things/{n}", {"n": n}) for n in range(250)))
    assert await store.count(Query("things")) == 250
    await store.close()


async def test_rows_that_were_made_before_a_column_are_made_anew(
    tmp_path: Path, mocker: MockerFixture
) -> None:
    """Another process may have asked for a field since this one has looked: once it is twice."""
    here, there = (SqliteStore(tmp_path / "clarion.db", Indexes({})) for _ in range(2))
    await here.commit(Create("things/first", {"colour": "blue"}))
    red = Query("things", (Where("colour", "==", "red"),), limit=1000)
    assert await there.query(red) == []  # makes the column
    made = mocker.spy(Insertion, "of")
    for part in "ab":
        await here.commit(*(Create(f"things/{part}{n}", {"colour": "red"}) for n in range(250)))
    assert len(await there.query(red)) == 500
    assert made.call_count == 3
    for store in (here, there):
        await store.close()
