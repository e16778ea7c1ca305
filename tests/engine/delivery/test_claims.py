"""Claims: a lane's document names what is being handed over, and nobody overlooks it."""

from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from functions.domain.campaigns.campaign import Campaign
from functions.domain.campaigns.status import Action
from functions.domain.messages.delivery_events import DeliveryEvent, EventKind, MessageRef
from functions.domain.messages.message import MessageStatus
from functions.engine import paths
from functions.engine.campaigns.lifecycle import change
from functions.engine.delivery.dispatch import dispatch
from functions.engine.kernel.claims import claims_fields, claims_of
from functions.engine.plans import steering
from functions.engine.ports.store import Update
from functions.engine.privacy import erasure
from functions.engine.receipts.receive import receive
from functions.engine.reporting import explanation, reports
from functions.engine.reporting.progress import progress_of
from functions.engine.reporting.reports import MessageFilter
from functions.engine.scheduling.check import check
from tests.engine.plans.journeys import DAY, HOUR, JourneyWorld, plan, send
from tests.engine.privacy.erasing import ANA, ANA_ID, BEN, CEM, check_forgotten, populated
from tests.engine.world import MINUTE, ORG, World, with_limits
from tests.engine.wrapped_store import Do, Operation, WrappedStore

SECOND = timedelta(seconds=1)
SENDING = MessageFilter(status=MessageStatus.SENDING)


async def lane_of(world: World, campaign: Campaign, name: str = "0") -> dict[str, object]:
    """Return what a lane's document holds."""
    lane = await world.store.get(paths.lane(ORG, campaign.id, name))
    assert lane is not None
    return lane.data


async def left(world: World, people: int = 2) -> Campaign:
    """Leave a campaign's messages as a process leaves them that dies before it calls."""
    await world.add_list(people)
    campaign = await world.create()
    await world.rewrite(campaign, lanes=1)
    await world.launch_only(campaign)
    await world.leave_sending(await world.load(campaign))
    return await world.load(campaign)


async def on_send(world: World, campaign: Campaign, do: Callable[[], Awaitable[None]]) -> None:
    """Send a campaign of one person, and do something while the provider is asked."""
    done = list[bool]()

    async def once() -> None:
        if not done:
            done.append(True)
            await do()

    world.carrier.on_send = once
    await world.finish(campaign)


async def test_a_message_is_written_once_for_being_sent(world: World) -> None:
    """With its result: before that the lane alone says that it is being handed over."""
    await world.add_list(40)
    campaign = await world.create()
    await world.launch_only(campaign)
    written = Counter[str]()

    async def note(operation: Operation, do: Do) -> Any:
        if operation.name == "commit":
            written.update(map(paths.collection_of, operation.paths))
        return await do()

    engine = replace(world.engine, store=WrappedStore(world.store, note))
    for name in map(str, range(campaign.lanes)):
        await dispatch(engine, ORG, campaign.id, name)
    assert written["messages"] == 40


async def test_what_is_being_handed_over_is_shown_as_sending(world: World) -> None:
    """By the message, in a report, by its filter and in the campaign's progress."""
    await world.add_list(1)
    campaign = await world.create()
    seen: list[object] = []

    async def look() -> None:
        (stored,) = await world.messages(campaign)
        ref = MessageRef(ORG, campaign.id, stored.id)
        _, shown = await explanation.find(world.engine, ref)
        every = await reports.messages(world.engine, campaign, MessageFilter(), cursor="", limit=9)
        found = await reports.messages(world.engine, campaign, SENDING, cursor="", limit=9)
        progress = await progress_of(world.engine, ORG, campaign.id)
        statuses = [shown.status, *(each.status for each in (*every.rows, *found.rows))]
        seen.append((stored.status, statuses, progress.counts[MessageStatus.SENDING]))

    await on_send(world, campaign, look)
    assert seen == [("pending", ["sending"] * 3, 1)]
    found = await reports.messages(world.engine, campaign, SENDING, cursor="", limit=9)
    assert found.rows == []
    progress = await progress_of(world.engine, ORG, campaign.id)
    assert progress.counts[MessageStatus.SENDING] == 0


