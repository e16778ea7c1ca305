"""Recipients: the contacts that a campaign names itself, instead of by a list or a segment.

Each is a document, unlike the rows of a list: they are few, written once, and go with their
campaign, so a contact need not know where it is named.
"""

from collections.abc import Sequence
from typing import Any

from functions.domain.campaigns.audience import AudienceKind
from functions.domain.campaigns.campaign import Campaign, campaign_from
from functions.domain.campaigns.status import CampaignStatus
from functions.domain.contacts.contact import row_fields
from functions.domain.errors import InvalidFieldError, NotFoundError, WrongStatusError
from functions.engine import paths
from functions.engine.campaigns.in_force import lanes_for
from functions.engine.contacts import contacts
from functions.engine.kernel.commits.modify import modify
from functions.engine.kernel.engine import Engine
from functions.engine.ports.store import Create, Document, Update, Write

#: Contacts read and added in one commit: two writes for each.
_AT_ONCE = 200


async def add(engine: Engine, org: str, id_: str, contact_ids: Sequence[str]) -> int:
    """Add contacts to the recipients of a draft or scheduled campaign; return how many are new.

    Raises NotFoundError for the campaign or a contact, with nobody added, and WrongStatusError.
    """
    ids = list(dict.fromkeys(contact_ids))
    parts = [ids[start : start + _AT_ONCE] for start in range(0, len(ids), _AT_ONCE)]
    for part in parts:
        found = await engine.store.get_many([paths.contact(org, each) for each in part])
        contacts.all_found(found, part)
    return sum([await _add_some(engine, org, id_, part) for part in parts])


async def _add_some(engine: Engine, org: str, id_: str, ids: Sequence[str]) -> int:
    home, named = paths.campaign(org, id_), paths.recipients(org, id_)

    def decide(documents: list[Document | None]) -> tuple[int, Sequence[Write]]:
        people, known = documents[1 : len(ids) + 1], documents[len(ids) + 1 :]
        campaign, version = _open(documents[0], org, id_)
        total = campaign.total + known.count(None)
        lanes = lanes_for(engine, campaign, total)
        grown = {"total": total, "lanes": lanes, "updated_at": engine.clock.now()}
        found = contacts.all_found(people, ids)
        fresh = [each for each, row in zip(found, known, strict=True) if row is None]
        created = [Create(f"{named}/{each.id}", _row(each)) for each in fresh]
        still = [contacts.still_there(each) for each in fresh]
        writes: list[Write] = [Update(home, grown, version), *created, *still]
        return len(fresh), writes if fresh else []

    wanted = [home, *(paths.contact(org, each) for each in ids), *(f"{named}/{i}" for i in ids)]
    return await modify(engine.store, wanted, decide)


def _row(contact: Document) -> dict[str, Any]:
    """Return what a campaign keeps of a contact; the rest is asked for when needed."""
    return {"contact": contact.path, **row_fields(contact.data)}


def _open(document: Document | None, org: str, id_: str) -> tuple[Campaign, int]:
    """Return a campaign that people may still be added to, and its version."""
    if document is None:
        raise NotFoundError("Campaign", id_)
    campaign = campaign_from(org, id_, document.data)
    if campaign.status not in {CampaignStatus.DRAFT, CampaignStatus.SCHEDULED}:
        raise WrongStatusError("send", campaign.status, already=False, ended=campaign.has_ended)
    if campaign.audience.kind is not AudienceKind.RECIPIENTS:
        raise InvalidFieldError("customer_ids", "customer_ids: this campaign has another audience")
    return campaign, document.version
