"""Pages of lists: whatever is done to a list, it is what a plain list would be."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from io import BytesIO
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from functions.domain.errors import InvalidFieldError, NotFoundError
from functions.engine import paths
from functions.engine.contacts import contacts, list_rows, lists, member_pages, memberships
from functions.engine.imports import jobs, list_upload
from functions.engine.ports.store import Query
from functions.engine.privacy import erasure
from tests.engine.crashes import Crash, CrashingStore, CrashPoint
from tests.engine.imports.importing import SECOND, imported
from tests.engine.stored_contacts import add_numbers, list_of
from tests.engine.stored_lists import check_list, shown
from tests.engine.world import ORG, World, number
from tests.engine.wrapped_store import Do, Operation, WrappedStore
from tests.salted import contact_id

PEOPLE = range(8)
_SOME = st.lists(st.sampled_from(PEOPLE), min_size=1, max_size=5, unique=True)
_DONE = st.one_of(
    st.tuples(st.sampled_from(["add", "remove", "import", "undo", "erase", "upload"]), _SOME),
    st.tuples(st.just("at once"), _SOME, _SOME),
)


def _id(person: int) -> str:
    return contact_id(number(person))


class _Model:
    """A list of the engine, and the plain one that it must be like."""

    def __init__(self, world: World, list_id: str) -> None:
        self.world = world
        self.list_id = list_id
        self.plain: list[str] = []
        self.known: set[int] = set()
        self.undoable: list[tuple[str, list[str], list[int]]] = []

    async def do(self, what: str, people: Sequence[int], *others: Sequence[int]) -> None:
        """Do something to both."""
        match what:
            case "add":
                await self._add(people)
            case "at once":
                await self._at_once(people, others[0])
            case "remove":
                await self._remove(people[0])
            case "import" | "upload":
                await self._import(what, people)
            case "undo":
                await self._undo()
            case _:
                await self._erase(people[0])

    async def _add(self, people: Sequence[int]) -> None:
        ids = [_id(each) for each in people if each in self.known]
        added = await lists.add(self.world.engine, ORG, self.list_id, ids)
        fresh = [each for each in ids if each not in self.plain]
        assert added == len(fresh)
        self.plain += fresh

    async def _at_once(self, some: Sequence[int], others: Sequence[int]) -> None:
        """Add some, and while that is being committed others, and take one off."""
        ids = [_id(each) for each in some if each in self.known]
        # Added and removed at once, somebody may rightly be on the list or not.
        leaving = next((each for each in self.plain if each not in ids), "")
        plain, other = self.world.engine, self.world.new_engine()

        async def meanwhile() -> None:
            self.world.engine = other
            await self._add(others)
            if leaving:
                await lists.remove(other, ORG, self.list_id, leaving)
                self.plain.remove(leaving)

        self.world.interleave("commit", "/lists/", meanwhile)
        await lists.add(self.world.engine, ORG, self.list_id, ids)
        self.world.engine = plain
        self.plain += [each for each in ids if each not in self.plain]

    async def _remove(self, person: int) -> None:
        remove = lists.remove(self.world.engine, ORG, self.list_id, _id(person))
        if _id(person) in self.plain:
            await remove
            self.plain.remove(_id(person))
        else:
            with pytest.raises(NotFoundError):
                await remove

    async def _import(self, what: str, people: Sequence[int]) -> None:
        self.world.clock.advance(SECOND)
        rows = "\n".join(number(each) for each in people)
        if what == "upload":
            file = BytesIO(f"number\n{rows}".encode())
            await list_upload.import_csv(self.world.engine, ORG, "People", file, append=True)
        else:
            job = await imported(self.world, f"phone\n{rows}", list_id=self.list_id)
            joined = [_id(each) for each in people if _id(each) not in self.plain]
            created = [each for each in people if each not in self.known]
            self.undoable.append((job["id"], joined, created))
        self.plain += [_id(each) for each in people if _id(each) not in self.plain]
        self.known |= set(people)

    async def _undo(self) -> None:
        if not self.undoable:
            return
        id_, joined, created = self.undoable.pop()
        await jobs.undo(self.world.engine, ORG, id_)
        await self.world.settle()
        left = {d.id for d in await self.world.documents(paths.contacts(ORG))}
        self.plain = [each for each in self.plain if each not in joined]
        self.known = {each for each in self.known if _id(each) in left}
        assert not self.known & set(created)

    async def _erase(self, person: int) -> None:
        if person in self.known:
            await erasure.erase(self.world.engine, ORG, _id(person), by="ann")
            self.known.remove(person)
            self.undoable = []  # what an import created anew meanwhile is another's
            self.plain = [each for each in self.plain if each != _id(person)]


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(_DONE, min_size=4, max_size=12))
def test_a_list_is_what_a_plain_list_would_be(
    done: Sequence[tuple[str, *tuple[list[int], ...]]],
) -> None:
    """Whoever is added, imported, undone or erased, also at once, stands on both in one order."""

    async def go() -> None:
        async with World() as world:
            made = await list_of(world.engine, [])
            model = _Model(world, made)
            model.known = set(PEOPLE[:4])
            await add_numbers(world.engine, *PEOPLE[:4])
            for what, *people in done:
                await model.do(what, *people)
                assert await check_list(world.store, ORG, made) == model.plain
                assert await shown(world.engine, ORG, made) == model.plain

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(member_pages, "MOST", 3)
        asyncio.run(go())


# --- Pages --------------------------------------------------------------------------------------


async def test_adding_a_few_people_writes_one_page(world: World) -> None:
    """With each contact, and the size; a batch that does not fit begins the next page."""
    ids = await add_numbers(world.engine, *range(30))
    list_id = await list_of(world.engine, ids[:10])
    written: list[str] = []

    async def note(operation: Operation, do: Do) -> Any:
        written.extend(operation.paths if operation.name == "commit" else ())
        return await do()

    engine = replace(world.engine, store=WrappedStore(world.store, note))
    await lists.add(engine, ORG, list_id, ids)
    assert len(written) == 20 + 2
    pages = await world.documents(paths.pages(paths.list_(ORG, list_id)))
    assert [len(page.data["rows"]) for page in pages] == [30]


async def test_those_who_change_a_list_at_once_share_a_commit(world: World) -> None:
    """A hundred additions write the page once, and a stranger among them harms nobody."""
    ids = await add_numbers(world.engine, *range(100))
    list_id = await list_of(world.engine, [])
    commits: list[int] = []

    async def note(operation: Operation, do: Do) -> Any:
        commits.extend([1] if operation.name == "commit" else [])
        return await do()

    engine = replace(world.engine, store=WrappedStore(world.store, note))
    asked = [[each] for each in ids]
    asked[50:50] = [[ids[3], "0" * 24], ids[:9]]
    adding = (lists.add(engine, ORG, list_id, each) for each in asked)
    added = await asyncio.gather(*adding, return_exceptions=True)
    assert [type(each) for each in added if not isinstance(each, int)] == [NotFoundError]
    assert sum(each for each in added if isinstance(each, int)) == 100
    assert await check_list(world.store, ORG, list_id) == ids
    leaving = (lists.remove(engine, ORG, list_id, each) for each in [*ids[:60], ids[0]])
    left = await asyncio.gather(*leaving, return_exceptions=True)
    assert [type(each) for each in left] == [type(None)] * 60 + [NotFoundError]
    assert await check_list(world.store, ORG, list_id) == ids[60:]
    assert len(commits) == 2


async def test_more_than_a_commit_should_hold_is_done_in_parts(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many come together, each is on the list once; and so they leave it."""
    monkeypatch.setattr(lists, "_JOINING", 10)
    monkeypatch.setattr(lists, "_PAGE", 2)
    monkeypatch.setattr(member_pages, "MOST", 3)
    ids = await add_numbers(world.engine, *range(30))
    list_id = await list_of(world.engine, [])
    parts = [ids[at : at + 8] for at in range(0, 24, 2)]
    await asyncio.gather(*(lists.add(world.engine, ORG, list_id, part) for part in parts))
    assert sorted(await check_list(world.store, ORG, list_id)) == sorted(ids)
    await asyncio.gather(*(lists.remove(world.engine, ORG, list_id, each) for each in ids[:29]))
    assert await check_list(world.store, ORG, list_id) == ids[29:]


