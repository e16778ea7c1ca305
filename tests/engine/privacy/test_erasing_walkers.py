"""Whoever is forgotten in the middle of a walk leaves nothing that names them."""

from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

import pytest

from functions.domain.campaigns.audience import Audience, AudienceKind
from functions.domain.campaigns.campaign import Campaign
from functions.domain.campaigns.entry import Entry, EntryBy
from functions.domain.campaigns.status import CampaignStatus
from functions.domain.contacts.contact import ERASED
from functions.domain.errors import NotFoundError
from functions.domain.messages.delivery_events import DeliveryEvent, EventKind, MessageRef
from functions.domain.plans.enrollment import EXIT, EnrollmentStatus
from functions.engine import paths
from functions.engine.delivery import launch
from functions.engine.kernel.walks import mark
from functions.engine.plans import campaigns
from functions.engine.plans.enroll import Entrant, enroll
from functions.engine.plans.events.event import NewEvent
from functions.engine.plans.events.telling import tell
from functions.engine.ports.store import Add, Create, Update
from functions.engine.privacy import erasure, walks
from tests.engine.crashes import AFTER, Crash, CrashingQueue, CrashingStore, CrashPoint
from tests.engine.plans.journeys import ANN, DAY, STOP, JourneyWorld, on, plan, send
from tests.engine.recording_channel import Fate
from tests.engine.stored_contacts import add_people, list_of, naming
from tests.engine.world import ORG
from tests.salted import contact_id

ANN_ID = contact_id(ANN)
ROW = {"email": ANN, "first_name": "Ann Sol", "attributes": {"street": "Tea Street"}}
#: What tells who Ann is, by whatever was said of her.
TELLS = (ANN, "Ann Sol", "Tea Street", "order-4711", "kettle")
HELLO = {"subject": "Hello {{ first_name }}", "body": "{{ first_name }}, your {{ item }}"}
LATER = {"delay": "P1D"}
SLOW = plan(
    {**send("hello", on("elapsed", "again", after="PT1H")), **HELLO},
    send("again", on("elapsed", "stop", after="PT1H"), schedule=LATER),
    STOP,
)


@pytest.fixture
async def world() -> AsyncIterator[JourneyWorld]:
    """Give a world in which nothing is told of what was sent."""
    async with JourneyWorld(fate=Fate()) as world:
        yield world


async def walking(world: JourneyWorld, *, stored: bool = True, **more: Any) -> Campaign:
    """Have Ann walk through a plan, by an order of hers."""
    if stored:
        await add_people(world.engine, [ROW])
    campaign = await world.begin(SLOW, **more)
    order = Entrant(address=ANN, key="order-4711", data={"item": "kettle"})
    await enroll(world.engine, ORG, campaign.id, [order])
    await world.settle()
    return campaign


async def erase(world: JourneyWorld) -> None:
    """Erase Ann."""
    await erasure.erase(world.engine, ORG, ANN_ID, by="ben")
    await world.settle()


async def test_nothing_names_whoever_is_erased_in_the_middle_of_a_walk(world: JourneyWorld) -> None:
    """The walk has ended, with its nodes and times; who walked, and for what order, is gone."""
    campaign = await walking(world)
    assert len(await naming(world.store, *TELLS)) >= 3
    await erase(world)
    assert await naming(world.store, *TELLS, ANN_ID + '"') == []
    walk = await world.walk(campaign)
    assert (walk.status, walk.exit, walk.subject) == (EnrollmentStatus.EXITED, "erased", ERASED)
    assert (walk.who, walk.contact, walk.address, walk.key) == ("", "", "", "")
    assert (walk.data, walk.zones, walk.region) == ({}, [], "")
    assert [(move.source, move.target, move.on) for move in walk.moves] == [("hello", "", "erased")]
    await world.pass_time(3 * DAY)
    assert len(world.sent) == 1


async def test_what_waits_to_be_sent_to_whoever_is_erased_is_written_off(
    world: JourneyWorld,
) -> None:
    """The message that was made ahead of its time does not go out."""
    soon = plan(send("hello", schedule={"delay": "PT4M"}))
    campaign = await world.begin(soon)
    await world.enter(campaign)
    assert await world.statuses(campaign) == {"pending": 1}
    await erase(world)
    await world.pass_time(DAY)
    (message,) = await world.messages(campaign)
    assert (message.status, message.reason) == ("cancelled", "contact_erased")
    assert world.sent == []


