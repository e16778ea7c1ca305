"""Campaigns that are written first: who they may go to, and when they may still be changed."""

from dataclasses import replace
from datetime import timedelta

import pytest

from functions.domain.campaigns.audience import Audience, AudienceKind
from functions.domain.campaigns.status import CampaignStatus
from functions.domain.contacts.phones import parse_phone
from functions.domain.errors import InvalidFieldError, NotFoundError, StaleError, WrongStatusError
from functions.domain.kinds import ChannelKind
from functions.engine import paths
from functions.engine.accounts import organisation
from functions.engine.campaigns import drafts, lifecycle, recipients
from functions.engine.campaigns.content import previews
from functions.engine.campaigns.drafts import Draft
from functions.engine.campaigns.writing import removal
from functions.engine.messages import statistics
from functions.engine.ports.store import Update
from tests.engine.campaigns.drafting import EVERYONE, HELLO, add_contact, draft
from tests.engine.world import ORG, World, after_turns, number, with_limits

HOUR = timedelta(hours=1)


async def test_a_draft_calls_nobody(world: World) -> None:
    """Nothing happens of itself to a campaign that is being written."""
    await add_contact(world, 0)
    id_ = await draft(world)
    await world.pass_time(HOUR)
    found = await lifecycle.load(world.engine, ORG, id_)
    assert (found.status, found.started_at) == (CampaignStatus.DRAFT, None)
    assert not world.carrier.called


async def test_what_was_sent_is_kept(world: World) -> None:
    """Everybody gets the text with their own name, and the message keeps it."""
    ids = [await add_contact(world, n) for n in range(3)]
    id_ = await draft(world)
    assert await recipients.add(world.engine, ORG, id_, ids) == 3
    sent = await drafts.send(world.engine, ORG, id_, None, by="ann")
    await world.finish(sent)
    bodies = {message.address: message.body for message in await world.messages(sent)}
    assert bodies == {number(n): f"Hello Person {n}!" for n in range(3)}
    assert {call.to: call.body for call in world.carrier.requests} == bodies


async def test_a_scheduled_campaign_waits_for_its_recipients_and_its_time(world: World) -> None:
    """People may be added until it starts; adding them again adds nobody."""
    ids = [await add_contact(world, n) for n in range(3)]
    at = world.clock.now() + HOUR
    made = await drafts.create(world.engine, ORG, HELLO, scheduled_at=at, by="ann")
    assert made.status is CampaignStatus.SCHEDULED
    assert await recipients.add(world.engine, ORG, made.id, ids[:2]) == 2
    assert await recipients.add(world.engine, ORG, made.id, ids) == 1
    await world.pass_time(HOUR - timedelta(seconds=1))
    assert not world.carrier.called
    await world.finish(made)
    assert world.carrier.called == {number(n): 1 for n in range(3)}


async def test_a_scheduled_campaign_without_recipients_fails_at_its_time(world: World) -> None:
    """It does not run for ever with nobody to send to."""
    at = world.clock.now() + HOUR
    made = await drafts.create(world.engine, ORG, HELLO, scheduled_at=at, by="ann")
    await world.pass_time(2 * HOUR)
    ended = await world.load(made)
    assert (ended.status, ended.reason) == (CampaignStatus.FAILED, "no_recipients")


async def test_sending_twice_sends_once(world: World) -> None:
    """The second send is refused, also when both come at once."""
    ids = [await add_contact(world, n) for n in range(2)]
    id_ = await draft(world)
    await recipients.add(world.engine, ORG, id_, ids)

    async def send(turns: int) -> bool:
        try:
            await after_turns(turns, drafts.send(world.engine, ORG, id_, None, by="ann"))
        except WrongStatusError:
            return False
        return True

    assert sorted([await send(0), await send(1)]) == [False, True]
    await world.finish(await lifecycle.load(world.engine, ORG, id_))
    assert set(world.carrier.called.values()) == {1}
    with pytest.raises(WrongStatusError, match="Cannot send completed campaign"):
        await recipients.add(world.engine, ORG, id_, ids)


@pytest.mark.parametrize(
    ("wish", "field"),
    [
        (Draft(channel=ChannelKind.SMS, template=" "), "base_template"),
        (Draft(channel=ChannelKind.VOICE, bot_url="wss://b.example"), "sender"),
        (Draft(channel=ChannelKind.VOICE, sender=number(9)), "bot_url"),
    ],
)
async def test_an_unfinished_campaign_is_neither_scheduled_nor_sent(
    world: World, wish: Draft, field: str
) -> None:
    """A draft may lack what sending needs; scheduling, sending and testing name what."""
    id_, at = await draft(world, wish), world.clock.now() + HOUR
    with pytest.raises(InvalidFieldError) as scheduled:
        await drafts.schedule(world.engine, ORG, id_, at, by="ann")
    with pytest.raises(InvalidFieldError) as sent:
        await drafts.send(world.engine, ORG, id_, EVERYONE, by="ann")
    with pytest.raises(InvalidFieldError) as tested:
        await previews.send_test(
            world.engine, ORG, id_, phones=[parse_phone(number(0))], like=None, by="ann"
        )
    assert {each.value.field for each in (scheduled, sent, tested)} == {field}


