"""Reach: by which channels somebody may be contacted now, from when, or why not at all.

It is what a broadcast's message to them would get by the rules of today: decided by the launch's
own planner, and by the hours and caps that the dispatch keeps to. Nothing is written. What bars
one kind of campaign alone is told beside that.
"""

from collections.abc import Collection
from datetime import datetime
from typing import Final, NamedTuple

from functions.domain.campaigns.audience import Audience, AudienceKind
from functions.domain.campaigns.campaign import Campaign
from functions.domain.campaigns.rules_in_force import RulesInForce, rules_of
from functions.domain.campaigns.send import Send
from functions.domain.campaigns.status import CampaignStatus
from functions.domain.contacts.contact import Contact
from functions.domain.kinds import CampaignKind, ChannelKind
from functions.domain.messages.message import Message, MessageStatus, message_from
from functions.domain.organisation import zones_for
from functions.engine import paths
from functions.engine.accounts import organisation
from functions.engine.campaigns.recipient import Recipient, of_contact
from functions.engine.contacts import contacts
from functions.engine.contacts.suppressions import barred_scopes
from functions.engine.eligibility import sending_hours
from functions.engine.eligibility.frequency_caps import FrequencyCaps
from functions.engine.eligibility.planner import Planner
from functions.engine.eligibility.sending_hours import Place
from functions.engine.kernel.commits.versioned import Versioned
from functions.engine.kernel.engine import Engine
from functions.engine.kernel.people import salt_of

#: Kinds that keep to suppressions; whoever sends a single message does so on purpose.
_KINDS: Final = (CampaignKind.BROADCAST, CampaignKind.JOURNEY, CampaignKind.SEQUENCE)


class ChannelReach(NamedTuple):
    """Whether somebody may be contacted by a channel."""

    channel: ChannelKind
    from_at: datetime | None  #: now, or when it is allowed first; None: not at all
    reason: str  #: why not now, "" where they may be
    barred_kinds: Collection[CampaignKind]  #: kinds of campaign that they have opted out of


class Reach(NamedTuple):
    """By which of the channels that are set up somebody may be contacted."""

    now: datetime
    channels: list[ChannelReach]


async def of(engine: Engine, org: str, contact_id: str) -> Reach:
    """Return by which channels somebody may be contacted, and from when. Raises NotFoundError."""
    contact = (await contacts.load(engine, org, contact_id)).value
    rules = rules_of(await organisation.load(engine, org))
    scopes = {
        address: await barred_scopes(engine, org, address)
        for address in (contact.phone, contact.email)
        if address
    }
    now, salt = engine.clock.now(), await salt_of(engine, org)
    channels = []
    for channel, provider in engine.providers.items():
        send = Send("", channel, provider, sender="")
        campaign = _campaign(org, send, rules, now)
        recipient = _recipient(campaign, contact)
        barred = scopes.get(recipient.address, set())
        if not recipient.skip_reason and barred & {"all", channel}:
            recipient = recipient._replace(skip_reason="suppressed")
        planner = Planner(engine, campaign, send, salt=salt)
        from_at, reason = await _first(engine, campaign, planner, recipient)
        kinds = [kind for kind in _KINDS if kind in barred]
        channels.append(ChannelReach(channel, from_at, reason, kinds))
    return Reach(now, channels)


def _campaign(org: str, send: Send, rules: RulesInForce, now: datetime) -> Campaign:
    """Return a broadcast that is never stored: what it would send is what is asked for."""
    return Campaign(
        id="reach",
        org=org,
        name="",
        kind=CampaignKind.BROADCAST,
        status=CampaignStatus.RUNNING,
        epoch=0,
        own_send=send,
        audience=Audience(AudienceKind.EVERYONE),
        rules=rules,
        lanes=1,
        created_at=now,
        created_by="",
    )


def _recipient(campaign: Campaign, contact: Contact) -> Recipient:
    reached = of_contact(campaign.own_send, paths.contact(campaign.org, contact.id), contact)
    reached = reached._replace(zones=zones_for(reached.zones, campaign.rules.default_zone))
    return reached if contact.active else reached._replace(skip_reason="inactive")


async def _first(
    engine: Engine, campaign: Campaign, planner: Planner, recipient: Recipient
) -> tuple[datetime | None, str]:
    """Return the first instant at which somebody may be contacted, and why it is not now."""
    ((path, fields),) = planner.plan([recipient]).messages.items()
    message = message_from(path.rpartition("/")[2], fields)
    if message.status is not MessageStatus.PENDING:
        return None, message.reason or ""
    return await _dispatched(engine, campaign, message)


async def _dispatched(
    engine: Engine, campaign: Campaign, message: Message
) -> tuple[datetime | None, str]:
    """Return when a message that was planned is handed over first, and why that is not now."""
    now, hours = engine.clock.now(), sending_hours.of(engine, campaign, campaign.own_send)
    place = Place(message.region, tuple(message.zones))
    due_at, reason = message.due_at or now, message.reason or ""
    if due_at <= now and hours.are_kept and (opens_at := hours.closed_until(place, now=now)):
        due_at, reason = opens_at, "quiet_hours"
    caps = FrequencyCaps(engine, campaign, campaign.own_send)
    waits = await caps.exceeded([Versioned(message, 0)])
    if (free_at := waits.get(message.id, now)) > due_at:
        opens_at = hours.next_open(*place, now=free_at) if hours.are_kept else free_at
        return opens_at or free_at, "frequency_cap"
    return due_at, reason
