"""People enter the plan of a campaign upon what is told of them, once for each event."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest

from functions.domain.campaigns.entry import Entry, EntryBy
from functions.domain.campaigns.status import Action
from functions.domain.messages.ids import whole_id
from functions.engine import paths
from functions.engine.campaigns import lifecycle
from functions.engine.plans import campaigns
from functions.engine.plans.events.event import NewEvent, Telling
from functions.engine.plans.events.telling import tell
from functions.engine.process.entry_cache import LIFE
from tests.engine.counting_store import CountingStore
from tests.engine.crashes import Crash, CrashingStore, CrashPoint
from tests.engine.plans.events.told import SELLS, THANKS, UPON_PURCHASE, told
from tests.engine.plans.journeys import ANN, DAY, JourneyWorld, plan, send
from tests.engine.world import ORG


@pytest.fixture
async def world() -> AsyncIterator[JourneyWorld]:
    """Give a world whose carrier delivers mails."""
    async with JourneyWorld() as made:
        yield made


async def test_whoever_buys_enters_with_what_was_told(world: JourneyWorld) -> None:
    """The event's data is that of the walk, for its texts."""
    says = plan(send("thanks", body="Your {{ item }}: {{ total }} {{ gift }}"))
    campaign = await world.begin(says, entry=UPON_PURCHASE)
    event = await told(world, data={"item": "kettle", "total": 30, "gift": True, "note": None})

    walk = await world.walk(campaign)
    assert event.entered == [whole_id(campaign.id, walk_id) for walk_id in await ids(world)]
    assert (walk.by, walk.event, walk.who) == ("event", event.path_id, event.who)
    assert world.sent == ["Your kettle: 30 true"]


async def ids(world: JourneyWorld) -> list[str]:
    """Return the ids of all enrollments of the only campaign."""
    (campaign,) = await world.documents(paths.campaigns(ORG))
    return [each.id for each in await world.documents(paths.enrollments(ORG, campaign.id))]


async def test_nobody_enters_upon_another_event(world: JourneyWorld) -> None:
    """Nor upon that of a campaign that waits for its start, or has ended."""
    draft = await world.begin(THANKS, entry=UPON_PURCHASE)
    assert (await told(world, "returned")).entered == []
    await lifecycle.change(world.engine, ORG, draft.id, Action.CANCEL, by="ann")
    assert (await told(world)).entered == []
    assert world.sent == []


async def test_a_campaign_that_has_just_started_takes_people_in(world: JourneyWorld) -> None:
    """In the process that started it at once, in others within five seconds."""
    other = world.new_engine()
    await tell(other, ORG, [NewEvent(name="bought", address=ANN)])
    await told(world)
    campaign = await world.begin(THANKS, entry=UPON_PURCHASE)
    (late,) = await tell(other, ORG, [NewEvent(name="bought", address="bob@example.com")])
    assert isinstance(late, Telling)
    assert late.entered == []
    assert len((await told(world)).entered) == 1
    await world.pass_time(LIFE)
    (heard,) = await tell(other, ORG, [NewEvent(name="bought", address="bob@example.com")])
    assert isinstance(heard, Telling)
    assert len(heard.entered) == 1
    await world.settle()
    assert len(await world.walks(campaign)) == 2


async def test_what_lets_people_in_is_asked_once_in_five_seconds(world: JourneyWorld) -> None:
    """However many events are told."""
    store = CountingStore(world.store)
    engine = replace(world.engine, store=store)
    for _ in range(20):
        await tell(engine, ORG, [NewEvent(name="bought", address=ANN)])
    asked = [query for query in store.queries if query.collection == paths.campaigns(ORG)]
    assert len(asked) == 2  # those that run, and those that are paused


async def test_a_campaign_that_is_closed_takes_nobody_in(world: JourneyWorld) -> None:
    """Though this process remembers that it was open."""
    campaign = await world.begin(THANKS, entry=UPON_PURCHASE)
    await told(world, address="bob@example.com")
    await campaigns.close(world.engine, ORG, campaign.id, by="ann")
    event = await told(world)
    assert event.entered == []


