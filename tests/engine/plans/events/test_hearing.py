"""Who waits for an event hears of it, whenever it is told; it moves them once, or ends the walk."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from functions.domain.campaigns.entry import Entry, EntryBy
from functions.domain.campaigns.status import Action
from functions.domain.errors import EventExistsError
from functions.domain.messages.ids import whole_id
from functions.engine import paths
from functions.engine.campaigns import lifecycle
from functions.engine.plans.enroll import Entrant, enroll
from functions.engine.plans.events.event import NewEvent, Telling
from functions.engine.plans.events.telling import tell
from tests.engine.counting_store import CountingStore
from tests.engine.plans.events.told import BUYS, SELLS, told
from tests.engine.plans.journeys import ANN, DAY, HOUR, STOP, JourneyWorld, on, plan, send, wait
from tests.engine.world import ORG

MS = timedelta(milliseconds=1)


@pytest.fixture
async def world() -> AsyncIterator[JourneyWorld]:
    """Give a world whose carrier delivers mails."""
    async with JourneyWorld() as made:
        yield made


async def test_whoever_waits_for_an_event_goes_on_as_it_is_told(world: JourneyWorld) -> None:
    """The answer names the enrollment that has heard it."""
    campaign = await world.begin(BUYS)
    (entered,) = await world.enter(campaign)
    await world.pass_time(2 * HOUR)

    event = await told(world, id="order-1")

    assert event.heard_by == [whole_id(campaign.id, entered.id)]
    assert (event.entered, event.repeated) == ([], False)
    assert world.sent == ["hello", "thanks"]


async def test_an_event_that_nobody_waits_for_is_kept_and_writes_no_enrollment(
    world: JourneyWorld,
) -> None:
    """It costs the write of the event."""
    campaign = await world.begin(BUYS)
    await world.enter(campaign)
    (before,) = await world.documents(paths.enrollments(ORG, campaign.id))

    event = await told(world)  # she does not wait for it yet
    other = await told(world, "looked_around")

    assert event.heard_by == other.heard_by == []
    (after,) = await world.documents(paths.enrollments(ORG, campaign.id))
    assert after.version == before.version
    assert len(await world.documents(paths.custom_events(ORG))) == 2


async def test_an_event_that_nobody_waits_for_reads_nobodys_walk(world: JourneyWorld) -> None:
    """It is stored unread, and of those who walk without hearing it none is read."""
    campaign = await world.begin(BUYS)
    await world.enter(campaign)  # she does not wait for it yet
    watched = CountingStore(world.store)
    world.engine = replace(world.engine, store=watched)

    await told(world, id="order-1")

    assert not any(watched.found)
    assert not [path for path in watched.asked if "/custom_events/" in path]


async def test_what_happened_before_the_node_was_entered_moves_nobody(
    world: JourneyWorld,
) -> None:
    """Nor does it if it is told only afterwards."""
    campaign = await world.begin(BUYS)
    await world.enter(campaign)
    await told(world)
    await world.pass_time(2 * HOUR)

    late = await told(world, at=world.clock.now() - 2 * HOUR)

    assert late.heard_by == []
    assert await world.path(campaign) == ["hello", "wait"]


@pytest.mark.parametrize("operation", ["query", "commit"])
async def test_an_event_told_while_its_wait_begins_is_heard(
    world: JourneyWorld, operation: str
) -> None:
    """It is stored after the lane has read what was told, or while it commits: it looks again."""
    campaign = await world.begin(BUYS)
    await world.enter(campaign)
    where = paths.enrollments(ORG, campaign.id)
    engine = world.engine
    begins = world.clock.now() + HOUR
    while world.clock.now() < begins - MS:
        await world.pass_time(begins - MS - world.clock.now())

    async def buy() -> None:
        world.clock.advance(MS)
        (outcome,) = await tell(engine, ORG, [NewEvent(name="bought", address=ANN)])
        assert isinstance(outcome, Telling)
        assert outcome.heard_by == []  # as it is stored, she does not wait yet

    world.clock.advance(2 * MS)
    world.interleave(operation, where, buy)
    await world.pass_time(HOUR)

    assert world.sent == ["hello", "thanks"]


async def test_an_event_told_right_after_its_wait_has_begun_is_heard_once(
    world: JourneyWorld,
) -> None:
    """It marks the walk; neither the mark nor the second look moves her twice."""
    again = plan(
        wait("one", on("bought", "two"), on("elapsed", "stop", after="P9D")),
        wait("two", on("bought", "thanks"), on("elapsed", "stop", after="P9D")),
        send("thanks", on("elapsed", "stop", after="P1D")),
        STOP,
    )
    campaign = await world.begin(again)
    await world.enter(campaign, settle=False)
    await told(world)
    assert await world.path(campaign) == ["one", "two"]
    await world.pass_time(DAY)
    assert await world.path(campaign) == ["one", "two"]
    await told(world)
    assert await world.path(campaign) == ["one", "two", "thanks"]


async def test_a_look_that_finds_nothing_new_is_the_last(world: JourneyWorld) -> None:
    """Who waits for an event is looked at twice as the wait begins, and then not again."""
    campaign = await world.begin(BUYS)
    await world.enter(campaign)
    await world.pass_time(HOUR + HOUR / 2)
    (before,) = await world.documents(paths.enrollments(ORG, campaign.id))
    await world.pass_time(DAY)
    (after,) = await world.documents(paths.enrollments(ORG, campaign.id))
    assert after.version == before.version


async def test_a_goal_ends_the_walk_wherever_somebody_stands(world: JourneyWorld) -> None:
    """Also where it is told late, of a time at which she stood elsewhere."""
    campaign = await world.begin(SELLS)
    await world.enter(campaign)
    await world.pass_time(DAY + HOUR)
    assert world.sent == ["hello", "again"]
    bought_at = world.clock.now() - DAY / 2

    event = await told(world, at=bought_at)

    assert len(event.heard_by) == 1
    walk = await world.walk(campaign)
    assert (walk.exit, walk.goal_at) == ("goal", bought_at)


async def test_a_goal_that_is_told_before_the_first_look_counts(world: JourneyWorld) -> None:
    """And one from before she entered does not."""
    campaign = await world.begin(SELLS)
    await told(world, at=world.clock.now() - MS)
    await world.enter(campaign, settle=False)
    early = await told(world, at=world.clock.now() - MS)
    assert (early.heard_by, world.sent) == ([], ["hello"])
    await told(world)
    assert (await world.walk(campaign)).exit == "goal"


async def test_an_event_from_the_future_counts_from_when_it_was_received(
    world: JourneyWorld,
) -> None:
    """Nobody is moved by what has not happened, and nobody's goal lies ahead."""
    campaign = await world.begin(SELLS)
    await world.enter(campaign)
    event = await told(world, at=world.clock.now() + DAY)
    assert event.at == world.clock.now()
    assert (await world.walk(campaign)).goal_at == world.clock.now()


