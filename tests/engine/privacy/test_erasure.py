"""Erasure: nothing that tells who somebody was is left, whenever the process dies."""

import asyncio
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

import pytest

from functions.domain.campaigns.campaign import Campaign
from functions.domain.campaigns.status import Action, CampaignStatus
from functions.domain.contacts.contact import ERASED, contact_id, read_details
from functions.domain.errors import InvalidFieldError, NotFoundError, StaleError
from functions.domain.messages.message import Message
from functions.engine import paths
from functions.engine.campaigns import copies, lanes, lifecycle
from functions.engine.campaigns.lanes import LAUNCH
from functions.engine.contacts import contacts, lists
from functions.engine.contacts.contacts import Filters
from functions.engine.delivery import launch
from functions.engine.messages import statistics
from functions.engine.ports.store import Create, Delete
from functions.engine.privacy import erasure
from functions.engine.reporting import contact_history
from tests.engine.crashes import Crash, CrashingQueue, CrashingStore, CrashPoint
from tests.engine.recording_channel import BUSY, SILENT, TALKS, Fate
from tests.engine.stored_contacts import add_numbers, add_people, list_of, naming
from tests.engine.world import MINUTE, ORG, World, number, with_limits

SECOND = timedelta(seconds=1)
ANA, BEN, CEM = (number(n) for n in (1, 2, 3))
ANA_ID = contact_id(ANA)
#: What tells who Ana is.
TELLS = (ANA, "ana@example.com", "Ana Sol", "Tea Street")
ROW = {
    "phone": ANA,
    "email": "ana@example.com",
    "first_name": "Ana Sol",
    "attributes": {"street": "Tea Street"},
}


async def populated(world: World) -> str:
    """Store Ana, Ben and Cem, and a list of them; return its id."""
    ids = await add_people(world.engine, [ROW, {"phone": BEN}, {"phone": CEM}])
    return await list_of(world.engine, ids)


async def erase(world: World, id_: str = ANA_ID) -> None:
    """Erase somebody."""
    await erasure.erase(world.engine, ORG, id_, by="ann")


async def message_of(world: World, campaign: Campaign) -> Message:
    """Return a campaign's one message to somebody who was erased."""
    return await world.message_to(campaign, ERASED)


async def check_forgotten(world: World) -> None:
    """Hold that nothing tells who Ana was, and that all statistics are right."""
    assert await naming(world.store, *TELLS) == []
    with pytest.raises(NotFoundError):
        await contacts.load(world.engine, ORG, ANA_ID)
    for document in await world.documents(paths.campaigns(ORG)):
        campaign = await lifecycle.load(world.engine, ORG, document.id)
        counts = await statistics.read_one(world.engine, campaign)
        counted = {str(status): n for status, n in counts.by_status.items() if n}
        assert counted == await world.statuses(campaign)
    for document in await world.documents(paths.lists(ORG)):
        members = await world.documents(paths.members(ORG, document.id))
        assert document.data["size"] == len(members)


async def trail(world: World) -> list[dict[str, object]]:
    """Return the entries of erasures in the audit trail."""
    entries = [each.data for each in await world.documents(paths.audit_trail(ORG))]
    return [entry for entry in entries if entry["action"] == "contact_erased"]


# --- What goes, and what stays ----------------------------------------------------------------


async def test_nothing_is_left_that_tells_who_it_was(world: World) -> None:
    """Contact, lists and messages forget a person; the others, and the figures, stay."""
    list_id = await populated(world)
    other = await list_of(world.engine, [ANA_ID], name="Just Ana")
    done = await world.create(list_id, name="Done")
    await world.finish(done)
    assert len(await naming(world.store, *TELLS)) == 4
    await erase(world)
    await check_forgotten(world)
    assert await world.statuses(done) == {"completed": 3}
    sizes = [(await lists.load(world.engine, ORG, each)).value.size for each in (list_id, other)]
    assert sizes == [2, 0]
    message = await message_of(world, done)
    assert (message.contact, message.body, message.zones, message.region) == ("", "", [], "US")
    assert (await contacts.load(world.engine, ORG, contact_id(BEN))).value.phone == BEN
    with pytest.raises(NotFoundError):
        await contact_history.read(world.engine, ORG, ANA_ID, after=None, limit=10)


