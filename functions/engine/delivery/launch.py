"""Launch: one message for each person of the audience, or the reason why there is none.

Each page's messages are committed together with the cursor behind them, conditional on the
lane's version: a crash or a second launcher can neither repeat nor skip a page.
"""

import structlog

from functions.engine import paths
from functions.engine.campaigns.audience import Page, pages, source_of
from functions.engine.campaigns.lifecycle import fail, stop
from functions.engine.delivery.at_hand import hand_over
from functions.engine.delivery.page_commits import PageCommits
from functions.engine.eligibility.planner import Plan, Planner
from functions.engine.kernel import lanes
from functions.engine.kernel.engine import Engine
from functions.engine.kernel.lanes import LAUNCH, LaneLease, wake_lanes
from functions.engine.kernel.lease import LeaseLostError, LookAgainError
from functions.engine.kernel.people import salt_of
from functions.engine.kernel.plan_versions import plan_of
from functions.engine.ports.store import Update

log = structlog.get_logger()


async def launch(engine: Engine, org: str, campaign_id: str) -> None:
    """Create the messages of a campaign, continuing where an earlier task stopped."""
    lease = await lanes.acquire(engine, org, campaign_id, LAUNCH)
    if lease is not None:
        await lease.work(lambda: _work(lease))


async def _work(lease: LaneLease) -> None:
    """Create messages until the task is late; once all are created, wake the lanes and rest."""
    if not lease.data["done"]:
        await _see_to_bot(lease)
        if not lease.campaign.facts.walks:
            await _create_messages(lease)
        elif lease.campaign.has_ended:
            await lease.commit(done=True)  # whoever has not entered yet does not any more
        else:
            from functions.engine.delivery.entering import Entrance

            version = await plan_of(lease.engine, lease.campaign, lease.campaign.plan)
            await Entrance(lease, version).enter()
    if lease.data["done"]:
        await _finish(lease)


async def _see_to_bot(lease: LaneLease) -> None:
    """Wake the campaign's bot, once a start; a bot that does not answer pauses the campaign.

    Calls of a plan come one by one, whenever somebody has come to them.
    """
    engine, campaign = lease.engine, lease.campaign
    needed = engine.traits(campaign.own_send).needs_bot
    if not needed or campaign.plan or campaign.bot_ready or campaign.has_ended:
        return
    if await engine.bots.is_ready(campaign.own_send.content.bot_url):
        await lease.commit(Update(paths.campaign(campaign.org, campaign.id), {"bot_ready": True}))
    else:
        await stop(engine, campaign, "bot_not_ready")
        raise LeaseLostError(lease.path)  # with its campaign's pause


async def _create_messages(lease: LaneLease) -> None:
    """Commit page after page; while one is being committed the next is planned."""
    send = lease.campaign.own_send
    salt = await salt_of(lease.engine, lease.campaign.org)
    planner = Planner(lease.engine, lease.campaign, send, salt=salt)
    source = source_of(lease.campaign, send)
    with lease.engine.memory.launched.filling(lease.campaign):
        async with PageCommits() as commits:
            async for page in pages(lease.engine, source, lease.data.get("cursor")):
                plan = planner.plan(page.recipients)
                await commits.settled()
                if lease.is_late:
                    break
                await commits.begin(_commit_page(lease, planner, plan, page))
    if lease.data["done"]:
        log.info("campaign_launched", campaign_id=lease.campaign.id, planned=lease.data["planned"])


async def _finish(lease: LaneLease) -> None:
    """Wake the lanes, and rest only then: if we die before, the check has us do it again."""
    # A single message was made with its campaign; and into a plan people may still come.
    if lease.data.get("planned", 1) or not lease.campaign.completes:
        await wake_lanes(lease)
    else:  # completed, it would look as if it had done its work
        await fail(lease.engine, lease.campaign, reason="no_recipients")
    await lease.release()


async def _commit_page(lease: LaneLease, planner: Planner, plan: Plan, page: Page) -> None:
    """Commit a page and its cursor."""
    first = "planned" not in lease.data
    versions = None
    while versions is None:
        try:
            versions = await _write_page(lease, plan, page)
        except LookAgainError:
            await planner.drop_existing(plan)
    hand_over(lease, plan.messages, versions)
    if first and page.cursor is not None:
        await wake_lanes(lease)


async def _write_page(lease: LaneLease, plan: Plan, page: Page) -> list[int]:
    """Commit a page once; return its messages' versions first."""
    planned = lease.data.get("planned", 0) + len(plan.messages)
    progress = {"cursor": page.cursor, "planned": planned, "done": page.cursor is None}
    counted = plan.statistics(lease.campaign, now=lease.engine.clock.now())
    return await lease.commit(*plan.writes(), *counted, **progress)