async def test_a_lane_that_was_worked_off_names_nothing_any_more(world: World) -> None:
    """What it has claimed in all is what was tried."""
    await world.add_list(3)
    campaign = await world.create()
    await world.rewrite(campaign, lanes=1)
    await world.finish(campaign)
    lane = await lane_of(world, campaign)
    assert (lane["claims"], lane["claimed"]) == ({}, 3)


async def test_what_a_dead_worker_was_handing_over_is_left_alone_until_its_time_is_over(
    world: World,
) -> None:
    """The rest of its lane goes on meanwhile; what has no result by then is unknown."""
    campaign = await left(world)
    message = (await world.messages(campaign))[0]
    lane = paths.lane(ORG, campaign.id, "0")
    claims = claims_of(await lane_of(world, campaign))
    kept = claims_fields({"0": claims["0"]._replace(attempts={message.id: 1})})
    await world.store.commit(Update(lane, {"claims": kept, "claimed": 1}))
    await world.pass_time(30 * SECOND)
    assert len(world.carrier.requests) == 1
    await world.finish(campaign)
    assert len(world.carrier.requests) == 1
    assert await world.statuses(campaign) == {"completed": 1, "unknown": 1}


async def test_a_claim_whose_results_are_there_is_dropped_at_once(world: World) -> None:
    """The worker died behind its last commit: nobody waits until the claim's time is over."""
    campaign = await left(world, 1)
    (message,) = await world.messages(campaign)
    ref = MessageRef(ORG, campaign.id, message.id)
    event = DeliveryEvent("e", ref, 1, EventKind.COMPLETED, world.clock.now(), "p1")
    await receive(world.engine, event)
    begun = world.clock.now()
    await world.finish(campaign)
    assert world.clock.now() - begun < 10 * SECOND
    assert world.carrier.requests == []
    assert await world.statuses(campaign) == {"completed": 1}


async def test_a_receipt_faster_than_the_result_counts_for_the_attempt(world: World) -> None:
    """The call has ended before its request was answered: it is over, and known by its id."""
    await world.add_list(1)
    campaign = await world.create()

    async def be_faster() -> None:
        (message,) = await world.messages(campaign)
        ref = MessageRef(ORG, campaign.id, message.id)
        event = DeliveryEvent("e", ref, 1, EventKind.COMPLETED, world.clock.now())
        await receive(world.engine, event)

    await on_send(world, campaign, be_faster)
    (message,) = await world.messages(campaign)
    assert (message.status, message.attempt) == ("completed", 1)
    assert message.provider_id
    assert len(world.carrier.requests) == 1


async def test_a_paused_campaign_shows_nothing_as_sending_once_its_results_are_there(
    world: World,
) -> None:
    """Its lanes still name the chunk, for nobody works on them."""
    await world.add_list(2)
    campaign = await world.create()

    async def pause() -> None:
        if len(world.carrier.requests) == 1:
            await change(world.engine, ORG, campaign.id, Action.PAUSE, by="ann")

    world.carrier.on_send = pause
    await world.settle()
    progress = await progress_of(world.engine, ORG, campaign.id)
    assert progress.counts[MessageStatus.SENDING] == 0
    found = await reports.messages(world.engine, campaign, SENDING, cursor="", limit=9)
    assert found.rows == []


