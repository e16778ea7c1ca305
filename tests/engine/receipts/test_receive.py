"""Receipts, lost answers and live-call slots: what is learnt of a call, in whatever order."""

import asyncio
from datetime import timedelta

import pytest

from functions.domain.campaigns.status import Action, CampaignStatus
from functions.domain.errors import NotFoundError
from functions.domain.messages.delivery_events import DeliveryEvent, EventKind, MessageRef, Retry
from functions.domain.messages.send_outcomes import Accepted, Unknown
from functions.engine.campaigns import lifecycle
from functions.engine.ports.channel import Traits
from functions.engine.receipts.receive import receive
from tests.engine.recording_channel import (
    BUSY,
    LOST_ANSWER,
    LOST_REQUEST,
    SILENT,
    TALKS,
    Fate,
    Receipt,
)
from tests.engine.world import ORG, World, number, with_limits

SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
ALL = tuple(EventKind)
FREE = {"org": 0, "all": 0}
LOST = Unknown("provider_timeout")


# --- Lost answers -----------------------------------------------------------------------------


async def test_an_unknown_outcome_is_never_sent_again(world: World) -> None:
    """Whoever may have been reached is not called again; after the wait, it stays unknown."""
    await world.add_list(1)
    world.carrier.script = {number(0): [LOST_REQUEST]}
    campaign = await world.create()
    await world.settle()
    assert (await world.message_to(campaign, number(0))).status == "unknown"
    await world.finish(campaign)
    await world.pass_time(24 * HOUR)
    message = await world.message_to(campaign, number(0))
    assert (message.status, message.reason) == ("unknown", "provider_timeout")
    assert len(world.carrier.requests) == 1
    assert await world.slots() == FREE


async def test_a_receipt_reconciles_a_lost_answer(world: World) -> None:
    """A call whose answer was lost is known by its receipts: it completes as any other."""
    await world.add_list(1)
    world.carrier.script = {number(0): [LOST_ANSWER]}
    campaign = await world.create()
    await world.finish(campaign)
    message = await world.message_to(campaign, number(0))
    assert (message.status, message.provider_id) == ("completed", world.carrier.calls[0].id)
    assert await world.slots() == FREE


async def test_looking_up_reconciles_a_lost_answer(world: World) -> None:
    """Where a receipt has told the carrier's id, the end of the wait asks before it gives up."""
    machine = Fate((Receipt(1, EventKind.MACHINE), Receipt(5, EventKind.COMPLETED, lost=True)))
    await world.add_list(1)
    world.carrier.script = {number(0): [machine.answered(LOST)]}
    campaign = await world.create()
    await world.finish(campaign)
    message = await world.message_to(campaign, number(0))
    assert (message.status, message.machine) == ("completed", True)


async def test_a_receipt_after_the_wait_still_tells_the_end(world: World) -> None:
    """A receipt that comes hours later corrects an unknown outcome of a completed campaign."""
    late = Fate((Receipt(3 * 3600, EventKind.COMPLETED),)).answered(LOST)
    await world.add_list(1)
    world.carrier.script = {number(0): [late]}
    campaign = await world.create()
    await world.finish(campaign)
    assert (await world.message_to(campaign, number(0))).status == "unknown"
    await world.pass_time(3 * HOUR)
    assert (await world.message_to(campaign, number(0))).status == "completed"
    assert len(world.carrier.requests) == 1


async def test_a_lost_sender_leaves_an_unknown_outcome(world: World) -> None:
    """A message whose sender never came back is unknown when its lease ends, and not sent again."""

    async def hang() -> None:
        await asyncio.Event().wait()

    world.carrier.on_send = hang
    await world.add_list(1)
    campaign = await world.create()
    task = asyncio.create_task(world.queue.run_due())
    while not world.carrier.requests:  # noqa: ASYNC110 - until the request is under way
        await asyncio.sleep(0)
    task.cancel()
    world.carrier.on_send = None
    world.carrier.forget_receipts()
    world.queue = world.new_queue()
    world.engine = world.new_engine()
    await world.finish(campaign)
    message = await world.message_to(campaign, number(0))
    assert (message.status, message.reason) == ("unknown", "sender_lost")
    assert len(world.carrier.requests) == 1


