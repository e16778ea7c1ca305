"""Cancelling takes back what the provider still queues, and tells how much it could not."""

import asyncio
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

import pytest

from functions.domain.campaigns.campaign import Campaign
from functions.domain.campaigns.status import Action, CampaignStatus
from functions.domain.messages.delivery_events import EventKind, Retry
from functions.domain.messages.message import MessageStatus
from functions.engine import paths
from functions.engine.campaigns import lifecycle
from functions.engine.delivery import recall
from functions.engine.kernel.engine import Limits
from functions.engine.ports.channel import Channel, Outbound, Traits
from functions.engine.reporting import recalls
from functions.engine.reporting.recalls import Recalled
from tests.engine.crashes import Crash, CrashingChannel, CrashPoint, mortal
from tests.engine.eligibility.test_fallbacks import Worlds, begin, by_text
from tests.engine.recording_channel import INVALID, PROVIDER, SILENT, TALKS, Call, Fate, Receipt
from tests.engine.world import LIMITS, ORG, World, number

SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
#: Waits with the carrier for a minute before the phone rings.
QUEUED = Fate(
    (
        Receipt(60, EventKind.RINGING),
        Receipt(62, EventKind.ANSWERED),
        Receipt(65, EventKind.COMPLETED),
    )
)
RECALLS = Traits(holds_live_call=True, recalls=True)


async def _sent(world: World, people: int, *, recallable: timedelta = MINUTE) -> Campaign:
    """Have the carrier queue a call for each of some people."""
    world.carrier.traits, world.carrier.otherwise = RECALLS, QUEUED
    world.carrier.recallable = recallable
    await world.add_list(people)
    campaign = await world.create()
    await world.settle()
    return campaign


async def _cancel(world: World, campaign: Campaign) -> None:
    await lifecycle.change(world.engine, ORG, campaign.id, Action.CANCEL, by="ann")


async def _report(world: World, campaign: Campaign) -> Recalled | None:
    return await recalls.read_one(world.engine, await world.load(campaign))


async def test_whose_phone_does_not_ring_yet_is_not_called(world: World) -> None:
    """What the carrier gives back is cancelled, says so, and holds no live call any more."""
    campaign = await _sent(world, 120)
    assert await world.statuses(campaign) == {"sent": 120}
    await _cancel(world, campaign)
    await world.settle()
    found = {(m.status, m.reason, m.lane) for m in await world.messages(campaign)}
    assert found == {("cancelled", "recalled", None)}
    assert await world.slots() == {"org": 0, "all": 0}
    assert await _report(world, campaign) == Recalled(120, 0, done=True)
    await world.pass_time(10 * MINUTE)
    assert await world.statuses(campaign) == {"cancelled": 120}


async def test_what_the_carrier_keeps_is_beyond_recall(world: World) -> None:
    """Whose call is too far on is called, and is counted; whose phone rings is not asked for."""
    world.carrier.script = {number(0): [TALKS]}
    campaign = await _sent(world, 4)
    await world.pass_time(SECOND)
    world.carrier.recallable = SECOND
    await _cancel(world, campaign)
    await world.settle()
    assert sorted(world.carrier.asked) == [number(1), number(2), number(3)]
    assert await _report(world, campaign) == Recalled(0, 3, done=True)
    await world.pass_time(2 * MINUTE)
    assert await world.statuses(campaign) == {"completed": 4}


async def test_only_a_campaign_that_was_cancelled_at_work_reports(world: World) -> None:
    """Where nothing was ever handed over, or nothing cancelled, there is nothing to report."""
    campaign = await _sent(world, 1)
    waiting = await world.create(name="Later", scheduled_at=world.clock.now() + MINUTE)
    await _cancel(world, waiting)
    assert await _report(world, campaign) is None
    assert await _report(world, waiting) is None
    await _cancel(world, campaign)
    assert await _report(world, campaign) == Recalled(0, 0, done=False)
    every = [await world.load(each) for each in (waiting, campaign)]
    assert await recalls.read(world.engine, every) == [None, Recalled(0, 0, done=False)]