async def test_an_event_of_one_order_is_heard_by_the_walk_of_that_order(
    world: JourneyWorld,
) -> None:
    """And by walks without a key; one that names no order is heard by all."""
    ships = on("shipped", "bye"), on("elapsed", "bye", after="P9D")
    waits = plan(wait("wait", *ships), send("bye"))
    campaign = await world.begin(waits, entry=Entry(EntryBy.API, reentry="parallel"))
    other = await world.begin(waits, name="Other")
    keys = ["order-1", "order-2", "order-3"]
    entrants = [Entrant(address=ANN, key=key) for key in keys]
    first, *_ = await enroll(world.engine, ORG, campaign.id, entrants)
    (without,) = await world.enter(other)

    event = await told(world, "shipped", key="order-1")

    ids = [whole_id(campaign.id, first.id), whole_id(other.id, without.id)]
    assert sorted(event.heard_by) == sorted(ids)
    assert sorted(str(walk.status) for walk in await world.walks(campaign)) == [
        "active",
        "active",
        "completed",
    ]
    await told(world, "shipped")
    assert {str(walk.status) for walk in await world.walks(campaign)} == {"completed"}


async def test_a_thousand_events_at_once_are_one_move_and_one_message(
    world: JourneyWorld,
) -> None:
    """They are a thousand marks; the lane moves her once."""
    campaign = await world.begin(BUYS)
    await world.enter(campaign)
    await world.pass_time(2 * HOUR)
    hundred = [NewEvent(name="bought", address=ANN)] * 100

    await asyncio.gather(*(tell(world.engine, ORG, hundred) for _ in range(10)), world.settle())
    await world.settle()

    assert world.sent == ["hello", "thanks"]
    assert await world.path(campaign) == ["hello", "wait", "thanks"]


