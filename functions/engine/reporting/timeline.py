"""A campaign's timeline: what became of its messages in each bucket of its time."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from functions.domain.campaigns.campaign import Campaign
from functions.domain.messages.outcomes import Outcome
from functions.domain.messages.timeline import bucket_at, moment
from functions.engine.campaigns.lifecycle import load
from functions.engine.kernel.engine import Engine
from functions.engine.messages import statistics, tallies
from functions.engine.messages.statistics import Statistics

#: Over at least so long the present rate is measured, where the campaign is that old.
_MEASURED: Final = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Piece:
    """What happened in one bucket."""

    at: datetime
    until: datetime
    counts: Mapping[str, int]  #: by outcome


@dataclass(frozen=True, slots=True)
class Pace:
    """How many messages a second were sent of late."""

    per_s: float | None  #: None before the start
    over_s: float  #: how long it was measured


async def timeline(
    engine: Engine, org: str, campaign_id: str, *, since: datetime | None
) -> tuple[Campaign, list[Piece]]:
    """Return a campaign and what happened in it, oldest first, but for what had ended by `since`.

    Raises NotFoundError.
    """
    campaign = await load(engine, org, campaign_id)
    pieces = pieces_of(campaign, await statistics.read_one(engine, campaign))
    return campaign, [each for each in pieces if since is None or each.until > since]


def pieces_of(campaign: Campaign, counts: Statistics) -> list[Piece]:
    """Return what happened in each bucket in which something has, oldest first."""
    began_at = campaign.started_at
    if began_at is None:
        return []
    return [
        Piece(*moment(began_at, start), counted)
        for start, counted in tallies.timeline_of(counts.amounts).items()
    ]


def pace_of(campaign: Campaign, counts: Statistics, *, now: datetime) -> Pace:
    """Return how fast a campaign sends: measured from the bucket on in which a minute ago lies."""
    began_at = campaign.started_at
    if began_at is None or now <= began_at:
        return Pace(None, 0.0)
    first = bucket_at(now - _MEASURED - began_at).start
    found = tallies.timeline_of(counts.amounts)
    sent = sum(each[Outcome.SENT] for start, each in found.items() if start >= first)
    over_s = (now - began_at).total_seconds() - first
    return Pace(max(0, sent) / over_s, over_s)
