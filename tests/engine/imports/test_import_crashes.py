"""An import survives crashes and races: everybody is stored once."""

import asyncio
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from functions.domain.contacts.contact import read_details
from functions.domain.errors import ImportStatusError
from functions.engine import paths, worker
from functions.engine.contacts import contacts
from functions.engine.imports import jobs
from functions.engine.imports.job import ImportStatus
from functions.engine.imports.upload import CHUNK, Upload
from functions.engine.kernel.task_queue import TaskKind, task_of
from functions.engine.ports.store import ConflictError, Delete
from tests.engine.crashes import Crash, CrashingQueue, CrashingStore, CrashPoint
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
    nothing_left,
    people,
    stored,
    told,
    upload,
)
from tests.engine.world import MINUTE, ORG, World, number
from tests.salted import contact_id


@pytest.fixture(autouse=True)
async def _silence() -> None:
    """Keep asyncio from reporting what died with a process."""
    asyncio.get_running_loop().set_exception_handler(lambda *_: None)


def _let_crash(world: World, point: CrashPoint) -> None:
    """Run the engine in a process that is going to die."""
    store, queue = CrashingStore(world.store, point), CrashingQueue(world.queue, point)
    world.engine = replace(world.engine, store=store, queue=queue)


def _restart(world: World) -> None:
    """Begin a new process, which has nothing but the store."""
    world.queue = world.new_queue()
    world.engine = world.new_engine()


async def _only_import(world: World) -> str | None:
    found = await world.documents(paths.imports(ORG))
    return found[0].id if found else None


@pytest.mark.parametrize("after", [False, True])
async def test_a_death_at_any_side_effect_repeats_and_skips_nothing(*, after: bool) -> None:
    """Killed before or after any commit or task, the check finishes what an upload began."""
    at = 1
    while await _die_importing(at, after=after):
        at += 1
    assert at > 8, "the import has fewer side effects than it should"


async def _die_importing(at: int, *, after: bool) -> bool:
    async with World(PAGED) as world:
        point = CrashPoint(at, after=after)
        _let_crash(world, point)
        with suppress(Crash):
            await imported(world, FILE, list_name="Spring")
        _restart(world)
        if await _only_import(world) is None:
            await upload(world, FILE, list_name="Spring")
        await world.pass_time(3 * MINUTE)
        id_ = await _only_import(world)
        assert id_ is not None
        job = await told(world, id_)
        assert (job["status"], counts(job)) == (ImportStatus.COMPLETED, (4, 0, 0, 2, 1)), point.what
        assert await names(world) == GOOD
        assert await members(world, id_) == set(GOOD)
        assert [row["line"] for row in await bad_rows(world, id_)] == BAD_LINES
        assert await stored(world, "chunks") == 0
        return point.is_dead


@pytest.mark.parametrize("after", [False, True])
async def test_a_death_while_undoing_leaves_nobody_behind(*, after: bool) -> None:
    """Killed before or after any commit or task, an undo comes to its end all the same."""
    at = 1
    while await _die_undoing(at, after=after):
        at += 1
    assert at > 8, "the undo has fewer side effects than it should"


async def _die_undoing(at: int, *, after: bool) -> bool:
    async with World(PAGED) as world:
        details = read_details({"phone": number(3), "first_name": "Old"})
        await contacts.create(world.engine, ORG, details)
        before = await people(world)
        world.clock.advance(SECOND)
        job = await imported(world, FILE, list_name="Spring")
        point = CrashPoint(at, after=after)
        _let_crash(world, point)
        with suppress(Crash):
            await jobs.undo(world.engine, ORG, job["id"])
            await world.settle()
        _restart(world)
        with suppress(ImportStatusError):
            await jobs.undo(world.engine, ORG, job["id"])
        await world.pass_time(3 * MINUTE)
        job = await told(world, job["id"])
        assert job["status"] == ImportStatus.UNDONE, point.what
        assert (job["removed"], job["restored"], job["left"]) == (3, 1, 0)
        assert await people(world) == before
        assert await stored(world, "members") == await stored(world, "lists") == 0
        assert await stored(world, "replaced") == await stored(world, "pages") == 0
        return point.is_dead


async def test_an_upload_that_dies_is_removed() -> None:
    """A file that never comes in whole is forgotten, and its late rest refused."""
    async with World(PAGED) as world:
        coming = Upload(world.engine, ORG)
        await coming.write(b"phone\n" + b"x" * 2 * CHUNK)
        id_ = await _only_import(world)
        assert id_ is not None
        assert (await told(world, id_))["status"] == ImportStatus.UPLOADING
        await world.pass_time(9 * MINUTE)
        await coming.write(b"x" * CHUNK)
        await world.pass_time(9 * MINUTE)
        assert not await nothing_left(world)
        await world.pass_time(3 * MINUTE)
        assert await nothing_left(world)
        with pytest.raises(ConflictError):
            await coming.write(b"x" * CHUNK)


