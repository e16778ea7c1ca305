"""What all organisations may call together is shared by them, exactly, and never left unused."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from functions.engine import paths
from functions.engine.kernel import lanes
from functions.engine.kernel.lanes import LaneLease
from functions.engine.pacing import live_calls
from functions.engine.pacing.lane_slots import LaneSlots
from tests.engine.counting_store import CountingStore
from tests.engine.interleaving import InterleavingStore
from tests.engine.world import ORG, World, with_limits

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
TOTAL, MOST = 10, 8
LIMITS = with_limits(live_calls_total=TOTAL, live_calls_per_org=MOST)
ORGS = ("ant", "bee", "cat")


#: So often an organisation that finds no room asks again.
PATIENCE = 6


class Organisation:
    """One that makes calls, by a process of its own."""

    def __init__(self, world: World, name: str, lease: LaneLease) -> None:
        self.name = name
        self._world = world
        self._calls = 0
        campaign = replace(lease.campaign, org=name)
        self.lease = replace(lease, engine=world.new_engine(), campaign=campaign)

    async def call(self, count: int, *, patience: int = PATIENCE) -> int:
        """Begin so many calls, or as many as there is room for; return how many."""
        engine, begun = self.lease.engine, 0
        while begun < count:
            again_at = await live_calls.find_room(engine, self.name, count - begun)
            if again_at is not None and not patience:
                break
            if again_at is not None:
                patience -= 1
                self._world.clock.advance(again_at - engine.clock.now())
                continue
            ids = [f"{self.name}-{self._calls + n}" for n in range(count - begun)]
            taken = await LaneSlots(self.lease).take(ids)
            self._calls += len(ids)
            begun += len(taken.ids)
        return begun

    async def hang_up(self, count: int) -> None:
        """End so many calls."""
        stored = await self._world.store.get(paths.live_calls(self.name))
        ids = list(stored.data["held"])[:count] if stored else []
        send = self.lease.campaign.own_send
        await live_calls.free_now(self.lease.engine, self.name, send, ids)

    async def under_way(self) -> int:
        """Count its calls."""
        return await self._world._slots_of(self.name)


async def organisations(world: World) -> list[Organisation]:
    """Return three organisations."""
    await world.add_list(1)
    campaign = await world.create()
    lease = await lanes.acquire(world.engine, ORG, campaign.id, "0")
    assert lease is not None
    return [Organisation(world, name, lease) for name in ORGS]


@pytest.fixture
async def world() -> AsyncIterator[World]:
    """Give a world in which ten calls may be under way, eight of them of one organisation."""
    async with World(LIMITS) as world:
        yield world


async def room_of_all(world: World) -> int:
    """Return how much of the total is given away, and see to it that nobody has more calls."""
    everybody = await world.store.get(paths.ALL_LIVE_CALLS)
    now = world.clock.now()
    rooms = everybody.data["rooms"] if everybody else {}
    given = {org: each["room"] for org, each in rooms.items() if each["until"] > now}
    for org in ORGS:
        assert await world._slots_of(org) <= given.get(org, 0)
    return sum(given.values())


async def test_a_call_changes_its_organisations_document_alone(world: World) -> None:
    """What all share is asked for once, not for every call."""
    ant, _, _ = await organisations(world)
    await ant.call(1)
    store = CountingStore(world.store)
    ant.lease = replace(ant.lease, engine=replace(ant.lease.engine, store=store))
    for _ in range(5):
        await ant.call(1)
    assert paths.ALL_LIVE_CALLS not in store.read + store.written


async def test_what_one_does_not_use_another_takes_over(world: World) -> None:
    """Its processes need not live: eight were given, one is used, and nobody gives any back."""
    ant, bee, _ = await organisations(world)
    await ant.call(1)
    assert await bee.call(MOST) == MOST
    assert await room_of_all(world) <= TOTAL


async def test_who_has_more_than_its_share_gives_it_up_call_by_call(world: World) -> None:
    """Eight are under way as another begins: both come to five, and no call is cut off."""
    ant, bee, _ = await organisations(world)
    assert await ant.call(MOST) == MOST
    assert await bee.call(MOST) == TOTAL - MOST
    for _ in range(6):
        await ant.hang_up(1)
        await ant.call(1, patience=0)
        await bee.call(MOST)
    assert (await ant.under_way(), await bee.under_way()) == (5, 5)
    assert await room_of_all(world) == TOTAL


async def test_a_share_that_is_not_wanted_any_more_goes_to_who_wants_it(world: World) -> None:
    """The other has hung up and has nobody left to call."""
    ant, bee, _ = await organisations(world)
    await ant.call(MOST)
    await bee.call(MOST)
    await bee.hang_up(MOST)
    await ant.hang_up(MOST)
    world.clock.advance(2 * MINUTE)
    assert await ant.call(MOST) == MOST


async def test_an_allotment_lapses_with_its_calls(world: World) -> None:
    """An organisation that is never heard of again leaves nothing taken."""
    ant, bee, _ = await organisations(world)
    await ant.call(MOST)
    world.clock.advance(world.policy.longest_call + HOUR)
    assert await bee.call(MOST) == MOST
    assert await room_of_all(world) == MOST


async def test_two_that_ask_at_once_are_given_no_more_than_there_is(world: World) -> None:
    """One looks just before the other writes."""
    ant, bee, _ = await organisations(world)

    def is_it(operation: str, asked: Any) -> bool:
        return operation == "commit" and paths.ALL_LIVE_CALLS in asked

    store = InterleavingStore(world.store, is_it, lambda: bee.call(MOST))
    ant.lease = replace(ant.lease, engine=replace(ant.lease.engine, store=store))
    begun = await ant.call(MOST)
    assert begun + await bee.under_way() <= TOTAL
    assert await room_of_all(world) <= TOTAL


steps = st.lists(
    st.tuples(
        st.sampled_from(ORGS),
        st.sampled_from(["call", "hang up", "wait", "die"]),
        st.integers(1, MOST),
    ),
    max_size=25,
)


@settings(max_examples=25, deadline=None)
@given(steps)
def test_whoever_asks_when_for_how_much_the_total_holds(
    events: list[tuple[str, str, int]],
) -> None:
    """After each step nobody has more calls than they were given, and all no more than ten."""
    asyncio.run(_live(events))


async def _live(events: list[tuple[str, str, int]]) -> None:
    async with World(LIMITS) as world:
        everybody = {each.name: each for each in await organisations(world)}
        for name, what, count in events:
            org = everybody[name]
            if what == "call":
                await org.call(count, patience=1)
            elif what == "hang up":
                await org.hang_up(count)
            elif what == "die":
                everybody[name] = Organisation(world, name, org.lease)
            else:
                world.clock.advance(count * 10 * MINUTE)
            assert await room_of_all(world) <= TOTAL
            assert sum([await each.under_way() for each in everybody.values()]) <= TOTAL
