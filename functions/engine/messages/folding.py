"""Folding: the statistics of campaigns that have ended are added up in their own documents.

A fold is one commit over the versions that it has read, of the campaign and of each shard. Whoever
has counted anything since then has changed one of them, or adds to a new shard and says so.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from functions.domain.campaigns.campaign import Campaign, campaign_from
from functions.domain.campaigns.status import CampaignStatus
from functions.domain.kinds import CampaignKind
from functions.engine import paths
from functions.engine.kernel.engine import Engine
from functions.engine.kernel.lanes import RECALL
from functions.engine.messages.shards import COUNTS, OPEN_TIER, shard_paths, total
from functions.engine.ports.store import Delete, Document, Set, Update, Write

#: What is kept of a recall that is done.
RECALLED = ("recalled", "beyond_recall", "done")


class Unfolded(NamedTuple):
    """A campaign that has ended, with what its statistics stand in."""

    home: Document
    campaign: Campaign
    shards: Sequence[Document]
    recall: Mapping[str, Any] | None  #: what its recall lane tells

    @property
    def amounts(self) -> Mapping[str, int]:
        """Every count by its name."""
        return total(self.campaign.counts, *(shard.data for shard in self.shards))

    def is_open(self, tier: int) -> bool:
        """Tell whether its shards are to be folded at the end of a tier.

        Where somebody has counted in the next tier already, the end of that one is waited for.
        """
        opened = self.campaign.open_tier
        return bool(shard_paths(self.campaign)) and opened is not None and opened <= tier

    def writes(self, keeps: Callable[[str], bool]) -> list[Write]:
        """Return the writes that fold it, with the counts that are to be kept."""
        counts = {name: n for name, n in self.amounts.items() if n and keeps(name)}
        changes: dict[str, Any] = {COUNTS: counts, OPEN_TIER: None}
        if self.recall and self.recall["done"]:
            changes["recall"] = {name: self.recall[name] for name in RECALLED}
        update = Update(self.home.path, changes, self.home.version)
        return [update, *(Delete(shard.path, shard.version) for shard in self.shards)]


async def read(engine: Engine, homes: Sequence[Document]) -> list[Unfolded]:
    """Return campaigns with what their statistics stand in, in their order, by one read of all.

    A campaign that a newer version has made, or somebody broken, is left out.
    """
    known = [each for each in homes if each.data["kind"] in list(CampaignKind)]
    campaigns = [campaign_from(each.org, each.id, each.data) for each in known]
    asked = [_stands_in(campaign) for campaign in campaigns]
    every = [path for each in asked for path in each]
    found = await engine.store.get_many(every) if every else []
    stored = {document.path: document for document in found if document is not None}
    return [
        Unfolded(home, campaign, *_parts(campaign, [stored[path] for path in of if path in stored]))
        for home, campaign, of in zip(known, campaigns, asked, strict=True)
    ]


def _stands_in(campaign: Campaign) -> list[str]:
    """Return what is read of a campaign beside its own document: nothing where that is folded."""
    of_shards = shard_paths(campaign) if campaign.open_tier is not None else []
    if of_shards and campaign.status is CampaignStatus.CANCELLED:
        return [*of_shards, paths.lane(campaign.org, campaign.id, RECALL)]
    return of_shards


def _parts(
    campaign: Campaign, found: Sequence[Document]
) -> tuple[Sequence[Document], Mapping[str, Any] | None]:
    recall = paths.lane(campaign.org, campaign.id, RECALL)
    shards = [document for document in found if document.path != recall]
    return shards, next((each.data for each in found if each.path == recall), None)


def counts_in(document: Document) -> Mapping[str, int]:
    """Return what a shard counts, or a campaign's own document."""
    if _is_home(document):
        return document.data.get(COUNTS) or {}
    return document.data


def keeping(document: Document, counts: Mapping[str, int]) -> Write:
    """Return the write that leaves a document only these of its counts."""
    if _is_home(document):
        return Update(document.path, {COUNTS: counts}, document.version)
    return Set(document.path, counts, document.version)


def _is_home(document: Document) -> bool:
    return paths.collection_of(document.path) == "campaigns"