async def test_what_callers_told_of_whoever_is_erased_goes_too(world: JourneyWorld) -> None:
    """Custom events of theirs are removed, and nobody else's."""
    await walking(world)
    for id_, who in (("one", ANN_ID), ("two", "somebody")):
        told = {"who": who, "name": "bought", "at": world.clock.now(), "data": {"item": "kettle"}}
        await world.store.commit(Create(paths.custom_event(ORG, id_), told))
    await erase(world)
    assert [each.id for each in await world.documents(paths.custom_events(ORG))] == ["two"]


async def test_somebody_of_whom_only_an_event_is_known_can_be_erased(world: JourneyWorld) -> None:
    """By the id that a contact would have."""
    told = {"who": ANN_ID, "name": "bought", "at": world.clock.now(), "data": {}}
    await world.store.commit(Create(paths.custom_event(ORG, "one"), told))
    await erase(world)
    assert await world.documents(paths.custom_events(ORG)) == []
    with pytest.raises(NotFoundError):
        await erase(world)


async def test_a_walker_who_is_no_contact_can_be_erased(world: JourneyWorld) -> None:
    """Whoever was only ever enrolled by an address is forgotten as contacts are."""
    campaign = await walking(world, stored=False)
    await erase(world)
    assert await naming(world.store, *TELLS) == []
    assert (await world.walk(campaign)).exit == "erased"
    with pytest.raises(NotFoundError):
        await erase(world)


async def test_a_walk_that_has_ended_is_forgotten_as_it_ended(world: JourneyWorld) -> None:
    """Its end, and the figures, stay."""
    await add_people(world.engine, [ROW])
    campaign = await world.begin(plan({**send("hello"), **HELLO}))
    await world.enter(campaign)
    await world.pass_time(DAY)
    assert (await world.walk(campaign)).status == EnrollmentStatus.COMPLETED
    await erase(world)
    walk = await world.walk(campaign)
    assert (walk.status, walk.exit, walk.who) == (EnrollmentStatus.COMPLETED, "", "")
    assert await naming(world.store, *TELLS) == []


async def test_events_after_an_erasure_move_nobody(world: JourneyWorld) -> None:
    """A receipt and marks that come later find a walk that has ended, and lay it aside again."""
    campaign = await walking(world)
    (message,) = await world.messages(campaign)
    (document,) = await world.documents(paths.enrollments(ORG, campaign.id))
    await erase(world)
    before = await world.walk(campaign)
    now = world.clock.now()
    ref = MessageRef(ORG, campaign.id, message.id)
    await world.receive(DeliveryEvent("late", ref, 1, EventKind.REPLIED, now))
    told = {f"{EXIT}purchase": now, "heard_at": now}
    await world.store.commit(mark(campaign, document.id, now=now, **told))
    await world.pass_time(DAY)
    after = await world.walk(campaign)
    assert (after.status, after.moves, after.next_at) == (before.status, before.moves, None)
    assert len(world.sent) == 1
    assert await naming(world.store, *TELLS) == []


async def test_whoever_enters_again_after_an_erasure_begins_anew(world: JourneyWorld) -> None:
    """Never again is for those whom somebody remembers; nothing of before is found."""
    never = Entry(EntryBy.API)
    campaign = await world.begin(SLOW, entry=never)
    await world.enter(campaign)
    await erase(world)
    (entered,) = await world.enter(campaign)
    assert (entered.result, entered.enrollment and entered.enrollment.moves) == ("enrolled", ())
    walk = await world.walk(campaign)
    assert (walk.entry, walk.address, walk.data) == (2, ANN, {})
    assert len(world.sent) == 2
    (again,) = await world.enter(campaign)
    assert again.result == "already"


async def test_a_closed_campaign_ends_with_the_last_who_is_erased(world: JourneyWorld) -> None:
    """Nobody is under way any more: the lane looks, and the campaign has come to its end."""
    campaign = await walking(world)
    await campaigns.close(world.engine, ORG, campaign.id, by="ben")
    await world.settle()
    assert (await world.load(campaign)).status is CampaignStatus.RUNNING
    await erase(world)
    await world.pass_time(timedelta(minutes=5))
    assert (await world.load(campaign)).status is CampaignStatus.COMPLETED


