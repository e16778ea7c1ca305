"""Statistics of campaigns that have ended stand in the campaigns, and stay those of their messages.

Every test of the engine ends with that comparison, before and after a fold (tests/engine/world.py).
"""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from functions.domain.campaigns.campaign import Campaign
from functions.domain.campaigns.status import Action
from functions.domain.contacts.phones import Phone
from functions.domain.kinds import CampaignKind
from functions.domain.messages.delivery_events import DeliveryEvent, EventKind, MessageRef
from functions.domain.messages.message import MessageStatus
from functions.engine import paths
from functions.engine.campaigns import copies, lifecycle
from functions.engine.campaigns.single_message import call_once
from functions.engine.delivery.dispatch import dispatch
from functions.engine.kernel.lanes import lane_names
from functions.engine.messages import statistics
from functions.engine.messages.tallies import MARGIN, TIERS
from functions.engine.ports.store import RefusedError
from functions.engine.reporting import overview, recalls
from functions.engine.reporting.overview import Search
from functions.engine.scheduling import delivery_days
from tests.engine.counting_store import CountingStore
from tests.engine.crashes import Crash, CrashingStore, CrashPoint
from tests.engine.plans.journeys import JourneyWorld
from tests.engine.recording_channel import INVALID, SILENT
from tests.engine.world import ORG, VOICE, World, with_limits
from tests.engine.wrapped_store import Do, Operation, WrappedStore

SECOND = timedelta(seconds=1)


async def ended(world: World, people: int = 3, name: str = "Spring") -> Campaign:
    """Return a campaign that has ended just now."""
    campaign = await world.create(await world.add_list(people, id_=name), name=name)
    await world.finish(campaign)
    return await world.load(campaign)


async def fold(world: World, tier: int = 0) -> None:
    """Let the time pass in which a tier ends, and have the check move and fold it."""
    world.clock.advance(TIERS[tier] + MARGIN)
    await delivery_days.move(world.engine)


async def opt_out(world: World, campaign: Campaign, of: int = 0) -> None:
    """Have somebody want no more calls, now."""
    message = (await world.messages(campaign))[of]
    ref, now = MessageRef(ORG, campaign.id, message.id), world.clock.now()
    await world.receive(DeliveryEvent(f"late-{of}", ref, message.attempt, EventKind.OPTED_OUT, now))


async def shards(world: World, campaign: Campaign) -> Sequence[str]:
    """Return the shards that there are."""
    found = await world.documents(f"{paths.campaign(ORG, campaign.id)}/statistics")
    return [each.id for each in found]


async def asked(world: World, campaign: Campaign) -> tuple[Sequence[str], int]:
    """Return what is read for a campaign's statistics, and how many have opted out."""
    watched = CountingStore(world.store)
    found = await world.load(campaign)
    counts = await statistics.read_one(replace(world.engine, store=watched), found)
    return watched.asked, counts.reactions["opted_out"]


async def test_nothing_is_read_beside_a_campaign_that_ended_an_hour_ago() -> None:
    """Its statistics stand in its own document; what counted them is gone."""
    async with World(limits=with_limits(lanes=3)) as world:
        campaign = await ended(world, people=40)
        assert await shards(world, campaign) == ["0", "1", "2"]
        assert len((await asked(world, campaign))[0]) == 3
        await fold(world)
        assert await shards(world, campaign) == []
        assert await asked(world, campaign) == ([], 0)
        counts = await statistics.read_one(world.engine, await world.load(campaign))
        assert counts[MessageStatus.COMPLETED] == 40


