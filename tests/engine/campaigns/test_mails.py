"""Mails: what is said to whom."""

from dataclasses import replace
from typing import Any

import pytest

from functions.channels.simulator.ledger import digest_of
from functions.domain.campaigns.audience import Audience, AudienceKind
from functions.domain.kinds import ChannelKind
from functions.domain.messages.message import MessageStatus
from functions.domain.templates.template import Missing
from functions.engine import paths
from functions.engine.campaigns.drafts import Draft
from tests.engine.campaigns.drafting import (
    CALL,
    EVERYONE,
    MAIL,
    send,
)
from tests.engine.delivery.test_texts import Texting
from tests.engine.stored_contacts import add_people, list_of
from tests.engine.stored_lists import put_on
from tests.engine.world import LIMITS, ORG, World, number
from tests.salted import contact_id


async def test_a_mail_reaches_its_person_and_is_kept_as_it_was_sent() -> None:
    """Text, subject and HTML are filled in, escaped in the HTML alone, and kept."""
    async with Texting() as world:
        row = {"phone": number(1), "email": "Ann@Example.com", "first_name": "Ann & Co"}
        await add_people(world.engine, [row])
        campaign = await send(world, MAIL)
        assert await world.over(campaign) == {"delivered": 1}
        (message,) = await world.messages(campaign)
        assert message.address == "ann@example.com"
        assert (message.body, message.subject) == ("Hi Ann & Co", "News for Ann & Co")
        assert message.html == "<p>Ann &amp; Co</p>"
        (sent,) = world.texts.ledger.texts
        assert (sent.to, sent.digest) == ("ann@example.com", digest_of("Hi Ann & Co"))


async def test_a_message_holds_what_its_channel_says_and_no_more(world: World) -> None:
    """A text has no empty subject stored with it, and a call says nothing."""
    await add_people(world.engine, [{"phone": number(1), "first_name": "Ann"}])
    text = await send(world, Draft(channel=ChannelKind.SMS, template="Hi", audience=EVERYONE))
    call = await send(world, CALL)
    for campaign, said in ((text, {"body"}), (call, set[str]())):
        await world.finish(campaign)
        (stored,) = await world.documents(paths.messages(ORG, campaign.id))
        assert {"body", "subject", "html", "parameters"} & stored.data.keys() == said


async def test_a_list_is_mailed_at_its_contacts_addresses(world: World) -> None:
    """What the contact says comes before what the list's row said; without either, nobody is."""
    known = [{"phone": number(1), "email": "one@example.com"}, {"phone": number(2)}]
    people = await list_of(world.engine, await add_people(world.engine, known))
    rows = {3: "Three@Example.com ", 4: "nonsense", 5: ""}
    for n, email in rows.items():
        row = {"id": contact_id(number(n)), "address": number(n), "region": "US"}
        told = {**row, "zones": ["America/New_York"], "attributes": {"email": email}}
        await put_on(world.store, paths.list_(ORG, people), [told])
    wish = replace(MAIL, audience=Audience(AudienceKind.LIST, people))
    campaign = await send(world, wish)
    await world.finish(campaign)
    assert world.carrier.called == {"one@example.com": 1, "three@example.com": 1}
    skipped = [m for m in await world.messages(campaign) if m.status == MessageStatus.SKIPPED]
    assert [(m.address, m.reason) for m in skipped] == [("", "no_address")] * 3


async def test_a_mail_without_a_template_finds_its_addresses_too(world: World) -> None:
    """HTML alone is enough, and the address is still the contact's."""
    (ann,) = await add_people(world.engine, [{"phone": number(1), "email": "ann@example.com"}])
    audience = Audience(AudienceKind.LIST, await list_of(world.engine, [ann]))
    campaign = await send(world, replace(MAIL, template="", html="<p>Hi</p>", audience=audience))
    await world.finish(campaign)
    assert world.carrier.called == {"ann@example.com": 1}


