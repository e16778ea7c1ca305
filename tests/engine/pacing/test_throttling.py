"""Throttling and disturbances: who is too fast slows down and recovers, and nobody else notices."""

from bisect import bisect_left
from collections import Counter, deque
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from functions.domain.campaigns.audience import Audience, AudienceKind
from functions.domain.campaigns.campaign import Campaign
from functions.domain.kinds import ChannelKind
from functions.domain.messages.delivery_events import EventKind, Retry
from functions.domain.messages.send_outcomes import Deferred, Unknown
from functions.domain.sending_rules.rate_limit import HORIZON
from functions.engine.accounts import organisation
from functions.engine.campaigns import drafts
from functions.engine.campaigns.drafts import Draft
from functions.engine.ports.channel import Traits
from tests.engine.recording_channel import Call, Fate, Receipt
from tests.engine.two_process_world import OTHER, TwoProcessWorld
from tests.engine.world import ORG, SENDER, number, with_limits

SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
RATE = 50
#: Of who is disturbed: nothing depends on it but the length of the test.
SLOW = 10
#: They answer, and nothing has to be waited for after that.
DONE = Fate((Receipt(1, EventKind.COMPLETED),))
TOO_FAST = Fate(outcome=Deferred("provider_429", throttled=True), placed=False)
DOWN = Fate(outcome=Deferred("provider_unreachable"), placed=False)


@pytest.fixture
async def world() -> AsyncIterator[TwoProcessWorld]:
    """Give a world whose carriers take fifty messages a second of each sender."""
    async with TwoProcessWorld(with_limits(rate_per_s=None, lanes=2)) as world:
        for carrier in (world.changing, world.steady):
            carrier.traits = Traits(rate_per_s=RATE)
            carrier.fate_at = lambda _: DONE
        yield world


def most_in_a_second(calls: list[Call]) -> int:
    """Return how many requests the busiest second has seen, wherever it begins."""
    times = sorted(call.at for call in calls)
    return max(bisect_left(times, at + SECOND) - n for n, at in enumerate(times))


def per_second(calls: list[Call], start: datetime, length: timedelta) -> float:
    """Return how many requests a second there were in a span of time."""
    return sum(start <= call.at < start + length for call in calls) / length.total_seconds()


async def begin_beside(world: TwoProcessWorld, people: int) -> tuple[Campaign, Campaign]:
    """Begin a slow campaign by the carrier that changes, and another by the steady one."""
    world.changing.traits = Traits(rate_per_s=SLOW)
    await world.add_list(people)
    await world.add_list([number(n) for n in range(5000, 5300)], id_="others")
    disturbed = await world.create()
    other = await world.create("others", name="Other", provider=OTHER)
    return disturbed, other


async def finish(world: TwoProcessWorld, *campaigns: Campaign) -> None:
    """Let campaigns end, and check what holds for each of them: nobody was called twice."""
    for campaign in campaigns:
        await world.finish(campaign, within=timedelta(hours=6))
    await world.pass_time(5 * SECOND)  # for the last receipts
    assert world.task_errors == []
    assert world.changing.repeated == world.steady.repeated == []
    assert set((world.changing.called + world.steady.called).values()) == {1}


def check_unnoticed(world: TwoProcessWorld, other: Campaign) -> None:
    """Check that the steady carrier's campaign was as fast as if it were alone."""
    start = other.created_at
    late = [call.at - start for call in world.steady.calls]
    for n, each in enumerate(sorted(late)):
        assert each <= n * SECOND / (RATE * 0.9)


# --- The rate ---------------------------------------------------------------------------------


async def test_three_campaigns_of_one_sender_share_its_rate(world: TwoProcessWorld) -> None:
    """Two engines, six lanes, one sender: never above 50 in a second, above 45 on average."""
    await world.add_list(200)
    campaigns = [await world.create(name=name) for name in "abc"]
    for campaign in campaigns:
        await world.finish(campaign)
    calls = world.changing.calls
    assert len(calls) == 600
    assert most_in_a_second(calls) <= RATE
    assert 599 * SECOND / (calls[-1].at - calls[0].at) > 45


async def test_all_senders_of_a_provider_share_its_account(world: TwoProcessWorld) -> None:
    """Twenty a second for the account are twenty for two senders together."""
    world.changing.traits = Traits(rate_per_s=RATE, account_rate_per_s=20)
    await world.add_list(60)
    for sender in ("+12025550101", "+12025550102"):
        await world.create(name=sender, sender=sender)
    await world.settle()
    assert len(world.changing.calls) == 120
    assert most_in_a_second(world.changing.calls) <= 20 + 20 * HORIZON.total_seconds()
    assert per_second(world.changing.calls, world.changing.calls[0].at, 6 * SECOND) > 18


