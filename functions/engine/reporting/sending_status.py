"""How an organisation's sending goes."""

import asyncio
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from functions.domain.campaigns.campaign import Campaign, campaign_from
from functions.domain.campaigns.status import CampaignStatus
from functions.domain.messages.message import MessageStatus
from functions.engine import paths
from functions.engine.kernel.engine import Engine
from functions.engine.messages import statistics
from functions.engine.messages.statistics import SHARES, Lateness
from functions.engine.ports.store import Query, Where

#: A campaign that ended within this time still counts for how sending goes.
LATELY = timedelta(hours=24)
#: Of how many campaigns the messages are counted.
COUNTED = 100


@dataclass(frozen=True, slots=True)
class Status:
    """How an organisation's sending goes."""

    now: datetime
    campaigns: Mapping[CampaignStatus, int]  #: all there are
    counted: int  #: campaigns that run, are paused or ended lately, COUNTED at most
    messages: Mapping[MessageStatus, int]  #: of those counted
    starts: Lateness
    sends: Lateness


async def status(engine: Engine, org: str) -> Status:
    """Count an organisation's campaigns, and the messages of the newest of those at work."""
    statuses = list(CampaignStatus)
    counts, recent = await asyncio.gather(
        asyncio.gather(*(engine.store.count(_of_status(org, each)) for each in statuses)),
        _recent(engine, org),
    )
    found = await statistics.read(engine, recent)
    messages = Counter[MessageStatus]()
    lateness = Counter[int]()
    for each in found:
        messages.update(each.by_status)
        lateness.update(each.lateness)
    return Status(
        engine.clock.now(),
        dict(zip(statuses, counts, strict=True)),
        len(recent),
        messages,
        _starts(recent),
        statistics.spread(lateness),
    )


def _of_status(org: str, status: CampaignStatus) -> Query:
    where = (Where("status", "==", status),)
    return Query(paths.campaigns(org), where, ("-created_at",), limit=COUNTED)


async def _recent(engine: Engine, org: str) -> list[Campaign]:
    """Return the newest campaigns that run, are paused or ended lately."""
    since = engine.clock.now() - LATELY
    wanted = [each for each in CampaignStatus if each not in _NOT_STARTED]
    found = await asyncio.gather(*(engine.store.query(_of_status(org, each)) for each in wanted))
    campaigns = [campaign_from(org, each.id, each.data) for page in found for each in page]
    lively = [each for each in campaigns if each.ended_at is None or each.ended_at >= since]
    return sorted(lively, key=lambda each: each.created_at, reverse=True)[:COUNTED]


_NOT_STARTED = frozenset({CampaignStatus.DRAFT, CampaignStatus.SCHEDULED})


def _starts(campaigns: Sequence[Campaign]) -> Lateness:
    seconds = sorted(
        each.start_lateness.total_seconds() for each in campaigns if each.start_lateness is not None
    )
    return Lateness(len(seconds), {share: _kept_to(seconds, share) for share in SHARES})


def _kept_to(ordered: Sequence[float], share: float) -> float | None:
    """Return the quantile of ordered values for a share between 0 and 1 (nearest rank)."""
    return ordered[math.ceil(share * len(ordered)) - 1] if ordered else None