async def test_an_event_that_is_told_twice_is_one_event(world: JourneyWorld) -> None:
    """It is answered alike; what it says differently of its time is not heard."""
    campaign = await world.begin(SELLS)
    await world.enter(campaign)
    before = world.clock.now()
    first = await told(world, id="order-1", settle=False)
    await world.pass_time(timedelta(seconds=10))
    again = await told(world, id="order-1", data={"total": 2})

    assert not first.repeated
    assert again.repeated
    assert (again.id, again.entered, again.at) == (first.id, first.entered, before)
    assert len(await world.documents(paths.custom_events(ORG))) == 1
    assert (await world.walk(campaign)).goal_at == before


@pytest.mark.parametrize(
    "other", [{"name": "returned"}, {"address": "bob@example.com"}, {"key": "x"}]
)
async def test_an_id_that_names_another_event_is_refused(
    world: JourneyWorld, other: dict[str, str]
) -> None:
    """Two things that happened have two ids; the first of them stands."""
    await told(world, id="order-1")
    said: dict[str, Any] = {"id": "order-1", "name": "bought", **other}
    with pytest.raises(EventExistsError):
        await told(world, **said)
    (stored,) = await world.documents(paths.custom_events(ORG))
    assert stored.data["name"] == "bought"


async def test_what_is_told_while_a_campaign_is_paused_counts_at_its_own_time(
    world: JourneyWorld,
) -> None:
    """She bought before the wait would have been over, though that is long ago by now."""
    campaign = await world.begin(BUYS)
    await world.enter(campaign)
    await world.pass_time(2 * HOUR)
    await lifecycle.change(world.engine, ORG, campaign.id, Action.PAUSE, by="ann")
    event = await told(world)
    assert len(event.heard_by) == 1
    await world.pass_time(14 * DAY)
    assert world.sent == ["hello"]

    await lifecycle.change(world.engine, ORG, campaign.id, Action.RESUME, by="ann")
    await world.settle()

    assert world.sent == ["hello", "thanks"]


async def test_events_of_a_campaign_that_has_ended_write_nothing(world: JourneyWorld) -> None:
    """Its people stand where they stood."""
    campaign = await world.begin(SELLS)
    await world.enter(campaign)
    await lifecycle.change(world.engine, ORG, campaign.id, Action.CANCEL, by="ann")
    await world.settle()
    (before,) = await world.documents(paths.enrollments(ORG, campaign.id))
    assert (await told(world)).heard_by == []
    (after,) = await world.documents(paths.enrollments(ORG, campaign.id))
    assert after.version == before.version


async def test_a_hundred_events_of_one_person_are_noted_together(world: JourneyWorld) -> None:
    """Their walks are asked for once, and marked by one commit."""
    campaign = await world.begin(SELLS)
    await world.enter(campaign)
    store = CountingStore(world.store)
    engine = replace(world.engine, store=store)
    outcomes = await tell(engine, ORG, [NewEvent(name="bought", address=ANN)] * 100)
    assert len(outcomes) == 100
    assert len([query for query in store.queries if query.collection == "enrollments"]) == 1
    assert len(store.queries) <= 4
    await world.settle()


async def test_events_are_removed_once_they_were_kept_for_long_enough(
    world: JourneyWorld,
) -> None:
    """The check does it."""
    await told(world)
    await world.pass_time(89 * DAY, checks=False)
    await world.pass_time(HOUR)
    assert len(await world.documents(paths.custom_events(ORG))) == 1
    await world.pass_time(DAY, checks=False)
    await world.pass_time(HOUR)
    assert await world.documents(paths.custom_events(ORG)) == []