async def test_two_workers_import_nothing_twice() -> None:
    """A task that is delivered twice at once, or again, finds the import taken or done."""
    async with World(PAGED, task_copies=3) as world:
        job = await imported(world, FILE)
        assert counts(job) == (4, 0, 0, 2, 1)
        await worker.run(world.engine, task_of(TaskKind.IMPORT, ORG, job["id"]))
        assert await told(world, job["id"]) | {"id": job["id"]} == job


async def test_a_worker_that_lost_its_lease_commits_nothing_more() -> None:
    """Whoever slept through the lease leaves the import to who has taken it."""
    async with World(PAGED) as world:
        id_ = await upload(world, FILE)

        async def sleep() -> None:
            world.clock.advance(20 * SECOND)
            await worker.run(
                replace(world.engine, store=world.store), task_of(TaskKind.IMPORT, ORG, id_)
            )

        world.interleave("commit", "/contacts/", sleep)
        await world.settle()
        assert counts(await told(world, id_)) == (4, 0, 0, 2, 1)
        assert await names(world) == GOOD


@pytest.mark.parametrize("known", [False, True])
async def test_somebody_who_changes_a_contact_meanwhile_is_not_overwritten(*, known: bool) -> None:
    """A page that meets a newer contact is decided anew: fields that it does not name stay."""
    async with World(PAGED) as world:
        details = read_details({"phone": number(3), "location": "Home"})
        if known:
            await contacts.create(world.engine, ORG, read_details({"phone": number(3)}))
        id_ = await upload(world, FILE)

        async def change() -> None:
            engine = replace(world.engine, store=world.store)
            await contacts.upsert(engine, ORG, [details])

        world.interleave("commit", paths.contact(ORG, contact_id(number(3))), change)
        await world.settle()
        dan = (await people(world))[number(3)]
        assert (dan.first_name, dan.location) == ("Dan", "Home")
        assert counts(await told(world, id_)) == (3, 1, 0, 2, 1)


async def test_a_task_stops_before_its_deadline_and_another_goes_on() -> None:
    """A page a task, where the deadline is short; the last one is like the first."""
    async with World(replace(PAGED, task_deadline=timedelta())) as world:
        id_ = await upload(world, FILE)
        await world.settle()
        job = await told(world, id_)
        assert counts(job) == (4, 0, 0, 2, 1)
        assert job["fence"] >= 4
        await jobs.undo(world.engine, ORG, id_)
        await world.settle()
        assert (await told(world, id_))["status"] == ImportStatus.UNDONE
        assert await people(world) == {}


async def test_lost_tasks_lose_no_import() -> None:
    """Where the queue forgets a task, the next check finds the import."""
    async with World(PAGED, lose_tasks=True) as world:
        id_ = await upload(world, FILE)
        assert (await told(world, id_))["status"] == ImportStatus.QUEUED
        world.engine = replace(world.engine, queue=world.queue)
        await world.pass_time(MINUTE)
        assert (await told(world, id_))["status"] == ImportStatus.COMPLETED


async def test_an_import_whose_task_is_given_up_fails_and_says_why(world: World) -> None:
    """What no repetition mends ends the import; a task that is none is told only."""
    id_ = await upload(world, FILE)
    await worker.give_up(world.engine, task_of(TaskKind.IMPORT, ORG, id_), "chunk 0 is gone", "t1")
    job = await told(world, id_)
    assert (job["status"], job["error"]) == (ImportStatus.FAILED, "chunk 0 is gone")
    await worker.give_up(world.engine, task_of(TaskKind.IMPORT, ORG, "none"), "gone", "t2")
    await world.settle()
    assert await people(world) == {}


async def test_a_chunk_that_is_gone_is_tried_again_and_given_up() -> None:
    """The lease of a failed attempt keeps no other from trying."""
    async with World(PAGED) as world:
        id_ = await upload(world, FILE)
        chunk = paths.import_part(ORG, id_, "chunks", "00000")
        await world.store.commit(Delete(chunk))
        with capture_logs():  # To print these errors takes longer than all the rest.
            await world.settle()
        assert [str(error) for error in world.task_errors] == [
            f"chunk 0 of the import {id_} is gone"
        ]
        with capture_logs():
            await world.pass_time(5 * SECOND)
        assert len(world.task_errors) > 1
