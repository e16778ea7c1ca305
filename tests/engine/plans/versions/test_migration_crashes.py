"""A process may die at any moment of a migration: repeated, it ends as if none had died."""

import asyncio
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

import pytest

from functions.engine import paths
from functions.engine.plans.migration import lane
from functions.engine.plans.migration.asked import ask
from functions.engine.plans.migration.define import define
from functions.engine.plans.migration.names import Names
from functions.engine.ports.store import Update
from tests.engine.crashes import Crash, CrashingQueue, CrashingStore, CrashPoint
from tests.engine.plans.journeys import HOUR, STOP, on, path_of, plan, send
from tests.engine.plans.versions.editing import EditingWorld
from tests.engine.world import MINUTE, ORG, with_limits

ONE_LANE: Final = with_limits(lanes=1, lane_lease=timedelta(seconds=10))
PEOPLE: Final = [f"p{number}@example.com" for number in range(5)]
#: Some stand at hello, some at a mail that waits, and its node is no more.
OLD: Final = plan(
    send("hello", on("elapsed", "again", after="PT5M")),
    send("again", on("elapsed", "stop", after="PT1H"), schedule={"delay": "PT10M"}),
    STOP,
)
NEW: Final = plan(
    send("hello", on("elapsed", "other", after="PT30M")),
    send("other", on("elapsed", "stop", after="PT1H"), schedule={"delay": "PT20M"}),
    STOP,
)


@pytest.fixture(autouse=True)
async def _silence() -> None:
    """Keep asyncio from reporting what died with a process."""
    asyncio.get_running_loop().set_exception_handler(lambda *_: None)


@pytest.fixture(autouse=True)
def _small_pages(mocker: Any) -> None:
    mocker.patch.object(lane, "PAGE", 2)


async def _story(world: EditingWorld, point: CrashPoint | None) -> dict[str, Any]:
    """Let people go over while they walk, by a process that dies at a point."""
    campaign = await world.begin(OLD)
    await world.enter(campaign, *PEOPLE[:3])
    await world.pass_time(12 * MINUTE)
    await world.enter(campaign, *PEOPLE[3:])
    await world.edit(campaign, NEW)
    if point is not None:
        store, queue = CrashingStore(world.store, point), CrashingQueue(world.queue, point)
        world.engine = replace(world.engine, store=store, queue=queue)
    with suppress(Crash):
        await ask(world.engine, ORG, campaign.id, nodes={"again": "other"}, to=None, by="ann")
        await world.settle()
    world.queue = world.new_queue()
    world.engine = world.new_engine()
    await ask(world.engine, ORG, campaign.id, nodes={"again": "other"}, to=None, by="ann")
    await world.pass_time(2 * MINUTE)
    assert not (await world.progress(campaign)).is_running
    assert {walk.plan for walk in await world.walks(campaign)} == {2}
    world.checked_at = world.clock.now()
    await world.pass_time(2 * HOUR)
    walks, messages = await world.walks(campaign), await world.messages(campaign)
    return {
        "walks": sorted((each.address, each.status, *path_of(each)) for each in walks),
        "messages": sorted((each.address, each.body, each.status) for each in messages),
    }


@pytest.mark.parametrize("after", [False, True])
async def test_a_migration_killed_at_any_page_and_repeated_ends_the_same(*, after: bool) -> None:
    """Before or after each commit or task: nobody is skipped, nothing is said twice."""
    async with EditingWorld(ONE_LANE) as world:
        expected = await _story(world, None)
    assert [body for _, body, status in expected["messages"] if status == "cancelled"] == [
        "again"
    ] * 3
    at, is_dead = 1, True
    while is_dead:
        point = CrashPoint(at, after=after)
        async with EditingWorld(ONE_LANE) as world:
            assert await _story(world, point) == expected, point.what
        is_dead = point.is_dead
        at += 1
    assert at > 6, "the migration has fewer side effects than it should"


async def test_a_person_moved_meanwhile_goes_over_as_they_stand_then() -> None:
    """Their lane moves them between the page's reading and its commit; the others go over once."""
    async with EditingWorld(ONE_LANE) as world:
        campaign = await world.begin(OLD)
        await world.enter(campaign, *PEOPLE)
        await world.edit(campaign, NEW)
        world.clock.advance(6 * MINUTE)

        async def meanwhile() -> None:
            plain = replace(world.engine, store=world.store)
            world.engine, taken = plain, world.engine
            await world.run_lanes(campaign)
            world.engine = taken

        world.interleave("commit", "/lanes/migration", lambda: asyncio.sleep(0))
        await ask(
            world.engine,
            ORG,
            campaign.id,
            nodes={"again": "other"},
            to=None,
            by="ann",
            with_task=False,
        )
        world.interleave("commit", "/enrollments/", meanwhile)
        await lane.migrate(world.engine, ORG, campaign.id)
        progress = await world.progress(campaign)
        assert (progress.looked_at, progress.migrated) == (5, 5)
        walks = await world.walks(campaign)
        assert {each.plan for each in walks} == {2}
        assert {path_of(each)[-1] for each in walks} == {"other"}


async def test_whoever_is_marked_again_and_again_holds_up_no_migration() -> None:
    """A page that never stands still is made smaller."""
    async with EditingWorld(ONE_LANE) as world:
        campaign = await world.begin(OLD)
        await world.enter(campaign, *PEOPLE)
        await world.edit(campaign, NEW)
        found = await world.documents(paths.enrollments(ORG, campaign.id))

        async def mark() -> None:
            await world.store.commit(Update(found[1].path, {"next_at": world.clock.now()}))

        world.interleave("commit", "/enrollments/", mark)
        progress = await world.migrate(campaign)
        assert (progress.looked_at, progress.migrated) == (5, 5)


async def test_a_definition_that_dies_is_done_by_the_next_one() -> None:
    """Whatever the process has stored of it."""
    steps = [{"id": "one", "offset": "P1D", "subject": "one", "body": "one", "sender": "us@e.com"}]
    at, is_dead = 1, True
    while is_dead:
        point = CrashPoint(at, after=True)
        async with EditingWorld(ONE_LANE) as world:
            await define(world.engine, Names(ORG), "mails", {"steps": steps}, by="ann", active=True)
            store, queue = CrashingStore(world.store, point), CrashingQueue(world.queue, point)
            dying = replace(world.engine, store=store, queue=queue)
            other = {"steps": [{**steps[0], "offset": "P2D"}]}
            campaign = await Names(ORG).find(world.engine, "mails")
            await world.enter(campaign)
            with suppress(Crash):
                await define(dying, Names(ORG), "mails", other, by="ann")
            await define(world.engine, Names(ORG), "mails", other, by="ann")
            await world.pass_time(MINUTE)
            assert (await world.walk(campaign)).plan == 2
            assert (await world.load(campaign)).plan == 2
        is_dead = point.is_dead
        at += 1