@pytest.mark.parametrize("after", [False, True])
async def test_a_death_while_several_are_added_is_made_good_by_a_repetition(
    world: World, *, after: bool
) -> None:
    """Nobody is told of an addition that is not stored, and nobody is on the list twice."""
    ids = await add_numbers(world.engine, *range(6))
    list_id = await list_of(world.engine, [])
    dying = replace(
        world.new_engine(), store=CrashingStore(world.store, CrashPoint(1, after=after))
    )
    adding = (lists.add(dying, ORG, list_id, [each]) for each in ids)
    told = await asyncio.gather(*adding, return_exceptions=True)
    assert {type(each) for each in told} == {Crash}
    assert await check_list(world.store, ORG, list_id) == (ids if after else [])
    await asyncio.gather(*(lists.add(world.engine, ORG, list_id, [each]) for each in ids))
    assert await check_list(world.store, ORG, list_id) == ids


async def test_a_page_of_long_rows_holds_fewer(world: World) -> None:
    """However much a file says of each, a page fits into a document."""
    rows = "\n".join(f"{number(n)},{'x' * 999},{'é' * 999}" for n in range(300))
    file = BytesIO(f"number,a,b\n{rows}".encode())
    result = await list_upload.import_csv(world.engine, ORG, "Long", file)
    pages = await world.documents(paths.pages(paths.list_(ORG, result.list_id)))
    assert [len(page.data["rows"]) for page in pages] == [94, 72, 94, 40]
    assert len(await check_list(world.store, ORG, result.list_id)) == 300


