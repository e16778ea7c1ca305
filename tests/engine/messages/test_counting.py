"""Where messages are counted: each with its lane, whoever changes them."""

from dataclasses import replace

from functions.domain.messages.ids import lane_number
from functions.domain.messages.message import MessageStatus
from functions.engine.messages import statistics
from tests.engine.counting_store import CountingStore
from tests.engine.recording_channel import INVALID
from tests.engine.world import World, number, with_limits


async def test_a_campaign_is_counted_in_as_many_documents_as_it_has_lanes() -> None:
    """Its launch, its lanes and its receipts count a message alike: with the message's lane."""
    async with World(with_limits(lanes=3)) as world:
        await world.suppress(number(7))
        world.carrier.script = {number(3): [INVALID]}
        campaign = await world.create(await world.add_list(40))
        await world.finish(campaign)
        watched = CountingStore(world.store)
        counts = await statistics.read_one(replace(world.engine, store=watched), campaign)
        assert len(watched.asked) == campaign.lanes == 3
        assert counts.by_status[MessageStatus.COMPLETED] == 38
        messages = await world.messages(campaign)
        for lane in range(3):
            of_lane = [each for each in messages if lane_number(each.id, 3) == lane]
            counted = await statistics.read_lane(world.engine, campaign, str(lane))
            assert counted.total == len(of_lane)
            completed = [each for each in of_lane if each.status == MessageStatus.COMPLETED]
            assert counted[MessageStatus.COMPLETED] == len(completed)
