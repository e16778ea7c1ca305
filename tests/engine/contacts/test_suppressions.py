"""Suppressions: nobody is contacted who must not be, also when it is said after the launch."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from functions.domain.campaigns.campaign import Campaign
from functions.domain.campaigns.status import Action, CampaignStatus
from functions.domain.contacts.phones import parse_phone
from functions.domain.contacts.suppressions import ALL
from functions.domain.errors import NotFoundError
from functions.domain.messages.message import MessageStatus
from functions.engine import paths
from functions.engine.campaigns import lifecycle, single_message
from functions.engine.contacts import suppressions
from functions.engine.contacts.suppressions import (
    FreshSuppressions,
    lift,
    suppress,
    suppressed_among,
)
from functions.engine.messages import statistics
from tests.engine.counting_store import CountingStore
from tests.engine.recording_channel import BUSY, TALKS
from tests.engine.world import ORG, VOICE, World, number, with_limits
from tests.salted import contact_id

SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
ANN, BEN = number(0), number(1)


async def bar(world: World, address: str, **more: Any) -> bool:
    """Suppress an address."""
    return await suppress(world.engine, ORG, address, reason="asked", by="ann", **more)


async def barred(world: World, *addresses: str, scopes: tuple[str, ...] = (ALL,)) -> set[str]:
    """Ask who of these must not be contacted."""
    now = world.clock.now()
    return await suppressed_among(world.engine, ORG, addresses, scopes=scopes, now=now)


async def audit(world: World) -> list[dict[str, Any]]:
    """Return what the audit trail says of suppressions, in order."""
    found = [d.data for d in await world.documents(paths.audit_trail(ORG))]
    return sorted((e for e in found if "suppression" in e), key=lambda each: each["at"])


# --- Saying it -------------------------------------------------------------------------------


async def test_an_address_is_suppressed_and_lifted_scope_by_scope(world: World) -> None:
    """Each scope stands for itself, and lifting the last one forgets the address."""
    assert await bar(world, ANN, scope="sms")
    assert await bar(world, ANN, scope="voice")
    assert await barred(world, ANN, BEN, scopes=("voice",)) == {ANN}
    assert await barred(world, ANN, BEN, scopes=("whatsapp",)) == set()
    assert await lift(world.engine, ORG, ANN, scope="voice", by="ben")
    assert await barred(world, ANN, scopes=("voice",)) == set()
    assert not await lift(world.engine, ORG, ANN, scope="voice", by="ben")
    assert await lift(world.engine, ORG, ANN, scope="sms", by="ben")
    with pytest.raises(NotFoundError):
        await suppressions.load(world.engine, ORG, contact_id(ANN))


async def test_suppressing_again_changes_nothing(world: World) -> None:
    """The first reason is kept, and the audit trail has one entry."""
    assert await bar(world, ANN)
    assert not await suppress(world.engine, ORG, ANN, reason="another", by="ben")
    found = await suppressions.load(world.engine, ORG, contact_id(ANN))
    assert found.scopes[ALL].reason == "asked"
    assert len(await audit(world)) == 1


async def test_the_audit_trail_tells_who_and_not_whom(world: World) -> None:
    """Suppressing and lifting are written down with the caller, and without the address."""
    await bar(world, ANN, scope="sms")
    world.clock.advance(SECOND)
    await lift(world.engine, ORG, ANN, scope="sms", by="ben")
    entries = await audit(world)
    told = [(e["action"], e["by"], e["scope"], e["suppression"]) for e in entries]
    id_ = contact_id(ANN)
    assert told == [("suppress", "ann", "sms", id_), ("lift", "ben", "sms", id_)]
    assert ANN not in str(entries)


async def test_many_at_once_lose_nothing(world: World) -> None:
    """Scopes that are added at the same time are all kept."""
    await asyncio.gather(*(bar(world, ANN, scope=scope) for scope in ("sms", "voice", "whatsapp")))
    found = await suppressions.load(world.engine, ORG, contact_id(ANN))
    assert found.scopes.keys() == {"sms", "voice", "whatsapp"}


async def test_an_expired_suppression_bars_no_more(world: World) -> None:
    """From `until` on the address is contacted again, without anybody lifting anything."""
    await bar(world, ANN, until=world.clock.now() + MINUTE)
    assert await barred(world, ANN) == {ANN}
    world.clock.advance(MINUTE)
    assert await barred(world, ANN) == set()


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ("+525512345678", "+5215512345678"),
        ("+5511987654321", "+551187654321"),
        ("+541123456789", "+5491123456789"),
    ],
)
async def test_a_number_is_suppressed_in_every_spelling(
    world: World, ours: str, theirs: str
) -> None:
    """Suppressed in one spelling and asked for in the other, either way round, it is barred."""
    for said, asked in ((ours, theirs), (theirs, ours)):
        assert await bar(world, said)
        assert await barred(world, asked, BEN) == {asked}
        assert not await bar(world, asked)
        assert await lift(world.engine, ORG, asked, by="ben")


async def test_where_nobody_is_suppressed_nothing_is_asked_for(world: World) -> None:
    """The usual case costs one query, however many people there are."""
    store = CountingStore(world.store)
    world.engine = replace(world.engine, store=store)
    assert await barred(world, *map(number, range(50))) == set()
    assert (len(store.queries), store.asked) == (1, [])


# --- While a campaign sends ------------------------------------------------------------------


async def skipped(world: World, campaign: Campaign) -> set[str]:
    """Return who was left out as suppressed, and that the statistics say so."""
    found = await world.messages(campaign)
    left_out = {m.address for m in found if (m.status, m.reason) == ("skipped", "suppressed")}
    counts = await statistics.read_one(world.engine, campaign)
    assert counts[MessageStatus.SKIPPED] == len(left_out)
    assert counts.total == len(found)
    return left_out


async def test_who_is_suppressed_after_the_launch_is_not_contacted(world: World) -> None:
    """A message that was made and not yet sent is skipped instead of being sent."""
    await world.add_list(3)
    campaign = await world.create()
    await world.launch_only(campaign)
    await world.suppress(BEN)
    await world.finish(campaign)
    assert world.carrier.called == {number(0): 1, number(2): 1}
    assert await skipped(world, campaign) == {BEN}
    assert (await world.message_to(campaign, BEN)).ended_at is not None


async def test_a_slow_campaign_leaves_out_who_is_suppressed_meanwhile() -> None:
    """While it sends one a second, whoever is suppressed is left out a second or so later."""
    async with World(with_limits(rate_per_s=1)) as world:
        await world.add_list(20)
        campaign = await world.create()
        order: list[str] = []

        async def suppress_the_last() -> None:
            order.append(world.carrier.requests[-1].to)
            if len(order) == 5:
                await world.suppress(waiting())

        def waiting() -> str:
            return next(each for each in map(number, range(19, -1, -1)) if each not in order)

        world.carrier.on_send = suppress_the_last
        await world.finish(campaign)
        (left_out,) = await skipped(world, campaign)
        assert left_out not in world.carrier.called
        assert len(world.carrier.called) == 19


async def test_a_second_attempt_is_not_made_to_who_is_suppressed(world: World) -> None:
    """A person who was busy and is suppressed before the next attempt is not called again."""
    await world.add_list(2)
    world.carrier.script = {BEN: [BUSY, TALKS]}
    campaign = await world.create()
    await world.pass_time(MINUTE)
    await world.suppress(BEN)
    await world.finish(campaign)
    assert world.carrier.called == {ANN: 1, BEN: 1}
    assert await skipped(world, campaign) == {BEN}


@pytest.mark.parametrize(
    ("scope", "left_out"),
    [("voice", {BEN}), ("broadcast", {BEN}), ("sms", set()), ("whatsapp", set())],
)
async def test_only_the_campaign_s_own_scopes_count(
    world: World, scope: str, left_out: set[str]
) -> None:
    """A call is held back by its channel and its kind, and not by another channel's scope."""
    await world.add_list(2)
    campaign = await world.create()
    await world.launch_only(campaign)
    await bar(world, BEN, scope=scope)
    await world.finish(campaign)
    assert await skipped(world, campaign) == left_out


