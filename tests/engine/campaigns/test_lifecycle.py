"""Pausing, resuming and cancelling a campaign that runs."""

import asyncio
from datetime import timedelta

import pytest

from functions.domain.campaigns.campaign import Campaign
from functions.domain.campaigns.status import Action, CampaignStatus
from functions.domain.errors import WrongStatusError
from functions.engine.campaigns import lifecycle
from functions.engine.delivery.dispatch import dispatch
from functions.engine.reporting.progress import progress_of
from tests.engine.recording_channel import BUSY, NO_ANSWER
from tests.engine.world import ORG, World, after_turns, number, with_limits

SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
SLOW = with_limits(rate_per_s=2)


async def _do(world: World, campaign: Campaign, action: Action) -> Campaign:
    return await lifecycle.change(world.engine, ORG, campaign.id, action, by="ann")


async def _launch(world: World, people: int) -> Campaign:
    """Create a campaign and its messages; nothing is sent yet."""
    await world.add_list(people)
    campaign = await world.create()
    await world.launch_only(campaign)
    return campaign


async def _pause_after(world: World, campaign: Campaign, sends: int) -> None:
    """Have the campaign paused in the midst of its n-th request."""

    async def pause() -> None:
        if len(world.carrier.requests) == sends:
            await _do(world, campaign, Action.PAUSE)

    world.carrier.on_send = pause


@pytest.mark.parametrize("sends", [1, 2, 5])
async def test_a_pause_stops_all_but_those_in_hand(sends: int) -> None:
    """Once a pause has returned, only a second's worth that was claimed before still goes out."""
    async with World(SLOW) as world:
        campaign = await _launch(world, 20)
        await _pause_after(world, campaign, sends)
        await world.pass_time(10 * MINUTE)
        assert (await world.load(campaign)).status is CampaignStatus.PAUSED
        assert sends <= len(world.carrier.requests) <= sends + 1
        assert (await world.statuses(campaign))["pending"] == 20 - len(world.carrier.requests)


async def test_a_paused_campaign_keeps_its_receipts() -> None:
    """Calls under way when a campaign is paused come to their end, and their slots are freed."""
    async with World(SLOW) as world:
        campaign = await _launch(world, 5)
        await _pause_after(world, campaign, 2)
        await world.pass_time(MINUTE)
        assert await world.statuses(campaign) == {"completed": 2, "pending": 3}
        assert await world.slots() == {"org": 0, "all": 0}


async def test_a_resumed_campaign_goes_on_where_it_was(world: World) -> None:
    """Nobody is called again and nobody is left out."""
    campaign = await _launch(world, 20)
    await _pause_after(world, campaign, 7)
    await world.pass_time(MINUTE)
    await _do(world, campaign, Action.RESUME)
    await world.finish(campaign)
    assert world.carrier.called == {number(n): 1 for n in range(20)}


async def test_what_came_due_during_a_pause_is_sent_after_it(world: World) -> None:
    """A second attempt whose time came during the pause is made when the campaign is resumed."""
    world.carrier.script = {number(0): [BUSY]}
    campaign = await _launch(world, 1)
    await _pause_after(world, campaign, 1)
    await world.pass_time(30 * MINUTE)
    assert len(world.carrier.requests) == 1
    await _do(world, campaign, Action.RESUME)
    await world.settle()
    assert len(world.carrier.requests) == 2


@pytest.mark.parametrize("turns", range(0, 200, 10))
async def test_pause_then_resume_never_has_two_loops_calling(turns: int) -> None:
    """However often it is paused and resumed at once, each person is called by one loop only.

    A new dispatch begins with each resume while the old one may still be at work.
    """
    async with World(with_limits(rate_per_s=10, live_calls_per_org=6)) as world:
        campaign = await _launch(world, 30)

        async def again(turns: int) -> None:
            for _ in range(6):
                await after_turns(turns, _do(world, campaign, Action.PAUSE))
                await _do(world, campaign, Action.RESUME)

        await asyncio.gather(
            again(turns),
            *(dispatch(world.engine, ORG, campaign.id, "0") for _ in range(3)),
            world.settle(),
        )
        await world.finish(campaign)
        assert world.carrier.repeated == []
        assert world.carrier.called == {number(n): 1 for n in range(30)}
        assert world.carrier.most_live <= 6
        assert await world.slots() == {"org": 0, "all": 0}


async def test_several_tasks_on_one_lane_call_as_one(world: World) -> None:
    """Of many tasks for one lane at once, one works, and the others find it taken."""
    campaign = await _launch(world, 30)
    await asyncio.gather(*(dispatch(world.engine, ORG, campaign.id, "0") for _ in range(10)))
    await world.finish(campaign)
    assert world.carrier.repeated == []
    assert sum(world.carrier.called.values()) == 30


async def test_a_cancel_writes_off_whoever_was_not_called(world: World) -> None:
    """Those who waited, for their turn or for another attempt, are cancelled at once, with why."""
    world.carrier.script = {number(n): [BUSY] for n in range(3)}
    campaign = await _launch(world, 6)
    world.carrier.otherwise = NO_ANSWER
    await world.pass_time(20 * SECOND)
    assert await world.statuses(campaign) == {"pending": 6}
    await _do(world, campaign, Action.CANCEL)
    await world.settle()
    messages = await world.messages(campaign)
    assert {(m.status, m.reason) for m in messages} == {("cancelled", "campaign_cancelled")}
    requests = len(world.carrier.requests)
    await world.pass_time(30 * MINUTE)
    assert len(world.carrier.requests) == requests


async def test_calls_under_way_outlive_a_cancel(world: World) -> None:
    """Calls that are with the carrier when a campaign is cancelled come to their own end."""
    campaign = await _launch(world, 2)

    async def cancel() -> None:
        if len(world.carrier.requests) == 1:
            await _do(world, campaign, Action.CANCEL)

    world.carrier.on_send = cancel
    await world.settle()
    shown = await progress_of(world.engine, ORG, campaign.id)
    assert shown.in_flight == len(world.carrier.calls)
    await world.pass_time(MINUTE)
    assert (await world.statuses(campaign))["completed"] == len(world.carrier.calls)
    assert await world.slots() == {"org": 0, "all": 0}


async def test_a_paused_campaign_can_be_cancelled(world: World) -> None:
    """A cancel after a pause writes off those who still waited."""
    campaign = await _launch(world, 3)
    await _do(world, campaign, Action.PAUSE)
    await _do(world, campaign, Action.CANCEL)
    await world.settle()
    assert await world.statuses(campaign) == {"cancelled": 3}
    assert world.carrier.requests == []


async def test_one_of_two_at_once_is_told_that_it_came_second(world: World) -> None:
    """Of two pauses at once, one succeeds, and the other is told that it is paused already."""
    campaign = await _launch(world, 1)
    done = await asyncio.gather(
        _do(world, campaign, Action.PAUSE),
        _do(world, campaign, Action.PAUSE),
        return_exceptions=True,
    )
    [error] = [each for each in done if isinstance(each, WrongStatusError)]
    assert str(error) == "Campaign is already paused"


async def test_a_completed_campaign_is_left_alone(world: World) -> None:
    """Nothing can be done with a campaign that has come to its end."""
    campaign = await _launch(world, 1)
    await world.finish(campaign)
    for action in (Action.PAUSE, Action.RESUME, Action.CANCEL):
        with pytest.raises(WrongStatusError, match=f"Cannot {action} completed campaign"):
            await _do(world, campaign, action)
