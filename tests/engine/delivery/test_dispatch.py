"""Dispatch: who is called when, how fast, and what follows from how it went."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from functions.domain.campaigns.status import Action, CampaignStatus
from functions.domain.contacts.phones import parse_phone
from functions.domain.messages.attempts import DeliveryPolicy
from functions.domain.messages.delivery_events import EventKind, Retry
from functions.domain.messages.send_outcomes import Deferred
from functions.engine.campaigns import lifecycle, single_message
from functions.engine.ports.channel import Traits
from tests.engine.recording_channel import (
    BUSY,
    INVALID,
    NO_ANSWER,
    NO_CREDIT,
    REFUSED,
    REJECTED,
    TALKS,
    Fate,
    Receipt,
)
from tests.engine.world import ORG, VOICE, World, number, with_limits

SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
WINDOWS = with_limits(windows=True)

#: Monday 2 March 2026, 12:00 UTC, is 07:00 in New York: two hours before its window opens.
NINE_IN_NEW_YORK = datetime(2026, 3, 2, 14, tzinfo=UTC)


# --- Calling windows --------------------------------------------------------------------------


async def test_people_are_called_when_their_window_opens() -> None:
    """Before its hour a message waits, saying why; at the opening, to the second, it is sent."""
    async with World(WINDOWS) as world:
        await world.add_list(2)
        campaign = await world.create()
        await world.pass_time(HOUR)
        messages = await world.messages(campaign)
        assert {(m.status, m.reason) for m in messages} == {("pending", "quiet_hours")}
        await world.finish(campaign)
        times = [call.at for call in world.carrier.calls]
        assert min(times) == NINE_IN_NEW_YORK
        assert max(times) <= NINE_IN_NEW_YORK + SECOND / 50


async def test_each_person_is_called_in_their_own_hours() -> None:
    """One list, two coasts: the east is called three hours before the west."""
    async with World(WINDOWS) as world:
        await world.add_list([number(0)])
        west = parse_phone("+14155550123").e164
        await world.add_member("people", west, zones=["America/Los_Angeles"])
        campaign = await world.create()
        await world.finish(campaign, within=6 * HOUR)
        assert {call.to: call.at for call in world.carrier.calls} == {
            number(0): NINE_IN_NEW_YORK,
            west: NINE_IN_NEW_YORK + 3 * HOUR,
        }


async def test_a_window_that_closes_during_the_campaign_holds_the_rest_back() -> None:
    """Those whose turn comes after closing time wait for the next day's opening."""
    async with World(replace(WINDOWS, rate_per_s=1)) as world:
        world.clock.advance(NINE_IN_NEW_YORK + 11 * HOUR - 5 * SECOND - world.clock.now())
        await world.add_list(10)
        campaign = await world.create()
        await world.finish(campaign, within=24 * HOUR)
        closes_at = NINE_IN_NEW_YORK + 11 * HOUR
        evening = [call.at for call in world.carrier.calls if call.at < closes_at]
        morning = [call.at for call in world.carrier.calls if call.at >= closes_at]
        assert (len(evening), len(morning)) == (5, 5)
        assert min(morning) == NINE_IN_NEW_YORK + 24 * HOUR


async def test_a_retry_waits_for_the_window_too() -> None:
    """A second attempt that would come after closing time is made the next morning."""
    async with World(WINDOWS) as world:
        world.clock.advance(NINE_IN_NEW_YORK + 11 * HOUR - MINUTE - world.clock.now())
        await world.add_list(1)
        world.carrier.script = {number(0): [BUSY]}
        campaign = await world.create()
        await world.finish(campaign, within=24 * HOUR)
        assert world.carrier.calls[1].at == NINE_IN_NEW_YORK + 24 * HOUR


async def test_a_pause_while_the_window_is_closed_ends_the_loop() -> None:
    """A lane that is taken away while it puts people off stops working."""
    async with World(WINDOWS) as world:
        world.clock.advance(NINE_IN_NEW_YORK - world.clock.now())
        await world.add_list(4)
        campaign = await world.create()
        await world.launch_only(campaign)
        world.clock.advance(12 * HOUR)
        world.interleave(
            "commit",
            "/messages/",
            lambda: lifecycle.change(world.engine, ORG, campaign.id, Action.PAUSE, by="ann"),
        )
        await world.settle()
        assert (await world.load(campaign)).status is CampaignStatus.PAUSED
        assert world.carrier.requests == []


async def test_a_single_call_does_not_wait_for_a_window() -> None:
    """Whoever asks for one call now gets it now."""
    async with World(WINDOWS) as world:
        to = parse_phone(number(1))
        campaign, _ = await single_message.call_once(world.engine, ORG, VOICE, to)
        await world.settle()
        assert [call.to for call in world.carrier.calls] == [number(1)]
        await world.finish(campaign)


async def test_people_whose_zones_never_agree_are_skipped() -> None:
    """A number that may be in zones whose windows never meet is not called, and says why."""
    async with World(WINDOWS) as world:
        await world.add_list([number(0)], zones=["America/New_York", "Asia/Shanghai"])
        campaign = await world.create()
        await world.finish(campaign)
        message = await world.message_to(campaign, number(0))
        assert (message.status, message.reason) == ("skipped", "no_common_window")


# --- Attempts ---------------------------------------------------------------------------------


async def test_busy_lines_are_called_again_after_growing_waits(world: World) -> None:
    """Three attempts, 5 and 10 minutes apart, then failed for the carrier's reason."""
    await world.add_list(1)
    world.carrier.script = {number(0): [BUSY, NO_ANSWER, BUSY, TALKS]}
    campaign = await world.create()
    await world.finish(campaign)
    first, second, third = (call.at for call in world.carrier.calls)
    assert second - first == 5 * MINUTE + SECOND  # a second of ringing before it was busy
    assert third - second == 10 * MINUTE + 8 * SECOND
    message = await world.message_to(campaign, number(0))
    assert (message.status, message.reason, message.counted_attempts) == ("failed", "busy", 3)


