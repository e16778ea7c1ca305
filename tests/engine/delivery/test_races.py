"""Races, each brought about at its worst moment."""

import asyncio
from datetime import timedelta

import pytest

from functions.domain.campaigns.status import Action, CampaignStatus
from functions.engine import paths
from functions.engine.campaigns.lifecycle import change
from functions.engine.delivery.dispatch import dispatch
from functions.engine.delivery.launch import launch
from functions.engine.ports.queue import Task
from functions.engine.receipts.receive import receive
from functions.engine.worker import run
from tests.engine.recording_channel import BUSY, NO_ANSWER, SILENT
from tests.engine.world import ORG, World, number, with_limits

MINUTE = timedelta(minutes=1)


async def test_a_lane_does_not_end_a_campaign_whose_messages_are_just_being_created() -> None:
    """Launched between a lane's look at its messages and its look at the launch: all are sent."""
    async with World(with_limits(rate_per_s=10)) as world:
        await world.add_list(3)
        campaign = await world.create()
        lane = paths.lane(ORG, campaign.id, "launch")
        plain = world.engine
        world.interleave("get", lane, lambda: launch(plain, ORG, campaign.id))
        await dispatch(world.engine, ORG, campaign.id, "0")
        assert (await world.load(campaign)).status is not CampaignStatus.COMPLETED
        await world.finish(campaign)
        assert await world.statuses(campaign) == {"completed": 3}


@pytest.mark.parametrize("lane", ["send-0", "watch-0"])
async def test_a_receipt_between_two_looks_is_not_overlooked(lane: str) -> None:
    """A busy receipt that comes just as its lane looks around leads to the second attempt.

    It does so in time, although the only other message of the lane waits for tomorrow.
    """
    async with World(with_limits(rate_per_s=10, windows=True)) as world:
        world.clock.advance(timedelta(hours=2))  # New York's window opens
        await world.add_list(1)
        await world.add_member("people", number(1), zones=["Pacific/Auckland"])
        world.carrier.script = {number(0): [BUSY]}
        campaign = await world.create()
        await world.settle()
        world.carrier.forget_receipts()
        call = world.carrier.calls[0]
        assert call.end is not None
        event = call.event(call.end)
        plain = world.engine
        world.interleave("query", f"/{lane}", lambda: receive(plain, event))
        await dispatch(world.engine, ORG, campaign.id, "0")
        assert (await world.load(campaign)).status is CampaignStatus.RUNNING
        await world.pass_time(6 * MINUTE)
        assert world.carrier.called == {number(0): 2}


@pytest.mark.parametrize("copies", [2, 3])
async def test_every_task_delivered_several_times_at_once_does_no_harm(copies: int) -> None:
    """Queues deliver at least once: however often, each attempt is made once."""
    async with World(
        with_limits(launch_page=2, rate_per_s=50, lanes=2, live_calls_per_org=3),
        task_copies=copies,
    ) as world:
        await world.add_list([number(n) for n in range(8)] + [number(0)])
        world.carrier.script = {number(1): [BUSY, NO_ANSWER]}
        campaign = await world.create(scheduled_at=world.clock.now() + MINUTE)
        await world.finish(campaign)
        assert world.task_errors == []
        assert world.carrier.repeated == []
        assert world.carrier.rung_after_talking == []
        assert world.carrier.most_live <= 3
        assert await world.statuses(campaign) == {"completed": 8, "skipped": 1}


async def test_two_launchers_make_each_message_once() -> None:
    """Of two launches at once one holds the lane; together they plan everybody once."""
    async with World(with_limits(launch_page=2)) as world:
        await world.add_list(9)
        campaign = await world.create()
        task = Task("lane", {"org": ORG, "campaign": campaign.id, "lane": "launch"})
        await asyncio.gather(*(run(world.engine, task) for _ in range(5)))
        await world.finish(campaign)
        assert world.carrier.called == {number(n): 1 for n in range(9)}


async def test_two_lanes_that_end_at_once_complete_the_campaign() -> None:
    """Whichever lane comes to rest last ends the campaign, and it ends once."""
    async with World(with_limits(rate_per_s=100, lanes=2)) as world:
        await world.add_list(20)
        campaign = await world.create()
        assert campaign.lanes == 2
        await world.finish(campaign)
        ended = [
            e for e in await world.documents(f"orgs/{ORG}/audit") if e.data["action"] == "complete"
        ]
        assert len(ended) == 1


@pytest.mark.parametrize(
    ("moment", "where"),
    [("get", "/live-calls"), ("commit", "/live-calls"), ("commit", "/messages/")],
)
async def test_who_has_lost_a_lane_takes_no_slot_from_its_new_holder(
    moment: str, where: str
) -> None:
    """A worker that finds its lane taken over leaves the live calls of the other their slots.

    It is paused, resumed and worked off by another process just before it looks for slots, takes
    them, or has taken the same ones.
    """
    async with World(with_limits(rate_per_s=10, live_calls_per_org=3)) as world:
        await world.add_list(3)
        world.carrier.otherwise = SILENT
        campaign = await world.create()
        await world.launch_only(campaign)
        other = world.new_engine()

        async def take_over() -> None:
            for action in (Action.PAUSE, Action.RESUME):
                await change(other, ORG, campaign.id, action, by="ann")
            world.clock.advance(timedelta(seconds=1))
            await dispatch(other, ORG, campaign.id, "0")

        world.interleave(moment, where, take_over)
        await dispatch(world.engine, ORG, campaign.id, "0")
        assert world.carrier.live == 3
        assert world.carrier.repeated == []
        assert await world.slots() == {"org": 3, "all": 3}