async def test_a_page_of_campaigns_that_have_ended_is_one_query() -> None:
    """Twenty of them, cancelled ones and one that never started among them."""
    async with World() as world:
        for number in range(18):
            await ended(world, people=1, name=f"Campaign {number}")
        await world.add_list(2)
        cancelled = await world.create(name="Cancelled")
        never = await world.create(name="Never", scheduled_at=world.clock.now() + SECOND)
        for each in (cancelled, never):
            await lifecycle.change(world.engine, ORG, each.id, Action.CANCEL, by="ann")
        await world.settle()
        await fold(world)
        watched = CountingStore(world.store)
        engine = replace(world.engine, store=watched)
        documents = await engine.store.query(Search().query(ORG))
        found = await overview.counted(engine, documents)
        told = await recalls.read(engine, [each.campaign for each in found])
        assert (len(found), len(watched.queries), watched.asked) == (20, 1, [])
        assert sum(each.counts.total for each in found) == 20
        assert [each and each.done for each in told if each] == [True]


@pytest.mark.parametrize("tier", [0, 1])
async def test_what_comes_later_is_counted_and_folded_again(tier: int) -> None:
    """Shards are read beside the campaign until the day, or the week, is over."""
    async with World() as world:
        campaign = await ended(world)
        await fold(world, tier)
        await opt_out(world, campaign, 0)
        await opt_out(world, campaign, 1)
        assert (await asked(world, campaign))[1] == 2
        assert await shards(world, campaign)
        await delivery_days.move(world.engine)
        assert (await world.load(campaign)).open_tier == tier + 1
        await fold(world, tier + 1)
        assert await asked(world, campaign) == ([], 2)
        assert await shards(world, campaign) == []


async def test_a_campaign_is_written_once_in_a_day_however_many_receipts_come() -> None:
    """A mailing is opened all day: its own document is not what every one of them waits for."""
    async with World() as world:
        campaign = await ended(world)
        await fold(world)
        versions = set()
        for number in range(3):
            await opt_out(world, campaign, number)
            versions.add((await lifecycle.load_with_version(world.engine, ORG, campaign.id))[1])
        assert len(versions) == 1


async def test_what_comes_after_a_week_is_added_to_the_campaign() -> None:
    """Nothing folds it any more, and nothing else is read for it."""
    async with World() as world:
        campaign = await ended(world)
        await fold(world, 2)
        await opt_out(world, campaign)
        assert await shards(world, campaign) == []
        assert await asked(world, campaign) == ([], 1)


async def test_what_comes_after_a_week_counts_where_nobody_has_folded_yet() -> None:
    """The checks have stood still: shards and campaign are read together until one folds them."""
    async with World() as world:
        campaign = await ended(world)
        world.clock.advance(TIERS[2] + SECOND)
        await opt_out(world, campaign)
        assert (await asked(world, campaign))[1] == 1
        await fold(world)
        assert await asked(world, campaign) == ([], 1)
        assert await shards(world, campaign) == []


async def test_who_counts_just_before_a_fold_has_it_wait_for_the_next() -> None:
    """An hour is over, and a receipt has come since: its day's end folds both."""
    async with World() as world:
        campaign = await ended(world)
        world.clock.advance(TIERS[0] + SECOND)
        await opt_out(world, campaign)
        await fold(world)
        assert await shards(world, campaign)
        await fold(world, 1)
        assert await asked(world, campaign) == ([], 1)


async def test_a_receipt_in_the_middle_of_a_fold_is_not_lost() -> None:
    """The fold is not made over what it has not read; it is done again later."""
    async with World() as world:
        campaign = await ended(world)
        world.clock.advance(TIERS[0] + MARGIN)

        async def receipt() -> None:
            await opt_out(world, campaign)

        world.interleave("commit", paths.DELIVERY_DAYS, receipt)
        await delivery_days.move(world.engine)
        assert (await asked(world, campaign))[1] == 1
        await fold(world, 1)
        assert await asked(world, campaign) == ([], 1)


async def test_statistics_that_are_folded_while_they_are_read_are_right() -> None:
    """They were asked for by a campaign that was not folded yet."""
    async with World() as world:
        campaign = await ended(world)
        world.clock.advance(TIERS[0] + MARGIN)

        async def fold_and_receive() -> None:
            await delivery_days.move(replace(world.engine, store=world.store))
            await opt_out(world, campaign)

        world.interleave("get", "/statistics/", fold_and_receive)
        counts = await statistics.read_one(world.engine, campaign)
        assert (counts.total, counts.reactions["opted_out"]) == (3, 1)