async def test_who_enters_while_a_campaign_is_paused_begins_as_it_is_resumed(
    world: JourneyWorld,
) -> None:
    """Nobody is lost who bought meanwhile."""
    campaign = await world.begin(THANKS, entry=UPON_PURCHASE)
    await lifecycle.change(world.engine, ORG, campaign.id, Action.PAUSE, by="ann")
    assert len((await told(world)).entered) == 1
    await world.pass_time(DAY)
    assert world.sent == []
    await lifecycle.change(world.engine, ORG, campaign.id, Action.RESUME, by="ann")
    await world.settle()
    assert world.sent == ["thanks"]


async def test_what_somebody_entered_upon_is_used_up_by_that(world: JourneyWorld) -> None:
    """It is no goal of the walk that it has begun; the next one is."""
    campaign = await world.begin(SELLS, entry=UPON_PURCHASE)
    await told(world, id="order-1")
    await told(world, id="order-1")
    assert await world.path(campaign) == ["hello"]
    await told(world, id="order-2")
    assert (await world.walk(campaign)).exit == "goal"


async def test_the_same_event_told_ten_times_at_once_enters_once(world: JourneyWorld) -> None:
    """Each is answered alike, though people may enter as often as they buy."""
    entry = UPON_PURCHASE._replace(reentry="after_exit")
    campaign = await world.begin(plan(send("thanks")), entry=entry)

    events = await asyncio.gather(*(told(world, id="order-1") for _ in range(10)))
    again = await told(world, id="order-1")

    assert {tuple(event.entered) for event in [*events, again]} == {tuple(events[0].entered)}
    assert len(events[0].entered) == 1
    assert (world.sent, (await world.walk(campaign)).entry) == (["thanks"], 1)
    await told(world, id="order-2")
    assert (world.sent, (await world.walk(campaign)).entry) == (["thanks", "thanks"], 2)


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("at", range(1, 5))
async def test_an_event_whose_teller_died_and_tells_it_again_is_one_entry(
    world: JourneyWorld, at: int, *, after: bool
) -> None:
    """Whichever commit it died at, before or after it."""
    entry = UPON_PURCHASE._replace(reentry="after_exit")
    campaign = await world.begin(plan(send("thanks")), entry=entry)
    waits = await world.begin(SELLS, name="Sells")
    await world.enter(waits)
    engine = replace(world.engine, store=CrashingStore(world.store, CrashPoint(at, after=after)))
    event = NewEvent(name="bought", address=ANN, id="order-1")
    try:
        await tell(engine, ORG, [event])
    except Crash:
        await world.pass_time(timedelta(seconds=30))
    (again,) = await tell(world.engine, ORG, [event])
    await world.pass_time(timedelta(minutes=2))  # a task that was lost is found by the check

    assert isinstance(again, Telling)
    assert len(again.entered) == 1
    assert (await world.walk(campaign)).entry == 1
    assert (await world.walk(waits)).exit == "goal"
    assert sorted(world.sent) == ["hello", "thanks"]


async def test_two_orders_of_one_person_are_two_walks(world: JourneyWorld) -> None:
    """And one order told of twice is one."""
    campaign = await world.begin(THANKS, entry=Entry(EntryBy.EVENT, "bought", "parallel"))
    for key in ("order-1", "order-2", "order-1"):
        await told(world, key=key)
    assert sorted(walk.key for walk in await world.walks(campaign)) == ["order-1", "order-2"]
    assert world.sent == ["thanks", "thanks"]


async def test_whoever_has_a_number_is_known_by_their_mail_address_too(
    world: JourneyWorld,
) -> None:
    """A contact with both is known by the number; a shop tells of the address."""
    from functions.domain.contacts.contact import read_details
    from functions.engine.contacts import contacts

    details = read_details({"phone": "+12025550142", "email": ANN})
    contact, _ = await contacts.create(world.engine, ORG, details)
    campaign = await world.begin(SELLS)
    await world.enter(campaign, "+12025550142")
    event = await told(world)
    assert event.who == contact.id
    assert (await world.walk(campaign)).exit == "goal"
