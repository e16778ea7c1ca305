"""Poll: after a campaign's end, count its receipts: if every message failed, it has failed."""

from datetime import datetime

from functions.domain.campaigns.status import CampaignStatus
from functions.domain.messages.message import MessageStatus
from functions.engine.campaigns.lifecycle import fail, poll_after
from functions.engine.kernel import lanes
from functions.engine.kernel.engine import Engine
from functions.engine.kernel.lanes import POLL, LaneLease
from functions.engine.messages import statistics

#: Nobody tried to reach them; whoever is cancelled in a completed campaign was erased.
_UNSENT = (MessageStatus.SKIPPED, MessageStatus.EXPIRED, MessageStatus.CANCELLED)


async def poll(engine: Engine, org: str, campaign_id: str) -> None:
    """Count once, and come back for the next count of the schedule."""
    lease = await lanes.acquire(engine, org, campaign_id, POLL)
    if lease is not None:
        await lease.work(lambda: _poll(lease))


async def _poll(lease: LaneLease) -> None:
    # What fails leads on in a plan: that nothing arrived does not tell that nobody came through.
    counts = lease.campaign.status is CampaignStatus.COMPLETED and not lease.campaign.plan
    failed = counts and await _all_failed(lease)
    if failed:
        await fail(lease.engine, lease.campaign, reason="every_message_failed")
    count = lease.data["poll_count"] + 1
    await lease.release(None if failed else _next(lease, count), poll_count=count)


async def _all_failed(lease: LaneLease) -> bool:
    counts = await statistics.read_one(lease.engine, lease.campaign)
    failed = counts[MessageStatus.FAILED]
    return failed > 0 and failed == counts.total - sum(counts[status] for status in _UNSENT)


def _next(lease: LaneLease, count: int) -> datetime | None:
    schedule = poll_after(lease.engine, lease.campaign)
    ended_at = lease.campaign.ended_at
    if count >= len(schedule) or ended_at is None:
        return None
    return ended_at + schedule[count]
