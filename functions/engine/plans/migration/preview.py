"""A preview of a new version: what it changes, whom that concerns, and what needs an answer."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from functions.domain.kinds import CampaignKind
from functions.domain.plans.versions.difference import Difference, difference
from functions.engine.kernel.engine import Engine
from functions.engine.kernel.plan_versions import plan_of
from functions.engine.messages import statistics
from functions.engine.plans import counts
from functions.engine.plans.campaigns import is_current, read_change


class Preview(NamedTuple):
    """What a campaign's plan would become, and who stands where; nothing is stored of it."""

    version: int  #: the number that it would have; that of the plan as it is where both are alike
    difference: Difference
    here: Mapping[str, int]  #: who stand at each node, of whatever version they walk by
    needs_answer: Sequence[str]  #: nodes that a migration has to say of where people go on


async def preview(
    engine: Engine, org: str, campaign_id: str, document: Mapping[str, Any]
) -> Preview:
    """Return what another plan would change, by the campaign's statistics: nobody is counted.

    Raises what change_plan raises but StaleError.
    """
    campaign, plan = await read_change(engine, org, campaign_id, document)
    current = (await plan_of(engine, campaign, campaign.plan)).plan
    read = counts.read(await statistics.read_one(engine, campaign))
    here = {each.id: each.here for each in read.nodes if each.here > 0}
    is_journey = campaign.kind is CampaignKind.JOURNEY
    nowhere = [id_ for id_ in here if is_journey and id_ not in plan.nodes]
    found = difference(current, plan)
    number = campaign.plan + (not await is_current(engine, campaign, plan))
    return Preview(number, found, here, nowhere)
