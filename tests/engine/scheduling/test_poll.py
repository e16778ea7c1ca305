"""Counting receipts after a campaign's end, on its schedule."""

import asyncio
from dataclasses import replace
from datetime import timedelta

from functions.domain.campaigns.campaign import Campaign
from functions.domain.campaigns.status import CampaignStatus
from functions.engine import paths
from functions.engine.kernel.lanes import POLL
from functions.engine.scheduling.poll import poll
from tests.engine.counting_store import CountingStore
from tests.engine.recording_channel import INVALID, SILENT
from tests.engine.world import ORG, World

MINUTE = timedelta(minutes=1)


async def ended(world: World) -> Campaign:
    """Return a campaign that has ended just now."""
    campaign = await world.create(await world.add_list(2))
    await world.finish(campaign)
    return campaign


async def counted(world: World, campaign: Campaign) -> tuple[int, bool]:
    """Return how often receipts were counted, and whether they are to be counted again."""
    lane = await world.store.get(paths.lane(ORG, campaign.id, POLL))
    assert lane is not None
    return lane.data["poll_count"], lane.data["wake_at"] is not None


async def test_where_somebody_was_reached_receipts_are_counted_once() -> None:
    """A call that was made stays one: nothing can make the campaign a failed one any more."""
    async with World() as world:
        campaign = await ended(world)
        await world.pass_time(60 * MINUTE)
        assert await counted(world, campaign) == (1, False)


async def test_they_are_counted_as_often_as_the_schedule_says_while_it_is_open() -> None:
    """Nobody knows what became of the calls; a count is one write."""
    async with World() as world:
        world.carrier.otherwise = SILENT
        campaign = await world.create(await world.add_list(2))
        await world.finish(campaign, within=timedelta(days=1))
        await world.pass_time(60 * MINUTE)
        times = len(world.limits.poll_after)
        assert await counted(world, campaign) == (times, False)


async def test_two_that_count_at_once_count_once() -> None:
    """A task that is delivered twice fails the campaign once, and comes back once."""
    async with World(task_copies=2) as world:
        world.carrier.otherwise = INVALID
        campaign = await ended(world)
        world.clock.advance(MINUTE)
        await asyncio.gather(*(poll(world.engine, ORG, campaign.id) for _ in range(2)))
        assert (await world.load(campaign)).status is CampaignStatus.FAILED
        assert await counted(world, campaign) == (1, False)


async def test_a_count_that_comes_too_early_reads_nothing_else() -> None:
    """Whoever was delivered twice has counted already."""
    async with World() as world:
        campaign = await ended(world)
        watched = CountingStore(world.store)
        await poll(replace(world.engine, store=watched), ORG, campaign.id)
        assert len(watched.asked) == 2
        assert await counted(world, campaign) == (0, True)