async def test_where_repeating_is_harmless_a_lost_sender_is_made_good() -> None:
    """A channel that says that twice is once gets the message again, under the next attempt."""
    async with World() as world:
        world.carrier.traits = Traits(idempotent=True)
        await world.add_list(1)
        campaign = await world.create()
        await world.launch_only(campaign)
        await world.leave_sending(campaign)
        await world.pass_time(5 * MINUTE)
        assert [request.attempt for request in world.carrier.requests] == [2]
        assert (await world.load(campaign)).status is CampaignStatus.COMPLETED


async def test_a_channel_that_raises_loses_one_message_only(world: World) -> None:
    """A fault in a channel makes that outcome unknown; the rest of the chunk is sent."""

    async def fail_once() -> None:
        if len(world.carrier.requests) == 1:
            raise RuntimeError("a fault in the channel")

    world.carrier.on_send = fail_once
    await world.add_list(5)
    campaign = await world.create()
    await world.settle()
    assert await world.statuses(campaign) == {"unknown": 1, "sent": 4}


# --- Lost receipts ----------------------------------------------------------------------------


@pytest.mark.parametrize("lost", [(EventKind.COMPLETED,), ALL])
async def test_a_lost_hangup_is_found_by_looking_it_up(
    world: World, lost: tuple[EventKind, ...]
) -> None:
    """Where receipts stay away, the carrier is asked, the end is learnt and the slot is freed."""
    await world.add_list(1)
    world.carrier.script = {number(0): [TALKS.lost(*lost)]}
    campaign = await world.create()
    await world.finish(campaign)
    assert (await world.message_to(campaign, number(0))).status == "completed"
    assert world.carrier.looked_up == [(world.carrier.calls[0].ref, 1)]
    assert await world.slots() == FREE


async def test_a_busy_line_found_by_looking_it_up_is_called_again(world: World) -> None:
    """A failure learnt by asking counts as one told by receipt."""
    await world.add_list(1)
    world.carrier.script = {number(0): [BUSY.lost(*ALL)]}
    campaign = await world.create()
    await world.finish(campaign)
    assert world.carrier.called == {number(0): 2}
    assert (await world.message_to(campaign, number(0))).status == "completed"


async def test_a_lost_second_answer_is_not_taken_for_the_first_call(world: World) -> None:
    """The end of the first call does not count for a second one of which nothing is known."""
    await world.add_list(1)
    world.carrier.script = {number(0): [BUSY, TALKS.lost(*ALL).answered(LOST)]}
    campaign = await world.create()
    await world.finish(campaign)
    message = await world.message_to(campaign, number(0))
    assert (message.status, message.attempt) == ("unknown", 2)
    assert world.carrier.called == {number(0): 2}


async def test_a_call_of_which_nothing_more_is_heard_ends_as_unknown(world: World) -> None:
    """After the longest call that there can be, a call without an end is given up, and its slot."""
    await world.add_list(1)
    world.carrier.script = {number(0): [SILENT]}
    campaign = await world.create()
    await world.finish(campaign)
    message = await world.message_to(campaign, number(0))
    assert (message.status, message.reason) == ("unknown", "no_receipt")
    assert await world.slots() == FREE


async def test_a_call_known_by_its_ringing_only_comes_to_an_end(world: World) -> None:
    """A call whose answer and hangup were both lost does not keep its campaign running for ever."""
    ringing = Fate((Receipt(1, EventKind.RINGING),)).answered(LOST)
    await world.add_list(1)
    world.carrier.script = {number(0): [ringing]}
    campaign = await world.create()
    await world.finish(campaign)
    assert await world.statuses(campaign) == {"unknown": 1}


# --- Order ------------------------------------------------------------------------------------


