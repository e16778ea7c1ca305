"""Joint commits: what may wait goes with what does not, and none fails for another."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from functions.engine.kernel.commits.joint_commits import JointCommits
from functions.engine.ports.store import Add, ConflictError, Create, RefusedError, Update
from functions.stores.indexes import INDEX_FILE, Indexes
from functions.stores.sqlite.store import MEMORY, SqliteStore
from tests.engine.wrapped_store import Do, Operation, WrappedStore

LONG = timedelta(minutes=1)
COUNTS = "organizations/o/counts/all"


def thing(name: str) -> str:
    """Return the path of a document."""
    return f"organizations/o/things/{name}"


class Rig:
    """Joint commits to a store that may refuse what is written together."""

    def __init__(self, store: SqliteStore) -> None:
        self.joint = JointCommits()
        self.commits: list[set[str]] = []
        self.refusal: Exception | BaseException | None = None
        self.store = WrappedStore(store, self._around)

    async def _around(self, operation: Operation, do: Do) -> object:
        if operation.name == "commit":
            self.commits.append({path.rpartition("/")[2] for path in operation.paths})
            if self.refusal and len(operation.paths) > 2:
                raise self.refusal
        return await do()

    def counted(self, name: str, version: int = 1) -> tuple[Update, Add]:
        """Return a change of a document, and what it counts."""
        return Update(thing(name), {"n": 1}, version), Add(COUNTS, {"n": 1})

    async def waiting(self, name: str, version: int = 1) -> "asyncio.Task[list[int]]":
        """Have a change wait for others."""
        writes = self.counted(name, version)
        task = asyncio.create_task(self.joint.soon("o", self.store, *writes, within=LONG))
        await asyncio.sleep(0)
        return task

    async def now(self, name: str, version: int = 1) -> list[int]:
        """Change a document at once."""
        return await self.joint.now("o", self.store, *self.counted(name, version))

    async def counts(self) -> int:
        """Return how many changes were counted."""
        found = await self.store.get(COUNTS)
        return found.data["n"] if found else 0


@pytest.fixture
async def rig() -> AsyncIterator[Rig]:
    """Give three documents at version 1."""
    store = SqliteStore(MEMORY, Indexes.load(INDEX_FILE))
    rig = Rig(store)
    await store.commit(*(Create(thing(name), {"n": 0}) for name in "abc"))
    rig.commits.clear()
    yield rig
    await store.close()


async def test_what_waits_goes_with_what_does_not_and_both_count_in_one_write(rig: Rig) -> None:
    """One commit has both changes, and each is told its own versions."""
    first, second = await rig.waiting("a"), await rig.waiting("b")
    own = await rig.now("c")
    assert rig.commits == [{"a", "b", "c", "all"}]
    for name, versions in (("c", own), ("a", await first), ("b", await second)):
        stored = await rig.store.get(thing(name))
        assert stored is not None
        assert versions[0] == stored.version
    assert await rig.counts() == 3


async def test_what_nobody_comes_for_is_committed_by_itself(rig: Rig) -> None:
    """Whose time is up first takes the others along."""
    second = await rig.waiting("b")
    await rig.joint.soon("o", rig.store, *rig.counted("a"), within=timedelta())
    assert rig.commits == [{"a", "b", "all"}]
    assert len(await second) == 2


async def test_what_is_about_something_else_is_left_alone(rig: Rig) -> None:
    """It waits for its own."""
    waits = await rig.waiting("a")
    await rig.joint.now("other", rig.store, *rig.counted("b"))
    assert not waits.done()
    await rig.now("c")
    await waits


async def test_two_changes_of_one_document_do_not_go_together(rig: Rig) -> None:
    """The later one finds that it has changed, as ever."""
    waits = await rig.waiting("a")
    await rig.now("a")
    assert not waits.done()
    await rig.now("b")
    with pytest.raises(ConflictError):
        await waits
    assert await rig.counts() == 2


async def test_who_waits_with_an_outdated_change_harms_nobody(rig: Rig) -> None:
    """Upon a conflict each is committed by itself, and only the outdated one fails."""
    outdated, good = await rig.waiting("a", version=7), await rig.waiting("b")
    await rig.now("c")
    await good
    with pytest.raises(ConflictError):
        await outdated
    assert await rig.counts() == 2


async def test_who_does_not_wait_with_an_outdated_change_harms_nobody(rig: Rig) -> None:
    """It fails, and what waited is committed without it."""
    good = await rig.waiting("a")
    with pytest.raises(ConflictError):
        await rig.now("c", version=7)
    await good
    assert await rig.counts() == 1


async def test_what_is_too_much_together_is_committed_apart(rig: Rig) -> None:
    """A store that refuses a joint commit is asked for each."""
    rig.refusal = RefusedError("too much")
    waits = await rig.waiting("a")
    await rig.now("c")
    await waits
    assert await rig.counts() == 2


async def test_who_is_cancelled_in_the_midst_of_a_joint_commit_cancels_no_other(rig: Rig) -> None:
    """What waited is committed by itself."""
    rig.refusal = asyncio.CancelledError()
    waits = await rig.waiting("a")
    with pytest.raises(asyncio.CancelledError):
        await rig.now("c")
    await waits
    assert await rig.counts() == 1


async def test_who_goes_away_while_they_wait_has_committed_nothing(rig: Rig) -> None:
    """Whoever comes next goes without them."""
    waits = await rig.waiting("a")
    waits.cancel()
    await asyncio.gather(waits, return_exceptions=True)
    await rig.now("c")
    assert await rig.counts() == 1
    assert rig.commits == [{"c", "all"}]
