"""Destroying: a campaign goes with everybody who walked through it, as if it had never been."""

from contextlib import suppress

import structlog

from functions.domain.campaigns.campaign import Campaign
from functions.domain.campaigns.status import Action
from functions.domain.errors import WrongStatusError
from functions.engine import paths
from functions.engine.campaigns.lifecycle import change
from functions.engine.kernel import audit_trail
from functions.engine.kernel.engine import Engine
from functions.engine.ports.store import Delete, Query, Write

log = structlog.get_logger()

#: What lies below a campaign, in the order in which it goes: the lanes first, which stops
#: whoever works on one. The campaign goes last: until then, it can be done again.
_BELOW = ("lanes", "messages", "enrollments", "plans", "statistics")


async def destroy(engine: Engine, campaign: Campaign, *also: Write, by: str) -> None:
    """Cancel a campaign with a plan, and remove all there is of it; repeated it goes on.

    `also` is written with its end.
    """
    org, id_ = campaign.org, campaign.id
    with suppress(WrongStatusError):  # it has ended
        await change(engine, org, id_, Action.CANCEL, by=by, reason="destroyed")
    home = paths.campaign(org, id_)
    for name in _BELOW:
        await _empty(engine, f"{home}/{name}")
    now = engine.clock.now()
    about = {"campaign": id_, "status": "cancelled"}
    trail = audit_trail.entry(org, f"{id_}-destroyed", action="destroy", by=by, at=now, **about)
    await engine.store.commit(Delete(home), trail, *also)
    log.info("campaign_destroyed", org=org, campaign_id=id_, by=by)


async def _empty(engine: Engine, collection: str) -> None:
    """Remove the documents of a collection, and the pages below those that have some."""
    query = Query(collection, limit=engine.limits.chunk)
    while found := await engine.store.query(query):
        pages = [
            Delete(f"{each.path}/pages/{number}")
            for each in found
            for number in range(1, each.data.get("pages", 0) + 1)
        ]
        for first in range(0, len(pages), engine.limits.chunk):
            await engine.store.commit(*pages[first : first + engine.limits.chunk])
        await engine.store.commit(*(Delete(each.path) for each in found))
