"""The check, every minute: start what is due, revive what was left lying."""

import asyncio
from dataclasses import dataclass, field

import structlog

from functions.domain.campaign import (
    Action,
    Campaign,
    CampaignStatus,
    campaign_from,
    start_action,
)
from functions.domain.errors import NotDueError, NotFoundError, StaleError, WrongStatusError
from functions.engine import idempotency, import_jobs, notify, strays
from functions.engine.campaigns import change
from functions.engine.core import Engine
from functions.engine.enqueue import enqueue, lane_task
from functions.engine.paths import LAST_CHECK
from functions.engine.paths import campaign as campaign_path
from functions.engine.ports import Document, Query, Set, Where

log = structlog.get_logger()

#: Lanes that one check revives at most; those left over are found by the next one.
_REVIVED = 500


@dataclass(slots=True)
class CheckResult:
    """What one check has done."""

    started: list[Campaign] = field(default_factory=list)
    failed: dict[str, tuple[str, str]] = field(default_factory=dict)  #: path: (name, error)
    skipped: int = 0  #: due campaigns left for the next check


async def check(engine: Engine) -> CheckResult:
    """Start the due campaigns, oldest first and at most MAX_CAMPAIGNS, and revive lost lanes."""
    result = CheckResult()
    await asyncio.gather(
        _start_due(engine, result),
        _revive(engine),
        notify.revive(engine),
        import_jobs.revive(engine),
    )
    await engine.store.commit(_note(engine, result))
    await idempotency.sweep(engine)
    await strays.sweep(engine)
    return result


def _note(engine: Engine, result: CheckResult) -> Set:
    """Return the write by which the operator sees that checks are made."""
    counts = {"started": len(result.started), "failed": len(result.failed)}
    return Set(LAST_CHECK, {"at": engine.clock.now(), "skipped": result.skipped, **counts})


async def _start_due(engine: Engine, result: CheckResult) -> None:
    room = engine.limits.max_campaigns
    while len(result.started) < room:
        wanted = room - len(result.started)
        due = await engine.store.query(_due(engine, wanted + len(result.failed)))
        fresh = [document for document in due if document.path not in result.failed][:wanted]
        if not fresh:
            return
        tries = (_try_start(engine, document, result) for document in fresh)
        result.started += [campaign for campaign in await asyncio.gather(*tries) if campaign]
    left = await engine.store.count(_due(engine, room))
    result.skipped = max(0, left - len(result.failed))


def _due(engine: Engine, limit: int) -> Query:
    """Return the query for scheduled campaigns whose time has come, in every organisation."""
    where = (
        Where("status", "==", CampaignStatus.SCHEDULED),
        Where("scheduled_at", "<=", engine.clock.now()),
    )
    return Query("campaigns", where, ("scheduled_at",), limit=limit, group=True)


async def _try_start(engine: Engine, document: Document, result: CheckResult) -> Campaign | None:
    try:
        return await _start(engine, document)
    except Exception as error:
        # One campaign that cannot start must not keep the others from starting.
        log.exception("campaign_start_failed", org=document.org, campaign_id=document.id)
        result.failed[document.path] = (document.data["name"], type(error).__name__)
        return None


async def start(engine: Engine, org: str, campaign_id: str) -> Campaign | None:
    """Start a due campaign; None where somebody was faster, or it is no longer due.

    Raises NotFoundError.
    """
    document = await engine.store.get(campaign_path(org, campaign_id))
    if document is None:
        raise NotFoundError("Campaign", campaign_id)
    return await _start(engine, document)


async def _start(engine: Engine, document: Document) -> Campaign | None:
    """Start a campaign as it was when it was found to be due.

    One that is later than its grace period is treated as it says: perhaps it is not started.
    """
    org, id_ = document.org, document.id
    action = start_action(campaign_from(org, id_, document.data), now=engine.clock.now())
    try:
        if action is not Action.START:
            await _miss(engine, document, action)
            return None
        campaign = await change(engine, org, id_, Action.START, by="clarion")
    except (WrongStatusError, NotDueError, StaleError):
        return None
    lateness = campaign.start_lateness
    seconds = None if lateness is None else lateness.total_seconds()
    log.info("campaign_started", org=org, campaign_id=id_, lateness_s=seconds)
    return campaign


async def _miss(engine: Engine, late: Document, action: Action) -> None:
    """Cancel or hold back a campaign as it was when its start was found to be missed."""
    await change(
        engine,
        late.org,
        late.id,
        action,
        by="clarion",
        reason="late_start",
        if_version=late.version,
    )


async def _revive(engine: Engine) -> None:
    """Enqueue the lanes that should have been looked at by now: their task was lost."""
    where = (Where("wake_at", "<=", engine.clock.now()),)
    query = Query("lanes", where, ("wake_at",), limit=_REVIVED, group=True)
    for lane in await engine.store.query(query):
        campaign = lane.path.split("/")[3]
        await enqueue(engine, lane_task(lane.org, campaign, lane.id))
