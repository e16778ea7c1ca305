"""The check, every minute: start what is due, revive what was left lying."""

import asyncio
from dataclasses import dataclass, field

import structlog

from functions.domain.campaigns.campaign import Campaign
from functions.domain.campaigns.status import CampaignStatus
from functions.engine.accounts import idempotency
from functions.engine.kernel import expiry, revival
from functions.engine.kernel.engine import Engine
from functions.engine.paths import LAST_CHECK
from functions.engine.ports.store import Document, Query, Set, Where
from functions.engine.receipts import orphans
from functions.engine.scheduling import delivery_days
from functions.engine.scheduling.start import start_found

log = structlog.get_logger()


@dataclass(slots=True)
class CheckResult:
    """What one check has done."""

    started: list[Campaign] = field(default_factory=list)
    failed: dict[str, tuple[str, str]] = field(default_factory=dict)  #: path: (name, error)
    skipped: int = 0  #: due campaigns left for the next check


async def check(engine: Engine) -> CheckResult:
    """Start the due campaigns, oldest first, at most MAX_CAMPAIGNS; revive what is overdue."""
    result = CheckResult()
    await asyncio.gather(
        _start_due(engine, result),
        *(revival.revive(engine, collection) for collection in revival.TASKS),
    )
    await engine.store.commit(_note(engine, result))
    await idempotency.sweep(engine)
    await orphans.sweep(engine)
    await expiry.sweep(engine, "custom_events")
    await delivery_days.sweep(engine)
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
        return await start_found(engine, document)
    except Exception as error:
        # One campaign that cannot start must not keep the others from starting.
        log.exception("campaign_start_failed", org=document.org, campaign_id=document.id)
        result.failed[document.path] = (document.data["name"], type(error).__name__)
        return None
