"""Live-call slots: exact over all workers, and next to nothing to pay for them or for waiting."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from functions.domain.messages.delivery_events import EventKind
from functions.engine import paths
from functions.engine.kernel import lanes
from functions.engine.kernel.engine import Engine
from functions.engine.kernel.lanes import LaneLease
from functions.engine.pacing import live_calls
from functions.engine.pacing.lane_slots import LaneSlots
from functions.engine.ports.channel import Traits
from tests.engine.counting_store import CountingStore
from tests.engine.pacing.test_reserving import count, of_rates
from tests.engine.recording_channel import SILENT, Fate, Receipt
from tests.engine.two_process_world import TwoProcessWorld
from tests.engine.world import ORG, World, with_limits

SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
#: A call of twenty seconds.
TALK = Fate((Receipt(20, EventKind.COMPLETED),))


@pytest.fixture
async def world() -> AsyncIterator[TwoProcessWorld]:
    """Give a world of two processes, in which an organisation may have ten calls at a time."""
    limits = with_limits(rate_per_s=100, live_calls_per_org=10, live_calls_total=50)
    async with TwoProcessWorld(limits) as world:
        world.changing.traits = Traits(holds_live_call=True)
        world.changing.fate_at = lambda _: TALK
        yield world


# --- Waiting ----------------------------------------------------------------------------------


async def test_a_minute_of_waiting_for_a_free_call_writes_nothing(world: TwoProcessWorld) -> None:
    """A hundred people wait for ten calls without an end: the store is asked a few times.

    The lane's lease is kept, and nothing else; nobody looks who may be called meanwhile.
    """
    world.changing.fate_at = lambda _: SILENT
    counting = count(world)
    await world.add_list(110)
    await world.create()
    await world.run_for(2 * SECOND)
    assert len(world.changing.calls) == 10
    counting.read.clear()
    counting.written.clear()
    await world.run_for(MINUTE)
    assert of_rates(counting.written) == 0
    assert of_rates(counting.read) <= 20
    assert not [path for path in counting.read if "/messages/" in path]
    assert sum("/lanes/" in path for path in counting.written) <= 60 / 7
    assert not [path for path in counting.read if "suppressions" in path]


async def test_calls_that_wait_for_one_another_pay_a_write_each(world: TwoProcessWorld) -> None:
    """Whose slot becomes free, and who takes it, is one commit, and hardly ever read."""
    counting = count(world)
    await world.add_list(100)
    campaign = await world.create()
    await world.finish(campaign)
    assert of_rates(counting.written) <= 0.5 * 100
    assert of_rates(counting.read) <= 1.5 * 100
    assert world.changing.most_live == 10
    assert await world.slots() == {"org": 0, "all": 0}


async def test_two_processes_keep_to_the_limit_together(world: TwoProcessWorld) -> None:
    """Neither is told by the other whose call has ended, and both go on."""
    await world.add_list(60)
    campaigns = [await world.create(name=name) for name in "ab"]
    for campaign in campaigns:
        await world.finish(campaign)
    assert world.changing.most_live == 10
    assert set(world.changing.called.values()) == {2}
    assert await world.slots() == {"org": 0, "all": 0}
    first, last = world.changing.calls[0].at, world.changing.calls[-1].at
    assert last - first <= 11 * 20 * SECOND * 1.35  # eleven rounds, each with a look now and then


async def test_a_lost_hangup_holds_its_slot_no_longer_than_the_longest_call(
    world: TwoProcessWorld,
) -> None:
    """Whoever waits for it sees that it has freed itself, without a word from anybody."""
    world.changing.fate_at = lambda _: SILENT
    await world.add_list(11)
    await world.create()
    longest = world.policy.longest_call + live_calls.MARGIN
    await world.pass_time(longest + MINUTE)
    assert len(world.changing.calls) == 11


# --- One commit for several -------------------------------------------------------------------


async def lease_on(world: World, engine: Engine) -> LaneLease:
    """Return a lane that nobody works on."""
    await world.add_list(1)
    campaign = await world.create()
    lease = await lanes.acquire(engine, ORG, campaign.id, "0")
    assert lease is not None
    return lease


def patient(world: World) -> tuple[Engine, CountingStore]:
    """Return a process in which ended calls wait for others, and what it asks of the store."""
    limits = replace(world.limits, live_call_freed_within=timedelta(seconds=30))
    counting = CountingStore(world.store)
    return replace(world.engine, limits=limits, store=counting), counting


async def take(lease: LaneLease, ids: Sequence[str]) -> Sequence[str]:
    """Take slots for messages."""
    await live_calls.find_room(lease.engine, ORG, len(ids))
    return (await LaneSlots(lease).take(ids)).ids


async def started(work: Any) -> "asyncio.Task[None]":
    """Begin something, and let it come to where it waits."""
    task = asyncio.create_task(work)
    while not task.done() and not await _waits():
        pass
    return task


async def _waits() -> bool:
    for _ in range(20):
        await asyncio.sleep(0)
    return True


async def test_calls_that_have_ended_are_given_back_by_who_takes_the_next_slot() -> None:
    """One write frees and takes, and only then is anybody told that the ends are noted."""
    async with World(with_limits(live_calls_per_org=3)) as world:
        engine, counting = patient(world)
        lease = await lease_on(world, engine)
        assert await take(lease, ["a", "b", "c", "d"]) == ["a", "b", "c"]
        counting.written.clear()
        send = lease.campaign.own_send
        ends = [await started(live_calls.free(engine, ORG, send, [id_])) for id_ in "ab"]
        assert counting.written == []
        assert not any(end.done() for end in ends)
        assert await take(lease, ["d"]) == ["d"]
        await asyncio.gather(*ends)
        assert counting.written == [paths.live_calls(ORG)]
        assert await world.slots() == {"org": 2, "all": 2}


async def test_many_calls_that_end_wait_for_nobody() -> None:
    """Where nobody takes a slot, twenty ends share a write."""
    async with World() as world:
        engine, counting = patient(world)
        lease = await lease_on(world, engine)
        ids = [f"m{n}" for n in range(20)]
        assert await take(lease, ids) == ids
        counting.written.clear()
        send = lease.campaign.own_send
        await asyncio.gather(*(live_calls.free(engine, ORG, send, [id_]) for id_ in ids))
        assert counting.written == [paths.live_calls(ORG)]
        assert await world.slots() == {"org": 0, "all": 0}


async def test_an_end_that_is_noted_late_leaves_the_next_attempt_its_slot() -> None:
    """Another process has taken a slot for the same message before the first end is written."""
    async with World() as world:
        engine, _ = patient(world)
        lease = await lease_on(world, engine)
        await take(lease, ["a"])
        send = lease.campaign.own_send
        end = await started(live_calls.free(engine, ORG, send, ["a"]))
        world.clock.advance(SECOND)
        other = replace(lease, engine=world.new_engine())
        await live_calls.free_now(other.engine, ORG, send, ["a"])
        assert await take(other, ["a"]) == ["a"]
        await take(lease, ["b"])  # writes the end down, and finds that it is another's slot
        await end
        assert await world.slots() == {"org": 2, "all": 2}


async def test_an_end_frees_a_slot_that_another_process_has_taken_since_we_looked() -> None:
    """We remember the slot of the first attempt; the second one's call has ended."""
    async with World() as world:
        engine, _ = patient(world)
        lease = await lease_on(world, engine)
        await take(lease, ["a"])
        send = lease.campaign.own_send
        other = replace(lease, engine=world.new_engine())
        await live_calls.free_now(other.engine, ORG, send, ["a"])
        world.clock.advance(SECOND)
        assert await take(other, ["a"]) == ["a"]
        world.clock.advance(SECOND)
        await live_calls.free_now(engine, ORG, send, ["a"])
        assert await world.slots() == {"org": 0, "all": 0}
