"""Receipts whose message does not exist: kept, applied once it does, and gone after a month."""

import asyncio
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from functions.domain.campaigns.campaign import Campaign
from functions.domain.messages.delivery_events import DeliveryEvent, EventKind, MessageRef, Retry
from functions.engine import paths
from functions.engine.ports.store import Create, Delete, Document, StoreError
from functions.engine.receipts import orphans
from functions.engine.receipts.orphans import KEPT_FOR, Replayed, receive_or_keep, replay
from functions.engine.scheduling import check
from tests.engine.crashes import Crash, CrashingQueue, CrashingStore, CrashPoint
from tests.engine.recording_channel import SILENT
from tests.engine.world import ORG, World, number
from tests.engine.wrapped_store import Do, Operation, WrappedStore

SECOND = timedelta(seconds=1)


def completed(world: World, ref: MessageRef, *, id_: str = "e1") -> DeliveryEvent:
    """Return a receipt with everything that a receipt can tell."""
    return DeliveryEvent(
        id_,
        ref,
        1,
        EventKind.COMPLETED,
        world.clock.now(),
        provider_id="p1",
        reason="",
        retry=Retry.ONCE,
        duration_s=42,
        suppress="opted_out",
    )


async def kept(world: World, org: str = ORG) -> list[Document]:
    """Return the orphans of an organisation."""
    return await world.documents(paths.orphans(org))


async def lose_messages(world: World, people: int) -> tuple[Campaign, list[Document]]:
    """Call people, and lose the messages as an old backup does; return what was lost."""
    world.carrier.otherwise = SILENT
    await world.add_list(people)
    campaign = await world.create()
    await world.settle()
    lost = await world.documents(paths.messages(ORG, campaign.id))
    await world.store.commit(*(Delete(each.path) for each in lost))
    return campaign, lost


async def find_again(world: World, lost: list[Document]) -> None:
    """Bring lost messages back."""
    await world.store.commit(*(Create(each.path, each.data) for each in lost))


async def orphan_of(world: World, campaign: Campaign, message: Document) -> DeliveryEvent:
    """Let a receipt of a lost message come in; return it."""
    event = completed(world, MessageRef(ORG, campaign.id, message.id), id_=f"e-{message.id}")
    await receive_or_keep(world.engine, event)
    return event


# --- Keeping them ----------------------------------------------------------------------------


async def test_a_receipt_that_finds_no_message_is_kept_whole(world: World) -> None:
    """Without a message, a campaign or an organisation of that name, all that was told is kept."""
    await world.add_list(1)
    campaign = await world.create()
    for number_, ref in enumerate(
        (
            MessageRef(ORG, campaign.id, "none"),
            MessageRef(ORG, "none", "none"),
            MessageRef("nobody", "none", "none"),
        )
    ):
        event = completed(world, ref, id_=f"e{number_}")
        await receive_or_keep(world.engine, event)
        (found,) = [each for each in await kept(world, ref.org) if each.data["event"] == event.id]
        assert orphans._event(ref.org, found.data) == event
        assert found.data["expires_at"] == world.clock.now() + KEPT_FOR


async def test_a_stray_that_comes_again_is_the_same(world: World) -> None:
    """However often a provider repeats it, and at once, it is kept once."""
    event = completed(world, MessageRef(ORG, "c", "m"))
    await asyncio.gather(*(receive_or_keep(world.engine, event) for _ in range(10)))
    other = replace(event, ref=MessageRef(ORG, "c", "another"))
    await receive_or_keep(world.engine, other)
    assert len(await kept(world)) == 2, "receipts of two messages may have one id"


async def test_a_receipt_that_finds_its_message_is_not_kept(world: World) -> None:
    """What can be applied is, and leaves nothing to replay."""
    world.carrier.otherwise = SILENT
    await world.add_list(1)
    campaign = await world.create()
    await world.settle()
    (message,) = await world.messages(campaign)
    await receive_or_keep(world.engine, completed(world, MessageRef(ORG, campaign.id, message.id)))
    assert await kept(world) == []
    assert await world.statuses(campaign) == {"completed": 1}


async def test_a_stray_is_forgotten_after_thirty_days(world: World) -> None:
    """The every-minute check removes what nobody has found a message for, and not before."""
    await receive_or_keep(world.engine, completed(world, MessageRef(ORG, "c", "m")))
    world.clock.advance(KEPT_FOR - SECOND)
    await check.check(world.engine)
    assert len(await kept(world)) == 1
    world.clock.advance(SECOND)
    await check.check(world.engine)
    assert await kept(world) == []


# --- Replaying them --------------------------------------------------------------------------


