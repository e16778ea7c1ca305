"""How many campaigns there are, as the filters of their list find them."""

import asyncio
from collections.abc import Mapping
from typing import NamedTuple

from functions.domain.campaigns.status import CampaignStatus
from functions.domain.kinds import CampaignKind, ChannelKind
from functions.engine.kernel.engine import Engine
from functions.engine.reporting.overview import Search


class CampaignCounts(NamedTuple):
    """Campaigns of one kind by status and by channel; those that need attention, of every kind."""

    total: int
    by_status: Mapping[CampaignStatus, int]
    by_channel: Mapping[ChannelKind, int]
    needs_attention: int


async def of_kind(engine: Engine, org: str, kind: CampaignKind) -> CampaignCounts:
    """Count an organisation's campaigns of a kind, by queries that read no document."""
    statuses, channels = list(CampaignStatus), list(ChannelKind)
    searches = [
        *(Search(kind=kind, status=each) for each in statuses),
        *(Search(kind=kind, channel=each) for each in channels),
        Search(kind=None, needs_attention=True),
    ]
    counts = await asyncio.gather(*(engine.store.count(each.query(org)) for each in searches))
    by_status = dict(zip(statuses, counts, strict=False))
    by_channel = dict(zip(channels, counts[len(statuses) :], strict=False))
    return CampaignCounts(sum(by_status.values()), by_status, by_channel, counts[-1])