async def test_walks_of_another_organisation_stay(world: JourneyWorld) -> None:
    """The same person of another organisation is another person."""
    campaign = await walking(world)
    (document,) = await world.documents(paths.enrollments(ORG, campaign.id))
    theirs = {**document.data, "contact": paths.contact("theirs", ANN_ID)}
    path = paths.enrollment("theirs", campaign.id, document.id)
    await world.store.commit(Create(path, theirs))
    await erase(world)
    kept = await world.store.get(path)
    assert kept is not None
    assert kept.data == theirs


OWN: Final = "member 4711"
#: A request to the organisation's own server, the only channel that knows such names.
HOOK: Final = plan(
    {
        "id": "hello",
        "action": "webhook",
        "url": "https://example.com/hook",
        "body": "{{ item }}",
        "transitions": [on("elapsed", "again", after="PT1H")],
    },
    send("again", on("elapsed", "stop", after="PT1H"), schedule=LATER),
    STOP,
)


async def own(world: JourneyWorld) -> Campaign:
    """Have somebody walk whom the caller calls by a name of its own, and tell of them."""
    campaign = await world.begin(HOOK)
    await enroll(world.engine, ORG, campaign.id, [Entrant(subject=OWN, data={"item": "kettle"})])
    await world.settle()
    await tell(world.engine, ORG, [NewEvent(name="bought", subject=OWN, data={"item": "kettle"})])
    return campaign


async def erase_own(world: JourneyWorld) -> None:
    """Erase whoever the caller calls so."""
    id_ = await erasure.whose(world.engine, ORG, address="", subject=OWN)
    await erasure.erase(world.engine, ORG, id_, by="ben")
    await world.settle()


async def test_somebody_with_a_name_of_the_callers_own_can_be_erased(world: JourneyWorld) -> None:
    """Walk, messages and events are forgotten; a late mark, and a new entry, do no harm."""
    campaign = await own(world)
    (document,) = await world.documents(paths.enrollments(ORG, campaign.id))
    assert len(world.sent) == 1
    await erase_own(world)
    assert await naming(world.store, OWN, "kettle", document.data["who"] + '"') == []
    assert (await world.walk(campaign)).exit == "erased"
    assert await world.documents(paths.custom_events(ORG)) == []
    await world.store.commit(mark(campaign, document.id, now=world.clock.now()))
    await world.pass_time(3 * DAY)
    assert (len(world.sent), await naming(world.store, OWN)) == (1, [])
    with pytest.raises(NotFoundError):
        await erase_own(world)
    await enroll(world.engine, ORG, campaign.id, [Entrant(subject=OWN)])
    await world.settle()
    assert ((await world.walk(campaign)).entry, len(world.sent)) == (2, 2)


async def test_a_name_of_the_callers_own_is_nobody_elses(world: JourneyWorld) -> None:
    """Whoever is called like an address is not the person who has it."""
    campaign = await walking(world)
    id_ = await erasure.whose(world.engine, ORG, address="", subject=ANN)
    with pytest.raises(NotFoundError):
        await erasure.erase(world.engine, ORG, id_, by="ben")
    assert (await world.walk(campaign)).address == ANN
    assert await erasure.whose(world.engine, ORG, address=ANN, subject="") == ANN_ID


# --- Races and deaths ---------------------------------------------------------------------------


async def test_a_mark_in_the_midst_of_an_erasure_saves_nobody(world: JourneyWorld) -> None:
    """An event that comes between the look at a walk and its end only has it decided anew."""
    campaign = await walking(world)
    (document,) = await world.documents(paths.enrollments(ORG, campaign.id))
    plain = world.engine

    async def meanwhile() -> None:
        await plain.store.commit(mark(campaign, document.id, now=world.clock.now()))

    world.interleave("commit", "/enrollments/", meanwhile)
    await erase(world)
    world.engine = plain
    await world.pass_time(3 * DAY)
    assert await naming(world.store, *TELLS) == []
    assert len(world.sent) == 1


async def test_a_lane_that_has_read_somebody_sends_them_nothing(world: JourneyWorld) -> None:
    """Erased between the lane's look and its commit, nobody comes to the next message."""
    campaign = await walking(world)
    plain = world.engine

    async def meanwhile() -> None:
        await erasure.erase(plain, ORG, ANN_ID, by="ben")

    world.interleave("commit", "/messages/", meanwhile)
    await world.pass_time(3 * DAY)
    world.engine = plain
    await world.settle()
    assert await naming(world.store, *TELLS) == []
    assert (await world.walk(campaign)).exit == "erased"
    assert len(world.sent) == 1


