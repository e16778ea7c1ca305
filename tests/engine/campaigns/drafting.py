"""Drafts, and people to send them to, that the tests of campaigns share."""

from datetime import timedelta
from typing import Any

import pytest

from functions.domain.campaigns.audience import Audience, AudienceKind
from functions.domain.campaigns.campaign import Campaign, Fallback
from functions.domain.contacts.contact import Contact, contact_fields
from functions.domain.contacts.phones import parse_phone
from functions.domain.errors import InvalidFieldError
from functions.domain.kinds import ChannelKind
from functions.domain.messages.send_outcomes import Rejected
from functions.engine import paths
from functions.engine.campaigns import drafts
from functions.engine.campaigns.drafts import Draft
from functions.engine.ports.store import Create
from tests.engine.recording_channel import Fate
from tests.engine.world import ORG, SENDER, World, fallback, number
from tests.salted import contact_id

HOUR = timedelta(hours=1)
EVERYONE = Audience(AudienceKind.EVERYONE)
SHOP = "Shop <shop@example.com>"
MAIL = Draft(
    channel=ChannelKind.EMAIL,
    name="News",
    sender=SHOP,
    template="Hi {first_name}",
    subject="News for {first_name}",
    html="<p>{first_name}</p>",
    audience=EVERYONE,
)
CALL = Draft(
    channel=ChannelKind.VOICE,
    sender=SENDER,
    bot_url="wss://bot.example.com/talk",
    audience=EVERYONE,
)
SMS: dict[str, Any] = {
    "channel": ChannelKind.SMS,
    "template": "Hi {first_name}",
    "after": ["no_answer"],
    "wait_s": 60,
}
NOT_REACHED = Fate(outcome=Rejected("invalid_address"), placed=False)


def by_sms(**more: Any) -> Fallback:
    """Return a fallback to a text."""
    return fallback(**{**SMS, **more})


async def send(world: World, wish: Draft, org: str = ORG) -> Campaign:
    """Write a campaign and send it."""
    made = await drafts.create(world.engine, org, wish, scheduled_at=None, by="ann")
    return await drafts.send(world.engine, org, made.id, None, by="ann")


def written(campaign: Campaign, name: str) -> Any:
    """Return what somebody has written of a campaign, by the name that a draft has for it."""
    send = campaign.own_send
    of = next(each for each in (send.content, send, campaign) if hasattr(each, name))
    return getattr(of, name)


async def refused(world: World, wish: Draft) -> str:
    """Write a campaign that is refused; return the field that is named."""
    with pytest.raises(InvalidFieldError) as caught:
        await drafts.create(world.engine, ORG, wish, scheduled_at=None, by="ann")
    assert str(caught.value).startswith(f"{caught.value.field}: ")
    return caught.value.field


async def incomplete(world: World, wish: Draft) -> str:
    """Write a campaign that cannot be sent; return the field that is named."""
    made = await drafts.create(world.engine, ORG, wish, scheduled_at=None, by="ann")
    with pytest.raises(InvalidFieldError) as caught:
        await drafts.send(world.engine, ORG, made.id, EVERYONE, by="ann")
    return caught.value.field


HELLO = Draft(channel=ChannelKind.SMS, name="Hello", template="Hello {first_name}!")
EVERYONE = Audience(AudienceKind.EVERYONE)


async def add_contact(world: World, n: int, **fields: Any) -> str:
    """Store a contact; return its id."""
    phone, now = parse_phone(number(n)), world.clock.now()
    id_ = contact_id(phone.e164)
    known: dict[str, Any] = {
        "first_name": f"Person {n}",
        "region": phone.region,
        "zones": phone.zones,
        **fields,
    }
    contact = Contact(id=id_, phone=phone.e164, created_at=now, updated_at=now, **known)
    await world.store.commit(Create(paths.contact(ORG, id_), contact_fields(contact)))
    return id_


async def draft(world: World, wish: Draft = HELLO) -> str:
    """Create a draft; return its id."""
    return (await drafts.create(world.engine, ORG, wish, scheduled_at=None, by="ann")).id
