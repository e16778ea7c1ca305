"""Define: a campaign is saved, or changed to what its definition says now."""

from collections.abc import Mapping
from typing import Any, Final

from functions.client.definitions import check_members, document_of, in_our_words
from functions.domain.campaigns.campaign import Campaign
from functions.domain.campaigns.entry import CONTINUE, Entry, EntryBy
from functions.domain.errors import InvalidFieldError, NotFoundError
from functions.domain.plans.document import SequenceDocument
from functions.engine.kernel.engine import Engine
from functions.engine.kernel.plan_versions import plan_of
from functions.engine.plans.migration.define import define as define_sequence
from functions.engine.plans.migration.names import Names

#: Who is told in audit trails to have done what a program does.
BY: Final = "library"
#: Whoever was unscheduled comes back for the actions that they have not had.
_ENTRY: Final = Entry(EntryBy.API, reentry=CONTINUE)


async def define(engine: Engine, names: Names, definition: Mapping[str, Any]) -> Campaign:
    """Save a campaign, or change it, and return it. Raises InvalidFieldError.

    Subjects that are scheduled go over to what it says now. Defined again it changes nothing, and
    does what a process that died has left.
    """
    check_members(definition)
    name = definition["id"]
    document = document_of(definition, await stored_document(engine, names, name))
    active = definition.get("active")
    try:
        return await define_sequence(
            engine, names, name, document, by=BY, active=active, entry=_ENTRY
        )
    except InvalidFieldError as error:
        raise in_our_words(error) from None


async def stored_document(engine: Engine, names: Names, name: str) -> SequenceDocument | None:
    """Return what is stored of a campaign's actions; None where there is none."""
    try:
        campaign = await names.find(engine, name)
    except NotFoundError:
        return None
    document = (await plan_of(engine, campaign, campaign.plan)).plan.document
    return document if isinstance(document, SequenceDocument) else None
