"""Drafts of campaigns with a plan: what of them changes beside the plan, and copies of them."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import structlog

from functions.domain.campaigns.audience import Audience, AudienceKind
from functions.domain.campaigns.campaign import Campaign, campaign_fields, campaign_from
from functions.domain.campaigns.entry import Entry, EntryBy
from functions.domain.campaigns.lifecycle import LateStart
from functions.domain.campaigns.status import CampaignStatus
from functions.domain.campaigns.validation import check_not_after
from functions.domain.errors import StaleError, WrongStatusError
from functions.engine import paths
from functions.engine.accounts import organisation
from functions.engine.campaigns.audience_size import audience_and_size
from functions.engine.campaigns.copies import if_future
from functions.engine.campaigns.in_force import with_organisation
from functions.engine.campaigns.lifecycle import load
from functions.engine.kernel.commits.modify import at_version, modify
from functions.engine.kernel.engine import Engine
from functions.engine.plans.campaigns import NewPlanCampaign, create
from functions.engine.plans.entry import check_entry
from functions.engine.plans.writing import versions
from functions.engine.plans.writing.following import check_again, check_walks
from functions.engine.ports.store import Document, Update, Write

log = structlog.get_logger()


async def update(
    engine: Engine,
    org: str,
    id_: str,
    changes: Mapping[str, Any],
    *,
    by: str,
    if_version: int | None,
) -> None:
    """Change fields of a draft, by the names of NewPlanCampaign; `reentry` is the entry's own.

    Raises NotFoundError, InvalidFieldError, InvalidPlanError where nothing could be sent then,
    StaleError, and WrongStatusError for any other campaign.
    """
    before = await load(engine, org, id_)
    check_walks(before, "entry")
    given = await _given(engine, before, changes)
    await check_again(engine, replace(before, **given), starts=False)
    decided = await organisation.load(engine, org)
    now = engine.clock.now()

    def decide(documents: list[Document | None]) -> tuple[None, list[Write]]:
        stored = at_version(documents[0], "Campaign", id_, if_version)
        found = campaign_from(org, id_, stored.data)
        if found.status is not CampaignStatus.DRAFT:
            raise WrongStatusError("update", found.status, already=False, ended=found.has_ended)
        if found.entry != before.entry or found.plan != before.plan:
            raise StaleError("Campaign")
        written = replace(found, **given, updated_at=now)
        if "not_after" in given:
            check_not_after(written, now)
        zone = found.rules.default_zone  # perhaps that of its plan
        ruled = with_organisation(engine, decided, written)
        after = replace(ruled, rules=ruled.rules._replace(default_zone=zone))
        return None, [Update(stored.path, campaign_fields(after), stored.version)]

    await modify(engine.store, [paths.campaign(org, id_)], decide)
    log.info("campaign_updated", org=org, campaign_id=id_, by=by, fields=sorted(given))


async def _given(engine: Engine, before: Campaign, changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return the campaign's fields that change, those that follow from its entry too."""
    own = {name: value for name, value in changes.items() if name not in _OF_ENTRY}
    if not changes.keys() & _OF_ENTRY:
        return own
    found = before.entry or Entry(EntryBy.API)
    entry: Entry = changes.get("entry") or found
    entry = entry._replace(reentry=changes.get("reentry") or found.reentry)
    await check_entry(engine, before.org, entry)
    own |= {"entry": entry, "entry_open": entry.stays_open}
    if "entry" in changes:
        wanted = changes.get("audience") or Audience(AudienceKind.ENTRANTS)
        own["audience"], own["total"] = await audience_and_size(
            engine, before.org, before.id, wanted
        )
    return own


_OF_ENTRY = frozenset({"entry", "reentry", "audience"})


async def duplicate(engine: Engine, org: str, id_: str, *, by: str) -> Campaign:
    """Create a draft with the plan of another campaign, which people enter as they do that.

    Raises NotFoundError, and InvalidPlanError where the plan is not right any more.
    """
    source = await load(engine, org, id_)
    check_walks(source, "plan")
    version = await versions.read(engine, source, source.plan)
    has_audience = source.audience.kind in {AudienceKind.LIST, AudienceKind.SEGMENT}
    new = NewPlanCampaign(
        name=f"{source.name[:93]} (copy)",
        document=version.document,
        entry=source.entry or Entry(EntryBy.API),
        audience=source.audience if has_audience else None,
        own_rate_per_s=source.own_rate_per_s,
        send_window=source.send_window,
        not_after=if_future(source.not_after, now=engine.clock.now()),
        late_start=LateStart(source.late_start),
        grace_s=source.grace_s,
    )
    return await create(engine, org, new, by=by)