async def test_a_retry_is_not_held_up_by_what_waits_longer() -> None:
    """A lane that rests until tomorrow wakes for the retry of a call that was just busy."""
    async with World(WINDOWS) as world:
        world.clock.advance(NINE_IN_NEW_YORK - world.clock.now())
        await world.add_list([number(0)])
        await world.add_member("people", number(1), zones=["Pacific/Auckland"])
        world.carrier.script = {number(0): [BUSY]}
        campaign = await world.create()
        await world.pass_time(6 * MINUTE)
        assert len(world.carrier.calls) == 2
        assert (await world.message_to(campaign, number(1))).reason == "quiet_hours"


@pytest.mark.parametrize("fate", [INVALID, REJECTED])
async def test_what_cannot_succeed_is_tried_once(world: World, fate: Fate) -> None:
    """A number that does not exist is not called again, however the carrier says so."""
    await world.add_list(2)
    world.carrier.script = {number(0): [fate]}
    campaign = await world.create()
    await world.finish(campaign)
    message = await world.message_to(campaign, number(0))
    assert (message.status, message.reason) == ("failed", "invalid_address")
    assert message.counted_attempts == 1


async def test_deferrals_do_not_cost_attempts(world: World) -> None:
    """A carrier that is too busy is asked again later, and the person gets all three attempts."""
    await world.add_list(1)
    world.carrier.script = {number(0): [REFUSED, BUSY, REFUSED, BUSY, REFUSED, BUSY, TALKS]}
    campaign = await world.create()
    await world.finish(campaign)
    message = await world.message_to(campaign, number(0))
    assert (message.status, message.counted_attempts, message.deferrals) == ("failed", 3, 3)


async def test_a_carrier_says_when_to_come_back(world: World) -> None:
    """A deferral with a time is kept to that time, and holds no live-call slot meanwhile."""
    await world.add_list(1)
    later = Fate(outcome=Deferred("provider_429", timedelta(seconds=7)), placed=False)
    world.carrier.script = {number(0): [later]}
    campaign = await world.create()
    await world.settle()
    assert await world.slots() == {"org": 0, "all": 0}
    await world.finish(campaign)
    assert world.carrier.requests[1].at - world.carrier.requests[0].at == 7 * SECOND


async def test_a_refused_sender_pauses_the_campaign(world: World) -> None:
    """Where the carrier refuses not the person but us, the campaign stops itself and says why."""
    await world.add_list(10)
    world.carrier.otherwise = NO_CREDIT
    campaign = await world.create()
    await world.pass_time(10 * MINUTE)
    paused = await world.load(campaign)
    assert (paused.status, paused.reason) == ("paused", "no_credit")
    assert len(world.carrier.requests) <= 20
    assert await world.slots() == {"org": 0, "all": 0}
    world.carrier.otherwise = TALKS
    await lifecycle.change(world.engine, ORG, campaign.id, Action.RESUME, by="ann")
    await world.finish(campaign)
    assert await world.statuses(campaign) == {"completed": 10}


async def test_a_receipt_that_refuses_the_sender_pauses_the_campaign(world: World) -> None:
    """The same, where the refusal comes by receipt."""
    await world.add_list(3)
    stop = Fate((Receipt(1, EventKind.FAILED, "sender_blocked", Retry.STOP),))
    world.carrier.script = {number(n): [stop] for n in range(3)}
    campaign = await world.create()
    await world.pass_time(MINUTE)
    paused = await world.load(campaign)
    assert (paused.status, paused.reason) == ("paused", "sender_blocked")
    await lifecycle.change(world.engine, ORG, campaign.id, Action.RESUME, by="ann")
    await world.finish(campaign)
    assert await world.statuses(campaign) == {"completed": 3}


# --- Rates ------------------------------------------------------------------------------------


async def test_no_second_sees_more_calls_than_the_rate() -> None:
    """Three calls a second are three in every second, not three on average."""
    async with World(with_limits(rate_per_s=3)) as world:
        await world.add_list(30)
        campaign = await world.create()
        await world.finish(campaign)
        times = [call.at for call in world.carrier.calls]
        assert all(b - a >= SECOND for a, b in zip(times, times[3:], strict=False))
        assert times[-1] - times[0] <= 10.5 * SECOND


async def test_campaigns_of_one_sender_share_its_rate() -> None:
    """Two campaigns of one sender together keep to the rate of one."""
    async with World(with_limits(rate_per_s=4)) as world:
        await world.add_list(10)
        both = [await world.create(name=name) for name in ("a", "b")]
        for campaign in both:
            await world.finish(campaign)
        times = sorted(call.at for call in world.carrier.calls)
        assert times[-1] - times[0] >= 19 * SECOND / 4


async def test_a_channel_without_limits_is_not_held_up() -> None:
    """Where neither rate nor live calls are limited, everything goes out at once."""
    async with World(with_limits(rate_per_s=None)) as world:
        world.carrier.traits = Traits()
        await world.add_list(600)
        campaign = await world.create()
        await world.settle()
        assert {call.at for call in world.carrier.calls} == {campaign.created_at}
        assert len(world.carrier.calls) == 600


async def test_the_policy_sets_how_often_to_try() -> None:
    """With one attempt allowed, nobody is called twice."""
    async with World(policy=DeliveryPolicy(max_attempts=1)) as world:
        await world.add_list(1)
        world.carrier.otherwise = BUSY
        campaign = await world.create()
        await world.finish(campaign)
        assert world.carrier.called == {number(0): 1}