@pytest.mark.parametrize("is_set_up", [True, False])
async def test_who_recalls_nothing_is_not_asked(world: World, *, is_set_up: bool) -> None:
    """Where the provider never gives anything back, or is unknown here, the statistics suffice."""
    campaign = await _sent(world, 3)
    if is_set_up:
        world.carrier.traits = Traits(holds_live_call=True)
    else:
        world.engine = replace(world.engine, channels={})
    await _cancel(world, campaign)
    versions = [d.version for d in await world.documents(paths.messages(ORG, campaign.id))]
    await recall.recall(world.engine, ORG, campaign.id)
    assert world.carrier.asked == []
    assert await _report(world, campaign) == Recalled(0, 3, done=True)
    documents = await world.documents(paths.messages(ORG, campaign.id))
    assert [d.version for d in documents] == versions


async def test_what_was_in_hand_is_recalled_too(world: World) -> None:
    """A call that the carrier takes only after the cancel is waited for, and recalled."""
    world.carrier.traits, world.carrier.otherwise = RECALLS, QUEUED
    world.carrier.recallable = MINUTE
    await world.add_list(5)
    campaign = await world.create()

    async def cancel() -> None:
        if len(world.carrier.requests) == 1:
            await _cancel(world, campaign)
            await recall.recall(world.engine, ORG, campaign.id)
            report = await _report(world, campaign)
            assert report is not None
            assert not report.done

    world.carrier.on_send = cancel
    await world.settle()
    await world.pass_time(10 * SECOND)
    assert await world.statuses(campaign) == {"cancelled": 5}
    assert await _report(world, campaign) == Recalled(len(world.carrier.calls), 0, done=True)


async def test_several_at_once_are_as_one(world: World) -> None:
    """Of several tasks one works on it; a task that comes later finds it done."""
    campaign = await _sent(world, 60)
    await _cancel(world, campaign)
    await asyncio.gather(*(recall.recall(world.engine, ORG, campaign.id) for _ in range(5)))
    assert sorted(world.carrier.asked) == [number(n) for n in range(60)]
    await recall.recall(world.engine, ORG, campaign.id)
    assert len(world.carrier.asked) == 60
    assert await _report(world, campaign) == Recalled(60, 0, done=True)


async def test_who_has_lost_the_lane_records_nothing(world: World) -> None:
    """A worker that was too slow leaves its page to the one that has taken over."""
    campaign = await _sent(world, 3)
    await _cancel(world, campaign)
    plain = world.engine

    async def take_over() -> None:
        world.clock.advance(LIMITS.lane_lease + SECOND)
        world.carrier.forget_receipts()
        await recall.recall(plain, ORG, campaign.id)

    world.interleave("commit", "/messages/", take_over)
    await recall.recall(world.engine, ORG, campaign.id)
    assert await _report(world, campaign) == Recalled(3, 0, done=True)


async def test_a_receipt_that_was_faster_stands(world: World) -> None:
    """Whose phone rings before the recall is written down stays as their receipts tell."""
    campaign = await _sent(world, 3)
    await _cancel(world, campaign)
    ringing = world.carrier.calls[0]
    event = ringing.event(ringing.fate.receipts[0])
    world.interleave("commit", "/messages/", lambda: world.receive(event))
    await recall.recall(world.engine, ORG, campaign.id)
    assert await world.statuses(campaign) == {"delivered": 1, "cancelled": 2}
    assert await _report(world, campaign) == Recalled(2, 1, done=True)


async def test_a_carrier_that_reports_the_recall_itself_is_believed(world: World) -> None:
    """A receipt that the call was given up, faster than our own note of it, counts as recalled."""
    campaign = await _sent(world, 3)

    async def report(call: Call) -> None:
        given_up = Receipt(0, EventKind.FAILED, "provider_1000", Retry.NEVER)
        await world.receive(call.event(given_up))

    world.carrier.on_recall = report
    await _cancel(world, campaign)
    await world.settle()
    assert await world.statuses(campaign) == {"failed": 3}
    assert await _report(world, campaign) == Recalled(3, 0, done=True)


async def test_another_change_does_not_keep_a_call_from_being_recalled(world: World) -> None:
    """A message that somebody else has only looked at meanwhile is cancelled all the same."""
    campaign = await _sent(world, 2)
    await _cancel(world, campaign)
    ringing = world.carrier.calls[0]
    heard = ringing.event(Receipt(1, EventKind.MACHINE))
    world.interleave("commit", "/messages/", lambda: world.receive(heard))
    await recall.recall(world.engine, ORG, campaign.id)
    assert await _report(world, campaign) == Recalled(2, 0, done=True)


