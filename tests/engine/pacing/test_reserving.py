"""Turns are reserved some seconds ahead where nobody else sends, and claimed as near as ever."""

from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise

import pytest

from functions.domain.campaigns.status import Action
from functions.domain.messages.delivery_events import EventKind
from functions.domain.messages.send_outcomes import Deferred
from functions.engine.accounts import organisation
from functions.engine.campaigns.lifecycle import change
from functions.engine.pacing.rate_scopes import Scope
from functions.engine.pacing.turns import Turns
from functions.engine.ports.channel import Traits
from tests.engine.counting_store import CountingStore
from tests.engine.pacing.test_throttling import most_in_a_second
from tests.engine.recording_channel import Call, Fate, Receipt
from tests.engine.two_process_world import TwoProcessWorld
from tests.engine.world import LIMITS, ORG, World, number, with_limits

SECOND = timedelta(seconds=1)
AHEAD = 2 * SECOND
RATE = 20
DONE = Fate((Receipt(1, EventKind.COMPLETED),))
TOO_FAST = Fate(outcome=Deferred("provider_429", throttled=True), placed=False)


@pytest.fixture
async def world() -> AsyncIterator[TwoProcessWorld]:
    """Give a world of two processes whose carrier takes twenty messages a second of a sender."""
    async with TwoProcessWorld(with_limits(rate_per_s=None)) as world:
        world.changing.traits = Traits(rate_per_s=RATE)
        world.changing.fate_at = lambda _: DONE
        yield world


def count(world: TwoProcessWorld, *, processes: int = 1) -> CountingStore:
    """Let so many processes do all work, and count what they ask of the store."""
    counting = CountingStore(world.engines[0].store)
    world.run_by([replace(each, store=counting) for each in world.engines[:processes]])
    return counting


def of_rates(paths: list[str]) -> int:
    """Count the documents of rates and live calls."""
    return sum("throttles/" in path for path in paths)


def between(calls: list[Call], start: datetime, length: timedelta) -> int:
    """Count the requests in a span of time."""
    return sum(start <= call.at < start + length for call in calls)


async def test_a_sender_that_nobody_shares_hardly_asks_the_store(world: TwoProcessWorld) -> None:
    """A hundred texts at twenty a second cost a tenth of a write and of a read each at most."""
    counting = count(world)
    await world.add_list(100)
    campaign = await world.create()
    await world.finish(campaign)
    assert of_rates(counting.written) <= 10
    assert of_rates(counting.read) <= 10
    times = [call.at for call in world.changing.calls]
    assert most_in_a_second(world.changing.calls) <= RATE
    assert (times[-1] - times[0]) / 99 <= SECOND / (RATE * 0.93)


async def test_campaigns_of_one_process_share_what_it_has_reserved(world: TwoProcessWorld) -> None:
    """Three campaigns of a sender ask the store no more often than one."""
    counting = count(world)
    await world.add_list(40)
    campaigns = [await world.create(name=name) for name in "abc"]
    for campaign in campaigns:
        await world.finish(campaign)
    assert of_rates(counting.written) <= 12
    assert most_in_a_second(world.changing.calls) <= RATE


async def test_the_first_message_waits_for_no_reservation(world: TwoProcessWorld) -> None:
    """Who comes first is sent at once, and what is reserved for it is little."""
    await world.add_list(1)
    campaign = await world.create()
    await world.finish(campaign)
    assert world.changing.calls[0].at == campaign.created_at


async def test_who_joins_in_waits_no_longer_than_was_reserved(world: TwoProcessWorld) -> None:
    """The other process gets its first turn within two seconds, and then as many as the first."""
    await world.add_list(400)
    await world.add_list([number(n) for n in range(1000, 1100)], id_="others")
    first = await world.create()
    await world.run_for(5 * SECOND)
    joined_at = world.clock.now()
    other = await world.create("others", name="Other")
    await world.run_for(8 * SECOND)
    calls = [call for call in world.changing.calls if call.ref.campaign == other.id]
    assert calls[0].at - joined_at <= AHEAD + SECOND / 2
    both = Counter(call.ref.campaign for call in world.changing.calls if call.at >= calls[0].at)
    assert both[other.id] > 0.5 * both[first.id]
    for campaign in (first, other):
        await world.finish(campaign)
    assert most_in_a_second(world.changing.calls) <= RATE


