"""Receipts that bar an address: bounces, complaints and wishes not to be written to any more."""

import asyncio
from contextlib import suppress
from dataclasses import replace

import pytest

from functions.domain.campaigns.campaign import Campaign
from functions.domain.contacts.suppressions import ALL, Bar
from functions.domain.errors import NotFoundError
from functions.domain.messages.delivery_events import DeliveryEvent, EventKind, MessageRef
from functions.engine import paths
from functions.engine.contacts import suppressions
from functions.engine.contacts.suppressions import lift
from functions.engine.ports.store import StoreError
from functions.engine.privacy import erasure
from tests.engine.crashes import Crash, CrashingQueue, CrashingStore, CrashPoint
from tests.engine.recording_channel import PROVIDER, SILENT
from tests.engine.stored_contacts import add_numbers, list_of
from tests.engine.world import ORG, World, number
from tests.salted import contact_id

ANN = number(1)
BOUNCED = (EventKind.FAILED, "bounced")


async def called(world: World) -> Campaign:
    """Call Ann, of whom nothing more is heard."""
    world.carrier.otherwise = SILENT
    people = await list_of(world.engine, await add_numbers(world.engine, 1))
    campaign = await world.create(people)
    await world.settle()
    return campaign


async def receipt(
    world: World, campaign: Campaign, what: tuple[EventKind, str] = BOUNCED, *, attempt: int = 1
) -> DeliveryEvent:
    """Return a receipt of a campaign's only message that bars its address."""
    (message,) = await world.messages(campaign)
    ref, (kind, bar) = MessageRef(ORG, campaign.id, message.id), what
    now = world.clock.now()
    return DeliveryEvent("e1", ref, attempt, kind, now, "p", bar, suppress=bar)


async def bars(world: World) -> dict[str, Bar]:
    """Return what bars Ann, by scope."""
    try:
        return dict((await suppressions.load(world.engine, ORG, contact_id(ANN))).scopes)
    except NotFoundError:
        return {}


@pytest.mark.parametrize(
    "what",
    [
        BOUNCED,
        (EventKind.COMPLAINED, "complained"),
        (EventKind.OPTED_OUT, "unsubscribed"),
        (EventKind.FAILED, "opted_out"),
    ],
    ids=lambda what: what[1],
)
async def test_a_receipt_bars_its_address(world: World, what: tuple[EventKind, str]) -> None:
    """Nobody is contacted again who cannot be, or does not want to be; the provider said so."""
    campaign = await called(world)
    await world.receive(await receipt(world, campaign, what))
    barred = await bars(world)
    assert [(scope, bar.reason, bar.by) for scope, bar in barred.items()] == [
        (ALL, what[1], PROVIDER)
    ]


async def test_a_receipt_of_an_earlier_attempt_bars_too(world: World) -> None:
    """Whichever attempt it was that they complained of, they are not contacted again."""
    campaign = await called(world)
    await world.receive(await receipt(world, campaign, attempt=0))
    assert [bar.reason for bar in (await bars(world)).values()] == ["bounced"]
    assert (await world.messages(campaign))[0].status == "sent"


async def test_a_receipt_that_comes_again_bars_nobody_who_was_freed(world: World) -> None:
    """What an operator has lifted since stays lifted, however often the receipt is repeated."""
    campaign = await called(world)
    event = await receipt(world, campaign)
    await world.receive(event)
    assert await lift(world.engine, ORG, ANN, by="ann")
    await world.receive(event)
    assert await bars(world) == {}


async def test_nobody_is_barred_for_a_message_to_somebody_forgotten(world: World) -> None:
    """Whose address it was is not known any more; the receipt is applied, and bars nobody."""
    campaign = await called(world)
    event = await receipt(world, campaign)
    await erasure.erase(world.engine, ORG, contact_id(ANN), by="ann")
    await world.receive(event)
    assert await world.documents(paths.suppressions(ORG)) == []
    assert await world.statuses(campaign) == {"failed": 1}


async def test_a_bar_that_cannot_be_written_leaves_the_receipt_to_come_again(world: World) -> None:
    """Where the store fails in the middle nothing is noted: the provider's repetition bars."""
    campaign = await called(world)
    event = await receipt(world, campaign)

    async def fail() -> None:
        raise StoreError("it is down")

    world.interleave("commit", "/suppressions/", fail)
    with pytest.raises(StoreError):
        await world.receive(event)
    assert (await world.messages(campaign))[0].status == "sent"
    await world.receive(event)
    assert list(await bars(world)) == [ALL]
    assert await world.statuses(campaign) == {"failed": 1}


async def test_many_deliveries_at_once_bar_once(world: World) -> None:
    """Ten deliveries of one receipt at once leave one bar and one entry in the audit trail."""
    campaign = await called(world)
    event = await receipt(world, campaign)
    await asyncio.gather(*(world.receive(event) for _ in range(10)))
    entries = [each.data for each in await world.documents(paths.audit_trail(ORG))]
    assert len([each for each in entries if each["action"] == "suppress"]) == 1


@pytest.mark.parametrize("after", [False, True])
async def test_a_death_at_any_side_effect_loses_no_bar(*, after: bool) -> None:
    """Killed before or after any commit or task, the receipt that comes again has both done."""
    at = 1
    while await _die_at(at, after=after):
        at += 1
    assert at > 2, "a receipt that bars has fewer side effects than it should"


async def _die_at(at: int, *, after: bool) -> bool:
    async with World() as world:
        campaign = await called(world)
        event, alive, point = (
            await receipt(world, campaign),
            world.engine,
            CrashPoint(at, after=after),
        )
        world.engine = replace(
            alive, store=CrashingStore(world.store, point), queue=CrashingQueue(world.queue, point)
        )
        with suppress(Crash):
            await world.receive(event)
        world.engine = alive
        await world.receive(event)
        assert [bar.reason for bar in (await bars(world)).values()] == ["bounced"]
        assert await world.statuses(campaign) == {"failed": 1}
        await world.finish(campaign)
        return point.is_dead