async def test_sending_needs_somebody(world: World) -> None:
    """A draft that names nobody cannot be sent."""
    with pytest.raises(InvalidFieldError) as refused:
        await drafts.send(world.engine, ORG, await draft(world), None, by="ann")
    assert refused.value.code == "EMPTY_CUSTOMER_IDS"


async def test_a_start_is_at_most_fourteen_days_ahead(world: World) -> None:
    """The limit is the deployment's; to the second is allowed."""
    id_, limit = await draft(world), world.clock.now() + timedelta(days=14)
    with pytest.raises(InvalidFieldError, match="at most 14 days ahead"):
        await drafts.schedule(world.engine, ORG, id_, limit + timedelta(seconds=1), by="ann")
    assert (await drafts.schedule(world.engine, ORG, id_, limit, by="ann")).scheduled_at == limit


async def test_a_mistake_in_a_template_is_told_when_it_is_saved(world: World) -> None:
    """Saving says where the mistake is, and saves nothing."""
    with pytest.raises(InvalidFieldError, match="Line 1, column 4"):
        await draft(world, Draft(channel=ChannelKind.SMS, template="Hi {{ first_name"))
    id_ = await draft(world)
    with pytest.raises(InvalidFieldError, match="base_template"):
        await drafts.update(
            world.engine, ORG, id_, {"template": "{% nonsense %}"}, by="ann", if_version=None
        )
    assert (
        await lifecycle.load(world.engine, ORG, id_)
    ).own_send.content.template == HELLO.template


async def test_only_drafts_are_changed_and_deleted(world: World) -> None:
    """Once scheduled, a campaign keeps what it says."""
    id_ = await draft(world)
    await drafts.schedule(world.engine, ORG, id_, world.clock.now() + HOUR, by="ann")
    for change in (
        drafts.update(world.engine, ORG, id_, {"name": "x"}, by="ann", if_version=None),
        removal.delete(world.engine, ORG, id_, by="ann", if_version=None),
    ):
        with pytest.raises(WrongStatusError):
            await change


async def test_a_stale_version_changes_nothing(world: World) -> None:
    """Of two people who change the version that both have read, the second is told."""
    id_ = await draft(world)
    _, version = await lifecycle.load_with_version(world.engine, ORG, id_)
    await drafts.update(world.engine, ORG, id_, {"name": "a"}, by="ann", if_version=version)
    with pytest.raises(StaleError):
        await drafts.update(world.engine, ORG, id_, {"name": "b"}, by="bob", if_version=version)
    with pytest.raises(StaleError):
        await removal.delete(world.engine, ORG, id_, by="bob", if_version=version)
    assert (await lifecycle.load(world.engine, ORG, id_)).name == "a"


async def test_deleting_leaves_nothing_behind(world: World) -> None:
    """With the draft go the people whom it named; the audit trail says who did it."""
    id_ = await draft(world)
    await recipients.add(world.engine, ORG, id_, [await add_contact(world, 0)])
    await removal.delete(world.engine, ORG, id_, by="ann", if_version=None)
    assert await world.documents(paths.recipients(ORG, id_)) == []
    with pytest.raises(NotFoundError):
        await lifecycle.load(world.engine, ORG, id_)
    last = await world.store.get(paths.audit(ORG, f"{id_}-deleted"))
    assert last is not None
    assert (last.data["action"], last.data["by"]) == ("delete", "ann")


async def test_a_death_while_deleting_leaves_a_draft_that_is_whole(world: World) -> None:
    """Whatever the deletion has not reached is still a draft, to those whom it still names."""
    world.engine = replace(world.engine, limits=with_limits(chunk=2))
    ids = [await add_contact(world, n) for n in range(3)]
    id_ = await draft(world)
    await recipients.add(world.engine, ORG, id_, ids)

    async def change() -> None:
        await world.store.commit(Update(paths.campaign(ORG, id_), {"name": "changed"}))

    world.interleave("commit", "-deleted", change)
    with pytest.raises(StaleError):
        await removal.delete(world.engine, ORG, id_, by="ann", if_version=None)
    left = await lifecycle.load(world.engine, ORG, id_)
    assert (left.total, await world.documents(paths.recipients(ORG, id_))) == (0, [])
    assert await recipients.add(world.engine, ORG, id_, ids) == 3


async def test_a_copy_says_the_same_to_the_same_people(world: World) -> None:
    """A copy is a draft of its own; people named one by one are not copied."""
    wish = Draft(channel=ChannelKind.SMS, template="Hi", audience=EVERYONE)
    source = await draft(world, wish)
    copy = await drafts.duplicate(world.engine, ORG, source, by="bob")
    assert (copy.status, copy.audience) == (CampaignStatus.DRAFT, EVERYONE)
    assert copy.own_send.content.template == "Hi"
    assert copy.name == "Untitled campaign (copy)"
    named = await drafts.duplicate(world.engine, ORG, await draft(world), by="bob")
    assert named.audience == Audience(AudienceKind.RECIPIENTS, named.id)