@pytest.mark.parametrize("by_id", [True, False])
async def test_an_entry_in_the_midst_of_an_erasure_leaves_nobody_behind(
    world: JourneyWorld, *, by_id: bool
) -> None:
    """Erased between the entry's look at the contact and its commit, a person does not enter."""
    await add_people(world.engine, [ROW])
    campaign = await world.begin(SLOW)
    plain = world.engine

    async def meanwhile() -> None:
        await erasure.erase(plain, ORG, ANN_ID, by="ben")

    world.interleave("commit", "/enrollments/", meanwhile)
    who = Entrant(contact_id=ANN_ID) if by_id else Entrant(address=ANN)
    (entered,) = await enroll(world.engine, ORG, campaign.id, [who])
    world.engine = plain
    await world.settle()
    assert (entered.result, entered.reason) == ("refused", "contact_erased")
    assert await world.walks(campaign) == []
    assert await naming(world.store, *TELLS) == []


async def test_an_audience_that_was_read_before_an_erasure_is_read_again(
    world: JourneyWorld,
) -> None:
    """Erased between the launch's look at a list and its page, nobody enters."""
    ids = await add_people(world.engine, [ROW, {"email": "ben@example.com"}])
    list_id = await list_of(world.engine, ids)
    new = campaigns.NewPlanCampaign(
        name="Welcome",
        document=SLOW,
        entry=Entry(EntryBy.LIST),
        audience=Audience(AudienceKind.LIST, list_id),
    )
    campaign = await campaigns.create(world.engine, ORG, new, by="ben")
    await campaigns.start(world.engine, ORG, campaign.id, by="ben")
    plain = world.engine

    async def meanwhile() -> None:
        await erasure.erase(plain, ORG, ANN_ID, by="ben")

    world.interleave("commit", "/enrollments/", meanwhile)
    await launch.launch(world.engine, ORG, campaign.id)
    world.engine = plain
    await world.settle()
    await world.settle()
    assert [walk.address for walk in await world.walks(campaign)] == ["ben@example.com"]
    assert await naming(world.store, *TELLS) == []


@pytest.mark.parametrize("after", AFTER)
async def test_an_erasure_that_dies_at_any_commit_is_made_good_by_a_repetition(
    monkeypatch: pytest.MonkeyPatch, *, after: bool
) -> None:
    """Killed before or after any side effect, the erasure, repeated, leaves nothing."""
    monkeypatch.setattr(walks, "_PAGE", 1)
    at = 1
    while await _die_at(at, after=after):
        at += 1
    assert at > 4, "the erasure has fewer side effects than it should"


async def _die_at(at: int, *, after: bool) -> bool:
    """Die at one side effect and repeat; False where there is no such side effect any more."""
    async with JourneyWorld(fate=Fate()) as world:
        of_two = [await walking(world, stored=number == 0) for number in range(2)]
        told = {"who": ANN_ID, "name": "bought", "at": world.clock.now(), "data": {}}
        await world.store.commit(Create(paths.custom_event(ORG, "one"), told))
        point = CrashPoint(at, after=after)
        plain = world.engine
        store, queue = CrashingStore(world.store, point), CrashingQueue(world.queue, point)
        world.engine = replace(plain, store=store, queue=queue)
        with suppress(Crash):
            await erasure.erase(world.engine, ORG, ANN_ID, by="ben")
        world.engine = plain
        with suppress(NotFoundError):  # it had died behind its last commit
            await erase(world)
        await world.pass_time(3 * DAY)
        assert await naming(world.store, *TELLS) == []
        assert [(await world.walk(each)).exit for each in of_two] == ["erased", "erased"]
        assert await world.documents(paths.custom_events(ORG)) == []
        assert len(world.sent) == 2
        return point.is_dead


async def test_the_paused_are_forgotten_too(world: JourneyWorld) -> None:
    """Whoever was paused walks on no more."""
    campaign = await walking(world)
    (document,) = await world.documents(paths.enrollments(ORG, campaign.id))
    paused = {"status": EnrollmentStatus.PAUSED, "lane": None, "next_at": None}
    moved = Add(paths.statistics(ORG, campaign.id, 0), {"e_active": -1, "e_paused": 1})
    await world.store.commit(Update(document.path, paused), moved)
    await erase(world)
    assert await naming(world.store, *TELLS) == []
    assert (await world.walk(campaign)).status == EnrollmentStatus.EXITED