@pytest.mark.parametrize("after", [False, True])
async def test_a_fold_that_dies_is_made_whole_or_not_at_all(*, after: bool) -> None:
    """Two checks take it up at once; everybody counts once."""
    async with World() as world:
        campaign = await ended(world)
        world.clock.advance(TIERS[0] + MARGIN)
        store = CrashingStore(world.store, CrashPoint(1, after=after))
        with pytest.raises(Crash):
            await delivery_days.move(replace(world.engine, store=store))
        await world.check_statistics()
        await asyncio.gather(*(delivery_days.move(world.engine) for _ in range(2)))
        assert await shards(world, campaign) == []


async def test_a_document_that_takes_no_statistics_leaves_them_in_shards() -> None:
    """They are read there as before, and its days are moved all the same."""

    async def full(operation: Operation, do: Do) -> Any:
        if operation.name == "commit" and paths.campaign(ORG, campaign.id) in operation.paths:
            raise RefusedError("too large")
        return await do()

    async with World() as world:
        campaign = await ended(world)
        world.clock.advance(TIERS[0] + MARGIN)
        await delivery_days.move(replace(world.engine, store=WrappedStore(world.store, full)))
        assert await shards(world, campaign)
        assert len(await world.documents(paths.delivery_days(ORG))) == 1


async def test_a_single_message_is_counted_in_its_campaign_alone() -> None:
    """No shard is made for it, read or removed."""
    async with World() as world:
        world.carrier.otherwise = INVALID
        phone = Phone("+12025550100", "US", ("America/New_York",))
        campaign, _ = await call_once(world.engine, ORG, VOICE, phone)
        await world.finish(campaign)
        assert campaign.kind is CampaignKind.SINGLE
        assert await shards(world, campaign) == []
        watched = CountingStore(world.store)
        found = await world.load(campaign)
        counts = await statistics.read_one(replace(world.engine, store=watched), found)
        assert (counts[MessageStatus.FAILED], watched.asked) == (1, [])


async def test_whoever_calls_again_begins_to_count_anew() -> None:
    """A retry of a campaign whose statistics are folded has none of them."""
    async with World() as world:
        world.carrier.otherwise = INVALID
        campaign = await ended(world)
        await fold(world)
        again = await copies.retry(world.engine, ORG, campaign.id, by="ann", unknown=False)
        assert (await statistics.read_one(world.engine, again)).total == 0
        await world.finish(again)


async def test_walks_are_folded_with_the_messages() -> None:
    """A plan's people by status and node are told by its campaign, too."""
    async with JourneyWorld() as world:
        campaign = await world.begin()
        await world.enter(campaign, "ann@example.com", "bob@example.com")
        await lifecycle.change(world.engine, ORG, campaign.id, Action.CANCEL, by="ann")
        await world.settle()
        await fold(world)
        assert await shards(world, campaign) == []


async def test_a_process_that_slept_through_a_fold_counts_what_it_had_sent() -> None:
    """It knows the campaign as running; hours ago that was cancelled, and folded since."""
    async with World() as world:
        world.carrier.otherwise = SILENT
        campaign = await world.create(await world.add_list(1))

        async def sleep() -> None:
            world.carrier.on_send = None
            await lifecycle.change(world.engine, ORG, campaign.id, Action.CANCEL, by="ann")
            world.clock.advance(timedelta(minutes=5))
            for name in lane_names(campaign):
                await dispatch(world.engine, ORG, campaign.id, name)
            await fold(world)

        world.carrier.on_send = sleep
        await world.settle()
        (message,) = await world.messages(campaign)
        assert message.provider_id
        assert (await world.load(campaign)).open_tier == 1
