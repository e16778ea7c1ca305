"""Campaigns with their statistics: those of a search, and how many there are."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, NamedTuple

from functions.domain.campaigns.campaign import Campaign, campaign_from, name_key
from functions.domain.campaigns.status import CampaignStatus
from functions.domain.kinds import CampaignKind, ChannelKind
from functions.engine import paths
from functions.engine.kernel.engine import Engine
from functions.engine.kernel.paging import between
from functions.engine.messages import statistics
from functions.engine.messages.shards import shard_paths
from functions.engine.messages.statistics import Statistics
from functions.engine.ports.store import Document, Query, Where
from functions.engine.reporting import recalls

#: The check looks every minute at what is due: what is due for longer than this is looked after by
#: nobody.
_PATIENCE: Final = timedelta(minutes=5)
_LANES_READ: Final = 500
_AFTER_ALL = "\U0010ffff"  #: sorts behind whatever a name may go on with


class Order(StrEnum):
    """The field by which campaigns are sorted; one without it is not found."""

    CREATED = "created_at"
    NAME = "name_key"
    SCHEDULED = "scheduled_at"


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """Which campaigns are wanted, and in which order."""

    kind: CampaignKind | None = CampaignKind.BROADCAST  #: None: of every kind
    channel: ChannelKind | None = None
    status: CampaignStatus | None = None
    series: str = ""
    name_prefix: str = ""
    created_from: datetime | None = None  #: inclusive
    created_before: datetime | None = None
    scheduled_from: datetime | None = None  #: inclusive
    scheduled_before: datetime | None = None
    needs_attention: bool = False
    order: Order = Order.CREATED
    descending: bool = True

    def query(self, org: str) -> Query:
        """Return the query for the first of them."""
        order = f"-{self.order}" if self.descending else str(self.order)
        return Query(paths.campaigns(org), tuple(self._conditions()), (order,))

    def _conditions(self) -> Iterator[Where]:
        if self.kind:
            yield Where("kind", "==", self.kind)
        if self.needs_attention:
            yield Where("attention", "==", True)
        if self.channel:
            yield Where("channel", "==", self.channel)
        if self.status:
            yield Where("status", "==", self.status)
        if self.series:
            yield Where("series", "==", self.series)
        if self.name_prefix:
            key = name_key(self.name_prefix)
            yield Where("name_key", ">=", key)
            yield Where("name_key", "<", key + _AFTER_ALL)
        yield from between("created_at", self.created_from, self.created_before)
        yield from between("scheduled_at", self.scheduled_from, self.scheduled_before)


class Counted(NamedTuple):
    """A campaign with its statistics."""

    campaign: Campaign
    counts: Statistics


class Overdue(NamedTuple):
    """A running campaign whose work is due since then, while nobody does it."""

    counted: Counted
    since: datetime


async def counted(engine: Engine, documents: Sequence[Document]) -> list[Counted]:
    """Return campaigns with their statistics, in the order of their documents."""
    campaigns = [campaign_from(each.org, each.id, each.data) for each in documents]
    return await _counted(engine, campaigns)


def tells_all(campaign: Campaign) -> bool:
    """Tell whether a campaign's document tells all that is shown of it beside its plan's people.

    What does not send any more does, once its statistics are folded.
    """
    counts = campaign.open_tier is None or not shard_paths(campaign)
    return counts and not recalls.is_told_by_lane(campaign)


async def _counted(engine: Engine, campaigns: Sequence[Campaign]) -> list[Counted]:
    found = await statistics.read(engine, campaigns)
    return [Counted(*pair) for pair in zip(campaigns, found, strict=True)]


async def overdue(engine: Engine, org: str, wanted: Search) -> list[Overdue]:
    """Return an organisation's running campaigns that nobody works on, the longest waiting first.

    They are found by the lanes that the check would have revived by now: usually there are none.
    """
    late = engine.clock.now() - _PATIENCE
    where = (Where("wake_at", "<=", late),)
    lanes = await engine.store.query(
        Query("lanes", where, ("wake_at",), limit=_LANES_READ, group=True)
    )
    since: dict[str, datetime] = {}
    for lane in lanes:
        if lane.org == org:
            since.setdefault(paths.parent(lane.path), lane.data["wake_at"])
    found = await engine.store.get_many(list(since))
    campaigns = [campaign_from(each.org, each.id, each.data) for each in found if each]
    counted = await _counted(engine, [each for each in campaigns if _is_stale(each, wanted)])
    return [Overdue(each, since[paths.campaign(org, each.campaign.id)]) for each in counted]


def _is_stale(campaign: Campaign, wanted: Search) -> bool:
    """Tell whether a campaign with overdue work is at work, and one of those that are wanted."""
    return (
        campaign.status is CampaignStatus.RUNNING
        and wanted.status in {None, campaign.status}
        and wanted.kind in {None, campaign.kind}
        and wanted.channel in {None, campaign.channel}
    )


class CampaignCounts(NamedTuple):
    """Campaigns of one kind by status and by channel; those that need attention, of every kind."""

    total: int
    by_status: Mapping[CampaignStatus, int]
    by_channel: Mapping[ChannelKind, int]
    needs_attention: int


async def counts_of_kind(engine: Engine, org: str, kind: CampaignKind) -> CampaignCounts:
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
