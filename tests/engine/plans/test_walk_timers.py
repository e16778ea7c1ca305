"""Timers of walks: when they fire, and for whom they do not."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from functions.domain.campaigns.status import Action
from functions.domain.messages.delivery_events import Retry
from functions.domain.messages.message import MessageStatus
from functions.domain.messages.send_outcomes import Deferred, Rejected, SendOutcome, Unknown
from functions.engine.campaigns import lifecycle
from tests.engine.plans.journeys import ARRIVES, DAY, HOUR, STOP, JourneyWorld, on, plan, send, wait
from tests.engine.recording_channel import Fate
from tests.engine.world import ORG

WEEK = 7 * DAY
#: Two mails, the second a second after the first.
SOON = plan(
    send("hello", on("elapsed", "again", after="PT1S")),
    send("again", on("elapsed", "stop", after="P1D")),
    STOP,
)


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


@pytest.mark.parametrize(
    "outcome", [Unknown("provider_timeout"), Rejected("provider_500", Retry.LATER)]
)
async def test_a_mail_that_cannot_be_sent_holds_nobody_up_once_that_is_known(
    world: JourneyWorld, outcome: SendOutcome
) -> None:
    """Its node names no way for it, so the timer leads on, and nobody looks for it by and by."""
    world.carrier.otherwise = Fate(outcome=outcome, placed=False)
    campaign = await world.begin(SOON)
    await world.enter(campaign)
    while (hello := await world.message(campaign, "hello")).lane is not None:
        await world.pass_time(timedelta(seconds=1))
    world.carrier.otherwise = ARRIVES
    await world.pass_time(timedelta(seconds=2))
    assert hello.status in {MessageStatus.UNKNOWN, MessageStatus.FAILED}
    assert world.sent[-1] == "again"


async def test_a_timer_runs_from_a_mail_that_left_late(world: JourneyWorld) -> None:
    """Its provider would not take it for ten minutes, and it is noticed at once when it does."""
    world.carrier.otherwise = Fate(outcome=Deferred("provider_429"), placed=False)
    campaign = await world.begin(SOON)
    await world.enter(campaign)
    await world.pass_time(timedelta(minutes=10))
    world.carrier.otherwise = ARRIVES
    while (await world.message(campaign, "hello")).sent_at is None:
        await world.pass_time(timedelta(seconds=1))
    await world.pass_time(timedelta(seconds=2))
    assert world.sent[-1] == "again"


async def test_after_an_outage_a_timer_is_no_longer_than_the_plan_says(
    world: JourneyWorld,
) -> None:
    """It runs from the mail that was sent late, and is not looked at some minutes later."""
    campaign = await world.begin(
        plan(
            wait("wait", on("elapsed", "hello", after="PT1H")),
            send("hello", on("elapsed", "again", after="PT1M")),
            send("again", on("elapsed", "stop", after="P1D")),
            STOP,
        )
    )
    await world.enter(campaign)
    world.clock.advance(10 * HOUR)  # nobody was there to look
    await world.settle()
    await world.pass_time(timedelta(seconds=62))
    assert world.sent == ["hello", "again"]


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
    await world.pass_time(WEEK, checks=False)
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