async def test_receipts_may_be_faster_than_the_answer(world: World) -> None:
    """A call that has ended before its own answer is in is completed, and knows its call."""

    async def whole_call() -> None:
        world.clock.advance(6 * SECOND)
        await world.carrier.deliver_due()

    world.carrier.on_send = whole_call
    await world.add_list(1)
    campaign = await world.create()
    await world.settle()
    message = await world.message_to(campaign, number(0))
    assert (message.status, message.provider_id) == ("completed", world.carrier.calls[0].id)
    assert (await world.load(campaign)).status is CampaignStatus.COMPLETED
    assert await world.slots() == FREE


async def test_a_failure_faster_than_the_answer_is_tried_again_once(world: World) -> None:
    """A busy line reported before the request's own answer leads to one more attempt."""

    async def busy_at_once() -> None:
        world.clock.advance(SECOND)
        await world.carrier.deliver_due()

    world.carrier.on_send = busy_at_once
    await world.add_list(1)
    world.carrier.script = {number(0): [BUSY]}
    campaign = await world.create()
    await world.finish(campaign)
    assert world.carrier.called == {number(0): 2}
    assert world.carrier.repeated == []


async def test_every_receipt_twice_and_backwards_changes_nothing(world: World) -> None:
    """Receipts that come again, late and in reverse leave everything as it was."""
    await world.add_list(3)
    world.carrier.script = {number(0): [BUSY] * 3, number(1): [LOST_REQUEST]}
    campaign = await world.create()
    await world.finish(campaign)
    before = await world.messages(campaign)
    for call in reversed(world.carrier.calls):
        for receipt in reversed(call.fate.receipts):
            await receive(world.engine, call.event(receipt))
    await world.settle()
    assert await world.messages(campaign) == before
    assert (await world.load(campaign)).status is CampaignStatus.COMPLETED
    assert await world.slots() == FREE
    assert len(world.carrier.requests) == 5


async def test_the_same_receipt_many_times_at_once_counts_once(world: World) -> None:
    """Twenty deliveries of one busy receipt at once lead to one more attempt, and one record."""
    await world.add_list(1)
    world.carrier.script = {number(0): [BUSY.lost(EventKind.FAILED)]}
    campaign = await world.create()
    await world.settle()
    world.clock.advance(SECOND)
    call = world.carrier.calls[0]
    assert call.end is not None
    await asyncio.gather(*(receive(world.engine, call.event(call.end)) for _ in range(20)))
    message = await world.message_to(campaign, number(0))
    assert (message.status, message.attempt) == ("pending", 1)
    assert len(message.told) == 1
    await world.finish(campaign)
    assert world.carrier.called == {number(0): 2}


async def test_a_receipt_for_no_message_is_refused(world: World) -> None:
    """A receipt that names a message or campaign that does not exist is not found."""
    await world.add_list(1)
    campaign = await world.create()
    for ref in (MessageRef(ORG, campaign.id, "none"), MessageRef(ORG, "none", "none")):
        event = DeliveryEvent("e1", ref, 1, EventKind.COMPLETED, world.clock.now())
        with pytest.raises(NotFoundError, match="Message not found"):
            await receive(world.engine, event)


# --- Live-call slots --------------------------------------------------------------------------


async def test_live_calls_of_an_organisation_keep_to_its_limit() -> None:
    """No more calls are under way at once than allowed, and every one is made in the end."""
    async with World(with_limits(live_calls_per_org=3)) as world:
        await world.add_list(20)
        campaign = await world.create()
        await world.finish(campaign)
        assert world.carrier.most_live == 3
        assert world.carrier.called == {number(n): 1 for n in range(20)}
        assert await world.slots() == FREE


async def test_live_calls_of_all_together_keep_to_the_total() -> None:
    """Two campaigns share what is left of the total."""
    async with World(with_limits(live_calls_per_org=10, live_calls_total=4)) as world:
        await world.add_list(12)
        both = [await world.create(name=name) for name in ("a", "b")]
        for campaign in both:
            await world.finish(campaign)
        assert world.carrier.most_live == 4
        assert sum(world.carrier.called.values()) == 24
        assert await world.slots() == FREE