async def test_what_was_lifted_or_has_expired_does_not_count(world: World) -> None:
    """Who may be contacted again when their turn comes is contacted."""
    await world.add_list(3)
    campaign = await world.create()
    await world.launch_only(campaign)
    await bar(world, ANN, until=world.clock.now() + SECOND)
    await bar(world, BEN)
    await lift(world.engine, ORG, BEN, by="ann")
    world.clock.advance(2 * SECOND)
    await world.finish(campaign)
    assert await skipped(world, campaign) == set()
    assert len(world.carrier.called) == 3


async def test_a_single_call_is_made_on_purpose(world: World) -> None:
    """A single call is made to whoever it is to, suppressed before or after it was asked for."""
    await world.suppress(ANN)
    first, _ = await single_message.call_once(world.engine, ORG, VOICE, parse_phone(ANN))
    second, _ = await single_message.call_once(world.engine, ORG, VOICE, parse_phone(BEN))
    await world.suppress(BEN)
    await world.finish(first)
    await world.finish(second)
    assert world.carrier.called == {ANN: 1, BEN: 1}


async def test_a_campaign_whose_people_are_all_suppressed_ends(world: World) -> None:
    """Skipping everybody leaves nothing to do: the campaign comes to its end."""
    await world.add_list(2)
    campaign = await world.create()
    await world.launch_only(campaign)
    await world.suppress(ANN)
    await world.suppress(BEN)
    await world.finish(campaign)
    assert world.carrier.requests == []
    assert (await world.load(campaign)).status is CampaignStatus.COMPLETED