async def test_each_step_s_provider_is_asked_for_its_own() -> None:
    """Calls are taken back; the text that followed one is not, where its provider gives none."""
    async with Worlds() as world:
        world.carrier.traits, world.carrier.otherwise = RECALLS, QUEUED
        world.carrier.recallable, world.texts.otherwise = MINUTE, SILENT
        world.carrier.script = {number(0): [INVALID]}
        campaign = await begin(world, 2, [by_text("failed")])
        await world.pass_time(10 * SECOND)
        assert len(world.texts.calls) == 1
        await _cancel(world, campaign)
        await world.settle()
        assert (world.carrier.asked, world.texts.asked) == ([number(1)], [])
        assert await _report(world, campaign) == Recalled(1, 1, done=True)


class Raises(CrashingChannel):
    """A channel that breaks its promise not to raise."""

    async def recall(self, sent: Outbound, provider_id: str) -> bool:
        """Break."""
        if sent.to == number(1):
            raise RuntimeError
        return await super().recall(sent, provider_id)


async def test_a_channel_that_raises_does_not_hold_up_the_others(world: World) -> None:
    """Whose recall fails in our own code is beyond recall, and nobody else is."""
    campaign = await _sent(world, 3)
    await _cancel(world, campaign)
    raises: Channel = Raises(world.carrier, CrashPoint(0, after=False))
    world.engine = replace(world.engine, channels={PROVIDER: raises})
    await recall.recall(world.engine, ORG, campaign.id)
    assert await _report(world, campaign) == Recalled(2, 1, done=True)


async def test_a_task_whose_time_is_up_hands_on(world: World) -> None:
    """What is left is gone on with by another task, where the last one stopped."""
    campaign = await _sent(world, 60)
    await _cancel(world, campaign)

    async def stop(_: Call) -> None:
        world.engine.stopping.set()

    world.carrier.on_recall = stop
    await recall.recall(world.engine, ORG, campaign.id)
    assert await _report(world, campaign) == Recalled(50, 0, done=False)
    world.engine.stopping.clear()
    world.carrier.on_recall = None
    await world.settle()
    assert len(world.carrier.asked) == 60
    assert await _report(world, campaign) == Recalled(60, 0, done=True)


# --- A death at any moment ---------------------------------------------------------------------

SMALL = Limits(
    lanes=2,
    rate_per_s=100,
    live_calls_per_org=100,
    live_calls_total=100,
    windows=False,
    lane_lease=10 * SECOND,
)


@pytest.fixture
async def _silence() -> None:
    """Keep asyncio from reporting what died with a process."""
    asyncio.get_running_loop().set_exception_handler(lambda *_: None)


@pytest.mark.usefixtures("_silence")
@pytest.mark.parametrize("after", [False, True])
async def test_a_death_during_a_recall_loses_nothing(*, after: bool) -> None:
    """Killed before or after any commit, task or request, all is recalled that can be, once."""
    at = 1
    while await _die_recalling(at, after=after):
        at += 1
    assert at > 15, "the recall has fewer side effects than it should"


async def _die_recalling(at: int, *, after: bool) -> bool:
    """Die at one side effect of a recall and recover; False where there is no such one any more."""
    async with World(SMALL) as world:
        campaign = await _sent(world, 6)
        world.carrier.recallable = 10 * MINUTE
        point = CrashPoint(at, after=after)
        world.engine = mortal(world.engine, point)
        with suppress(Crash):
            await _cancel(world, campaign)
            await world.settle()
        await _recover(world, campaign)
        return point.is_dead


async def _recover(world: World, campaign: Campaign) -> None:
    """Let a new process find what is left, and hold the store against the carrier's book."""
    world.queue = world.new_queue()
    world.engine = world.new_engine()
    if (await world.load(campaign)).status is not CampaignStatus.CANCELLED:
        await _cancel(world, campaign)
    await world.pass_time(3 * MINUTE)
    messages = await world.messages(campaign)
    recalled = {m.address for m in messages if m.status == MessageStatus.CANCELLED}
    assert recalled == set(world.carrier.recalled.values()) == {m.address for m in messages}
    assert await world.slots() == {"org": 0, "all": 0}
    assert await _report(world, campaign) == Recalled(6, 0, done=True)
