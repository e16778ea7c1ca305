"""Poll: after a campaign's end, count its receipts: if every message failed, it has failed.

A count only reads, so nobody takes the lane for it: two that count at once come to the same, and
one of them notes it. Once it is certain that somebody was reached, nobody counts any more.
"""

from contextlib import suppress
from datetime import datetime

from functions.domain.campaigns.campaign import Campaign, campaign_from
from functions.domain.campaigns.status import CampaignStatus
from functions.domain.messages.message import MessageStatus
from functions.engine import paths
from functions.engine.campaigns.lifecycle import fail, poll_after
from functions.engine.kernel.engine import Engine
from functions.engine.kernel.lanes import POLL
from functions.engine.kernel.task_queue import TaskKind, enqueue, task_of
from functions.engine.messages import statistics
from functions.engine.ports.store import ConflictError, Update

#: Nobody tried to reach them; whoever is cancelled in a completed campaign was erased.
_UNSENT = frozenset({MessageStatus.SKIPPED, MessageStatus.EXPIRED, MessageStatus.CANCELLED})


async def poll(engine: Engine, org: str, campaign_id: str) -> None:
    """Count once, where it is time to, and come back for the next count of the schedule."""
    path = paths.lane(org, campaign_id, POLL)
    lane, home = await engine.store.get_many([path, paths.campaign(org, campaign_id)])
    if lane is None or home is None:
        return
    due_at, now = lane.data["wake_at"], engine.clock.now()
    if due_at is None or due_at > now:
        return  # somebody has counted already
    campaign, count = campaign_from(org, campaign_id, home.data), lane.data["poll_count"] + 1
    next_at = _next(engine, campaign, count) if await _may_fail_yet(engine, campaign) else None
    with suppress(ConflictError):
        changes = {"wake_at": next_at, "poll_count": count}
        await engine.store.commit(Update(path, changes, lane.version))
        if next_at is not None:
            await enqueue(engine, task_of(TaskKind.LANE, org, campaign_id, POLL), at=next_at)


async def _may_fail_yet(engine: Engine, campaign: Campaign) -> bool:
    """Fail a campaign of which every message has failed; tell whether that is still open."""
    # What fails leads on in a plan: that nothing arrived does not tell that nobody came through.
    if campaign.status is not CampaignStatus.COMPLETED or campaign.plan:
        return False
    counts = await statistics.read_one(engine, campaign)
    tried = {status: n for status, n in counts.by_status.items() if n and status not in _UNSENT}
    if not tried or MessageStatus.COMPLETED in tried:
        return False
    if tried.keys() == {MessageStatus.FAILED}:
        await fail(engine, campaign, reason="every_message_failed")
        return False
    return True


def _next(engine: Engine, campaign: Campaign, count: int) -> datetime | None:
    schedule = poll_after(engine, campaign)
    if count >= len(schedule) or campaign.ended_at is None:
        return None
    return campaign.ended_at + schedule[count]
