"""A process may die at any moment, freeze in a commit or be overtaken: each step is made once."""

import asyncio
from collections import Counter
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from functions.domain.campaigns.status import CampaignStatus
from functions.domain.errors import WrongStatusError
from functions.engine import paths
from functions.engine.delivery.dispatch import dispatch
from functions.engine.kernel import lanes
from functions.engine.plans import campaigns
from functions.engine.plans.walk import PAGE
from functions.engine.ports.store import Update
from tests.engine.counting_store import CountingStore
from tests.engine.crashes import AFTER, Crash, CrashingQueue, CrashingStore, CrashPoint
from tests.engine.plans.journeys import DAY, HOUR, STOP, JourneyWorld, on, path_of, plan, send
from tests.engine.world import MINUTE, ORG, with_limits
from tests.engine.wrapped_store import Do, Operation, WrappedStore

ONE_LANE = with_limits(lanes=1, lane_lease=timedelta(seconds=10))
#: A mail, and another five minutes later.
SHORT = plan(
    send("hello", on("elapsed", "again", after="PT5M")),
    send("again", on("elapsed", "stop", after="PT1M")),
    STOP,
)
PEOPLE = ("ann@example.com", "bob@example.com", "zoe@example.com")


@pytest.fixture(autouse=True)
async def _silence() -> None:
    """Keep asyncio from reporting what died with a process."""
    asyncio.get_running_loop().set_exception_handler(lambda *_: None)


async def _story(world: JourneyWorld, point: CrashPoint | None) -> dict[str, Any]:
    """Let people walk to the end, by a process that dies at a point, and return what is stored."""
    campaign = await world.begin(SHORT)
    await world.enter(campaign, *PEOPLE, settle=False)
    if point is not None:
        store, queue = CrashingStore(world.store, point), CrashingQueue(world.queue, point)
        world.engine = replace(world.engine, store=store, queue=queue)
        with suppress(Crash):
            await world.pass_time(8 * MINUTE)
        world.queue = world.new_queue()
        world.engine = world.new_engine()
    await world.pass_time(45 * MINUTE)
    walks, messages = await world.walks(campaign), await world.messages(campaign)
    return {
        "walks": sorted((each.address, each.status, *path_of(each)) for each in walks),
        "messages": sorted((each.address, each.body) for each in messages),
    }


@pytest.mark.parametrize("after", AFTER)
async def test_a_death_at_any_commit_of_a_walk_leaves_the_documents_of_one_without_it(
    *, after: bool
) -> None:
    """Before or after each commit or task: every step is made once, and nobody is forgotten."""
    async with JourneyWorld(ONE_LANE) as world:
        expected = await _story(world, None)
    at, is_dead = 1, True
    while is_dead:
        point = CrashPoint(at, after=after)
        async with JourneyWorld(ONE_LANE) as world:
            story = await _story(world, point)
            assert story == expected, point.what
            assert max(Counter((c.to, c.body) for c in world.carrier.requests).values()) == 1
        is_dead = point.is_dead
        at += 1
    assert at > 10, "the walk has fewer side effects than it should"


async def test_whoever_closes_a_campaign_again_after_a_death_has_it_end_at_once() -> None:
    """The first time was stored, and nobody had been woken to find that nobody is left."""
    async with JourneyWorld(ONE_LANE) as world:
        campaign = await world.begin()
        await world.pass_time(2 * MINUTE)
        point = CrashPoint(1, after=True)
        dying = replace(world.engine, store=CrashingStore(world.store, point))
        with suppress(Crash):
            await campaigns.close(dying, ORG, campaign.id, by="ann")
        assert point.is_dead
        with pytest.raises(WrongStatusError, match="closed"):
            await campaigns.close(world.engine, ORG, campaign.id, by="ann")
        await world.settle()
        assert (await world.load(campaign)).status is CampaignStatus.COMPLETED


async def test_a_campaign_that_is_closed_while_its_lane_is_at_work_ends_with_its_last_walk() -> (
    None
):
    """The worker has read it as open, and asks again before it rests."""
    async with JourneyWorld(ONE_LANE) as world:
        campaign = await world.begin()
        plain, closed = world.engine, False

        async def close(operation: Operation, do: Do) -> Any:
            nonlocal closed
            result = await do()
            takes = any(path.endswith("/lanes/0") for path in operation.paths)
            if operation.name == "commit" and takes and not closed:
                closed = True
                await campaigns.close(plain, ORG, campaign.id, by="ann")
            return result

        await world.pass_time(2 * HOUR, checks=False)
        await lanes.wake(plain, ORG, campaign.id, "0", at=world.clock.now(), reopen=True)
        holder = replace(plain, store=WrappedStore(world.store, close))
        await dispatch(holder, ORG, campaign.id, "0")
        assert closed
        assert (await world.load(campaign)).status is CampaignStatus.COMPLETED


