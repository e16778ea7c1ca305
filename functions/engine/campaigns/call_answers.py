"""What a call that was picked up is connected with, and what the bot is told of the person."""

from collections.abc import Mapping
from typing import NamedTuple

from functions.domain.campaigns.audience import AudienceKind
from functions.domain.campaigns.call_headers import about_call
from functions.domain.campaigns.campaign import Campaign, campaign_from
from functions.domain.contacts.contact import ERASED, contact_from
from functions.domain.messages.delivery_events import MessageRef
from functions.domain.messages.message import Message
from functions.engine import paths
from functions.engine.campaigns.plans import whole_send
from functions.engine.contacts import list_rows
from functions.engine.kernel.commits.modify import at_version
from functions.engine.kernel.engine import Engine


class CallAnswer(NamedTuple):
    """The bot of a message's send, and what it is told of the call."""

    bot_url: str
    about: Mapping[str, str]


async def call_answer(engine: Engine, campaign: Campaign, message: Message) -> CallAnswer:
    """Return what whoever picks up a call is connected with."""
    if message.address == ERASED:
        return _untold(campaign)
    about = about_call(
        MessageRef(campaign.org, campaign.id, message.id),
        contact=message.contact.rpartition("/")[2],
        to=message.address,
        campaign=campaign.name,
        values=await _values(engine, campaign, message),
    )
    send = await whole_send(engine, campaign, message.send)
    return CallAnswer(send.content.bot_url, about)


async def stray_answer(engine: Engine, ref: MessageRef) -> CallAnswer:
    """Return what whoever picks up a call is connected with whose message does not exist.

    Raises NotFoundError for a campaign that does not exist.
    """
    stored = await engine.store.get(paths.campaign(ref.org, ref.campaign))
    home = at_version(stored, "Campaign", ref.campaign)
    return _untold(campaign_from(ref.org, ref.campaign, home.data))


def _untold(campaign: Campaign) -> CallAnswer:
    return CallAnswer(campaign.own_send.content.bot_url, {})


async def _values(engine: Engine, campaign: Campaign, message: Message) -> dict[str, str]:
    """Return what is known of a person.

    What the entry of their walk said comes before the contact's values, those before a list row's.
    """
    contact, walk = message.contact, message.enrollment
    wanted = [contact, walk and paths.enrollment(campaign.org, campaign.id, walk)]
    read = await engine.store.get_many([path for path in wanted if path])
    found = {document.path: document for document in read if document is not None}
    values: dict[str, str] = {}
    if contact in found:
        if campaign.audience.kind is AudienceKind.LIST:
            of_list = (campaign.org, campaign.audience.id)
            rows = await list_rows.own_rows(engine, *of_list, [found[contact]])
            values |= next(iter(rows.values()), {}).get("attributes", {})
        own = contact_from(found[contact].id, found[contact].data).values
        values |= {name: value for name, value in own.items() if value}
    if wanted[-1] in found:
        values |= found[wanted[-1]].data["data"]
    return values
