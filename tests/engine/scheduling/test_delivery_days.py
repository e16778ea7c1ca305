"""Reports of days: every message counts once, however its counts are moved."""

import asyncio
from collections import Counter
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from structlog.testing import capture_logs

from functions.domain.campaigns.campaign import Campaign
from functions.domain.messages.delivery_events import DeliveryEvent, EventKind, MessageRef
from functions.domain.messages.outcomes import Outcome
from functions.engine import paths
from functions.engine.messages import moved_days, statistics, tallies
from functions.engine.ports.store import Add, Query, RefusedError
from functions.engine.reporting import delivery
from functions.engine.reporting.delivery import Report, Wanted
from functions.engine.scheduling import delivery_days
from functions.engine.scheduling.check import check
from tests.engine.counting_store import CountingStore
from tests.engine.crashes import Crash, CrashingStore, CrashPoint
from tests.engine.plans.journeys import JourneyWorld
from tests.engine.privacy.erasing import erase, populated
from tests.engine.world import ORG, World
from tests.engine.wrapped_store import Do, Operation, WrappedStore

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
#: When a tier of a campaign that has just ended may be moved.
_OVER = [length + tallies.MARGIN for length in tallies.TIERS]


async def report(world: World) -> Report:
    """Return the report of all days so far."""
    today = tallies.today(world.clock.now())
    return await delivery.report(world.engine, ORG, Wanted(today - 60 * DAY, today))


async def ended(world: World, people: int = 3) -> Campaign:
    """Return a campaign that has ended just now."""
    campaign = await world.create(await world.add_list(people))
    await world.finish(campaign)
    return campaign


async def opt_out(world: World, campaign: Campaign, of: int = 0) -> None:
    """Have somebody want no more calls, now."""
    message = (await world.messages(campaign))[of]
    ref, now = MessageRef(ORG, campaign.id, message.id), world.clock.now()
    kind = EventKind.OPTED_OUT
    await world.receive(DeliveryEvent(f"late-{of}", ref, message.attempt, kind, now))


async def told(world: World) -> list[str]:
    """Return the days that stand with the organisation."""
    found = await world.store.query(Query(paths.delivery_days(ORG)))
    return [each.id for each in found]


async def test_what_has_ended_is_moved_once_and_the_report_stays_as_it_was() -> None:
    """An hour after its end a campaign's counts go to their day; two checks at once move once."""
    async with World() as world:
        await ended(world)
        before = await report(world)
        assert before.total.outcomes[Outcome.SENT] == 3
        await delivery_days.move(world.engine)
        assert await told(world) == []
        world.clock.advance(_OVER[0] + HOUR)
        await asyncio.gather(*(delivery_days.move(world.engine) for _ in range(2)))
        await delivery_days.move(world.engine)
        assert await told(world) == ["2026-03-02"]
        after = await report(world)
        assert after.total == before.total
        assert after.days == before.days


async def test_receipts_that_come_late_count_once() -> None:
    """Hours, days and weeks after the end, before and after the counts until then were moved."""
    async with World() as world:
        campaign = await ended(world, people=4)
        for number, wait in enumerate([2 * HOUR, 2 * DAY, 7 * DAY]):
            world.clock.advance(wait)
            await opt_out(world, campaign, number)
            assert (await report(world)).total.outcomes[Outcome.OPTED_OUT] == number + 1
            await delivery_days.move(world.engine)
            assert (await report(world)).total.outcomes[Outcome.OPTED_OUT] == number + 1
        assert await told(world) == ["2026-03-02", "2026-03-04", "2026-03-11"]
        counts = await statistics.read_one(world.engine, await world.load(campaign))
        assert counts.reactions["opted_out"] == 3