async def test_a_slow_campaign_leaves_its_senders_room_to_others(world: TwoProcessWorld) -> None:
    """Beside one of two a second, another of the same sender is as fast as the sender."""
    await world.add_list(200)
    slow = await world.create(name="slow")
    await world.rewrite(slow, rate_per_s=2.0)
    await world.create(name="fast")
    start = world.clock.now()
    await world.settle()
    of_slow = [call for call in world.changing.calls if call.ref.campaign == slow.id]
    assert per_second(of_slow, start, 4 * SECOND) <= 2
    assert most_in_a_second(of_slow) <= 2 + 1  # its turns lie a horizon behind at most
    assert per_second(world.changing.calls, start, 4 * SECOND) > 45


async def test_long_texts_take_a_turn_for_each_segment(world: TwoProcessWorld) -> None:
    """At ten segments a second, texts of three segments follow each other at a third of that."""
    world.changing.traits = Traits(rate_per_s=10, by_segments=True)
    await world.add_list(20)
    draft = Draft(
        channel=ChannelKind.SMS,
        name="Long",
        sender=SENDER,
        template="x" * 320,
        audience=Audience(AudienceKind.LIST, "people"),
    )
    campaign = await drafts.create(world.engine, ORG, draft, scheduled_at=None, by="ann")
    await drafts.send(world.engine, ORG, campaign.id, None, by="ann")
    await world.settle()
    times = [call.at for call in world.changing.calls]
    assert len(times) == 20
    assert all(later - earlier >= 0.3 * SECOND for earlier, later in pairwise(times))
    assert times[-1] - times[0] <= 19 * 0.33 * SECOND


async def test_a_message_that_was_not_ready_at_its_turn_gets_another(
    world: TwoProcessWorld,
) -> None:
    """After a stop of a second nothing bunches: what was missed is sent later, nothing is lost."""
    await world.add_list(100)
    stopped = False

    async def stop_once() -> None:
        nonlocal stopped
        if len(world.changing.calls) == 20 and not stopped:
            stopped = True
            world.clock.advance(SECOND)

    world.changing.on_send = stop_once
    campaign = await world.create()
    await finish(world, campaign)
    assert stopped
    assert most_in_a_second(world.changing.calls) <= RATE
    again = [m for m in await world.messages(campaign) if m.put_back]
    assert 1 <= len(again) <= RATE * 2 * HORIZON.total_seconds() + 1
    assert await world.statuses(campaign) == {"completed": 100}


# --- Disturbances -----------------------------------------------------------------------------


async def test_a_storm_of_refusals_slows_the_sender_down(world: TwoProcessWorld) -> None:
    """Where the provider takes four a second of ten, most requests are soon taken.

    Once it takes ten again, the sender is back at its rate within two minutes or so.
    """
    quiet_at = world.clock.now() + MINUTE
    taken: deque[datetime] = deque(maxlen=4)

    def fate_at(now: datetime) -> Fate:
        if now < quiet_at and len(taken) == 4 and now - taken[0] < SECOND:
            return TOO_FAST
        taken.append(now)
        return DONE

    world.changing.fate_at = fate_at
    disturbed, other = await begin_beside(world, 1400)
    start = world.clock.now()
    await finish(world, disturbed, other)
    storm = [call for call in world.changing.requests if call.at < quiet_at]
    refused = sum(not call.fate.placed for call in storm)
    assert refused < 0.5 * len(storm)
    assert 2 < per_second(world.changing.calls, start, MINUTE) <= 4
    assert per_second(world.changing.calls, quiet_at + 2 * MINUTE, 20 * SECOND) > 0.9 * SLOW
    check_unnoticed(world, other)


async def test_a_sender_without_a_rate_slows_down_too(world: TwoProcessWorld) -> None:
    """Who sends as fast as it can, such as by a mail server, heeds it when that is too fast."""
    world.changing.traits = Traits()
    await world.add_list(600)
    quiet_at = world.clock.now() + MINUTE
    world.changing.fate_at = lambda now: TOO_FAST if now < quiet_at else DONE
    campaign = await world.create()
    start = world.clock.now()
    await finish(world, campaign)
    assert per_second(world.changing.requests, start + 10 * SECOND, 50 * SECOND) < 5
    assert await world.statuses(campaign) == {"completed": 600}
    assert max(call.at for call in world.changing.calls) < quiet_at + 3 * MINUTE


async def test_what_a_provider_asks_for_is_kept_to_by_all_campaigns_of_the_sender(
    world: TwoProcessWorld,
) -> None:
    """A Retry-After of a minute is a minute of silence, then they go on at half the rate."""
    await world.add_list(300)
    pause = Fate(outcome=Deferred("provider_429", MINUTE, throttled=True), placed=False)
    start = world.clock.now()
    world.changing.fate_at = lambda now: pause if now < start + SECOND / 2 else DONE
    campaigns = [await world.create(name=name) for name in "ab"]
    for campaign in campaigns:
        await world.finish(campaign)
    assert per_second(world.changing.requests, start + 2 * SECOND, 57 * SECOND) == 0
    assert per_second(world.changing.calls, start + MINUTE, 5 * SECOND) < 0.9 * RATE
    assert set(world.changing.called.values()) == {2}  # by each of the two campaigns