async def test_the_audit_trail_keeps_the_id_alone(world: World) -> None:
    """Who erased whom is kept, by the contact's id, once for each erasure."""
    await populated(world)
    await erase(world)
    now = world.clock.now()
    about = {"contact": ANA_ID, "by": "ann", "at": now, "reason": None}
    entry = {"action": "contact_erased", **about}
    assert await trail(world) == [entry]
    await add_people(world.engine, [ROW])
    await erase(world)
    assert await trail(world) == [entry, entry]


async def test_a_suppression_outlives_its_person(world: World) -> None:
    """Who asked not to be contacted is not contacted when they are stored anew."""
    await populated(world)
    await world.suppress(ANA)
    await erase(world)
    ids = await add_people(world.engine, [ROW])
    campaign = await world.create(await list_of(world.engine, ids, name="Again"))
    await world.finish(campaign)
    assert (await world.message_to(campaign, ANA)).reason == "suppressed"
    assert not world.carrier.called


async def test_a_second_erasure_finds_nobody(world: World) -> None:
    """What is gone is not found, and no more is written about it."""
    await populated(world)
    await erase(world)
    with pytest.raises(NotFoundError):
        await erase(world)
    assert len(await trail(world)) == 1


async def test_somebody_whom_only_a_file_has_named_can_be_erased(world: World) -> None:
    """A person without a contact is forgotten by the id that a contact would have."""
    list_id = await populated(world)
    await world.store.commit(Delete(paths.contact(ORG, ANA_ID)))
    await world.finish(await world.create(list_id))
    await erase(world)
    await check_forgotten(world)
    assert len(await trail(world)) == 1


async def test_an_erasure_of_an_old_version_is_refused(world: World) -> None:
    """Whoever names the version that they saw erases nobody who has changed since."""
    await populated(world)
    found = await contacts.load(world.engine, ORG, ANA_ID)
    details = read_details({"location": "Rome"})
    await contacts.update(world.engine, ORG, ANA_ID, details, if_version=None)
    with pytest.raises(StaleError):
        await erasure.erase(world.engine, ORG, ANA_ID, by="ann", if_version=found.version)
    assert (await contacts.load(world.engine, ORG, ANA_ID)).value.phone == ANA


async def test_the_same_person_of_another_org_stays(world: World) -> None:
    """Another organisation's contact, list and messages are not touched, nor can be."""
    await populated(world)
    ids = await add_people(world.engine, [ROW], org="theirs")
    theirs = await list_of(world.engine, ids, org="theirs")
    before = await naming(world.store, *TELLS, org="theirs")
    await erase(world)
    assert await naming(world.store, *TELLS, org="theirs") == before
    assert (await lists.load(world.engine, "theirs", theirs)).value.size == 1
    with pytest.raises(NotFoundError):
        await erasure.erase(world.engine, ORG, contact_id(CEM[::-1]), by="ann")


