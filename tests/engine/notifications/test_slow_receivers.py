"""A slow receiver holds up nobody else."""

import asyncio
from datetime import timedelta

from functions.domain.notifications.events import EventType
from functions.engine.process.receiver_slots import ReceiverSlots
from tests.engine.notifications.subscribing import DAY, subscribe, told
from tests.engine.world import MINUTE, World


async def test_a_dead_receiver_does_not_hold_up_another(world: World) -> None:
    """While a hundred requests to one receiver would wait, few of them do, and others are told."""
    dead, alive = [
        await subscribe(world, [EventType.CAMPAIGN_SCHEDULED], url=f"https://{name}.example.com/")
        for name in ("dead", "alive")
    ]
    await world.add_list(1)
    never = asyncio.Event()

    async def hang() -> None:
        if "dead" in world.receiver.heard[-1].url:
            await never.wait()

    world.receiver.on_post = hang
    for n in range(100):
        await world.create(name=f"c{n}", scheduled_at=world.clock.now() + DAY)
    working = asyncio.create_task(world.queue.run_due())
    deadline = world.clock.now() + MINUTE
    while sum("alive" in each.url for each in world.receiver.heard) < 100:
        assert world.clock.now() < deadline, "the dead receiver holds up the other"
        await asyncio.sleep(0.005)
        world.clock.advance(timedelta(milliseconds=10))
        world.queue._begin_due()
    assert sum("dead" in each.url for each in world.receiver.heard) == ReceiverSlots.FULL
    never.set()
    await working
    assert {each.status for each in await told(world, alive)} == {"delivered"}
    await world.pass_time(timedelta(hours=1))
    assert {each.status for each in await told(world, dead)} == {"delivered"}
    assert set(world.receiver.times.values()) == {2}, "once for each of the two"


def test_a_receiver_that_fails_gets_fewer_turns_and_regains_them() -> None:
    """Each failure halves how many requests a receiver may have under way; success restores it."""
    slots = ReceiverSlots()

    def free() -> int:
        taken = 0
        while slots.take("a"):
            taken += 1
        for _ in range(taken):
            slots._under_way["a"] -= 1
            slots._total -= 1
        slots._under_way.pop("a", None)
        return taken

    seen = [free()]
    for failed in [True] * 6 + [False] * 20:
        assert slots.take("a")
        slots.give_back("a", failed=failed)
        seen.append(free())
    assert seen[:8] == [16, 8, 4, 2, 1, 1, 1, 2]
    assert seen[-1] == 16
    assert slots._allowed == {}


def test_all_receivers_together_leave_room_for_other_work() -> None:
    """However many receivers are slow, their requests fill at most half of the queue's places."""
    slots = ReceiverSlots()
    assert sum(slots.take(f"r{n}") for n in range(100)) == ReceiverSlots.TOTAL
    slots.give_back("r0", failed=False)
    assert slots.take("another")
