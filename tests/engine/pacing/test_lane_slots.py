"""Slots of the next calls: taken ahead where much is free, used without a write, given back."""

from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

import pytest

from functions.domain.campaigns.status import Action
from functions.engine import paths
from functions.engine.campaigns.lifecycle import change
from functions.engine.kernel.lanes import LaneLease
from functions.engine.kernel.lease import LeaseLostError
from functions.engine.pacing import live_calls
from functions.engine.pacing.lane_slots import LaneSlots
from functions.engine.ports.store import Update
from tests.engine.counting_store import CountingStore
from tests.engine.crashes import Crash, CrashPoint, mortal
from tests.engine.pacing.test_live_calls import lease_on
from tests.engine.recording_channel import SILENT
from tests.engine.world import ORG, World, with_limits

SECOND = timedelta(seconds=1)

NEXT = [f"next-{number}" for number in range(20)]


@pytest.fixture
async def world() -> AsyncIterator[World]:
    """Give a world in which an organisation may have ten calls at a time."""
    async with World(with_limits(live_calls_per_org=10, rate_per_s=20, lanes=1)) as world:
        yield world


class Rig:
    """A lane that takes slots, and what it writes for that."""

    def __init__(self, world: World, lease: LaneLease) -> None:
        self.world = world
        self.counting = CountingStore(world.store)
        self.lease = replace(lease, engine=replace(lease.engine, store=self.counting))
        self.slots = LaneSlots(self.lease)

    async def take(self, *ids: str, following: Sequence[str] = ()) -> Sequence[str]:
        """Take slots for messages, and perhaps for those that follow."""
        await live_calls.find_room(self.lease.engine, ORG, len(ids))
        self.counting.written.clear()
        return list((await self.slots.take(ids, following)).ids)

    async def held(self) -> int:
        """Return how many slots are held."""
        return (await self.world.slots())["org"]


async def rig_in(world: World) -> Rig:
    """Return a lane that nobody works on."""
    return Rig(world, await lease_on(world, world.engine))


async def test_who_follows_has_a_slot_already_and_writes_nothing(world: World) -> None:
    """One write takes five, of ten; half of what is free is left to others."""
    rig = await rig_in(world)
    assert await rig.take("a", following=NEXT) == ["a"]
    assert await rig.held() == 1 + (10 - 1) // 2
    for id_ in NEXT[:4]:
        assert rig.slots.has(id_)
        assert await rig.take(id_, following=NEXT[5:]) == [id_]
        assert rig.counting.written == []
    assert await rig.take(NEXT[4], following=NEXT[5:]) == [NEXT[4]]
    assert rig.counting.written == [paths.live_calls(ORG)]
    assert await rig.held() == 6 + (10 - 6) // 2


async def test_where_little_is_free_nothing_is_taken_ahead(world: World) -> None:
    """The last one is for whoever needs it now."""
    rig = await rig_in(world)
    assert len(await rig.take(*(f"m{n}" for n in range(9)), following=NEXT)) == 9
    assert await rig.held() == 9


async def test_what_is_not_sent_after_all_is_given_back(world: World) -> None:
    """At the end, and with the next taking where others come first."""
    rig = await rig_in(world)
    await rig.take("a", following=["b", "c"])
    assert await rig.held() == 3
    await rig.take("d", following=["e"])
    assert await rig.held() == 3
    await rig.slots.give_back()
    assert await rig.held() == 2
    rig.counting.written.clear()
    await rig.slots.give_back()
    assert rig.counting.written == []


async def test_a_slot_that_was_taken_ahead_serves_where_the_room_has_become_less(
    world: World,
) -> None:
    """Nobody turns in circles for a slot that they hold."""
    rig = await rig_in(world)
    await rig.take("a", following=["b"])
    await world.store.commit(Update(paths.live_calls(ORG), {"room": 1}))
    world.engine.memory.live_slots.of(ORG).forget()
    assert (await rig.slots.take(["b", "c"])).ids == ["b"]
    assert await rig.held() == 2


async def test_a_slot_of_the_lanes_next_holder_is_not_taken_for_ours(world: World) -> None:
    """Who has lost the lane finds that out; what they took ahead is the other's by then."""
    rig = await rig_in(world)
    await rig.take("a", following=["b"])
    for action in (Action.PAUSE, Action.RESUME):
        await change(world.engine, ORG, rig.lease.campaign.id, action, by="ann")
    world.clock.advance(SECOND)
    engine = world.new_engine()
    with pytest.raises(LeaseLostError):
        await LaneSlots(replace(rig.lease, engine=engine)).take(["b"])
    await live_calls.free_now(engine, ORG, rig.lease.campaign.own_send, ["b"])
    assert await rig.held() == 1


async def test_a_pause_gives_back_what_was_taken_ahead(world: World) -> None:
    """Only the calls that are under way hold a slot in a campaign that is paused."""
    world.carrier.otherwise = SILENT
    await world.add_list(30)
    campaign = await world.create()

    async def pause() -> None:
        if len(world.carrier.calls) == 3:
            await change(world.new_engine(), ORG, campaign.id, Action.PAUSE, by="ann")

    world.carrier.on_send = pause
    await world.settle()
    assert 3 <= world.carrier.live <= 3 + 5  # a quarter of a second was claimed
    assert (await world.slots())["org"] == world.carrier.live


@pytest.mark.parametrize("after", [False, True])
async def test_who_follows_a_process_that_died_calls_by_the_slots_that_it_had_taken_ahead(
    *, after: bool
) -> None:
    """Killed at any side effect: nobody is called twice, and no slot is held in the end."""
    at = 1
    while await _die_at(at, after=after):
        at += 1
    assert at > 1


async def _die_at(at: int, *, after: bool) -> bool:
    """Die at this side effect of two calls, and let another process go on; False: none left."""
    async with World(with_limits(live_calls_per_org=10, rate_per_s=2, lanes=1)) as world:
        await world.add_list(2)
        campaign = await world.create()
        point = CrashPoint(at, after=after)
        world.engine = mortal(world.engine, point)
        with suppress(Crash):
            await world.pass_time(4 * SECOND, checks=False)
        world.queue = world.new_queue()
        world.engine = world.new_engine()
        await world.finish(campaign)
        await world.pass_time(
            2 * SECOND, checks=False
        )  # the carrier tells once more what nobody has taken
        assert world.carrier.repeated == []
        assert await world.slots() == {"org": 0, "all": 0}
        return point.is_dead
