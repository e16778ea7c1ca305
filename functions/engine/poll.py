"""Poll: after a campaign's end, count its receipts: if every message failed, it has failed."""

from datetime import datetime

from functions.domain.campaign import Action, CampaignStatus
from functions.domain.errors import WrongStatusError
from functions.domain.message import MessageStatus
from functions.engine import lanes, paths
from functions.engine.campaigns import POLL, change, count
from functions.engine.core import Engine
from functions.engine.lanes import Lease
from functions.engine.ports import Query


async def poll(engine: Engine, org: str, campaign_id: str) -> None:
    """Count once, and come back for the next count of the schedule."""
    lease = await lanes.acquire(engine, org, campaign_id, POLL)
    if lease is None:
        return
    failed = lease.campaign.status is CampaignStatus.COMPLETED and await _all_failed(lease)
    if failed:
        await _fail(lease)
    step = lease.data["step"] + 1
    await lease.release(None if failed else _next(lease, step), step=step)


async def _all_failed(lease: Lease) -> bool:
    engine, campaign = lease.engine, lease.campaign
    failed = await count(engine, campaign.org, campaign.id, MessageStatus.FAILED)
    if failed == 0:
        return False
    skipped = await count(engine, campaign.org, campaign.id, MessageStatus.SKIPPED)
    everything = await engine.store.count(Query(paths.messages(campaign.org, campaign.id)))
    return failed == everything - skipped


async def _fail(lease: Lease) -> None:
    campaign = lease.campaign
    try:
        await change(
            lease.engine,
            campaign.org,
            campaign.id,
            Action.FAIL,
            by="clarion",
            reason="every_message_failed",
        )
    except WrongStatusError:
        return


def _next(lease: Lease, step: int) -> datetime | None:
    schedule = lease.engine.limits.poll_after
    ended_at = lease.campaign.ended_at
    if step >= len(schedule) or ended_at is None:
        return None
    return ended_at + schedule[step]
