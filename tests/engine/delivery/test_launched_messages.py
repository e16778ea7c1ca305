"""What this process has just launched is sent without being read again."""

from dataclasses import replace
from datetime import timedelta

import pytest

from functions.engine import paths
from functions.engine.delivery.dispatch import dispatch
from functions.engine.delivery.launch import launch
from functions.engine.kernel import lanes
from functions.engine.kernel.claims import touch
from functions.engine.ports.store import Document, Update
from functions.engine.process import launched
from functions.engine.process.launched import LaunchedMessages
from tests.engine.counting_store import CountingStore
from tests.engine.delivery.test_launch import PAGED
from tests.engine.world import ORG, World, number


def watch(world: World) -> CountingStore:
    """Have the world's engine read through a store that takes notes."""
    watched = CountingStore(world.store)
    world.engine = replace(world.engine, store=watched)
    return watched


def read(watched: CountingStore) -> int:
    """Return how many messages were read that wait to be sent."""
    asked = zip(watched.queries, watched.found, strict=True)
    lanes = (found for query, found in asked if query.where and query.where[0].field == "lane")
    return sum(d.data["status"] == "pending" for found in lanes for d in found)


@pytest.mark.parametrize("people", [1, 2, 7])
async def test_what_was_launched_here_is_sent_unread(people: int) -> None:
    """Everybody is called, and no message was read before it was claimed."""
    async with World(PAGED) as world:
        watched = watch(world)
        await world.add_list(people)
        campaign = await world.create()
        await world.finish(campaign)
        assert world.carrier.called == {number(n): 1 for n in range(people)}
        assert read(watched) == 0


async def test_what_another_process_has_launched_is_read(world: World) -> None:
    """A process that has not launched a campaign sends it as well."""
    await world.add_list(5)
    campaign = await world.create()
    await world.launch_only(campaign)
    world.engine = world.new_engine()
    watched = watch(world)
    await world.finish(campaign)
    assert len(world.carrier.called) == read(watched) == 5


async def test_a_lane_that_others_have_held_is_read(world: World) -> None:
    """Another process may have sent what it found in the lane: only the store knows."""
    await world.add_list(9)
    campaign = await world.create()
    await world.launch_only(campaign)
    in_lane = sum(message.lane == "send-0" for message in await world.messages(campaign))
    held = await lanes.acquire(world.new_engine(), ORG, campaign.id, "0")
    assert held is not None
    await held.hand_on()
    watched = watch(world)
    await world.finish(campaign)
    assert read(watched) == in_lane > 0
    assert world.carrier.called == {number(n): 1 for n in range(9)}


async def test_what_has_changed_since_the_launch_is_read_again(world: World) -> None:
    """A message that somebody has written to is claimed as it stands now."""
    await world.add_list(3)
    campaign = await world.create()
    await world.launch_only(campaign)
    moved = await world.message_to(campaign, number(1))
    path = f"{paths.messages(ORG, campaign.id)}/{moved.id}"
    await world.store.commit(Update(path, {"address": number(9)}), touch(campaign, moved.id))
    await world.finish(campaign)
    assert world.carrier.called == {number(0): 1, number(9): 1, number(2): 1}


async def test_a_lane_does_not_wait_for_ever_for_a_launch_that_hangs(world: World) -> None:
    """A lane that is handed nothing more asks the store after a second."""
    await world.add_list(3)
    campaign = await world.create()
    await world.rewrite(campaign, lanes=1)
    await world.launch_only(campaign)
    world.engine.memory.launched.take(campaign, "send-0")
    before = world.clock.now()
    with world.engine.memory.launched.filling(campaign):
        await dispatch(world.engine, ORG, campaign.id, "0")
    assert len(world.carrier.called) == 3
    assert timedelta(seconds=1) <= world.clock.now() - before < timedelta(seconds=5)


async def test_only_what_is_due_is_handed_over(world: World) -> None:
    """Who must not be reached yet is left to the store, which knows when they can be."""
    world.engine = replace(world.engine, limits=replace(world.limits, windows=True))
    tokyo = ["Asia/Tokyo"]
    await world.add_list(2)
    await world.add_member("people", number(5), zones=tokyo)
    campaign = await world.create()
    await world.launch_only(campaign)
    handed = world.engine.memory.launched.take(campaign, "send-0")
    waiting = await world.message_to(campaign, number(5))
    assert waiting.reason == "quiet_hours"
    assert waiting.id not in {each.id for each in handed}


async def test_what_is_held_is_bounded(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A lane holds no more than it can soon send; of all lanes the oldest is forgotten first."""
    monkeypatch.setattr(launched, "_MOST", 5)
    await world.add_list(0)
    campaign = await world.create()
    held = LaunchedMessages()
    messages = [Document(f"orgs/o/campaigns/c/messages/{n}", 1, {}) for n in range(4)]
    held.give(campaign, "send-0", messages[:2], most=3)
    held.give(campaign, "send-0", messages[2:], most=3)
    held.give(campaign, "send-1", messages[:2], most=3)
    assert held.take(campaign, "send-0") == messages[:3]
    held.give(campaign, "send-0", messages, most=4)
    assert held.take(campaign, "send-1") == []
    assert held.take(campaign, "send-0") == messages
    assert held.take(campaign, "send-0") == []


async def test_what_is_launched_while_a_lane_looks_is_sent_once() -> None:
    """A lane finds in the store what it is being handed just then: everybody is called once."""
    async with World() as world:
        await world.add_list(3)
        campaign = await world.create()
        await world.rewrite(campaign, lanes=1)
        plain = world.engine
        world.interleave("query", "/send-0", lambda: launch(plain, ORG, campaign.id))
        await dispatch(world.engine, ORG, campaign.id, "0")
        world.engine = plain
        await world.finish(campaign)
        assert world.carrier.called == {number(n): 1 for n in range(3)}