async def test_an_address_is_mailed_once_however_many_share_it() -> None:
    """Two contacts with one e-mail address are one message, and the second says why."""
    async with World(replace(LIMITS, launch_page=1)) as world:
        rows = [{"phone": number(n), "email": "us@example.com"} for n in range(3)]
        await add_people(world.engine, rows)
        campaign = await send(world, MAIL)
        await world.finish(campaign)
        assert world.carrier.called == {"us@example.com": 1}
        reasons = sorted(message.reason for message in await world.messages(campaign))
        assert reasons == ["", "duplicate_address", "duplicate_address"]


async def test_who_is_suppressed_by_mail_is_not_mailed(world: World) -> None:
    """A suppression is of an address, and holds for whatever channel reaches it."""
    await add_people(world.engine, [{"phone": number(1), "email": "ann@example.com"}])
    await world.suppress("ann@example.com")
    campaign = await send(world, MAIL)
    await world.finish(campaign)
    (message,) = await world.messages(campaign)
    assert (message.reason, world.carrier.requests) == ("suppressed", [])


async def test_a_webhook_is_told_the_address_that_there_is(world: World) -> None:
    """The number, else the e-mail address."""
    await add_people(
        world.engine,
        [
            {"phone": number(1), "email": "one@example.com"},
            {"email": "two@example.com"},
        ],
    )
    url = "https://shop.example.com/hook"
    wish = Draft(channel=ChannelKind.WEBHOOK, webhook_url=url, template="x", audience=EVERYONE)
    campaign = await send(world, wish)
    await world.finish(campaign)
    assert world.carrier.called == {number(1): 1, "two@example.com": 1}


async def test_the_parameters_of_a_provider_s_text_are_filled_in(world: World) -> None:
    """Each is a template of its own; a text that the provider keeps needs none of ours."""
    ann = {"phone": number(1), "first_name": "Ann", "attributes": {"street": "1 Hill\nBath"}}
    await add_people(world.engine, [ann])
    wish = Draft(
        channel=ChannelKind.WHATSAPP,
        provider_template="welcome",
        language="en_US",
        parameters=["{first_name}", "{{ street }}", "20 %"],
        audience=EVERYONE,
    )
    campaign = await send(world, wish)
    await world.finish(campaign)
    (message,) = await world.messages(campaign)
    assert (message.body, list(message.parameters)) == (
        "",
        ["Ann", "1 Hill Bath", "20 %"],
    )


async def test_whoever_lacks_a_field_of_the_subject_is_skipped(world: World) -> None:
    """The policy for missing fields holds for every part."""
    people = [{"email": "ann@example.com", "first_name": "Ann"}, {"email": "bob@example.com"}]
    await add_people(world.engine, people)
    wish = replace(MAIL, template="Hi", html="", missing=Missing.REFUSE)
    campaign = await send(world, wish)
    await world.finish(campaign)
    assert (await world.message_to(campaign, "bob@example.com")).reason == "missing_field"
    assert world.carrier.called == {"ann@example.com": 1}


@pytest.mark.parametrize("page", [1, 2, 500])
async def test_who_is_left_out_does_not_take_a_shared_mailbox_along(page: int) -> None:
    """Of contacts with one mailbox the first who can be written to is, whoever stands before."""
    async with World(replace(LIMITS, launch_page=page)) as world:
        shared = {"email": "us@example.com"}
        rows: list[dict[str, Any]] = [{"phone": number(n), **shared} for n in range(4)]
        rows[0] |= {"active": False, "first_name": "Ann"}
        rows[2] |= {"first_name": "Cem"}
        ids = await add_people(world.engine, rows)
        wish = replace(
            MAIL,
            template="Hi {first_name}",
            missing=Missing.REFUSE,
            audience=Audience(AudienceKind.LIST, await list_of(world.engine, ids)),
        )
        campaign = await send(world, wish)
        await world.finish(campaign)
        assert world.carrier.called == {"us@example.com": 1}
        reasons = {m.contact: m.reason for m in await world.messages(campaign)}
        assert len(reasons) == 4
        assert "inactive" in reasons.values()
        assert "duplicate_address" not in reasons.values()
