"""One message now, as a campaign of its own."""

from dataclasses import replace

from functions.domain.campaigns.audience import Audience, AudienceKind
from functions.domain.campaigns.campaign import Campaign
from functions.domain.campaigns.rules_in_force import RulesInForce
from functions.domain.contacts.contact import contact_id
from functions.domain.contacts.phones import Phone
from functions.domain.kinds import CampaignKind
from functions.domain.messages.ids import lane_number, message_id, send_lane
from functions.domain.messages.message import planned
from functions.engine import paths
from functions.engine.accounts import organisation
from functions.engine.campaigns.creation import NAME_LENGTH, NewVoiceCampaign, new_campaign
from functions.engine.campaigns.lifecycle import create_campaign
from functions.engine.campaigns.recipient import Recipient
from functions.engine.campaigns.senders import check_senders
from functions.engine.kernel.engine import Engine
from functions.engine.kernel.people import path_of, salt_of
from functions.engine.messages.counting import Increments
from functions.engine.ports.store import Create


async def call_once(
    engine: Engine, org: str, new: NewVoiceCampaign, to: Phone
) -> tuple[Campaign, str]:
    """Call one number now, as a campaign of its own; returns it and the message's id.

    Raises InvalidFieldError for a sender that the organisation may not use.
    """
    path = await path_of(engine, org, to.e164)
    decided = await organisation.load(engine, org)
    call = replace(
        new_campaign(engine, org, new, Audience(AudienceKind.SINGLE), total=1),
        # No cap holds it back, but it is counted.
        rules=RulesInForce(
            country_rules=decided.country_rules, frequency_caps=decided.frequency_caps
        ),
    )
    check_senders(engine, decided, call)
    return await send_once(engine, call, Recipient(path, to.e164, to.region, to.zones))


async def send_once(engine: Engine, campaign: Campaign, to: Recipient) -> tuple[Campaign, str]:
    """Send one recipient their texts now, as `campaign` sends them.

    It is a campaign of its own; returns it and the message's id.
    """
    now, salt = engine.clock.now(), await salt_of(engine, campaign.org)
    single = replace(
        campaign,
        kind=CampaignKind.SINGLE,
        not_after=None,  # it is sent now
        name=f"{campaign.name} {campaign.id}"[:NAME_LENGTH],
        audience=Audience(AudienceKind.SINGLE, contact_id(salt, to.address)),
        lanes=1,
    )
    id_ = message_id(salt, single.id, to.address)
    lane = send_lane(lane_number(id_, single.lanes))
    message = planned(to, lane, now, now, to.texts.stored if to.texts else {})
    create = Create(f"{paths.messages(single.org, single.id)}/{id_}", message)
    increments = Increments(single, now=now)
    increments.create({create.path: create.data})
    single = replace(single, counts=increments.amounts)
    return await create_campaign(engine, single, create), id_
