"""Define: a campaign is saved, or changed to what its definition says now."""

from collections.abc import Mapping
from typing import Any, Final

from functions.client.definitions import check_members, document_of, in_our_words
from functions.client.names import Names
from functions.domain.campaigns.campaign import Campaign
from functions.domain.campaigns.entry import CONTINUE, Entry, EntryBy
from functions.domain.campaigns.status import Action, CampaignStatus
from functions.domain.errors import InvalidFieldError, NotFoundError, WrongStatusError
from functions.engine.campaigns.lifecycle import change, load
from functions.engine.kernel.engine import Engine
from functions.engine.plans import campaigns
from functions.engine.plans.campaigns import NewPlanCampaign
from functions.engine.ports.store import ConflictError

#: Who is told in audit trails to have done what a program does.
BY: Final = "library"
#: Whoever was unscheduled comes back for the actions that they have not had.
_ENTRY: Final = Entry(EntryBy.API, reentry=CONTINUE)


async def define(engine: Engine, names: Names, definition: Mapping[str, Any]) -> Campaign:
    """Save a campaign, or change it, and return it. Raises InvalidFieldError.

    A process that dies in between leaves it as it was, or without the change of `active`.
    """
    check_members(definition)
    try:
        campaign = await names.find(engine, definition["id"])
    except NotFoundError:
        campaign = await _create(engine, names, definition)
    if campaign.status is CampaignStatus.DRAFT:  # new, or whoever created it has died
        campaign = await _begin(engine, campaign)
        wanted = bool(definition.get("active", False))
    else:
        wanted = definition.get("active", campaign.status is CampaignStatus.RUNNING)
    return await _activate(engine, campaign, active=wanted)


async def _create(engine: Engine, names: Names, definition: Mapping[str, Any]) -> Campaign:
    name = definition["id"]
    document = document_of(definition, None)
    new = NewPlanCampaign(name=name, document=document, entry=_ENTRY)
    try:
        return await campaigns.create(
            engine, names.org, new, by=BY, claim=lambda id_: names.claim(name, id_)
        )
    except ConflictError:  # another process has created it
        return await names.find(engine, name)
    except InvalidFieldError as error:
        raise in_our_words(error) from None


async def _begin(engine: Engine, campaign: Campaign) -> Campaign:
    try:
        return await campaigns.start(engine, campaign.org, campaign.id, by=BY)
    except WrongStatusError:  # another process has started it
        return await load(engine, campaign.org, campaign.id)


async def _activate(engine: Engine, campaign: Campaign, *, active: bool) -> Campaign:
    """Return a campaign as it is once it runs, or does not."""
    if active is (campaign.status is CampaignStatus.RUNNING):
        return campaign
    action = Action.RESUME if active else Action.PAUSE
    try:
        return await change(engine, campaign.org, campaign.id, action, by=BY)
    except WrongStatusError:  # another process was faster
        return await load(engine, campaign.org, campaign.id)