async def test_what_was_reserved_and_not_used_is_never_made_up_for(world: TwoProcessWorld) -> None:
    """After a pause within the two seconds, and one beyond them, no second sees more than usual."""
    await world.add_list(300)
    campaign = await world.create()
    for pause in (SECOND, 7 * SECOND):
        await world.run_for(4 * SECOND)
        await change(world.engine, ORG, campaign.id, Action.PAUSE, by="ann")
        await world.run_for(pause)
        await change(world.engine, ORG, campaign.id, Action.RESUME, by="ann")
    await world.finish(campaign)
    assert most_in_a_second(world.changing.calls) <= RATE
    assert set(world.changing.called.values()) == {1}


async def test_nobody_is_called_at_a_turn_that_was_reserved_before_a_pause(
    world: TwoProcessWorld,
) -> None:
    """Of two seconds that were reserved a quarter is claimed at most, and only that leaves."""
    await world.add_list(300)
    campaign = await world.create()
    await world.run_for(5 * SECOND)
    paused_at = world.clock.now()
    await change(world.engine, ORG, campaign.id, Action.PAUSE, by="ann")
    await world.run_for(10 * SECOND)
    late = [call for call in world.changing.requests if call.at > paused_at]
    assert len(late) <= RATE / 4 + 1
    assert all(call.at <= paused_at + SECOND / 2 for call in late)


async def test_a_sender_that_is_slowed_down_gives_back_what_it_has_reserved(
    world: TwoProcessWorld,
) -> None:
    """It halves its rate at once, and goes on without a gap."""
    await world.add_list(400)
    campaign = await world.create()
    start = world.clock.now()
    slow_from = start + 5 * SECOND
    told = SECOND / RATE
    world.changing.fate_at = lambda now: TOO_FAST if slow_from <= now < slow_from + told else DONE
    await world.finish(campaign)
    after = slow_from + SECOND / 2
    assert between(world.changing.requests, after, 2 * SECOND) <= 0.6 * 2 * RATE
    times = [call.at for call in world.changing.requests if call.at >= slow_from]
    assert all(b - a < SECOND / 2 for a, b in pairwise(times[:20]))


async def test_a_day_of_a_new_sender_is_neither_exceeded_nor_wasted(
    world: TwoProcessWorld,
) -> None:
    """What was reserved for a campaign that is paused goes to the other one.

    Of the twenty-five of this day nothing is lost but what was claimed as it was paused.
    """
    count(world)
    ramp = {"voice": {"starts_on": "2026-03-02", "first_day": 25, "growth": 1}}
    await organisation.update(world.engine, ORG, {"warm_up": ramp}, by="ann", if_version=None)
    await world.add_list(30)
    paused = await world.create(name="paused")
    await world.run_for(SECOND / 2)
    await change(world.engine, ORG, paused.id, Action.PAUSE, by="ann")
    await world.run_for(5 * SECOND)
    assert 5 <= len(world.changing.calls) < 20
    await world.create(name="other")
    await world.run_for(10 * SECOND)
    assert 25 - RATE / 4 <= len(world.changing.calls) <= 25


async def test_a_process_that_follows_one_that_died_waits_two_seconds_at_most(
    world: TwoProcessWorld,
) -> None:
    """What the first had reserved lapses unused, and no second sees more than the rate."""
    count(world)
    await world.add_list(200)
    await world.add_list([number(n) for n in range(1000, 1040)], id_="others")
    campaign = await world.create()
    await world.run_for(5 * SECOND)
    await change(world.engine, ORG, campaign.id, Action.CANCEL, by="ann")
    world.run_by(world.engines[1:])
    follows_at = world.clock.now()
    other = await world.create("others", name="Other")
    await world.finish(other)
    first = min(call.at for call in world.changing.calls if call.ref.campaign == other.id)
    assert first - follows_at <= AHEAD
    assert most_in_a_second(world.changing.calls) <= RATE


async def test_a_turn_that_is_given_while_more_is_reserved_is_given_once() -> None:
    """A long text needs more than is left; a short one is given what is left in the meantime."""
    async with World(LIMITS) as world:
        scope = Scope("orgs/acme/throttles/sender", 20.0)
        given = list[datetime]()
        for _ in range(8):
            given += (await Turns(world.engine, [scope]).take([1], 100)).turns
            world.clock.advance(SECOND / 19)
        span = world.engine.memory.reserved.of(scope.path)
        assert span.free_at is not None
        span.until = span.free_at + SECOND / 10  # of two short texts, and no long one

        async def short() -> None:
            given.extend((await Turns(plain, [scope]).take([1], 1)).turns)

        plain = world.engine
        world.interleave("commit", "/throttles/", short)
        given += (await Turns(world.engine, [scope]).take([3], 1)).turns
        assert len(given) == len(set(given)) == 10
        assert all(b - a >= SECOND / 20 for a, b in pairwise(sorted(given)))
