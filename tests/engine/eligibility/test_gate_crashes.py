"""A death at any moment breaks no cap and forgets nobody."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

import pytest

from functions.domain.campaigns.campaign import Campaign
from functions.domain.messages.attempts import DeliveryPolicy
from tests.engine.crashes import AFTER, Crash, CrashPoint, mortal
from tests.engine.eligibility.sending import (
    DAY,
    MINUTE,
    NEW_YORK,
    SECOND,
    add_people,
    americans,
    decide,
    send,
)
from tests.engine.eligibility.test_frequency_caps import exceeded
from tests.engine.recording_channel import (
    REFUSED,
)
from tests.engine.world import World, number, with_limits

TINY = with_limits(chunk=2, lane_lease=10 * SECOND)
IMPATIENT = DeliveryPolicy(
    backoff=10 * SECOND, send_lease=15 * SECOND, unknown_wait=30 * SECOND, defer=5 * SECOND
)
OVER = datetime(2026, 3, 2, 14, tzinfo=UTC)


async def two_campaigns(world: World) -> list[Campaign]:
    """Send two texts to the same people, one of whom the carrier refuses at first."""
    await decide(
        world,
        frequency_caps=[{"most": 1, "hours": 1}],
        quiet_hours={"start": "06:00", "end": "07:10"},
    )
    await add_people(world, americans(2))
    world.carrier.script = {number(0): [REFUSED]}
    return [await send(world, name=name) for name in ("first", "second")]


async def live_and_die(world: World, point: CrashPoint) -> None:
    """Run the campaigns in a process that dies of it, or does not."""
    world.engine = mortal(world.engine, point)
    with suppress(Crash):
        while not point.is_dead and world.clock.now() < OVER:
            await world.pass_time(10 * MINUTE, checks=False)


async def die_at(at: int, *, after: bool) -> bool:
    """Die at one side effect and recover; False where there is no such side effect any more."""
    async with World(TINY, IMPATIENT) as world:
        campaigns = await two_campaigns(world)
        point = CrashPoint(at, after=after)
        await live_and_die(world, point)
        world.queue = world.new_queue()
        world.engine = world.new_engine()
        world.checked_at = world.clock.now()
        for campaign in campaigns:
            await world.finish(campaign, within=DAY)
        try:
            await check_kept(world, campaigns)
        except AssertionError as error:
            error.add_note(f"died {point.what}")
            raise
        return point.is_dead


async def check_kept(world: World, campaigns: Sequence[Campaign]) -> None:
    """Hold the store against the carrier's book, the cap and the quiet hours."""
    assert world.carrier.repeated == []
    assert exceeded(world.carrier.calls, 1, 1) == {}
    for campaign in campaigns:
        found = await world.messages(campaign)
        assert {m.address for m in found} == {number(n) for n in range(2)}
        assert {m.status for m in found} <= {"sent", "unknown"}
    shown = [call.at.astimezone(ZoneInfo(NEW_YORK[0])).time() for call in world.carrier.requests]
    assert min(shown) >= time(7, 10)


@pytest.mark.parametrize("after", AFTER)
async def test_a_death_at_any_side_effect_breaks_no_cap_and_forgets_nobody(*, after: bool) -> None:
    """Killed before or after any commit, task or text, of two campaigns that share a cap."""
    asyncio.get_running_loop().set_exception_handler(lambda *_: None)
    at = 1
    while await die_at(at, after=after):
        at += 1
    assert at > 25, "the campaigns have fewer side effects than they should"