async def test_more_messages_than_a_page_are_forgotten(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many there are, page follows page."""
    monkeypatch.setattr(erasure, "_PAGE", 2)
    list_id = await populated(world)
    for n in range(5):
        await world.finish(await world.create(list_id, name=f"Campaign {n}"))
        await list_of(world.engine, [ANA_ID], name=f"List {n}")
    await erase(world)
    await check_forgotten(world)


# --- Campaigns that are under way -------------------------------------------------------------


async def test_what_is_pending_is_cancelled_and_nobody_called(world: World) -> None:
    """In a paused campaign a message to somebody who is erased is written off, and stays so."""
    campaign = await world.create(await populated(world))
    await world.launch_only(campaign)
    await lifecycle.change(world.engine, ORG, campaign.id, Action.PAUSE, by="ann")
    await erase(world)
    await check_forgotten(world)
    message = await message_of(world, campaign)
    assert (message.status, message.reason) == ("cancelled", "contact_erased")
    assert message.ended_at == world.clock.now()
    await lifecycle.change(world.engine, ORG, campaign.id, Action.RESUME, by="ann")
    await world.finish(campaign)
    assert world.carrier.called == {BEN: 1, CEM: 1}


async def test_what_is_with_the_carrier_comes_to_its_end(world: World) -> None:
    """A call that is in progress is followed to its end, without a word of whose it is."""
    world.carrier.script = {ANA: [TALKS]}
    campaign = await world.create(await populated(world))
    await world.launch_only(campaign)
    await world.settle()
    await erase(world)
    await check_forgotten(world)
    await world.finish(campaign)
    await check_forgotten(world)
    message = await message_of(world, campaign)
    assert (message.status, message.duration_s) == ("completed", 3)
    assert await world.slots() == {"org": 0, "all": 0}


@pytest.mark.parametrize("fate", [BUSY, SILENT])
async def test_what_has_failed_is_not_tried_again(world: World, fate: Fate) -> None:
    """A person who was busy, or of whom no more was heard, is not called after the erasure."""
    world.carrier.script = {ANA: [fate, TALKS]}
    campaign = await world.create(await populated(world))
    await world.launch_only(campaign)
    await world.settle()
    await erase(world)
    await world.finish(campaign)
    await check_forgotten(world)
    assert world.carrier.called[ANA] == 1
    assert world.carrier.called[ERASED] == 0


async def test_a_lost_sender_s_message_ends_unknown(world: World) -> None:
    """A message that was being sent as its sender died is not sent again, to nobody either."""
    campaign = await world.create(await populated(world))
    await world.launch_only(campaign)
    await world.leave_sending(campaign)
    await erase(world)
    await world.finish(campaign)
    await check_forgotten(world)
    assert not world.carrier.called
    assert (await message_of(world, campaign)).status == "unknown"


async def test_a_retry_leaves_out_who_was_erased(world: World) -> None:
    """A campaign that calls again whom another did not reach does not call "erased"."""
    world.carrier.script = {number: [BUSY] * 3 for number in (ANA, BEN)}
    campaign = await world.create(await populated(world))
    await world.finish(campaign)
    await erase(world)
    again = await copies.retry(world.engine, ORG, campaign.id, by="ann", unknown=False)
    world.carrier.script = {}
    await world.finish(again)
    assert world.carrier.called == {ANA: 3, BEN: 4, CEM: 1}
    assert await world.statuses(again) == {"completed": 1, "skipped": 1}


async def test_a_scheduled_campaign_to_a_list_leaves_out_who_was_erased(world: World) -> None:
    """Who is erased before the start is not called at the start."""
    list_id = await populated(world)
    campaign = await world.create(list_id, scheduled_at=world.clock.now() + MINUTE)
    await erase(world)
    await world.finish(campaign)
    await check_forgotten(world)
    assert world.carrier.called == {BEN: 1, CEM: 1}


async def test_the_people_that_a_campaign_names_itself_become_fewer(world: World) -> None:
    """A campaign that waits, and names its people itself, knows how many are left."""
    await populated(world)
    campaign = await world.create(
        await list_of(world.engine, [ANA_ID], name="Ana"), scheduled_at=world.clock.now() + MINUTE
    )
    path = paths.campaign(ORG, campaign.id)
    document = await world.store.get(path)
    assert document is not None
    audience = {"kind": "recipients", "id": campaign.id}
    member = {"contact": paths.contact(ORG, ANA_ID), "address": ANA, "region": "US", "zones": []}
    await world.store.commit(
        Delete(path),
        Create(f"{paths.recipients(ORG, campaign.id)}/{ANA_ID}", {**member, "attributes": {}}),
    )
    await world.store.commit(Create(path, {**document.data, "audience": audience, "total": 3}))
    await erase(world)
    await check_forgotten(world)
    assert (await world.load(campaign)).total == 2


# --- Races ------------------------------------------------------------------------------------


@pytest.mark.parametrize("page", [1, 2, 3])
async def test_a_launch_that_has_read_somebody_does_not_call_them(page: int) -> None:
    """Erased between the launch's look at a list and its commit of a page, nobody is called."""
    async with World(with_limits(launch_page=page)) as world:
        campaign = await world.create(await populated(world))
        plain = world.engine
        world.interleave(
            "commit", "/messages/", lambda: erasure.erase(plain, ORG, ANA_ID, by="ann")
        )
        await launch.launch(world.engine, ORG, campaign.id)
        world.engine = plain
        await check_forgotten(world)
        await world.finish(campaign)
        await check_forgotten(world)
        assert world.carrier.called == {BEN: 1, CEM: 1}
        assert len(await trail(world)) == 1


async def test_erasures_in_the_midst_of_a_running_campaign() -> None:
    """Whoever is erased while a campaign runs is called once, or not at all."""
    async with World(with_limits(launch_page=3, rate_per_s=20)) as world:
        ids = await add_numbers(world.engine, *range(40))
        campaign = await world.create(await list_of(world.engine, ids))
        erasing = (erasure.erase(world.engine, ORG, id_, by="ann") for id_ in ids[1::2])
        await asyncio.gather(world.finish(campaign), *erasing)
        assert await naming(world.store, *(number(n) for n in range(1, 40, 2))) == []
        await check_forgotten(world)
        assert set(world.carrier.called.values()) == {1}
        assert (await world.load(campaign)).status is CampaignStatus.COMPLETED


@pytest.mark.parametrize("died", [False, True])
async def test_an_addition_to_a_list_leaves_nobody_behind(world: World, *, died: bool) -> None:
    """Erased between an addition's look and its commit, a person is not on the list.

    It is the same where the erasure died behind its look at the lists, and is repeated later.
    """
    await populated(world)
    plain = world.engine
    made = await lists.create(plain, ORG, "New")

    async def meanwhile() -> None:
        store = CrashingStore(plain.store, CrashPoint(3, after=False)) if died else plain.store
        with suppress(Crash):
            await erasure.erase(replace(plain, store=store), ORG, ANA_ID, by="ann")

    world.interleave("commit", "/members/", meanwhile)
    with pytest.raises(NotFoundError):
        await lists.add(world.engine, ORG, made.value.id, [ANA_ID, contact_id(BEN)])
    world.engine = plain
    assert (await lists.load(plain, ORG, made.value.id)).value.size == 0
    if died:
        await erase(world)
    await check_forgotten(world)


async def test_whoever_is_being_erased_is_not_changed_meanwhile(world: World) -> None:
    """Until an erasure has ended its person is not found, and cannot be stored anew."""
    await populated(world)
    plain = world.engine

    async def meanwhile() -> None:
        with pytest.raises(NotFoundError):
            await contacts.load(plain, ORG, ANA_ID)
        with pytest.raises(InvalidFieldError, match="is being erased"):
            await contacts.create(plain, ORG, read_details(ROW))
        (result,) = await contacts.upsert(plain, ORG, [read_details(ROW)])
        assert (result.result, result.field) == ("invalid", "phone")
        page = await contacts.page_of(plain, ORG, Filters(), limit=10)
        assert len(page.contacts) == 2

    world.interleave("commit", "/audit/", meanwhile)
    await erase(world)
    world.engine = plain
    await check_forgotten(world)
    assert len(await add_people(plain, [ROW])) == 1


async def test_two_erasures_at_once_are_one(world: World) -> None:
    """Both succeed or find nobody, and the trail tells of one."""
    campaign = await world.create(await populated(world))
    await world.finish(campaign)
    outcomes = await asyncio.gather(*(erase(world) for _ in range(5)), return_exceptions=True)
    assert all(each is None or isinstance(each, NotFoundError) for each in outcomes)
    await check_forgotten(world)
    assert len(await trail(world)) == 1


# --- Deaths -----------------------------------------------------------------------------------


@pytest.mark.parametrize("after", [False, True])
async def test_a_death_at_any_commit_is_made_good_by_a_repetition(
    monkeypatch: pytest.MonkeyPatch, *, after: bool
) -> None:
    """Killed before or after any side effect, the erasure, repeated, leaves nothing."""
    monkeypatch.setattr(erasure, "_PAGE", 1)
    at = 1
    while await _die_at(at, after=after):
        at += 1
    assert at > 8, "the erasure has fewer side effects than it should"


async def _die_at(at: int, *, after: bool) -> bool:
    """Die at one side effect and repeat; False where there is no such side effect any more."""
    async with World() as world:
        list_id = await populated(world)
        await list_of(world.engine, [ANA_ID], name="Just Ana")
        for name in ("Spring", "Summer"):
            await world.finish(await world.create(list_id, name=name))
        under_way = await world.create(list_id, name="Autumn")
        assert await lanes.acquire(world.engine, ORG, under_way.id, LAUNCH)
        point = CrashPoint(at, after=after)
        plain = world.engine
        store, queue = CrashingStore(world.store, point), CrashingQueue(world.queue, point)
        world.engine = replace(plain, store=store, queue=queue)
        with suppress(Crash):
            await erase(world)
        world.engine = plain
        with suppress(NotFoundError):  # It had died behind its last commit.
            await erase(world)
        await check_forgotten(world)
        assert len(await trail(world)) == 1
        await world.finish(under_way)
        await check_forgotten(world)
        assert world.carrier.called == {ANA: 2, BEN: 3, CEM: 3}
        return point.is_dead
