"""The versions of campaigns' plans, as they are walked: each is stored once and never changed."""

import orjson

from functions.domain.campaigns.campaign import Campaign
from functions.engine import paths
from functions.engine.kernel.commits.modify import at_version
from functions.engine.kernel.engine import Engine
from functions.engine.process.plan_version import PlanVersion


async def plan_of(engine: Engine, campaign: Campaign, number: int) -> PlanVersion:
    """Return a version of a campaign's plan; one read in the life of this process.

    Raises NotFoundError.
    """
    path = paths.plan(campaign.org, campaign.id, number)
    known = engine.memory.plans.get(path)
    if known is None:
        # Most campaigns have no plan: reading one is imported with the first.
        from functions.domain.plans.reading import stored_plan
        from functions.domain.plans.sends import NodeSends

        stored = at_version(await engine.store.get(path), "Plan", str(number))
        plan = stored_plan(orjson.loads(stored.data["text"]))
        known = PlanVersion(number, plan, NodeSends(plan, number, stored.data.get("routes")))
        engine.memory.plans.keep(path, known)
    return known
