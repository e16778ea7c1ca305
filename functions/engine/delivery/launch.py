"""Launch: one message for each person of the audience, or the reason why there is none.

Each page's messages are committed together with the cursor behind them, conditional on the
lane's version: a crash or a second launcher can neither repeat nor skip a page.
"""

import asyncio
from collections import defaultdict

import structlog

from functions.domain.messages.message import MessageStatus
from functions.engine import paths
from functions.engine.campaigns import lanes
from functions.engine.campaigns.audience import Page, pages
from functions.engine.campaigns.lanes import Lease
from functions.engine.campaigns.lifecycle import LAUNCH, fail, lane_names, stop
from functions.engine.delivery.at_hand import at_hand
from functions.engine.delivery.planner import Plan, Planner
from functions.engine.kernel.engine import Engine
from functions.engine.ports.store import Document, Update

log = structlog.get_logger()


async def launch(engine: Engine, org: str, campaign_id: str) -> None:
    """Create the messages of a campaign, continuing where an earlier task stopped."""
    lease = await lanes.acquire(engine, org, campaign_id, LAUNCH)
    if lease is None:
        return
    if lease.data["done"]:
        await _finish(lease)
    elif await _bot_is_ready(lease):
        await _create_messages(lease)


async def _bot_is_ready(lease: Lease) -> bool:
    """Wake the campaign's bot, once a start; a bot that does not answer pauses the campaign."""
    engine, campaign = lease.engine, lease.campaign
    needed = engine.traits(campaign).needs_bot
    if not needed or campaign.bot_ready or campaign.has_ended:
        return True
    if await engine.bots.is_ready(campaign.bot_url):
        ready = Update(paths.campaign(campaign.org, campaign.id), {"bot_ready": True})
        return await lease.commit(lease.renewal(), ready)
    await stop(engine, campaign, "bot_not_ready")
    return False


async def _create_messages(lease: Lease) -> None:
    """Commit page after page; while one is being committed the next is planned."""
    planner = Planner(lease.engine, lease.campaign)
    committed: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
    committed.set_result(True)
    with lease.engine.handover.filling(lease.campaign):
        try:
            async for page in pages(lease.engine, lease.campaign, lease.data.get("cursor")):
                plan = planner.plan(page.people)
                if not await committed or lease.is_late:
                    break
                committed = asyncio.create_task(_commit_page(lease, planner, plan, page))
                await asyncio.sleep(0)  # it begins, and only then is the next page planned
            if not await committed:
                return
        finally:
            committed.cancel()
    if not lease.data["done"]:
        await lease.hand_on()
        return
    log.info("campaign_launched", campaign_id=lease.campaign.id, planned=lease.data["planned"])
    await _finish(lease)


async def _finish(lease: Lease) -> None:
    """Wake the lanes, and rest only then: if we die before, the check has us do it again."""
    if lease.data.get("planned", 1):  # a single message was made with its campaign
        await _wake_lanes(lease)
    else:  # completed, it would look as if it had done its work
        await fail(lease.engine, lease.campaign, reason="no_recipients")
    await lease.release(None)


async def _wake_lanes(lease: Lease) -> None:
    engine, campaign = lease.engine, lease.campaign
    for name in lane_names(campaign):
        await lanes.wake(
            engine, campaign.org, campaign.id, name, at=engine.clock.now(), interrupt=False
        )


async def _commit_page(lease: Lease, planner: "Planner", plan: "Plan", page: Page) -> bool:
    """Commit a page and its cursor; False if the lane was taken away."""
    first = "planned" not in lease.data
    while (versions := await _write_page(lease, plan, page)) is None:
        if await lease.is_lost():
            return False
        await planner.drop_existing(plan)
    _hand_over(lease, plan, versions)
    if first and page.cursor is not None:
        await _wake_lanes(lease)
    return True


async def _write_page(lease: Lease, plan: "Plan", page: Page) -> list[int] | None:
    """Commit a page once; return its messages' versions first, None after a conflict."""
    return await lease.write(
        _progress(lease, plan, page), *plan.writes(), *plan.tally(lease.campaign)
    )


def _hand_over(lease: Lease, plan: "Plan", versions: list[int]) -> None:
    """Leave the messages that are due to the lanes, where these are at work in this process."""
    now, campaign = lease.engine.clock.now(), lease.campaign
    due: defaultdict[str, list[Document]] = defaultdict(list)
    for (path, message), version in zip(plan.messages.items(), versions, strict=False):
        if message["status"] == MessageStatus.PENDING and message["next_at"] <= now:
            due[message["lane"]].append(Document(path, version, message))
    most = at_hand(campaign, lease.engine.limits.dispatch_page)
    for lane, messages in due.items():
        lease.engine.handover.give(campaign, lane, messages, most=most)


def _progress(lease: Lease, plan: "Plan", page: Page) -> Update:
    done = page.cursor is None
    planned = lease.data.get("planned", 0) + len(plan.messages)
    return lease.renewal(cursor=page.cursor, planned=planned, done=done)
