"""A process remembers a campaign for two seconds: what has changed since decides all the same."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from functions.domain.campaigns.status import Action, CampaignStatus
from functions.domain.messages.delivery_events import EventKind, Retry
from functions.engine import paths
from functions.engine.campaigns import lifecycle
from functions.engine.kernel.engine import CAMPAIGN_LIFE
from functions.engine.kernel.lanes import lane_names
from functions.engine.receipts.receive import receive
from tests.engine.counting_store import CountingStore
from tests.engine.plans.journeys import JourneyWorld
from tests.engine.receipts.test_sharing import another_process, events, sent
from tests.engine.world import ORG, World, number

K = EventKind
MINUTE = timedelta(minutes=1)


async def test_a_campaign_is_read_once_in_two_seconds(world: World) -> None:
    """Receipts that come one by one read it once, until that is too long ago."""
    campaign = await sent(world, 3)
    counting = CountingStore(world.engine.store)
    world.engine = replace(world.engine, store=counting)
    for told in await events(world, campaign, K.DELIVERED):
        await receive(world.engine, told)
    world.clock.advance(CAMPAIGN_LIFE)
    for told in await events(world, campaign, K.READ):
        await receive(world.engine, told)
    assert counting.asked.count(paths.campaign(ORG, campaign.id)) == 2


async def test_what_fails_just_after_a_pause_waits_for_the_campaign_to_be_resumed(
    world: World,
) -> None:
    """Nobody wakes a lane of a campaign that another process has paused a moment ago."""
    campaign = await sent(world, 2, call=True)
    ringing, busy = (
        await events(world, campaign, K.RINGING),
        await events(world, campaign, K.FAILED),
    )
    await receive(world.engine, ringing[0])
    await lifecycle.change(another_process(world), ORG, campaign.id, Action.PAUSE, by="ann")
    for each in busy:
        await receive(world.engine, replace(each, reason="busy", retry=Retry.LATER))
    lanes = [paths.lane(ORG, campaign.id, name) for name in lane_names(campaign)]
    found = [each for each in await world.store.get_many(lanes) if each]
    assert {each.data["wake_at"] for each in found} == {None}
    await lifecycle.change(world.engine, ORG, campaign.id, Action.RESUME, by="ann")
    await world.pass_time(10 * MINUTE)
    assert world.carrier.called == {number(0): 2, number(1): 2}
    for each in await events(world, campaign, K.COMPLETED):
        await receive(world.engine, each)
    await world.finish(campaign)


@pytest.mark.parametrize(
    ("before", "since"),
    [
        ((), (Action.PAUSE, Action.RESUME)),
        ((Action.PAUSE,), (Action.RESUME,)),
        ((Action.PAUSE,), (Action.RESUME, Action.PAUSE, Action.RESUME)),
    ],
)
async def test_the_last_call_ends_its_campaign_that_was_resumed_a_moment_ago(
    world: World, before: Sequence[Action], since: Sequence[Action]
) -> None:
    """Remembered as paused, or as it was before that: its lane is woken, and nobody waits."""
    campaign = await sent(world, 1, call=True)
    for action in before:
        await lifecycle.change(another_process(world), ORG, campaign.id, action, by="ann")
    await receive(world.engine, (await events(world, campaign, K.RINGING))[0])
    for action in since:
        await lifecycle.change(another_process(world), ORG, campaign.id, action, by="ann")
        await world.settle()
    await receive(world.engine, (await events(world, campaign, K.COMPLETED))[0])
    await world.settle()
    assert (await world.load(campaign)).status is CampaignStatus.COMPLETED


async def test_a_text_that_fails_just_after_its_campaign_has_ended_is_not_tried_again(
    world: World,
) -> None:
    """Remembered as running, it is asked for anew before another attempt is promised."""
    campaign = await sent(world, 1)
    ended = await world.load(campaign)
    assert ended.has_ended
    running = replace(ended, status=CampaignStatus.RUNNING, ended_at=None)
    path = paths.campaign(ORG, campaign.id)
    world.engine.memory.campaigns.keep(path, running, now=world.clock.now())
    (failed,) = await events(world, campaign, K.FAILED)
    await receive(world.engine, replace(failed, reason="provider_30003", retry=Retry.LATER))
    (message,) = await world.messages(campaign)
    assert (message.status, message.attempt) == ("failed", 1)


async def test_a_receipt_by_a_route_that_a_plan_has_only_now_is_applied() -> None:
    """Whoever has remembered the campaign without the route reads it."""
    async with JourneyWorld() as world:
        campaign = await world.begin()
        await world.enter(campaign)
        older = replace(await world.load(campaign), routes=())
        path = paths.campaign(ORG, campaign.id)
        world.engine.memory.campaigns.keep(path, older, now=world.clock.now())
        await world.tell(campaign, "hello", K.READ)
        assert world.sent == ["hello", "thanks"]


async def test_so_many_campaigns_are_remembered_and_no_more(world: World) -> None:
    """Those that were read longest ago are forgotten first."""
    known, now = world.engine.memory.campaigns, world.clock.now()
    campaign = await sent(world, 1)
    for n in range(300):
        known.keep(str(n), campaign, now=now)
    assert known.get("0", now=now) is None
    assert known.get("299", now=now) is not None
    assert known.get("299", now=now + CAMPAIGN_LIFE) is None