async def test_a_pause_in_between_forgets_nobody(world: World) -> None:
    """Who was suppressed while a campaign was paused for a day is left out when it goes on."""
    await world.add_list(2)
    campaign = await world.create()
    await world.launch_only(campaign)
    await lifecycle.change(world.engine, ORG, campaign.id, Action.PAUSE, by="ann")
    await world.suppress(BEN)
    await world.pass_time(timedelta(days=1))
    await lifecycle.change(world.engine, ORG, campaign.id, Action.RESUME, by="ann")
    await world.finish(campaign)
    assert await skipped(world, campaign) == {BEN}


# --- Looking for what is new -----------------------------------------------------------------


async def fresh(world: World) -> tuple[FreshSuppressions, CountingStore]:
    """Return what a lane looks with, and the count of its reads."""
    await world.add_list(1)
    campaign = await world.create()
    store = CountingStore(world.store)
    engine = replace(world.engine, store=store)
    return FreshSuppressions(engine, campaign, campaign.own_send), store


async def stamp(world: World, address: str, ago: timedelta) -> None:
    """Suppress an address by a clock that is late, or in a commit that takes long."""
    world.clock.advance(-ago)
    await bar(world, address)
    world.clock.advance(ago)


async def test_looking_reads_only_what_is_new(world: World) -> None:
    """Many old suppressions cost nothing, and none is read for long after it was found."""
    for index in range(100, 120):
        await stamp(world, number(index), timedelta(days=1))
    looker, store = await fresh(world)
    assert await looker.among([ANN]) == set()
    await bar(world, ANN)
    for _ in range(30):
        world.clock.advance(SECOND)
        assert await looker.among([ANN, BEN]) == {ANN}
    read = [len(found) for found in store.found]
    assert (read[0], read[-1]) == (0, 0)
    assert sum(read) < 15


async def test_looking_is_done_once_a_second(world: World) -> None:
    """However often a lane asks, the store is asked once a second."""
    looker, store = await fresh(world)
    for _ in range(40):
        await looker.among([ANN])
        world.clock.advance(SECOND / 10)
    assert len(store.queries) == 4


async def test_a_clock_that_differs_hides_nobody(world: World) -> None:
    """A stamp of some seconds ago is seen at once, one of minutes ago within a minute."""
    looker, _ = await fresh(world)
    assert await looker.among([ANN]) == set()
    await stamp(world, ANN, 9 * SECOND)
    await stamp(world, BEN, 4 * MINUTE)
    world.clock.advance(SECOND)
    assert await looker.among([ANN, BEN]) == {ANN}
    world.clock.advance(MINUTE)
    assert await looker.among([ANN, BEN]) == {ANN, BEN}


async def test_a_stamp_before_the_start_is_seen(world: World) -> None:
    """Who was suppressed by a late clock, just after a launch had read them, is still found."""
    looker, _ = await fresh(world)
    await stamp(world, ANN, 4 * MINUTE)
    assert await looker.among([ANN]) == {ANN}


async def test_too_many_new_ones_are_asked_for_one_by_one(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Beyond what is worth remembering nobody is missed either."""
    monkeypatch.setattr(suppressions, "_REMEMBERED", 3)
    looker, store = await fresh(world)
    for index in range(10):
        await bar(world, number(index))
    assert await looker.among([ANN, number(9), number(50)]) == {ANN, number(9)}
    world.clock.advance(MINUTE)
    assert await looker.among([BEN]) == {BEN}
    assert len(store.queries) == 1
