"""Recipients: the contacts that a campaign names itself, instead of by a list or a segment."""

from collections.abc import Sequence

from functions.domain.campaigns.audience import AudienceKind
from functions.domain.campaigns.campaign import Campaign, campaign_from
from functions.domain.campaigns.status import CampaignStatus
from functions.domain.errors import InvalidFieldError, NotFoundError, WrongStatusError
from functions.engine import paths
from functions.engine.campaigns.in_force import lanes_for
from functions.engine.contacts import contacts, lists
from functions.engine.kernel.engine import Engine
from functions.engine.ports.store import Document, Update, Write

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
    home = paths.campaign(org, id_)

    def grow(stored: Document | None, by: int) -> Write:
        campaign, version = _open(stored, org, id_)
        total = campaign.total + by
        lanes = lanes_for(engine, campaign, total)
        now = engine.clock.now()
        return Update(home, {"total": total, "lanes": lanes, "updated_at": now}, version)

    return await lists.add_members(engine, org, home, ids, grow)


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
