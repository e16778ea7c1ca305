"""An import is cancelled, or undone."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from functions.domain.contacts.contact import emptied, read_details
from functions.domain.errors import ImportStatusError, NotFoundError
from functions.engine import paths
from functions.engine.contacts import contacts, lists
from functions.engine.imports import jobs
from functions.engine.imports.job import UNDO_FOR, ImportStatus
from functions.engine.ports.store import Create
from functions.engine.privacy import erasure
from tests.engine.imports.importing import (
    BAD_LINES,
    FILE,
    GOOD,
    PAGED,
    SECOND,
    bad_rows,
    counts,
    imported,
    members,
    names,
    people,
    stored,
    told,
    upload,
)
from tests.engine.world import MINUTE, ORG, World, number
from tests.salted import contact_id


async def test_a_cancelled_import_stops_and_keeps_what_it_has() -> None:
    """What is stored stays, what is not stays out, and both can be told."""
    async with World(PAGED) as world:
        id_ = await upload(world, FILE)

        async def cancel() -> None:
            engine = replace(world.engine, store=world.store)
            await jobs.cancel(engine, ORG, id_)

        world.interleave("commit", "/pages/000001", cancel)
        await world.settle()
        job = await told(world, id_)
        assert (job["status"], job["created"]) == (ImportStatus.CANCELLED, 2)
        assert await names(world) == {a: n for a, n in GOOD.items() if n.startswith(("A", "B"))}
        with pytest.raises(ImportStatusError, match="Cannot cancel import with status: cancelled"):
            await jobs.cancel(world.engine, ORG, id_)
        await jobs.undo(world.engine, ORG, id_)
        await world.settle()
        assert await people(world) == {}


async def test_another_organisations_import_is_not_found(world: World) -> None:
    """Whoever asks for it by its id learns nothing."""
    id_ = await upload(world, FILE)
    for ask in (jobs.load, jobs.cancel, jobs.undo):
        with pytest.raises(NotFoundError):
            await ask(world.engine, "other", id_)
    with pytest.raises(NotFoundError):
        await jobs.bad_rows(world.engine, "other", id_, after=0, limit=1)


async def undone(world: World, id_: str) -> tuple[int, int, int]:
    """Undo an import; return how many were removed, restored and left."""
    world.clock.advance(SECOND)
    await jobs.undo(world.engine, ORG, id_)
    await world.settle()
    job = await told(world, id_)
    assert job["status"] == ImportStatus.UNDONE
    return job["removed"], job["restored"], job["left"]


async def _store(world: World, rows: Sequence[dict[str, Any]]) -> None:
    await contacts.upsert(world.engine, ORG, [read_details(row) for row in rows])
    world.clock.advance(SECOND)


async def test_undoing_gives_everybody_back_what_they_had() -> None:
    """Who is new goes, who was changed is as before, and the list is as it was."""
    async with World(PAGED) as world:
        await _store(world, [{"phone": number(1), "first_name": "Old"}, {"phone": number(3)}])
        before = await people(world)
        found = await lists.create(world.engine, ORG, "Mine")
        await lists.add(world.engine, ORG, found.value.id, [contact_id(number(1))])
        job = await imported(world, FILE, list_id=found.value.id)
        assert await members(world, found.value.id) == set(GOOD)
        assert await undone(world, job["id"]) == (2, 2, 0)
        assert await people(world) == before
        assert await members(world, found.value.id) == {number(1)}


async def test_who_was_changed_since_is_left_alone() -> None:
    """Somebody's later change, or deletion, goes before the undo; they stay on the list."""
    async with World(PAGED) as world:
        await _store(world, [{"phone": number(3)}])
        job = await imported(world, FILE, list_name="Spring")
        world.clock.advance(SECOND)
        changed = {"phone": number(1), "location": "Home"}, {"phone": number(3), "location": "Bonn"}
        await _store(world, changed)
        await erasure.erase(world.engine, ORG, contact_id(number(2)), by="ann")
        assert await undone(world, job["id"]) == (1, 0, 3)
        assert set(await people(world)) == {number(1), number(3)}
        assert await members(world, job["list_id"]) == {number(1), number(3)}


async def test_imports_are_undone_one_after_the_other(world: World) -> None:
    """Undoing a later import leaves the contacts as the earlier one knows them."""
    first = await imported(world, FILE)
    world.clock.advance(SECOND)
    second = await imported(world, FILE.replace("Ann,", "Eva,"))
    assert counts(second) == (0, 1, 3, 2, 1)
    assert await undone(world, second["id"]) == (0, 1, 0)
    assert await names(world) == GOOD
    assert await undone(world, first["id"]) == (4, 0, 0)
    assert await people(world) == {}


async def test_only_what_has_ended_can_be_undone(world: World) -> None:
    """An import under way, or undone, is refused; so is one whose time for it is over."""
    id_ = await upload(world, FILE)
    with pytest.raises(ImportStatusError, match="Cannot undo import with status: queued"):
        await jobs.undo(world.engine, ORG, id_)
    await world.settle()
    assert await undone(world, id_) == (4, 0, 0)
    with pytest.raises(ImportStatusError, match="Cannot undo import with status: undone"):
        await jobs.undo(world.engine, ORG, id_)


async def test_what_was_replaced_is_not_kept_for_ever(world: World) -> None:
    """When the time to undo is over, what it would need is removed; the reports stay."""
    await _store(world, [{"phone": number(1), "first_name": "Old"}])
    job = await imported(world, FILE)
    assert await stored(world, "replaced") == 1
    world.clock.advance(UNDO_FOR)
    with pytest.raises(ImportStatusError, match="Cannot undo import any more"):
        await jobs.undo(world.engine, ORG, job["id"])
    await world.pass_time(2 * MINUTE)
    assert await stored(world, "replaced") == await stored(world, "pages") == 0
    assert [row["line"] for row in await bad_rows(world, job["id"])] == BAD_LINES
    job = await told(world, job["id"])
    assert (job["status"], job["wake_at"]) == (ImportStatus.COMPLETED, None)


async def test_who_is_erased_is_not_kept_in_what_was_replaced(world: World) -> None:
    """Erasing somebody takes their former fields out of every import."""
    await _store(world, [{"phone": number(1), "first_name": "Old"}])
    job = await imported(world, FILE)
    await erasure.erase(world.engine, ORG, contact_id(number(1)), by="ann")
    assert await stored(world, "replaced") == 0
    assert await undone(world, job["id"]) == (3, 0, 1)


async def test_who_is_being_erased_is_not_brought_back(world: World) -> None:
    """A row about somebody whose erasure has not ended is told, and stored nowhere."""
    id_ = contact_id(number(1))
    empty = emptied(id_, now=world.clock.now())
    await world.store.commit(Create(paths.contact(ORG, id_), empty))
    job = await imported(world, f"phone\n{number(1)}\n", list_name="Spring")
    assert counts(job) == (0, 0, 0, 1, 0)
    assert (await lists.load(world.engine, ORG, job["id"])).value.size == 0
