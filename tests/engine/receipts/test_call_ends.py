"""Ends of calls: they are written down with what else is, and others are called meanwhile."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from functions.domain.campaigns.campaign import Campaign
from functions.domain.messages.delivery_events import DeliveryEvent, EventKind
from functions.engine import paths
from functions.engine.kernel.engine import Engine, ProcessMemory
from functions.engine.pacing import live_calls
from functions.engine.receipts.receive import receive
from tests.engine.counting_store import CountingStore
from tests.engine.crashes import Crash, CrashingQueue, CrashingStore, CrashPoint
from tests.engine.receipts.test_sharing import all_at_once, events, sent
from tests.engine.world import ORG, World, with_limits

K = EventKind


@pytest.fixture
async def world() -> AsyncIterator[World]:
    """Give a world whose campaigns have one lane."""
    async with World(with_limits(lanes=1)) as world:
        yield world


def patient(world: World, **patience: float) -> Engine:
    """Return a process in which ended calls wait for others, for half a minute if nobody comes."""
    within = timedelta(**(patience or {"seconds": 30}))
    limits = replace(world.limits, live_call_freed_within=within)
    return replace(world.engine, limits=limits, memory=ProcessMemory())


async def begun(engine: Engine, event: DeliveryEvent) -> "asyncio.Task[Any]":
    """Tell a receipt, and let it come to where it waits."""
    task = asyncio.create_task(receive(engine, event))
    slots = engine.memory.live_slots.of(ORG)
    while not slots.ended:  # noqa: ASYNC110 - turns, no time
        await asyncio.sleep(0)
    return task


async def told(world: World, campaign: Campaign, *kinds: EventKind) -> Sequence[DeliveryEvent]:
    """Return a receipt of each kind, each of another message."""
    found = [await events(world, campaign, kind) for kind in kinds]
    return [each[number] for number, each in enumerate(found)]


async def test_a_call_that_ends_is_counted_with_the_next_that_is_answered(world: World) -> None:
    """Both are one commit, and one write to their lane's statistics."""
    campaign = await sent(world, 2, call=True)
    end, answer = await told(world, campaign, K.COMPLETED, K.ANSWERED)
    counting = CountingStore(world.store)
    engine = replace(patient(world), store=counting)
    ending = await begun(engine, end)
    assert counting.written == []
    await receive(engine, answer)
    assert sorted(map(paths.collection_of, counting.written)) == [
        *("messages", "messages", "statistics")
    ]
    await live_calls.free_now(engine, ORG, campaign.own_send, [end.ref.message])
    await ending
    assert await world.statuses(campaign) == {"completed": 1, "answered": 1}


async def test_a_call_that_ends_while_nobody_else_is_heard_of_is_noted_in_time(
    world: World,
) -> None:
    """Whoever told of it waits no longer than was set."""
    campaign = await sent(world, 2, call=True)
    (end,) = await told(world, campaign, K.COMPLETED)
    await receive(patient(world, milliseconds=1), end)
    assert await world.statuses(campaign) == {"completed": 1, "sent": 1}
    assert await world.slots() == {"org": 1, "all": 1}


async def test_somebody_else_is_called_before_an_end_is_written_down() -> None:
    """The slot is free at once for the lanes of this process."""
    async with World(with_limits(lanes=1, live_calls_per_org=1)) as world:
        campaign = await sent(world, 1, call=True)
        (end,) = await told(world, campaign, K.COMPLETED)
        engine = patient(world)
        assert await live_calls.find_room(engine, ORG, 1) is not None
        ending = await begun(engine, end)
        assert await live_calls.find_room(engine, ORG, 1) is None
        assert await world.statuses(campaign) == {"sent": 1}
        ending.cancel()


async def test_what_another_process_is_told_of_a_call_meanwhile_is_kept(world: World) -> None:
    """An end that was decided before is decided anew; the answer that it went with stands."""
    campaign = await sent(world, 2, call=True)
    end, answer = await told(world, campaign, K.COMPLETED, K.ANSWERED)
    (first, _) = await events(world, campaign, K.ANSWERED)
    engine = patient(world, milliseconds=100)
    ending = await begun(engine, end)
    await receive(world.engine, first)
    await receive(engine, answer)
    await ending
    messages = {each.id: each for each in await world.messages(campaign)}
    assert messages[end.ref.message].answered_at is not None
    assert messages[end.ref.message].status == "completed"
    assert messages[answer.ref.message].status == "answered"


@pytest.mark.parametrize("after", [False, True])
async def test_a_death_in_a_joint_commit_loses_and_repeats_nothing(*, after: bool) -> None:
    """Killed at any commit or task, whoever was not answered tells again, and it counts once."""
    at = 1
    while await _die_at(at, after=after):
        at += 1
    assert at > 1


async def _die_at(at: int, *, after: bool) -> bool:
    """Die at this side effect of ends and answers, and tell them again; False: none was left."""
    async with World(with_limits(lanes=1)) as world:
        campaign = await sent(world, 4, call=True)
        answers = (await events(world, campaign, K.ANSWERED))[:2]
        ends = (await events(world, campaign, K.COMPLETED))[2:]
        point = CrashPoint(at, after=after)
        dying = replace(
            patient(world, milliseconds=5),
            store=CrashingStore(world.store, point),
            queue=CrashingQueue(world.queue, point),
        )
        ending = [asyncio.create_task(receive(dying, each)) for each in ends]
        await asyncio.sleep(0.002)
        results = [
            *await all_at_once(dying, answers),
            *await asyncio.gather(*ending, return_exceptions=True),
        ]
        lost = [e for e, r in zip([*answers, *ends], results, strict=True) if isinstance(r, Crash)]
        await all_at_once(world.engine, lost)
        assert await world.statuses(campaign) == {"completed": 2, "answered": 2}
        await world.check_statistics()
        await all_at_once(world.engine, await events(world, campaign, K.COMPLETED))
        await world.finish(campaign)
        assert await world.slots() == {"org": 0, "all": 0}
        return point.is_dead
