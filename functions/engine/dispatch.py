"""Dispatch: the loop of one lane, from what is due to nothing left to do."""

import asyncio
from datetime import datetime

from functions.domain.campaign import Action, CampaignStatus
from functions.domain.errors import WrongStatusError
from functions.domain.message import message_from, send_lane, watch_lane
from functions.engine import lanes, overdue, paths
from functions.engine.campaigns import LAUNCH, change, lane_names
from functions.engine.core import Engine
from functions.engine.lanes import Lease
from functions.engine.ports import Query, Where
from functions.engine.sending import Sender, Tracked

#: A wait shorter than this is waited in the loop, a longer one by a task of its own.
_SHORT_WAIT_S = 2.0


async def dispatch(engine: Engine, org: str, campaign_id: str, name: str) -> None:
    """Work on a lane until nothing is due, the lane is taken away, or the task's time is up."""
    lease = await lanes.acquire(engine, org, campaign_id, name)
    if lease is None:
        return
    sender = Sender(lease)
    while not lease.is_late:
        if await _pass(lease, sender):
            return
    await lease.hand_on()


async def _pass(lease: Lease, sender: Sender) -> bool:
    """Do what is due; True once this task has nothing more to do with the lane."""
    waiting, watched = await asyncio.gather(
        _messages(lease, send_lane(lease.name)), _messages(lease, watch_lane(lease.name))
    )
    now = lease.engine.clock.now()
    due, overdue_ = _due(waiting, now), _due(watched, now)
    if due or overdue_:
        return not await _work_off(lease, sender, due, overdue_)
    if not waiting and not watched:
        return await _rest(lease)
    return await _wait(lease, min(_next_at(m) for m in (*waiting[:1], *watched[:1])))


async def _messages(lease: Lease, lane: str) -> list[Tracked]:
    """Return the messages of a lane that somebody must still look at, the most urgent first."""
    collection = paths.messages(lease.campaign.org, lease.campaign.id)
    query = Query(collection, (Where("lane", "==", lane),), ("next_at",), limit=_page(lease))
    documents = await lease.engine.store.query(query)
    return [Tracked(message_from(d.id, d.data), d.version) for d in documents]


def _page(lease: Lease) -> int:
    """Return how many messages are worth reading: what can be sent within half a minute."""
    rate, page = lease.campaign.rate_per_s, lease.engine.limits.dispatch_page
    return page if rate is None else min(page, max(50, int(rate * 30)))


def _due(messages: list[Tracked], now: datetime) -> list[Tracked]:
    return [m for m in messages if _next_at(m) <= now]


def _next_at(tracked: Tracked) -> datetime:
    at = tracked.message.next_at
    assert at is not None, "the query returns no message without next_at"  # noqa: S101 - for the type checker
    return at


async def _work_off(
    lease: Lease, sender: Sender, due: list[Tracked], overdue_: list[Tracked]
) -> bool:
    """Send what is due and settle what is overdue; False if the lane was taken away."""
    await overdue.settle(lease, overdue_)
    if lease.campaign.status is CampaignStatus.RUNNING:
        return await sender.send(due)
    return await overdue.cancel(lease, due)


async def _wait(lease: Lease, next_at: datetime) -> bool:
    """Wait for the next message: a little here, for longer in a task of its own."""
    wait = (next_at - lease.engine.clock.now()).total_seconds()
    if wait > _SHORT_WAIT_S:
        return await lease.release(next_at) or await lease.is_lost()
    await lease.engine.clock.sleep(wait)
    return not await lease.keep() and await lease.is_lost()


async def _rest(lease: Lease) -> bool:
    """Nothing is left in this lane: rest until launching is done, then end the campaign."""
    engine, campaign = lease.engine, lease.campaign
    launch = await engine.store.get(paths.lane(campaign.org, campaign.id, LAUNCH))
    if launch is None or not launch.data["done"]:
        return await lease.release(lanes.soon(engine, _SHORT_WAIT_S)) or await lease.is_lost()
    # The lane says first that it is done and keeps its lease: if we die before the campaign has
    # ended, the check finds the lane and comes here again.
    if not await lease.commit(lease.renewal(done=True)):
        return await lease.is_lost()
    if campaign.status is CampaignStatus.RUNNING:
        await _complete(lease)
    return await lease.release(None) or await lease.is_lost()


async def _complete(lease: Lease) -> None:
    """End the campaign if every lane has come to rest; the last lane to look sees them all."""
    engine, campaign = lease.engine, lease.campaign
    documents = await engine.store.get_many(
        [paths.lane(campaign.org, campaign.id, name) for name in lane_names(campaign)]
    )
    if not all(document and document.data["done"] for document in documents):
        return
    try:
        await change(engine, campaign.org, campaign.id, Action.COMPLETE, by="clarion")
    except WrongStatusError:
        return  # Another lane was faster, or somebody has paused or cancelled it.