async def test_a_worker_that_stood_still_behind_its_claim_looks_whose_lane_it_is() -> None:
    """Paused for seconds before the first call: what was claimed is put back, not called."""
    async with World(with_limits(rate_per_s=None)) as world:
        await world.add_list(1)
        campaign = await world.create()
        await world.rewrite(campaign, lanes=1)
        await world.launch_only(campaign)
        plain, paused = world.engine, list[bool]()

        async def stand_still(operation: Operation, do: Do) -> Any:
            result = await do()
            lane = await lane_of(world, campaign)
            if operation.name == "commit" and lane.get("claims") and not paused:
                paused.append(True)
                await change(plain, ORG, campaign.id, Action.PAUSE, by="ann")
                world.clock.advance(2 * SECOND)
            return result

        engine = replace(plain, store=WrappedStore(world.store, stand_still))
        await dispatch(engine, ORG, campaign.id, "0")
        assert paused
        assert world.carrier.requests == []
        assert await world.statuses(campaign) == {"pending": 1}


async def test_a_check_has_a_dead_worker_s_lane_looked_at_as_its_lease_ends(world: World) -> None:
    """The process that starts anew checks once: nobody waits for the check a minute later."""
    campaign = await left(world, 1)
    lane, until = paths.lane(ORG, campaign.id, "0"), world.clock.now() + world.limits.lane_lease
    await world.store.commit(Update(lane, {"claims": {}, "claimed": 0}))
    held = {"lease_until": until, "wake_at": until, "heartbeat_at": world.clock.now()}
    await world.store.commit(Update(lane, held))
    world.queue._jobs.clear()
    world.engine = world.new_engine()
    await check(world.engine)
    await world.pass_time(world.limits.lane_lease + SECOND, checks=False)
    assert len(world.carrier.requests) == 1


@pytest.mark.parametrize("moment", range(1, 16))
async def test_who_is_erased_at_any_moment_is_called_once_at_most_and_forgotten(
    world: World, moment: int
) -> None:
    """Before the claim they are not called; after it their outcome is kept, without a name."""
    campaign = await world.create(await populated(world))
    await world.rewrite(campaign, lanes=1)
    await world.launch_only(campaign)
    plain, operations = world.engine, list[str]()

    async def erase_once(operation: Operation, do: Do) -> Any:
        operations.append(operation.name)
        if len(operations) == moment:
            await erasure.erase(plain, ORG, ANA_ID, by="ann")
        return await do()

    engine = replace(plain, store=WrappedStore(world.store, erase_once))
    await dispatch(engine, ORG, campaign.id, "0")
    await world.finish(campaign)
    await check_forgotten(world)
    called = world.carrier.called[ANA]
    assert called <= 1
    ended = {"completed": 3} if called else {"completed": 2, "cancelled": 1}
    assert await world.statuses(campaign) == ended
    assert world.carrier.called == {**({ANA: 1} if called else {}), BEN: 1, CEM: 1}


@pytest.mark.parametrize("moment", range(1, 24))
async def test_an_exit_at_any_moment_of_a_send_comes_before_it_or_leaves_it_alone(
    moment: int,
) -> None:
    """What is written off was not sent, and what was sent is not called written off."""
    async with JourneyWorld() as world:
        await _exit_at(world, moment)


async def _exit_at(world: JourneyWorld, moment: int) -> None:
    campaign = await world.begin(plan(send("late", schedule={"delay": "PT1H"})))
    await world.enter(campaign)
    await world.pass_time(HOUR - 2 * MINUTE)
    plain, operations = world.engine, list[str]()

    async def leave(operation: Operation, do: Do) -> Any:
        operations.append(operation.name)
        if len(operations) == moment:
            (walk,) = await world.documents(paths.enrollments(ORG, campaign.id))
            await steering.exit_(plain, ORG, campaign.id, walk.id, by="ann")
        return await do()

    world.engine = replace(plain, store=WrappedStore(world.store, leave))
    await world.pass_time(DAY)
    world.engine = plain
    (message,) = await world.messages(campaign)
    ended = ("delivered", "") if world.sent else ("cancelled", "left_plan")
    assert (message.status, message.reason) == ended
    assert len(world.sent) <= 1
