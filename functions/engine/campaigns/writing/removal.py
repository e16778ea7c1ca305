"""Removal: drafts that are deleted, with the people whom they name."""

import structlog

from functions.domain.campaigns.campaign import Campaign, campaign_from
from functions.domain.campaigns.status import CampaignStatus
from functions.domain.errors import StaleError, WrongStatusError
from functions.engine import paths
from functions.engine.campaigns.plans import delete_newest, delete_older
from functions.engine.kernel import audit_trail
from functions.engine.kernel.commits.modify import at_version
from functions.engine.kernel.engine import Engine
from functions.engine.ports.store import ConflictError, Delete, Document, Query, Update, Write

log = structlog.get_logger()


async def delete(engine: Engine, org: str, id_: str, *, by: str, if_version: int | None) -> None:
    """Remove a draft and the people it names. Raises WrongStatusError for any other campaign."""
    while await _delete_some(engine, org, id_, by=by, if_version=if_version):
        if_version = None  # ours is the change since then
    log.info("campaign_deleted", org=org, campaign_id=id_, by=by)


async def _delete_some(
    engine: Engine, org: str, id_: str, *, by: str, if_version: int | None
) -> bool:
    """Remove some of the people, and with the last of them the draft; False once it is gone.

    Its total goes down with each: if we die in between, it is a draft to those who are left.
    """
    path = paths.campaign(org, id_)
    campaign, version = _draft(await engine.store.get(path), org, id_, if_version)
    people = await engine.store.query(Query(paths.recipients(org, id_), limit=engine.limits.chunk))
    left = {"total": max(0, campaign.total - len(people))}
    first: list[Write] = [Update(path, left, version)]
    if not people:
        await delete_older(engine, campaign)
        first = _removal(engine, campaign, version, by)
    try:
        await engine.store.commit(*first, *(Delete(document.path) for document in people))
    except ConflictError:
        raise StaleError("Campaign") from None
    return bool(people)


def _removal(engine: Engine, campaign: Campaign, version: int, by: str) -> list[Write]:
    now, about = engine.clock.now(), {"campaign": campaign.id, "status": campaign.status}
    id_ = f"{campaign.id}-deleted"
    trail = audit_trail.entry(campaign.org, id_, action="delete", by=by, at=now, **about)
    plan = delete_newest(campaign)
    return [Delete(paths.campaign(campaign.org, campaign.id), version), *plan, trail]


def _draft(
    document: Document | None, org: str, id_: str, if_version: int | None
) -> tuple[Campaign, int]:
    """Return a campaign that is still a draft, and its version."""
    stored = at_version(document, "Campaign", id_, if_version)
    campaign = campaign_from(org, id_, stored.data)
    if campaign.status is not CampaignStatus.DRAFT:
        raise WrongStatusError("delete", campaign.status, already=False, ended=campaign.has_ended)
    return campaign, stored.version