@pytest.mark.parametrize("place", ["abc", "-1", "1" * 13, "0x1"])
async def test_a_place_that_is_none_is_refused(world: World, place: str) -> None:
    """A cursor of another route says what is wrong with it."""
    list_id = await list_of(world.engine, [])
    with pytest.raises(InvalidFieldError, match="cursor"):
        await list_rows.rows(world.engine, ORG, list_id, limit=1, after=place)


# --- What contacts know ------------------------------------------------------------------------


async def test_changing_a_contact_leaves_it_on_its_lists(world: World) -> None:
    """Merged, replaced or imported, it knows its pages; what it has is no list's business."""
    (ana,) = await add_numbers(world.engine, 1)
    list_id = await list_of(world.engine, [ana])
    await contacts.update(world.engine, ORG, ana, {"location": "Rome"}, if_version=None)
    await contacts.replace(world.engine, ORG, ana, {"location": "Bern"}, if_version=None)
    await imported(world, f"phone,city\n{number(1)},Graz")
    assert await check_list(world.store, ORG, list_id) == [ana]
    found, _ = await memberships.lists_of(world.engine, ORG, ana, after=None, limit=9)
    assert [each.id for each in found] == [list_id]


async def test_a_list_that_is_gone_is_nobody_s_any_more(world: World) -> None:
    """A contact still knows its page of it, and that is ignored."""
    (ana,) = await add_numbers(world.engine, 1)
    gone, kept = [await list_of(world.engine, [ana], name=name) for name in "ab"]
    await lists.delete(world.engine, ORG, gone, if_version=None)
    found, end = await memberships.lists_of(world.engine, ORG, ana, after=None, limit=9)
    assert ([each.id for each in found], end) == ([kept], None)
    await erasure.erase(world.engine, ORG, ana, by="ann")
    assert await check_list(world.store, ORG, kept) == []


async def _noted(world: World, id_: str) -> set[str]:
    stored = await world.store.get(paths.contact(ORG, id_))
    return set(stored.data["list_pages"]) if stored else set()


async def _join(world: World, how: str, list_id: str, name: str) -> None:
    """Put the first person on a list."""
    match how:
        case "add":
            await lists.add(world.engine, ORG, list_id, [_id(1)])
        case "import":
            await imported(world, f"phone\n{number(1)}", list_id=list_id)
        case _:
            file = BytesIO(f"number\n{number(1)}".encode())
            await list_upload.import_csv(world.engine, ORG, name, file, append=True)


@pytest.mark.parametrize("how", ["add", "import", "upload"])
async def test_lists_that_are_gone_are_forgotten_before_they_are_many(
    world: World, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many lists come and go, a contact knows few more than those that are there."""
    monkeypatch.setattr(lists, "_FEW_LISTS", 4)
    (ana,) = await add_numbers(world.engine, 1)
    kept = await list_of(world.engine, [ana], name="kept")
    for at in range(9):
        made = await list_of(world.engine, [], name=f"{at}")
        await _join(world, how, made, f"{at}")
        await lists.delete(world.engine, ORG, made, if_version=None)
        noted = await _noted(world, ana)
        assert kept in noted
        assert len(noted) <= 4
    assert await check_list(world.store, ORG, kept) == [ana]


async def test_undoing_keeps_whom_somebody_has_put_on_another_list(world: World) -> None:
    """They stay a contact and on that list; on the import's own they are no more."""
    job = await imported(world, f"phone\n{number(1)}\n{number(2)}", list_name="Spring")
    other = await list_of(world.engine, [_id(1)])
    world.clock.advance(SECOND)
    await jobs.undo(world.engine, ORG, job["id"])
    await world.settle()
    assert await check_list(world.store, ORG, other) == [_id(1)]
    assert [each.id for each in await world.documents(paths.contacts(ORG))] == [_id(1)]
    assert await world.store.get(paths.list_(ORG, job["list_id"])) is None


@pytest.mark.parametrize("after", [False, True])
async def test_a_death_at_any_commit_of_an_erasure_leaves_lists_right(*, after: bool) -> None:
    """Somebody on more lists than one commit leaves is on none, once the erasure is repeated."""
    for at in range(1, 5):
        async with World() as world:
            (ana, ben) = await add_numbers(world.engine, 1, 2)
            made = [await list_of(world.engine, [ana, ben], name=f"{n}") for n in range(12)]
            store = CrashingStore(world.store, CrashPoint(at, after=after))
            with pytest.raises(Crash):
                await erasure.erase(replace(world.engine, store=store), ORG, ana, by="ann")
            for each in made:
                assert ben in await check_list(world.store, ORG, each)
            await erasure.erase(world.engine, ORG, ana, by="ann")
            for each in made:
                assert await check_list(world.store, ORG, each) == [ben]
            pages = await world.store.query(Query("pages", limit=100, group=True))
            assert number(1) not in repr(pages)
