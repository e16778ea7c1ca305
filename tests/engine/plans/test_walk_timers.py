"""Timers of walks: when they fire, and for whom they do not."""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta

import pytest

from functions.domain.campaigns.campaign import Campaign
from functions.domain.campaigns.status import Action
from functions.domain.messages.delivery_events import Retry
from functions.domain.messages.message import MessageStatus
from functions.domain.messages.send_outcomes import Deferred, Rejected, SendOutcome, Unknown
from functions.engine import paths
from functions.engine.accounts import organisation
from functions.engine.campaigns import lifecycle
from functions.engine.delivery.dispatch import dispatch
from functions.engine.kernel.lanes import lane_names
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
PEOPLE = ("ann@example.com", "bob@example.com", "cy@example.com")
#: A mail, another a minute later, which something holds back, and ten minutes after that no more.
HELD = plan(
    send("hello", on("elapsed", "held", after="PT1M")),
    send("held", on("elapsed", "wait", after="PT10M")),
    wait("wait", on("elapsed", "stop", after="P9D")),
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


async def hold_by_hours(world: JourneyWorld) -> Campaign:
    """Have the plan be quiet from noon to six."""
    quiet = {"start": "12:01", "end": "18:00"}
    return await world.begin({**HELD, "quietHours": quiet, "timezone": "Europe/London"})


async def hold_by_a_cap(world: JourneyWorld) -> Campaign:
    """Allow one message in six hours."""
    caps = {"frequency_caps": [{"most": 1, "hours": 6}]}
    await organisation.update(world.engine, ORG, caps, by="ben", if_version=None)
    return await world.begin(HELD)


async def hold_by_the_throttle(world: JourneyWorld) -> Campaign:
    """Send one message in a quarter of an hour."""
    return await world.begin(HELD, own_rate_per_s=1 / 900)


async def hold_by_the_provider(world: JourneyWorld) -> Campaign:
    """Have the provider ask for two hours of patience."""
    later = Fate(outcome=Deferred("provider_429", timedelta(hours=2)), placed=False)
    world.carrier.script = {each: [ARRIVES, later] for each in PEOPLE}
    return await world.begin(HELD)


@pytest.mark.parametrize(
    "hold", [hold_by_hours, hold_by_a_cap, hold_by_the_throttle, hold_by_the_provider]
)
async def test_no_timer_fires_before_its_message_was_sent_plus_its_time(
    world: JourneyWorld, hold: Callable[[JourneyWorld], Awaitable[Campaign]]
) -> None:
    """However long hours, caps, the throttle or the provider have held it back."""
    campaign = await hold(world)
    await world.enter(campaign, *PEOPLE)
    await world.pass_time(7 * HOUR)

    began_at = world.carrier.requests[0].at
    left_at = {call.to: call.at for call in world.carrier.requests if call.body == "held"}
    assert max(left_at.values()) - began_at > HOUR / 2
    for walk in await world.walks(campaign):
        (move,) = [move for move in walk.moves if move.source == "held"]
        assert move.at == left_at[walk.address] + timedelta(minutes=10)
        assert timedelta() <= move.seen - move.at < timedelta(minutes=6)


async def test_a_timer_of_a_paused_campaign_moves_nobody(world: JourneyWorld) -> None:
    """Nor does it write anything of them: it is due when the campaign goes on."""
    campaign = await world.begin()
    await world.enter(campaign)
    await _act(world, campaign.id, Action.PAUSE)
    (before,) = await world.documents(paths.enrollments(ORG, campaign.id))
    await world.pass_time(2 * DAY, checks=False)
    for name in lane_names(campaign):
        await dispatch(world.engine, ORG, campaign.id, name)
    (after,) = await world.documents(paths.enrollments(ORG, campaign.id))
    assert after.version == before.version
    assert await world.path(campaign) == ["hello"]

    await _act(world, campaign.id, Action.RESUME)
    assert await world.path(campaign) == ["hello", "again"]


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
