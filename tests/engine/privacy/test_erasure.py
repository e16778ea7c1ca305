"""Erasure: nothing that tells who somebody was is left, whenever the process dies."""

import pytest

from functions.domain.campaigns.status import Action
from functions.domain.contacts.contact import ERASED, read_details
from functions.domain.errors import NotFoundError, StaleError
from functions.engine import paths
from functions.engine.campaigns import copies, lifecycle
from functions.engine.contacts import contacts, lists
from functions.engine.ports.store import Create, Delete
from functions.engine.privacy import erasure
from functions.engine.reporting import contact_history
from tests.engine.privacy.erasing import (
    ANA,
    ANA_ID,
    BEN,
    CEM,
    ROW,
    TELLS,
    check_forgotten,
    erase,
    message_of,
    populated,
    trail,
)
from tests.engine.recording_channel import BUSY, SILENT, TALKS, Fate
from tests.engine.stored_contacts import add_people, list_of, naming
from tests.engine.world import MINUTE, ORG, World
from tests.salted import contact_id

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


async def test_somebody_whom_only_messages_name_can_be_erased(world: World) -> None:
    """A person without a contact is forgotten by the id that a contact would have."""
    list_id = await populated(world)
    await world.finish(await world.create(list_id))
    await lists.remove(world.engine, ORG, list_id, ANA_ID)
    await world.store.commit(Delete(paths.contact(ORG, ANA_ID)))
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
