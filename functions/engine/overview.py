"""What an operator looks at across campaigns: the newest, and the oldest that nobody works on."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from functions.domain.campaign import Campaign, CampaignStatus, campaign_from
from functions.domain.message import MessageStatus
from functions.engine import paths
from functions.engine.core import Engine
from functions.engine.ports import Query, Where

_PAGE = 1000


async def newest(
    engine: Engine, org: str, *, status: CampaignStatus | None, limit: int
) -> list[Campaign]:
    """Return an organisation's campaigns, those of one status or all, the newest first."""
    where = (Where("status", "==", status),) if status else ()
    query = Query(paths.campaigns(org), where, ("-created_at",), limit=limit)
    return [campaign_from(org, each.id, each.data) for each in await engine.store.query(query)]


async def reasons(
    engine: Engine, campaign: Campaign, statuses: Iterable[MessageStatus]
) -> Counter[tuple[MessageStatus, str]]:
    """Count by reason why a campaign's messages have these statuses. Reads each of them."""
    counted: Counter[tuple[MessageStatus, str]] = Counter()
    for status in statuses:
        where = (Where("status", "==", status),)
        query = Query(paths.messages(campaign.org, campaign.id), where, limit=_PAGE)
        while documents := await engine.store.query(query):
            counted.update((status, each.data.get("reason") or "") for each in documents)
            query = query.after(documents[-1])
    return counted


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


async def backlog(engine: Engine) -> Backlog:
    """Return what has waited longest for a check, in all organisations."""
    now = engine.clock.now()
    scheduled = Where("status", "==", CampaignStatus.SCHEDULED)
    campaign = await _oldest(engine, "campaigns", "scheduled_at", scheduled, now=now)
    return Backlog(campaign, await _oldest(engine, "lanes", "wake_at", now=now))


async def _oldest(
    engine: Engine, collection: str, field: str, *where: Where, now: datetime
) -> Waiting | None:
    conditions = (*where, Where(field, "<=", now))
    query = Query(collection, conditions, (field,), limit=1, group=True)
    found = await engine.store.query(query)
    return Waiting(found[0].path, found[0].data[field]) if found else None