async def test_a_provider_that_is_down_for_ten_minutes(world: TwoProcessWorld) -> None:
    """Nobody is lost or called twice, fewer requests are made meanwhile, others do not notice."""
    up_at = world.clock.now() + 10 * MINUTE
    world.changing.fate_at = lambda now: DOWN if now < up_at else DONE
    disturbed, other = await begin_beside(world, 400)
    start = world.clock.now()
    await finish(world, disturbed, other)
    assert await world.statuses(disturbed) == {"completed": 400}
    assert per_second(world.changing.requests, start + MINUTE, 9 * MINUTE) < SLOW / 4
    assert max(call.at for call in world.changing.calls) < up_at + 20 * MINUTE
    check_unnoticed(world, other)


async def test_a_provider_that_answers_after_half_a_minute(world: TwoProcessWorld) -> None:
    """Whose answer is waited for in vain is not asked again; the receipts tell how it went."""
    quick_at = world.clock.now() + MINUTE
    lost = DONE.answered(Unknown("provider_timeout"))
    world.changing.fate_at = lambda now: lost if now < quick_at else DONE
    world.changing.answers_after = lambda now: 30 * SECOND if now < quick_at else timedelta()
    disturbed, other = await begin_beside(world, 500)
    start = world.clock.now()
    await finish(world, disturbed, other)
    assert await world.statuses(disturbed) == {"completed": 500}
    assert per_second(world.changing.requests, start + 40 * SECOND, 20 * SECOND) < SLOW / 2
    check_unnoticed(world, other)


async def test_a_provider_that_accepts_and_then_fails(world: TwoProcessWorld) -> None:
    """Failures that may pass are tried again after the back-off, no more often than allowed."""
    sound_at = world.clock.now() + 3 * MINUTE
    fails = Fate((Receipt(2, EventKind.FAILED, "provider_3080", Retry.LATER),))
    world.changing.fate_at = lambda now: fails if now < sound_at else DONE
    disturbed, other = await begin_beside(world, 300)
    for campaign in (disturbed, other):
        await world.finish(campaign)
    await world.pass_time(5 * SECOND)
    assert await world.statuses(disturbed) == {"completed": 300}
    assert (world.changing.repeated, world.changing.rung_after_talking) == ([], [])
    assert set(world.changing.called.values()) == {2}
    check_unnoticed(world, other)


async def test_receipts_that_tell_of_too_many_calls_slow_the_sender_down(
    world: TwoProcessWorld,
) -> None:
    """A provider may take a call and then end it for being one too many: that counts as well."""
    sound_at = world.clock.now() + 20 * SECOND
    busy = Fate((Receipt(1, EventKind.FAILED, "provider_5030", Retry.DEFER),))
    world.changing.fate_at = lambda now: busy if now < sound_at else DONE
    disturbed, other = await begin_beside(world, 400)
    start = world.clock.now()
    for campaign in (disturbed, other):
        await world.finish(campaign)
    await world.pass_time(5 * SECOND)
    assert per_second(world.changing.requests, start + 10 * SECOND, 10 * SECOND) < SLOW / 4
    assert await world.statuses(disturbed) == {"completed": 400}
    check_unnoticed(world, other)


# --- Warm-up ----------------------------------------------------------------------------------


async def test_a_new_sender_is_given_more_from_day_to_day(world: TwoProcessWorld) -> None:
    """Three, six, and the rest, over two campaigns; who waits is told why, and no try is lost."""
    ramp = {"voice": {"starts_on": "2026-03-02", "first_day": 3, "growth": 2}}
    await organisation.update(world.engine, ORG, {"warm_up": ramp}, by="ann", if_version=None)
    await world.add_list(6)
    campaigns = [await world.create(name=name) for name in "ab"]
    await world.pass_time(MINUTE)
    waiting = [m for c in campaigns for m in await world.messages(c) if m.status == "pending"]
    midnight = datetime(2026, 3, 3, tzinfo=UTC)
    assert {(m.reason, m.next_at, m.attempt) for m in waiting} == {("warm_up", midnight, 0)}
    for campaign in campaigns:
        await world.finish(campaign, within=timedelta(days=3))
    assert Counter(call.at.day for call in world.changing.calls) == {2: 3, 3: 6, 4: 3}
    assert set(world.changing.called.values()) == {2}  # by each of the two campaigns


async def test_a_sender_without_a_rate_is_warmed_up_as_well(world: TwoProcessWorld) -> None:
    """Where nothing but the ramp holds a campaign back, what a day allows is sent at once."""
    world.changing.traits = Traits()
    ramp = {"voice": {"starts_on": "2026-03-02", "first_day": 100, "growth": 1}}
    await organisation.update(world.engine, ORG, {"warm_up": ramp}, by="ann", if_version=None)
    await world.add_list(250)
    campaign = await world.create()
    await world.finish(campaign, within=timedelta(days=3))
    assert Counter(call.at.day for call in world.changing.calls) == {2: 100, 3: 100, 4: 50}
    assert max(call.at for call in world.changing.calls) - datetime(2026, 3, 4, tzinfo=UTC) < MINUTE
