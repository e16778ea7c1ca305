"""Commits that wait together are applied as one, where that saves time and changes nothing else."""

import asyncio
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from functions.engine.ports.store import (
    Add,
    ConflictError,
    Create,
    Delete,
    Query,
    Set,
    StoreError,
    Update,
    Write,
)
from functions.stores.indexes import Indexes
from functions.stores.sqlite.store import MEMORY, SqliteStore

THERE, GONE = ("things/a", "things/b", "others/a"), ("things/c", "others/b")

_paths = st.sampled_from([*THERE, *GONE])
_values = st.integers(0, 3)
_fields = st.dictionaries(st.sampled_from("xy"), _values, max_size=2)
_first_versions = st.sampled_from([None, None, 1, 7])
_writes = st.one_of(
    st.builds(Create, _paths, _fields),
    st.builds(Set, _paths, _fields),
    st.builds(Update, _paths, _fields, _first_versions),
    st.builds(Delete, _paths, _first_versions),
    st.builds(Add, _paths, st.dictionaries(st.sampled_from("xy"), _values, max_size=2)),
    st.builds(lambda path: Add(path, {"x": 1}, must_exist=True), _paths),
)
_commits = st.lists(_writes, min_size=1, max_size=3, unique_by=lambda write: write.path)


@pytest.mark.parametrize("file", [MEMORY, "clarion.db"])
@given(commits=st.lists(_commits, min_size=2, max_size=6))
@settings(max_examples=100, deadline=None)
def test_joined_commits_come_to_the_same_as_one_after_the_other(
    file: str, commits: list[list[Write]]
) -> None:
    """Each commit is done or refused as if it had come alone, in their order."""
    at_once, in_turn = (asyncio.run(_done(file, commits, at_once=each)) for each in (True, False))
    assert at_once == in_turn


async def _done(
    file: str, commits: list[list[Write]], *, at_once: bool
) -> tuple[list[Any], dict[str, Any]]:
    """Return what became of each commit, and what is stored then."""
    with TemporaryDirectory() as folder:
        path = file if file == MEMORY else Path(folder, file)
        return await _done_by(SqliteStore(path, Indexes({})), commits, at_once=at_once)


async def _done_by(
    store: SqliteStore, commits: list[list[Write]], *, at_once: bool
) -> tuple[list[Any], dict[str, Any]]:
    await store.commit(*(Create(path, {"x": 0}) for path in THERE))  # their version is 1
    given = Counter((path, 1) for path in THERE)

    async def outcome(writes: list[Write]) -> str:
        try:
            versions = await store.commit(*writes)
        except StoreError as error:
            return type(error).__name__
        given.update((each.path, n) for each, n in zip(writes, versions, strict=True) if n)
        return "done"

    if at_once:
        told = await asyncio.gather(*map(outcome, commits))
    else:
        told = [await outcome(writes) for writes in commits]
    found = [*await store.query(Query("things")), *await store.query(Query("others"))]
    await store.close()
    assert set(given.values()) == {1}, "a document has one version twice"
    return told, {document.path: document.data for document in found}


async def test_of_large_commits_that_wait_together_each_may_fail_alone() -> None:
    """Two are done and the third, which makes one document again, is not; nor is any of it."""
    store = SqliteStore(MEMORY, Indexes({}))
    await store.commit(Create("things/250", {}))
    parts = [[Create(f"things/{n}", {"x": n}) for n in range(at, at + 100)] for at in (0, 100, 200)]
    told = await asyncio.gather(*(store.commit(*part) for part in parts), return_exceptions=True)
    assert [type(each) for each in told] == [list, list, ConflictError]
    assert await store.count(Query("things")) == 201
    await store.close()


async def test_small_commits_that_wait_together_are_one() -> None:
    """Ten share their statements, and so their version."""
    store = SqliteStore(MEMORY, Indexes({}))
    ten = [store.commit(Create(f"things/{number}", {"x": number})) for number in range(10)]
    assert await asyncio.gather(*ten) == [[1]] * 10
    await store.close()
