"""The oldest work that nobody does."""

from dataclasses import dataclass
from datetime import datetime

from functions.domain.campaigns.status import CampaignStatus
from functions.engine.kernel.engine import Engine
from functions.engine.ports.store import Query, Where


@dataclass(frozen=True, slots=True)
class Waiting:
    """Work whose time has come, and since when it waits."""

    path: str
    since: datetime


@dataclass(frozen=True, slots=True)
class Backlog:
    """The oldest work that is due, None where there is none."""

    campaign: Waiting | None  #: to be started
    lane: Waiting | None  #: to be worked on


async def backlog_of(engine: Engine) -> Backlog:
    """Return what has waited longest for a check, in all organisations."""
    campaign = await oldest_due(engine)
    return Backlog(campaign, await _oldest(engine, "lanes", "wake_at"))


async def oldest_due(engine: Engine) -> Waiting | None:
    """Return the campaign that has waited longest to be started, of all organisations."""
    scheduled = Where("status", "==", CampaignStatus.SCHEDULED)
    return await _oldest(engine, "campaigns", "scheduled_at", scheduled)


async def _oldest(engine: Engine, collection: str, field: str, *where: Where) -> Waiting | None:
    conditions = (*where, Where(field, "<=", engine.clock.now()))
    query = Query(collection, conditions, (field,), limit=1, group=True)
    found = await engine.store.query(query)
    return Waiting(found[0].path, found[0].data[field]) if found else None
