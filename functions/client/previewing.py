"""Preview: what a definition would change, and whom that would concern; nothing is stored."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from functions.client.defining import stored_document
from functions.client.definitions import action_of, check_members, document_of, in_our_words
from functions.client.records import ActionChange, ActionDefinition, Changes
from functions.domain.campaigns.campaign import Campaign
from functions.domain.campaigns.status import CampaignStatus
from functions.domain.errors import InvalidFieldError
from functions.domain.plans.document import Document, SequenceDocument
from functions.domain.plans.enrollment import EnrollmentStatus
from functions.engine.kernel.engine import Engine
from functions.engine.messages import statistics
from functions.engine.plans import counts
from functions.engine.plans.campaigns import is_current, read_change
from functions.engine.plans.migration.names import Names
from functions.engine.plans.writing.checks import aim_at, checked

#: Whom an action that is added may still concern.
_AHEAD: Final = (EnrollmentStatus.ACTIVE, EnrollmentStatus.PAUSED, EnrollmentStatus.COMPLETED)


async def preview(engine: Engine, names: Names, definition: Mapping[str, Any]) -> Changes:
    """Return what a definition would change, by statistics: nobody is counted.

    Raises what define raises.
    """
    check_members(definition)
    stored = await stored_document(engine, names, definition["id"])
    document = document_of(definition, stored)
    try:
        if stored is None:
            return await _of_new(engine, names.org, definition, document)
        return await _of_known(engine, names, definition, document, stored)
    except InvalidFieldError as error:
        raise in_our_words(error) from None


async def _of_new(
    engine: Engine, org: str, definition: Mapping[str, Any], document: Mapping[str, Any]
) -> Changes:
    plan = await checked(engine, document, await aim_at(engine, org, None))
    added = [ActionChange(id_, (), 0) for id_ in _actions(plan.document)]
    members = ["active"] if definition.get("active") else []
    return Changes(definition["id"], 1, added, (), (), members)


async def _of_known(
    engine: Engine,
    names: Names,
    definition: Mapping[str, Any],
    document: Mapping[str, Any],
    stored: SequenceDocument,
) -> Changes:
    campaign = await names.find(engine, definition["id"])
    _, plan = await read_change(engine, names.org, campaign.id, document)
    before, after = _actions(stored), _actions(plan.document)
    read = counts.read(await statistics.read_one(engine, campaign))
    waiting = {node.id: node.here for node in read.nodes}
    ahead = sum(read.by_status[status] for status in _AHEAD)
    changed = {id_: _changed(before[id_], after[id_]) for id_ in after if id_ in before}
    return Changes(
        campaign.name,
        campaign.plan + (not await is_current(engine, campaign, plan)),
        [ActionChange(id_, (), ahead) for id_ in after if id_ not in before],
        [ActionChange(id_, (), waiting.get(id_, 0)) for id_ in before if id_ not in after],
        [ActionChange(id_, by, waiting.get(id_, 0)) for id_, by in changed.items() if by],
        [*_members_changed(campaign, definition, stored, plan.document)],
    )


def _actions(document: Document) -> dict[str, ActionDefinition]:
    steps = document.steps if isinstance(document, SequenceDocument) else []
    return {step.id: action_of(step) for step in steps}


def _changed(before: ActionDefinition, after: ActionDefinition) -> list[str]:
    return [name for name in before._fields if getattr(before, name) != getattr(after, name)]


def _members_changed(
    campaign: Campaign, definition: Mapping[str, Any], before: Document, after: Document
) -> Iterator[str]:
    is_active = campaign.status is CampaignStatus.RUNNING
    if definition.get("active") not in {None, is_active}:
        yield "active"
    if before.timezone != after.timezone:
        yield "timezone"