async def test_a_repeated_hangup_frees_no_other_slot() -> None:
    """A hangup delivered again and again frees its own call's slot and nobody else's."""
    async with World(with_limits(live_calls_per_org=2)) as world:
        await world.add_list(2)
        world.carrier.script = {number(1): [SILENT]}
        campaign = await world.create()
        await world.pass_time(10 * SECOND)
        ended = next(call for call in world.carrier.calls if call.to == number(0))
        assert ended.end is not None
        for _ in range(3):
            await receive(world.engine, ended.event(ended.end))
        assert await world.slots() == {"org": 1, "all": 1}
        await world.finish(campaign)


async def test_a_hundred_calls_that_end_at_once_free_every_slot(world: World) -> None:
    """However many receipts meet at one slot document, none of them fails."""
    await world.add_list(100)
    campaign = await world.create()
    at_once = Fate((Receipt(30, EventKind.COMPLETED, ""),))
    world.carrier.otherwise = at_once
    await world.settle()
    world.clock.advance(MINUTE)
    await world.settle()
    assert await world.statuses(campaign) == {"completed": 100}
    assert await world.slots() == FREE


async def test_the_carriers_answer_is_kept(world: World) -> None:
    """An accepted call is known by the carrier's id, and when it was sent."""
    await world.add_list(1)
    world.carrier.script = {number(0): [SILENT.answered(Accepted("call-x"))]}
    campaign = await world.create()
    await world.settle()
    message = await world.message_to(campaign, number(0))
    assert (message.provider_id, message.sent_at) == ("call-x", world.clock.now())


# --- Texts that fail after they were taken -----------------------------------------------------

UNREACHABLE = Fate((Receipt(2, EventKind.FAILED, "provider_30003", Retry.LATER),))
ARRIVES = Fate((Receipt(2, EventKind.DELIVERED),))


async def test_a_text_that_failed_for_now_is_tried_again(world: World) -> None:
    """While others are still to be sent, a text whose receipt says `later` is sent once more."""
    world.carrier.traits = Traits(rate_per_s=1)
    world.carrier.otherwise = ARRIVES
    world.carrier.script = {number(0): [UNREACHABLE, ARRIVES]}
    await world.add_list(20)
    campaign = await world.create()
    await world.finish(campaign)
    await world.pass_time(MINUTE)
    message = await world.message_to(campaign, number(0))
    assert (message.status, message.attempt) == ("delivered", 2)
    assert await world.statuses(campaign) == {"delivered": 20}


async def test_it_is_tried_no_more_once_its_campaign_has_ended(world: World) -> None:
    """The last text fails after the campaign has completed: it has failed, with its reason."""
    world.carrier.traits = Traits()
    world.carrier.otherwise = UNREACHABLE
    await world.add_list(1)
    campaign = await world.create()
    await world.finish(campaign)
    await world.pass_time(HOUR)
    message = await world.message_to(campaign, number(0))
    assert (message.status, message.reason, message.attempt) == ("failed", "provider_30003", 1)


async def test_it_is_tried_again_after_a_pause(world: World) -> None:
    """Told while the campaign is paused, the failure leads to another attempt once it goes on."""
    world.carrier.traits = Traits(rate_per_s=1)
    world.carrier.otherwise = ARRIVES
    world.carrier.script = {number(n): [UNREACHABLE, ARRIVES] for n in range(40)}

    async def pause_after_ten() -> None:
        if len(world.carrier.requests) == 10:
            await lifecycle.change(world.engine, ORG, campaign.id, Action.PAUSE, by="ann")

    world.carrier.on_send = pause_after_ten
    await world.add_list(40)
    campaign = await world.create()
    await world.pass_time(10 * MINUTE)
    assert (await world.load(campaign)).status is CampaignStatus.PAUSED
    await lifecycle.change(world.engine, ORG, campaign.id, Action.RESUME, by="ann")
    await world.finish(campaign)
    await world.pass_time(MINUTE)
    assert await world.statuses(campaign) == {"delivered": 40}
    assert set(world.carrier.called.values()) == {2}