@pytest.mark.parametrize("after", [False, True])
async def test_a_move_that_dies_is_done_once_by_the_next(*, after: bool) -> None:
    """The process dies before or after its commit; the report is the same."""
    async with World() as world:
        await ended(world)
        before = await report(world)
        world.clock.advance(_OVER[0] + HOUR)
        store = CrashingStore(world.store, CrashPoint(1, after=after))
        with pytest.raises(Crash):
            await delivery_days.move(replace(world.engine, store=store))
        assert (await report(world)).total == before.total
        await delivery_days.move(world.engine)
        assert (await report(world)).total == before.total


async def test_a_report_is_right_while_counts_are_moved() -> None:
    """They are moved just after its days were read: it reads once more."""
    async with World() as world:
        await ended(world)
        world.clock.advance(_OVER[0] + HOUR)

        async def move() -> None:
            await delivery_days.move(replace(world.engine, store=world.store))

        world.interleave("get", "/statistics/", move)
        assert (await report(world)).total.outcomes[Outcome.SENT] == 3


async def test_a_campaign_that_goes_on_for_days_keeps_its_shards_small() -> None:
    """The days before yesterday leave its shards; what changes of them later counts as well."""
    async with JourneyWorld() as world:
        campaign = await world.begin()
        await world.enter(campaign, "ann@example.com", "bob@example.com")
        await world.pass_time(HOUR)
        first = await report(world)
        assert first.total.outcomes[Outcome.SENT] == 2
        for _ in range(3):
            world.clock.advance(DAY)
            await delivery_days.move(world.engine)
        assert await _days_kept(world, campaign) == {}
        await delivery_days.move(world.engine)
        assert (await report(world)).days == first.days
        await world.enter(campaign, "cy@example.com")
        await world.skip(timedelta())  # the others' second mails are due as well
        assert (await report(world)).total.outcomes[Outcome.SENT] == 5
        assert set(await _days_kept(world, campaign)) == {date(2026, 3, 5)}


async def _days_kept(world: World, campaign: Campaign) -> Counter[date]:
    counts = await statistics.read_one(world.engine, campaign)
    return Counter(found.day for name in counts.amounts if (found := tallies.of_day(name)))


@pytest.mark.parametrize("tier", range(len(tallies.TIERS)))
async def test_whoever_is_erased_later_counts_as_before(tier: int) -> None:
    """Before and after each of a campaign's tiers was moved."""
    async with World() as world:
        campaign = await world.create(await populated(world))
        await world.finish(campaign)
        before = await report(world)
        world.clock.advance(_OVER[tier])
        await delivery_days.move(world.engine)
        await erase(world)
        assert (await report(world)).days == before.days
        world.clock.advance(_OVER[tier])
        await delivery_days.move(world.engine)
        assert (await report(world)).days == before.days