async def test_a_test_reaches_whoever_was_named_and_leaves_the_draft_alone(world: World) -> None:
    """A test is filled in for a contact, goes to the suppressed too, and changes no statistics."""
    ada = await add_contact(world, 0, first_name="Ada")
    await world.suppress(number(7))
    id_ = await draft(world)
    sent = await previews.send_test(
        world.engine, ORG, id_, phones=[parse_phone(number(7))], like=ada, by="ann"
    )
    await world.finish(sent[0][1])
    assert [(call.to, call.body) for call in world.carrier.requests] == [(number(7), "Hello Ada!")]
    campaign = await lifecycle.load(world.engine, ORG, id_)
    counts = await statistics.read_one(world.engine, campaign)
    assert (campaign.status, counts.total) == (CampaignStatus.DRAFT, 0)


async def test_a_preview_is_filled_in_as_the_campaign_would_be(world: World) -> None:
    """A preview tells what the person would get, what they lack, and its length as SMS."""
    ada = await add_contact(world, 0, first_name="Ada")
    id_ = await draft(world)
    shown, _ = await previews.preview(
        world.engine, ORG, id_, ada, override="{first_name} of {location}"
    )
    assert (shown.texts.body, shown.missing, shown.length.segments) == ("Ada of ", ["location"], 1)
    with pytest.raises(InvalidFieldError, match="override_template"):
        await previews.preview(world.engine, ORG, id_, ada, override="{% nonsense %}")


async def test_another_organisations_ids_are_unknown(world: World) -> None:
    """Campaigns, contacts, lists and segments of others look as if they did not exist."""
    id_, person = await draft(world), await add_contact(world, 0)
    engine = world.engine
    elsewhere = await drafts.create(engine, "other", HELLO, scheduled_at=None, by="eve")
    for attempt in (
        drafts.send(engine, "other", id_, EVERYONE, by="eve"),
        drafts.duplicate(engine, "other", id_, by="eve"),
        removal.delete(engine, "other", id_, by="eve", if_version=None),
        recipients.add(engine, "other", elsewhere.id, [person]),
        previews.preview(engine, "other", elsewhere.id, person, override=None),
        drafts.send(engine, "other", elsewhere.id, Audience(AudienceKind.LIST, "people"), by="eve"),
        drafts.send(engine, "other", elsewhere.id, Audience(AudienceKind.SEGMENT, "s"), by="eve"),
    ):
        with pytest.raises(NotFoundError):
            await attempt


async def test_of_two_who_send_a_draft_at_once_nobody_is_told_wrongly(world: World) -> None:
    """Whoever's contacts are in the campaign hears so, also if another request has started it."""
    mine, theirs = await add_contact(world, 0), await add_contact(world, 1)
    engine, id_ = world.engine, await draft(world)

    async def be_faster() -> None:
        sent, new = await drafts.send_to(engine, ORG, id_, [theirs], by="ben")
        assert (sent.status, new) == (CampaignStatus.RUNNING, 1)

    world.interleave("commit", f"/audit/{id_}-2", be_faster)
    sent, new = await drafts.send_to(world.engine, ORG, id_, [mine], by="ann")
    assert (sent.status, new) == (CampaignStatus.RUNNING, 1)
    await world.finish(sent)
    assert world.carrier.called == {number(0): 1, number(1): 1}


async def test_a_draft_that_cannot_be_sent_yet_takes_nobody(world: World) -> None:
    """Refused for want of a text, a draft stays empty: sent again, it counts everybody as new."""
    person = await add_contact(world, 0)
    id_ = await draft(world, replace(HELLO, template=""))
    with pytest.raises(InvalidFieldError, match="base_template"):
        await drafts.send_to(world.engine, ORG, id_, [person], by="ann")
    text = {"template": "Hello"}
    await drafts.update(world.engine, ORG, id_, text, by="ann", if_version=None)
    sent, new = await drafts.send_to(world.engine, ORG, id_, [person], by="ann")
    assert (sent.total, new) == (1, 1)


async def test_a_draft_that_changes_its_channel_follows_that_channels_rules(world: World) -> None:
    """Sender and rate are the organisation's for the new channel."""
    decided = {"senders": {"sms": number(8), "whatsapp": number(9)}, "rates": {"whatsapp": 5}}
    await organisation.update(world.engine, ORG, decided, by="ann", if_version=None)
    id_ = await draft(world)
    before = (await lifecycle.load(world.engine, ORG, id_)).own_send
    changes = {"channel": ChannelKind.WHATSAPP}
    await drafts.update(world.engine, ORG, id_, changes, by="ann", if_version=None)
    after = (await lifecycle.load(world.engine, ORG, id_)).own_send
    assert (before.sender, after.sender, after.rate_per_s) == (number(8), number(9), 5)
