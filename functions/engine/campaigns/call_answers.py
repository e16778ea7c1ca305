"""What a call that was picked up is connected with, and what the bot is told of the person."""

from collections.abc import Mapping
from typing import NamedTuple

from functions.domain.campaigns.audience import AudienceKind
from functions.domain.campaigns.call_headers import about_call
from functions.domain.campaigns.campaign import Campaign, campaign_from
from functions.domain.contacts.contact import ERASED, contact_from
from functions.domain.errors import NotFoundError
from functions.domain.messages.delivery_events import MessageRef
from functions.engine import paths
from functions.engine.campaigns.plans import whole_send
from functions.engine.kernel.engine import Engine
from functions.engine.ports.store import Document


class CallAnswer(NamedTuple):
    """The bot of a message's send, and what it is told of the call."""

    bot_url: str
    about: Mapping[str, str]


async def call_answer(engine: Engine, ref: MessageRef) -> CallAnswer:
    """Return what whoever picks up a call is connected with.

    Raises NotFoundError for a campaign that does not exist.
    """
    asked = [paths.campaign(ref.org, ref.campaign), paths.message(ref)]
    home, message = await engine.store.get_many(asked)
    if home is None:
        raise NotFoundError("Campaign", ref.campaign)
    campaign = campaign_from(ref.org, ref.campaign, home.data)
    if message is None or message.data["address"] == ERASED:
        return CallAnswer(campaign.own_send.content.bot_url, {})
    about = about_call(
        ref,
        contact=message.data["contact"].rpartition("/")[2],
        to=message.data["address"],
        campaign=campaign.name,
        values=await _values(engine, campaign, message),
    )
    send = await whole_send(engine, campaign, message.data.get("send", ""))
    return CallAnswer(send.content.bot_url, about)


async def _values(engine: Engine, campaign: Campaign, message: Document) -> dict[str, str]:
    """Return what is known of a person; the contact's values come before a list row's."""
    contact = message.data["contact"]
    if not contact:
        return {}
    asked = [contact]
    if campaign.audience.kind is AudienceKind.LIST:
        rows = paths.members(campaign.org, campaign.audience.id)
        asked.append(f"{rows}/{contact.rpartition('/')[2]}")
    known, *rows_found = await engine.store.get_many(asked)
    values: dict[str, str] = {}
    for row in rows_found:
        values |= row.data["attributes"] if row else {}
    if known:
        own = contact_from(known.id, known.data).values
        values |= {name: value for name, value in own.items() if value}
    return values