async def test_of_two_holders_the_older_frozen_in_its_commit_stores_nothing() -> None:
    """The younger has walked them all by the time the older's commit reaches the store."""
    async with JourneyWorld(ONE_LANE) as world:
        campaign = await world.begin()
        await world.enter(campaign, *PEOPLE, settle=False)
        plain, taken = world.engine, False

        async def freeze(operation: Operation, do: Do) -> Any:
            nonlocal taken
            walks = any("/enrollments/" in path for path in operation.paths)
            if operation.name == "commit" and walks and not taken:
                taken = True
                world.clock.advance(10 * MINUTE)  # its lease has run out
                await dispatch(plain, ORG, campaign.id, "0")
                before = await world.documents(paths.enrollments(ORG, campaign.id))
                try:
                    return await do()
                finally:
                    after = await world.documents(paths.enrollments(ORG, campaign.id))
                    assert after == before
            return await do()

        older = replace(plain, store=WrappedStore(world.store, freeze))
        await dispatch(older, ORG, campaign.id, "0")
        assert taken
        await world.settle()
        assert world.sent == ["hello"] * len(PEOPLE)


async def test_of_a_full_page_one_that_is_marked_meanwhile_is_decided_anew() -> None:
    """The others move once, and so does it: one conflict costs one decision."""
    async with JourneyWorld(ONE_LANE) as world:
        campaign = await world.begin()
        await world.enter(campaign, *(f"p{n}@example.com" for n in range(PAGE)), settle=False)
        marked = (await world.documents(paths.enrollments(ORG, campaign.id)))[7]
        now = world.clock.now()

        async def mark() -> None:
            await world.store.commit(Update(marked.path, {"next_at": now}))

        world.interleave("commit", "/enrollments/", mark)
        await dispatch(world.engine, ORG, campaign.id, "0")
        await world.settle()
        assert Counter(call.to for call in world.carrier.requests).most_common(1)[0][1] == 1
        assert len(world.sent) == PAGE


@pytest.mark.parametrize("due", [0, 10])
async def test_those_who_wait_are_not_read_and_those_who_are_due_are(due: int) -> None:
    """With two thousand waiting a pass reads the next one's time, and whoever is due."""
    async with JourneyWorld(ONE_LANE) as world:
        campaign = await world.begin()
        people = [f"p{n}@example.com" for n in range(2000)]
        for first in range(0, len(people), 500):
            at = world.clock.now() + DAY
            await world.enter(campaign, *people[first : first + 500], settle=False, at=at)
        waiting = await world.documents(paths.enrollments(ORG, campaign.id))
        now = world.clock.now()
        for each in waiting[:due]:
            await world.store.commit(Update(each.path, {"next_at": now}))
        store = CountingStore(world.store)
        await dispatch(replace(world.engine, store=store), ORG, campaign.id, "0")

        asked = zip(store.queries, store.found, strict=True)
        found = [f for q, f in asked if q.collection.endswith("/enrollments") and q.limit > 1]
        assert sum(map(len, found)) == due


async def test_a_campaign_whose_people_have_finished_costs_a_pass_no_enrollment() -> None:
    """Who has come to the end is in no lane any more."""
    async with JourneyWorld(ONE_LANE) as world:
        campaign = await world.begin()
        await world.enter(campaign, *PEOPLE)
        await world.pass_time(3 * DAY)
        store = CountingStore(world.store)
        await dispatch(replace(world.engine, store=store), ORG, campaign.id, "0")
        asked = zip(store.queries, store.found, strict=True)
        assert [f for q, f in asked if q.collection.endswith("/enrollments") and f] == []


async def test_a_lane_of_a_campaign_that_began_long_ago_reads_no_old_opt_outs() -> None:
    """Who had opted out when a message was made got none; who opts out later is heard of."""
    async with JourneyWorld(ONE_LANE) as world:
        campaign = await world.begin()
        for number in range(30):
            await world.suppress(f"gone{number}@example.com")
        await world.pass_time(DAY)
        await world.enter(campaign, *PEOPLE, settle=False)
        store = CountingStore(world.store)
        await dispatch(replace(world.engine, store=store), ORG, campaign.id, "0")
        asked = zip(store.queries, store.found, strict=True)
        found = [f for q, f in asked if q.collection.endswith("/suppressions") and q.limit > 1]
        assert found
        assert sum(map(len, found)) == 0
        assert world.sent == ["hello"] * len(PEOPLE)
