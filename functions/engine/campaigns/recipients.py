"""Recipients: the people whom a campaign names itself, instead of by a list or a segment."""

from collections.abc import Sequence

from functions.domain.campaigns.audience import AudienceKind
from functions.domain.campaigns.campaign import Campaign, campaign_from
from functions.domain.campaigns.status import CampaignStatus
from functions.domain.errors import InvalidFieldError, NotFoundError, WrongStatusError
from functions.engine import paths
from functions.engine.campaigns.in_force import lanes_for
from functions.engine.contacts import contacts, lists
from functions.engine.kernel.engine import Engine
from functions.engine.kernel.modify import modify
from functions.engine.ports.store import Create, Document, Update, Write

#: Contacts read and added in one commit: two writes for each.
_AT_ONCE = 200


async def add(engine: Engine, org: str, id_: str, contact_ids: Sequence[str]) -> int:
    """Name people whom a draft or scheduled campaign is for; return how many are new.

    Raises NotFoundError for the campaign or a contact, with nobody added, and WrongStatusError.
    """
    ids = list(dict.fromkeys(contact_ids))
    parts = [ids[start : start + _AT_ONCE] for start in range(0, len(ids), _AT_ONCE)]
    for part in parts:
        found = await engine.store.get_many([paths.contact(org, each) for each in part])
        contacts.all_found(found, part)
    return sum([await _add_some(engine, org, id_, part) for part in parts])


async def _add_some(engine: Engine, org: str, id_: str, ids: Sequence[str]) -> int:
    home, members = paths.campaign(org, id_), paths.recipients(org, id_)

    def decide(documents: list[Document | None]) -> tuple[int, list[Write]]:
        campaign, version = _open(documents[0], org, id_)
        people, known = documents[1 : len(ids) + 1], documents[len(ids) + 1 :]
        found = contacts.all_found(people, ids)
        fresh = [c for c, member in zip(found, known, strict=True) if member is None]
        if not fresh:
            return 0, []
        total = campaign.total + len(fresh)
        lanes = lanes_for(campaign.rate_per_s, total, engine)
        created = [
            Create(f"{members}/{contact.id}", lists.member(contact.path, contact.data))
            for contact in fresh
        ]
        still = [contacts.still_there(contact) for contact in fresh]
        return len(fresh), [
            Update(home, {"total": total, "lanes": lanes}, version),
            *created,
            *still,
        ]

    wanted = [home, *(paths.contact(org, each) for each in ids), *(f"{members}/{i}" for i in ids)]
    return await modify(engine.store, wanted, decide)


def _open(document: Document | None, org: str, id_: str) -> tuple[Campaign, int]:
    """Return a campaign that people may still be added to, and its version."""
    if document is None:
        raise NotFoundError("Campaign", id_)
    campaign = campaign_from(org, id_, document.data)
    if campaign.status not in {CampaignStatus.DRAFT, CampaignStatus.SCHEDULED}:
        raise WrongStatusError("send", campaign.status, already=False, ended=campaign.has_ended)
    if campaign.audience["kind"] != AudienceKind.RECIPIENTS:
        raise InvalidFieldError("customer_ids", "customer_ids: this campaign has another audience")
    return campaign, document.version
