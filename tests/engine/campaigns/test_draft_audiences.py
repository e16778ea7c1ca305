"""Whom a draft is sent to: everyone, lists, segments, and who is left out."""

from dataclasses import replace

import pytest

from functions.domain.campaigns.audience import Audience, AudienceKind
from functions.domain.campaigns.status import CampaignStatus
from functions.domain.contacts.contact import emptied
from functions.domain.errors import NotFoundError
from functions.domain.kinds import ChannelKind
from functions.domain.templates.template import Missing
from functions.engine import paths
from functions.engine.campaigns import drafts, lifecycle, recipients
from functions.engine.campaigns.drafts import Draft
from functions.engine.contacts import segments
from functions.engine.ports.store import Delete, Set
from tests.engine.campaigns.drafting import EVERYONE, HELLO, add_contact, draft
from tests.engine.campaigns.test_drafts import HOUR
from tests.engine.stored_contacts import add_people, list_of
from tests.engine.stored_lists import put_list
from tests.engine.world import ORG, World, number, with_limits
from tests.salted import contact_id


async def test_everyone_means_everyone_who_is_active(world: World) -> None:
    """Inactive contacts get nothing, without a trace in the campaign."""
    await add_contact(world, 0)
    await add_contact(world, 1, active=False)
    sent = await drafts.send(world.engine, ORG, await draft(world), EVERYONE, by="ann")
    await world.finish(sent)
    assert world.carrier.called == {number(0): 1}


async def test_a_list_member_is_addressed_as_the_contact_says_now(world: World) -> None:
    """What the contact says comes before what the list's row said; inactive ones are skipped."""
    await add_contact(world, 0, first_name="Ada")
    await add_contact(world, 1, active=False)
    rows = (
        {
            "id": contact_id(number(n)),
            "address": number(n),
            "region": "US",
            "zones": ["America/New_York"],
            "attributes": {"first_name": "Row", "plan": "gold"},
        }
        for n in range(3)
    )
    await put_list(world.store, ORG, "l", rows, now=world.clock.now())
    wish = Draft(channel=ChannelKind.SMS, template="{{ first_name }}, {{ plan }}")
    to_list = Audience(AudienceKind.LIST, "l")
    sent = await drafts.send(world.engine, ORG, await draft(world, wish), to_list, by="ann")
    await world.finish(sent)
    assert (await world.message_to(sent, number(0))).body == "Ada, gold"
    assert (await world.message_to(sent, number(1))).reason == "inactive"
    assert (await world.message_to(sent, number(2))).body == "Row, gold"


async def test_whoever_lacks_a_field_is_skipped_where_the_campaign_says_so(world: World) -> None:
    """Policy `refuse` sends no text with a hole in it."""
    ids = [await add_contact(world, 0), await add_contact(world, 1, first_name="")]
    wish = Draft(channel=ChannelKind.SMS, template="Hi {first_name}", missing=Missing.REFUSE)
    id_ = await draft(world, wish)
    await recipients.add(world.engine, ORG, id_, ids)
    sent = await drafts.send(world.engine, ORG, id_, None, by="ann")
    await world.finish(sent)
    assert world.carrier.called == {number(0): 1}
    assert (await world.message_to(sent, number(1))).reason == "missing_field"


async def test_unknown_contacts_add_nobody(world: World) -> None:
    """One unknown id refuses them all, with nobody added."""
    known, id_ = await add_contact(world, 0), await draft(world)
    with pytest.raises(NotFoundError, match="Contact not found"):
        await recipients.add(world.engine, ORG, id_, [known, "nobody"])
    assert (await lifecycle.load(world.engine, ORG, id_)).total == 0


async def test_a_segment_is_as_it_was_when_the_launch_began(world: World) -> None:
    """Changing or deleting a segment during a launch neither adds nor loses anybody."""
    world.engine = replace(world.engine, limits=with_limits(launch_page=2))
    for n in range(5):
        await add_contact(world, n, location="Nairobi")
    conditions = {"field": "location", "op": "eq", "value": "Nairobi"}
    made = await segments.create(world.engine, ORG, "Nairobi", conditions, by="ann")
    audience = Audience(AudienceKind.SEGMENT, made.id)

    async def delete() -> None:
        await world.store.commit(Delete(f"{paths.segments(ORG)}/{made.id}"))

    sent = await drafts.send(world.engine, ORG, await draft(world), audience, by="ann")
    world.interleave("commit", "/messages/", delete)
    await world.finish(sent)
    assert world.carrier.called == {number(n): 1 for n in range(5)}


async def test_a_segment_that_is_gone_holds_for_nobody(world: World) -> None:
    """A campaign whose segment went before its start, as it was written, fails and says why."""
    await add_contact(world, 0)
    conditions = {"field": "location", "op": "eq", "value": "Nairobi"}
    made = await segments.create(world.engine, ORG, "Nairobi", conditions, by="ann")
    wish = replace(HELLO, audience=Audience(AudienceKind.SEGMENT, made.id))
    at = world.clock.now() + HOUR
    campaign = await drafts.create(world.engine, ORG, wish, scheduled_at=at, by="ann")
    await world.store.commit(Delete(f"{paths.segments(ORG)}/{made.id}"))
    await world.finish(campaign)
    ended = await world.load(campaign)
    assert (ended.status, ended.reason) == (CampaignStatus.FAILED, "no_recipients")


async def test_whoever_is_being_erased_cannot_be_added(world: World) -> None:
    """Somebody whose erasure has begun is unknown; nobody is added with them."""
    here, gone = await add_contact(world, 0), await add_contact(world, 1)
    stored = await world.store.get(paths.contact(ORG, gone))
    assert stored is not None
    await world.store.commit(Set(stored.path, emptied(gone, now=world.clock.now())))
    id_ = await draft(world)
    with pytest.raises(NotFoundError):
        await recipients.add(world.engine, ORG, id_, [here, gone])
    assert (await lifecycle.load(world.engine, ORG, id_)).total == 0


async def test_a_member_without_a_number_is_skipped(world: World) -> None:
    """Somebody known by e-mail alone gets no text, and the report says why."""
    (ann,) = await add_people(world.engine, [{"email": "ann@example.com"}])
    people = await list_of(world.engine, [ann])
    sent = await drafts.send(
        world.engine,
        ORG,
        await draft(world),
        Audience(AudienceKind.LIST, people),
        by="ann",
    )
    await world.finish(sent)
    (message,) = await world.messages(sent)
    assert (message.status, message.reason) == ("skipped", "no_address")
