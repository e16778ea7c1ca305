"""A provider that refuses not the people but us: nobody is lost, and the campaign says why."""

from datetime import timedelta

import pytest

from functions.domain.campaigns.campaign import Campaign
from functions.domain.campaigns.status import Action
from functions.domain.messages.delivery_events import DeliveryEvent, EventKind, MessageRef, Retry
from functions.domain.messages.send_outcomes import Rejected
from functions.engine import paths
from functions.engine.campaigns import lifecycle
from functions.engine.ports.store import Query
from tests.engine.recording_channel import SILENT, TALKS, Fate, Receipt
from tests.engine.world import ORG, World, number

MINUTE = timedelta(minutes=1)
RELAY = Fate(outcome=Rejected("relay_denied", Retry.REFUSED), placed=False)
BLOCKED = Fate((Receipt(1, EventKind.FAILED, "sender_listed", Retry.REFUSED),))


async def stands(world: World, campaign: Campaign) -> tuple[str, str | None]:
    """Return a campaign's status and why it has it."""
    stored = await world.load(campaign)
    return stored.status, stored.reason


async def resumed(world: World, campaign: Campaign) -> None:
    """Resume a campaign whose provider takes its messages again, and let it end."""
    world.carrier.otherwise = TALKS
    await lifecycle.change(world.engine, ORG, campaign.id, Action.RESUME, by="ann")
    await world.finish(campaign)


@pytest.mark.parametrize("people", [1, 2, 5, 100])
async def test_a_relay_that_refuses_us_pauses_the_campaign(world: World, people: int) -> None:
    """Nobody is suppressed and nobody has failed: once it is mended, everybody is reached."""
    await world.add_list(people)
    world.carrier.otherwise = RELAY
    campaign = await world.create()
    await world.pass_time(5 * MINUTE)
    assert await stands(world, campaign) == ("paused", "relay_denied")
    assert await world.statuses(campaign) == {"pending": people}
    assert not await world.engine.store.query(Query(paths.suppressions(ORG), limit=1))
    await resumed(world, campaign)
    assert await world.statuses(campaign) == {"completed": people}


async def test_refusals_that_come_by_receipt_pause_it_too(world: World) -> None:
    """A provider may take a message first and be refused itself afterwards."""
    await world.add_list(40)
    world.carrier.otherwise = BLOCKED
    campaign = await world.create()
    await world.pass_time(MINUTE)
    assert await stands(world, campaign) == ("paused", "sender_listed")
    await resumed(world, campaign)
    assert await world.statuses(campaign) == {"completed": 40}


async def test_a_carrier_that_tells_of_no_arrivals_is_not_taken_for_one_that_refuses_us(
    world: World,
) -> None:
    """Of a hundred texts that are simply sent, five are refused by receipt: that is not all."""
    await world.add_list(100)
    world.carrier.otherwise = SILENT
    world.carrier.script = {number(n): [BLOCKED, SILENT] for n in range(0, 100, 20)}
    campaign = await world.create()
    await world.pass_time(MINUTE)
    assert (await stands(world, campaign))[0] == "running"


async def test_one_server_that_refuses_us_costs_its_own_people_only(world: World) -> None:
    """Where others are reached meanwhile, it is no reason to stop: its people fail in the end."""
    await world.add_list(60)
    world.carrier.script = {number(n): [RELAY] * 10 for n in (7, 23, 48)}
    campaign = await world.create()
    await world.finish(campaign)
    assert await world.statuses(campaign) == {"completed": 57, "failed": 3}
    failed = [m for m in await world.messages(campaign) if m.status == "failed"]
    assert {(m.reason, m.refusals, m.counted_attempts) for m in failed} == {("relay_denied", 3, 1)}


async def test_one_server_s_people_do_not_stop_a_campaign_that_is_done_but_for_them(
    world: World,
) -> None:
    """They are tried again when nobody else is left: those are refusals of the same people."""
    await world.add_list(100)
    world.carrier.script = {number(n): [RELAY] * 10 for n in range(0, 100, 10)}
    campaign = await world.create()
    await world.finish(campaign)
    assert await world.statuses(campaign) == {"completed": 90, "failed": 10}


async def test_a_small_campaign_is_paused_where_half_of_it_is_refused(world: World) -> None:
    """Few people need not be many."""
    await world.add_list(6)
    world.carrier.script = {number(n): [RELAY] * 10 for n in range(4)}
    campaign = await world.create()
    await world.pass_time(5 * MINUTE)
    assert await stands(world, campaign) == ("paused", "relay_denied")


async def test_a_campaign_is_paused_once_refusals_begin_in_the_middle(world: World) -> None:
    """What went well before does not hide for long that nothing goes well any more."""
    await world.add_list(200)
    world.carrier.script = {number(n): [TALKS] for n in range(60)}
    world.carrier.otherwise = RELAY
    campaign = await world.create()
    await world.pass_time(10 * MINUTE)
    assert await stands(world, campaign) == ("paused", "relay_denied")
    statuses = await world.statuses(campaign)
    assert set(statuses) == {"completed", "pending"}
    assert statuses["pending"] >= 140


async def test_a_resumed_campaign_is_given_another_chance(world: World) -> None:
    """Whoever resumes it has looked: it takes as many refusals again to pause it."""
    await world.add_list(1)
    world.carrier.otherwise = RELAY
    campaign = await world.create()
    await world.pass_time(5 * MINUTE)
    await lifecycle.change(world.engine, ORG, campaign.id, Action.RESUME, by="ann")
    await world.finish(campaign)
    assert await world.statuses(campaign) == {"failed": 1}


async def test_a_repeated_receipt_is_one_refusal(world: World) -> None:
    """A provider that tells one refusal five times has refused once."""
    await world.add_list(2)
    world.carrier.otherwise = SILENT
    campaign = await world.create()
    await world.pass_time(MINUTE)
    message = (await world.messages(campaign))[0]
    ref, now = MessageRef(ORG, campaign.id, message.id), world.clock.now()
    failed = DeliveryEvent("e1", ref, 1, EventKind.FAILED, now, "p", "sender_listed", Retry.REFUSED)
    for _ in range(5):
        await world.receive(failed)
    assert (await stands(world, campaign))[0] == "running"
