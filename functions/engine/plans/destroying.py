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
from functions.engine.kernel.removal import remove_all
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
        remove = _remove_enrollments if name == "enrollments" else remove_all
        await remove(engine, Query(f"{home}/{name}", limit=engine.limits.chunk))
    now = engine.clock.now()
    about = {"campaign": id_, "status": "cancelled"}
    trail = audit_trail.entry(org, f"{id_}-destroyed", action="destroy", by=by, at=now, **about)
    await engine.store.commit(Delete(home), trail, *also)
    log.info("campaign_destroyed", org=org, campaign_id=id_, by=by)


async def _remove_enrollments(engine: Engine, query: Query) -> None:
    """Remove enrollments, and before them the pages of older moves of those that have some."""
    while found := await engine.store.query(query):
        for each in found:
            pages = Query(f"{each.path}/pages", limit=query.limit)
            if each.data["pages"]:
                await remove_all(engine, pages)
        await engine.store.commit(*(Delete(each.path) for each in found))
