"""Campaigns with their statistics: one of them, and those of a search."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from functions.domain.campaigns.campaign import Campaign, campaign_from, name_key
from functions.domain.campaigns.status import CampaignStatus
from functions.domain.kinds import CampaignKind, ChannelKind
from functions.engine import paths
from functions.engine.kernel.engine import Engine
from functions.engine.kernel.modify import at_version
from functions.engine.messages import statistics
from functions.engine.messages.statistics import Statistics
from functions.engine.ports.store import Document, Query, Where

_AFTER_ALL = "\U0010ffff"  #: sorts behind whatever a name may go on with


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """Which campaigns are wanted, and in which order."""

    kind: CampaignKind = CampaignKind.BROADCAST
    channel: ChannelKind | None = None
    status: CampaignStatus | None = None
    series: str = ""
    name_prefix: str = ""
    created_from: datetime | None = None  #: inclusive
    created_before: datetime | None = None
    by_name: bool = False  #: else by time of creation
    descending: bool = True

    def query(self, org: str) -> Query:
        """Return the query for the first of them."""
        field = "name_key" if self.by_name else "created_at"
        order = f"-{field}" if self.descending else field
        return Query(paths.campaigns(org), tuple(self._conditions()), (order,))

    def _conditions(self) -> Iterator[Where]:
        yield Where("kind", "==", self.kind)
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
        if self.created_from:
            yield Where("created_at", ">=", self.created_from)
        if self.created_before:
            yield Where("created_at", "<", self.created_before)


async def load(engine: Engine, org: str, id_: str) -> tuple[Campaign, int, Statistics]:
    """Return a campaign, the version it has in the store, and its statistics.

    Raises NotFoundError.
    """
    document = at_version(await engine.store.get(paths.campaign(org, id_)), "Campaign", id_)
    campaign = campaign_from(org, id_, document.data)
    return campaign, document.version, await statistics.read_one(engine, campaign)


async def search(
    engine: Engine, query: Query
) -> tuple[list[tuple[Campaign, Statistics]], Document | None]:
    """Return the campaigns that a query finds with their statistics, and the last document."""
    documents = await engine.store.query(query)
    campaigns = [campaign_from(each.org, each.id, each.data) for each in documents]
    found = await statistics.read(engine, campaigns)
    return list(zip(campaigns, found, strict=True)), documents[-1] if documents else None
