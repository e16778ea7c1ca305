"""Lanes: slices of a campaign's work, each held by one worker at a time, on a lease.

Pausing and cancelling a campaign change its lanes' epoch. That takes each lane away from its
worker, whose claims of messages are conditional on the lane's version.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from functions.domain.campaigns.campaign import Campaign, campaign_from
from functions.domain.campaigns.status import CampaignStatus
from functions.engine import paths
from functions.engine.kernel.engine import Engine
from functions.engine.kernel.lease import Lease, is_leased
from functions.engine.kernel.modify import modify
from functions.engine.kernel.task_queue import enqueue, lane_task
from functions.engine.ports.store import Document, Update, Write


@dataclass(slots=True)
class LaneLease(Lease):
    """A lane that this worker holds, and the campaign as it was when the lane was taken."""

    campaign: Campaign
    name: str


async def acquire(engine: Engine, org: str, campaign_id: str, name: str) -> LaneLease | None:
    """Take a lane that nobody holds; None if there is nothing to take or somebody was faster."""
    lane_path = paths.lane(org, campaign_id, name)
    both = await engine.store.get_many([lane_path, paths.campaign(org, campaign_id)])
    lane, document = both
    if lane is None or document is None:
        return None
    campaign = campaign_from(org, campaign_id, document.data)
    if campaign.status is CampaignStatus.PAUSED or is_leased(lane, engine.clock.now()):
        return None
    task = lane_task(org, campaign_id, name)
    lease = LaneLease(engine, task, lane_path, lane.data, lane.version, campaign, name)
    return lease if await lease.acquire() else None


async def wake(
    engine: Engine,
    org: str,
    campaign_id: str,
    name: str,
    *,
    at: datetime,
    interrupt: bool,
    reopen: bool = False,
) -> None:
    """See to it that a lane is looked at no later than `at`.

    `interrupt`: also if it is held just now, by somebody who may have looked too early. `reopen`:
    it has something to do again, so its campaign is not to end on its having come to rest.
    """

    def decide(documents: list[Document | None]) -> tuple[bool, list[Write]]:
        lane = documents[0]
        if lane is None:
            return False, []
        now = engine.clock.now()
        wake_at, held = lane.data["wake_at"] or at, is_leased(lane, now)
        awake = lane.data["wake_at"] is not None and wake_at <= at
        if not interrupt if held else awake:
            return False, []
        # The instant makes it a change in any case: only a change stops the holder's next write.
        changes: dict[str, Any] = {"wake_at": min(wake_at, at), "woken_at": now}
        if reopen:
            changes["done"] = False
        return not held, [Update(lane.path, changes, lane.version)]

    if await modify(engine.store, [paths.lane(org, campaign_id, name)], decide):
        await enqueue(engine, lane_task(org, campaign_id, name), at=at)