async def test_a_replay_applies_what_has_found_its_message(world: World) -> None:
    """Receipts of messages that are back move them; the others are kept for another time."""
    campaign, lost = await lose_messages(world, 3)
    for message in lost:
        await orphan_of(world, campaign, message)
    await find_again(world, lost[:2])
    assert await replay(world.engine, ORG, after=None, limit=10) == Replayed(2, 1, None)
    done = await world.messages(campaign)
    assert [(m.status, m.duration_s) for m in done] == [("completed", 42)] * 2
    assert [each.data["message"] for each in await kept(world)] == [lost[2].id]
    await find_again(world, lost[2:])
    assert await replay(world.engine, ORG, after=None, limit=10) == Replayed(1, 0, None)
    assert await kept(world) == []


async def test_a_replay_goes_on_behind_what_it_has_tried(world: World) -> None:
    """Page by page all are tried once, also where none of them finds its message."""
    for n in range(5):
        await receive_or_keep(world.engine, completed(world, MessageRef(ORG, "c", f"m{n}")))
    tried, after = 0, None
    for _ in range(3):
        result = await replay(world.engine, ORG, after=after, limit=2)
        tried, after = tried + result.kept, result.following
    assert (tried, after) == (5, None)
    shown, following = await orphans.page_of(world.engine, ORG, after=None, limit=2)
    rest, end = await orphans.page_of(world.engine, ORG, after=following, limit=9)
    assert (len(shown), len(rest), end) == (2, 3, None)


async def test_a_replay_leaves_other_organisations_alone(world: World) -> None:
    """Each replays its own."""
    await receive_or_keep(world.engine, completed(world, MessageRef("other", "c", "m")))
    assert await replay(world.engine, ORG, after=None, limit=10) == Replayed(0, 0, None)
    assert len(await kept(world, "other")) == 1


async def test_two_replays_at_once_are_as_one(world: World) -> None:
    """Nothing is applied twice, and nothing is lost between them."""
    campaign, lost = await lose_messages(world, 3)
    for message in lost:
        await orphan_of(world, campaign, message)
    await find_again(world, lost)
    await asyncio.gather(*(replay(world.engine, ORG, after=None, limit=10) for _ in range(3)))
    assert await kept(world) == []
    for done in await world.messages(campaign):
        assert done.status == "completed"
        assert len(done.told) == 1


async def test_one_stray_that_fails_keeps_no_other_from_being_applied(world: World) -> None:
    """The failure is told; what could be applied is done, and the one is tried again next time."""
    campaign, lost = await lose_messages(world, 3)
    for message in lost:
        await orphan_of(world, campaign, message)
    await find_again(world, lost)

    async def fail(operation: Operation, do: Do) -> Any:
        if operation.name == "commit" and lost[1].path in operation.paths:
            raise StoreError("it is down")
        return await do()

    world.engine = replace(world.engine, store=WrappedStore(world.store, fail))
    with pytest.raises(StoreError):
        await replay(world.engine, ORG, after=None, limit=10)
    assert [each.data["message"] for each in await kept(world)] == [lost[1].id]
    world.engine = replace(world.engine, store=world.store)
    assert await replay(world.engine, ORG, after=None, limit=10) == Replayed(1, 0, None)
    assert await world.statuses(campaign) == {"completed": 3}


async def test_a_replayed_stray_bars_its_address(world: World) -> None:
    """An opt-out whose message was missing bars the address as soon as that is known."""
    campaign, lost = await lose_messages(world, 1)
    await orphan_of(world, campaign, lost[0])
    assert await world.documents(paths.suppressions(ORG)) == []
    await find_again(world, lost)
    await replay(world.engine, ORG, after=None, limit=10)
    (bar,) = await world.documents(paths.suppressions(ORG))
    assert bar.data["address"] == number(0)


@pytest.mark.parametrize("after", [False, True])
async def test_a_death_at_any_side_effect_loses_no_stray(*, after: bool) -> None:
    """Killed while it keeps or replays, a receipt that comes again ends where it belongs."""
    at = 1
    while await _die_at(at, after=after):
        at += 1
    assert at > 3, "a orphan has fewer side effects than it should"


async def _die_at(at: int, *, after: bool) -> bool:
    async with World() as world:
        campaign, lost = await lose_messages(world, 2)
        events = [
            completed(world, MessageRef(ORG, campaign.id, each.id), id_=f"e-{each.id}")
            for each in lost
        ]
        alive, point = world.engine, CrashPoint(at, after=after)
        crashing = replace(
            alive, store=CrashingStore(world.store, point), queue=CrashingQueue(world.queue, point)
        )
        with suppress(Crash):
            for event in events:
                await receive_or_keep(crashing, event)
            await find_again(world, lost)
            await replay(crashing, ORG, after=None, limit=10)
        if await world.statuses(campaign) == {}:
            await find_again(world, lost)
        for event in events:
            await receive_or_keep(alive, event)
        await replay(alive, ORG, after=None, limit=10)
        assert await kept(world) == []
        assert await world.statuses(campaign) == {"completed": 2}
        return point.is_dead
