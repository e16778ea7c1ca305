"""Recipients: those who walk, as a send of their plan reaches them now."""

from collections.abc import Mapping

from functions.domain.campaigns.campaign import Campaign
from functions.domain.campaigns.send import Send
from functions.domain.contacts.addresses import address_for, phone_and_email
from functions.domain.kinds import facts_of
from functions.domain.organisation import zones_for
from functions.domain.plans.enrollment import Enrollment
from functions.domain.times import NO_ZONES
from functions.engine.campaigns.audience import recipients_of, source_of
from functions.engine.campaigns.recipient import Recipient
from functions.engine.contacts.suppressions import suppressed_among
from functions.engine.kernel.engine import Engine


async def of_walks(
    engine: Engine, campaign: Campaign, send: Send, walks: Mapping[str, Enrollment]
) -> dict[str, Recipient]:
    """Return the recipients of a send by their enrollments' ids, by one read of them all.

    Whoever must not be contacted, or not by this, says why.
    """
    if not walks:
        return {}
    source = source_of(campaign, send)
    contacts = {walk.contact for walk in walks.values()}
    known = await recipients_of(engine, source, contacts)
    found = {id_: _recipient(campaign, send, walk, known) for id_, walk in walks.items()}
    suppressed = await suppressed_among(
        engine,
        campaign.org,
        {to.address for to in found.values() if to.address},
        scopes=source.scopes,
        now=engine.clock.now(),
    )
    return {
        id_: to._replace(skip_reason="suppressed") if to.address in suppressed else to
        for id_, to in found.items()
    }


def _recipient(
    campaign: Campaign, send: Send, walk: Enrollment, known: Mapping[str, Recipient]
) -> Recipient:
    """Return one recipient; what the entry said comes before what is known of the contact."""
    stored = known.get(walk.contact)
    to = stored if stored is not None else _unstored(send, walk)
    # Where nothing tells their zone it is that of the plan as they entered it.
    zones = walk.zones if tuple(to.zones) == NO_ZONES else to.zones
    zones = zones_for(zones, campaign.rules.default_zone)
    return to._replace(zones=zones, values={**to.values, **walk.data})


def _unstored(send: Send, walk: Enrollment) -> Recipient:
    """Return somebody who is no contact: they are reached by what they were enrolled as.

    The organisation's own server knows them by what it calls them, address or not.
    """
    phone, email = phone_and_email(walk.address)
    address = address_for(send.channel, phone=phone, email=email)
    if not address and facts_of(send.channel).reached_at == "either":
        address = walk.subject
    reason = "" if address else "no_address"
    return Recipient(walk.contact, address, walk.region, walk.zones, skip_reason=reason)