async def test_counts_that_one_commit_does_not_take_are_moved_by_the_next(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Firestore adds to so many fields of one document at once; no count is lost by that."""
    async with World() as world:
        for name in ("One", "Two", "Three"):
            campaign = await world.create(await world.add_list(1, id_=name), name=name)
            await world.finish(campaign)
        before = await report(world)
        world.clock.advance(_OVER[0] + HOUR)
        monkeypatch.setattr(delivery_days, "_NAMES", 1)
        watched = CountingStore(world.store)
        await delivery_days.move(replace(world.engine, store=watched))
        assert len([query for query in watched.queries if query.group]) > len(tallies.TIERS)
        assert (await report(world)).total == before.total


async def test_more_counts_than_a_commit_takes_are_moved_bit_by_bit(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Of one campaign and day, by two checks at once; one that dies has its rest moved later."""
    async with World() as world:
        await ended(world)
        before = await report(world)
        world.clock.advance(_OVER[0] + HOUR)
        monkeypatch.setattr(delivery_days, "_NAMES", 1)
        store = CrashingStore(world.store, CrashPoint(1, after=True))
        with pytest.raises(Crash):
            await delivery_days.move(replace(world.engine, store=store))
        assert await told(world) == ["2026-03-02"]
        assert (await report(world)).days == before.days
        await asyncio.gather(*(delivery_days.move(world.engine) for _ in range(2)))
        await delivery_days.move(world.engine)
        assert (await report(world)).days == before.days
        assert (await moved_days.moved(world.engine)).behind(0) is not None


async def full(operation: Operation, do: Do) -> Any:
    """Be a store whose days take no more."""
    if operation.name == "commit" and any("/delivery/" in path for path in operation.paths):
        raise RefusedError("too large")
    return await do()


async def add_by_hand(world: World, campaign: Campaign) -> None:
    """Add to days what a campaign has counted."""
    counted = (await statistics.read_one(world.engine, campaign)).amounts
    for name, amount in counted.items():
        if told := tallies.of_day(name):
            await world.store.commit(Add(paths.delivery_day(ORG, told.day), {told.name: amount}))


@pytest.mark.parametrize("names", [1, 400])
async def test_counts_that_the_store_refuses_keep_nobody_waiting(
    monkeypatch: pytest.MonkeyPatch, names: int
) -> None:
    """They are left out, which is logged; whoever ended later is moved."""
    async with World() as world:
        first = await ended(world)
        monkeypatch.setattr(delivery_days, "_NAMES", names)
        world.clock.advance(_OVER[0] + HOUR)
        with capture_logs() as logged:
            await delivery_days.move(replace(world.engine, store=WrappedStore(world.store, full)))
        (line,) = (each for each in logged if each["event"].startswith("delivery_days"))
        assert (line["event"], line["campaign_id"]) == ("delivery_days_left_out", first.id)
        await world.finish(await world.create(await world.add_list(1, id_="two"), name="Two"))
        world.clock.advance(_OVER[0] + HOUR)
        await delivery_days.move(world.engine)
        assert (await report(world)).total.outcomes[Outcome.SENT] == 1
        await add_by_hand(world, first)


async def test_a_check_seldom_looks_for_days_to_move() -> None:
    """Once in ten minutes; and at once again where there was more than one check moves."""
    async with World() as world:
        watched = CountingStore(world.store)
        engine = replace(world.engine, store=watched)
        for minutes, looks in ((0, 1), (9, 1), (1, 2)):
            world.clock.advance(timedelta(minutes=minutes))
            await check(engine)
            assert sum(query.order_by == ("ended_at",) for query in watched.queries) == looks * 3
        engine.memory.delivery_days.hurry()
        await check(engine)
        assert sum(query.order_by == ("ended_at",) for query in watched.queries) == 9


async def test_too_many_campaigns_are_left_out_and_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of campaigns that ended lately the newest are read; how many were not is told."""
    async with World() as world:
        for name in ("One", "Two", "Three"):
            campaign = await world.create(await world.add_list(1, id_=name), name=name)
            await world.finish(campaign)
        monkeypatch.setattr(delivery, "_READ", {"running": 1, "paused": 1, "ended": 2})
        seen = await report(world)
        assert (seen.total.outcomes[Outcome.SENT], seen.left_out) == (2, 1)
        world.clock.advance(_OVER[0] + HOUR)
        await delivery_days.move(world.engine)
        assert (await report(world)).total.outcomes[Outcome.SENT] == 3


async def test_a_month_costs_as_many_reads_as_it_has_days() -> None:
    """Campaigns of which everything was moved are not read any more."""
    async with World() as world:
        await ended(world)
        world.clock.advance(_OVER[-1] + HOUR)
        await delivery_days.move(world.engine)
        watched = CountingStore(world.store)
        today = tallies.today(world.clock.now())
        wanted = Wanted(today - 30 * DAY, today)
        found = await delivery.report(replace(world.engine, store=watched), ORG, wanted)
        assert found.total.outcomes[Outcome.SENT] == 3
        assert len([path for path in watched.asked if "/delivery/" in path]) == 31
        assert sum(map(len, watched.found)) <= 1
