"""Timers of walks: when they fire, and for whom they do not."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from functions.domain.campaigns.status import Action
from functions.engine.campaigns import lifecycle
from tests.engine.plans.journeys import DAY, HOUR, STOP, JourneyWorld, on, plan, send, wait
from tests.engine.world import ORG

WEEK = 7 * DAY


@pytest.fixture
async def world() -> AsyncIterator[JourneyWorld]:
    """Give a world whose carrier delivers mails."""
    async with JourneyWorld() as made:
        yield made


async def test_a_timer_of_no_time_fires_at_once(world: JourneyWorld) -> None:
    """As soon as its message has left."""
    campaign = await world.begin(
        plan(
            send("hello", on("elapsed", "again", after="PT0S")),
            send("again", on("elapsed", "stop", after="P1D")),
            STOP,
        )
    )
    await world.enter(campaign)
    await world.pass_time(timedelta(seconds=5))
    assert world.sent == ["hello", "again"]


async def test_a_wait_is_entered_at_the_timers_instant_and_fires_by_itself(
    world: JourneyWorld,
) -> None:
    """Not when somebody looked, which is up to ten seconds later."""
    campaign = await world.begin(
        plan(
            send("hello", on("elapsed", "wait", after="PT1H")),
            wait("wait", on("elapsed", "again", after="PT2H")),
            send("again", on("elapsed", "stop", after="P1D")),
            STOP,
        )
    )
    await world.enter(campaign)
    sent_at = world.carrier.requests[0].at
    await world.pass_time(3 * HOUR + timedelta(seconds=30))

    entered = [move.at for move in (await world.walk(campaign)).moves]
    assert entered == [sent_at + HOUR, sent_at + 3 * HOUR]
    late = world.carrier.requests[1].at - (sent_at + 3 * HOUR)
    assert timedelta() <= late <= timedelta(seconds=10)


async def test_a_send_that_waits_leaves_at_its_instant(world: JourneyWorld) -> None:
    """Its message is made ahead: no grid of timers delays it."""
    later = {"schedule": {"delay": "PT1H7S"}}
    campaign = await world.begin(
        plan(send("hello", on("elapsed", "stop", after="P1D"), **later), STOP)
    )
    await world.enter(campaign)
    entered_at = (await world.walk(campaign)).entered_at
    await world.pass_time(2 * HOUR)
    (call,) = world.carrier.requests
    assert call.at == entered_at + HOUR + timedelta(seconds=7)


async def test_after_a_week_of_pause_one_overdue_step_goes_out(world: JourneyWorld) -> None:
    """No timer moves anybody meanwhile, and nobody gets a week's mails in a minute."""
    daily = [
        send(f"day-{n}", on("elapsed", f"day-{n + 1}" if n < 4 else "stop", after="P1D"))
        for n in range(5)
    ]
    campaign = await world.begin(plan(*daily, STOP))
    await world.enter(campaign)
    await _act(world, campaign.id, Action.PAUSE)
    await world.pass_time(WEEK)
    assert world.sent == ["day-0"]

    await _act(world, campaign.id, Action.RESUME)
    await world.pass_time(HOUR)
    assert world.sent == ["day-0", "day-1"]


async def test_paused_and_resumed_at_once_a_campaign_walks_nobody_twice(
    world: JourneyWorld,
) -> None:
    """The lanes of before have lost their fence."""
    campaign = await world.begin()
    await world.enter(campaign, settle=False)
    await _act(world, campaign.id, Action.PAUSE)
    await _act(world, campaign.id, Action.RESUME)
    await world.settle()
    await world.pass_time(2 * DAY)
    assert world.sent == ["hello", "again"]


async def _act(world: JourneyWorld, campaign_id: str, action: Action) -> None:
    await lifecycle.change(world.engine, ORG, campaign_id, action, by="ann")
    await world.settle()
