"""Shards: the documents that a campaign's statistics stand in, until they are folded into its own.

While a campaign is at work, shard n counts the messages of lane n. An hour after its end, when the
first tier is over (tallies.py) and nobody adds to it any more, they are added up in `counts` of the
campaign's own document and removed (folding.py). What is counted later goes to a shard again, and
the same commit says so in the campaign's `open_tier`, once in each tier: readers then read the
shards beside `counts`, and the end of that tier folds them again. What comes later than all tiers
is rare, and is added to `counts` at once.

The counts of a single message stand in its campaign's document from the beginning.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from functions.domain.campaigns.campaign import Campaign
from functions.engine import paths
from functions.engine.messages.tallies import MARGIN, TIERS

#: The fields of a campaign that tell of this.
COUNTS: Final = "counts"
OPEN_TIER: Final = "open_tier"


def shard_paths(campaign: Campaign) -> list[str]:
    """Return the documents that a campaign's statistics may stand in beside its own."""
    if campaign.facts.counts_itself or campaign.started_at is None:
        return []
    org, id_ = campaign.org, campaign.id
    return [paths.statistics(org, id_, lane) for lane in range(campaign.lanes)]


def may_be_folded(campaign: Campaign, *, now: datetime) -> bool:
    """Tell whether a campaign's shards may be folded by now, or while they are being read."""
    return campaign.ended_at is not None and now >= campaign.ended_at + TIERS[0] + MARGIN


def total(*counted: Mapping[str, int] | None) -> Mapping[str, int]:
    """Return what several documents have counted together; None: nothing."""
    told = [each for each in counted if each]
    if len(told) <= 1:
        return told[0] if told else {}
    amounts = dict(told[0])
    for each in told[1:]:
        for name, amount in each.items():
            amounts[name] = amounts.get(name, 0) + amount
    return amounts
