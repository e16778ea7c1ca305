"""How a campaign stands: its progress, what is in flight, its heartbeat."""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from functions.domain.campaigns.campaign import Campaign
from functions.domain.campaigns.status import CampaignStatus
from functions.domain.messages.message import CALLS_IN_FLIGHT, TEXTS_IN_FLIGHT, MessageStatus
from functions.engine import paths
from functions.engine.campaigns.lifecycle import load
from functions.engine.kernel.claims import handed_over
from functions.engine.kernel.engine import Engine
from functions.engine.kernel.lanes import working_lanes
from functions.engine.messages import statistics
from functions.engine.messages.statistics import Statistics
from functions.engine.plans import counts as plan_counts
from functions.engine.ports.store import Document

#: A worker that has not been heard of for this long is presumed dead.
_STALE = timedelta(seconds=120)


@dataclass(frozen=True, slots=True)
class Health:
    """Who works on a campaign, and when they were last heard of."""

    heartbeat_at: datetime | None
    holder: str | None
    status: str  #: "active", "stale" (a worker was lost, the check will replace it) or "idle"


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a campaign has come."""

    campaign: Campaign
    counts: Mapping[MessageStatus, int]  #: messages, those by a further channel beside the others
    people: int  #: who have a message; with a plan, who have entered it
    waiting: int  #: those of them for whom something is still to be done
    health: Health
    now: datetime

    @property
    def total(self) -> int:
        """People to be contacted, or found not to be; with a plan, whoever enters it."""
        return max(self.campaign.total, self.people)

    @property
    def in_flight(self) -> int:
        """Messages that are with the provider now."""
        statuses = CALLS_IN_FLIGHT if self.campaign.has_calls else TEXTS_IN_FLIGHT
        return sum(self.counts[status] for status in statuses)

    @property
    def processed(self) -> int:
        """People for whom everything is done, or being done just now."""
        return self.people - self.waiting

    @property
    def connected(self) -> int:
        """Calls that were answered."""
        return self.counts[MessageStatus.ANSWERED] + self.counts[MessageStatus.COMPLETED]

    @property
    def estimated_end_at(self) -> datetime | None:
        """When it will be done if it goes on as it has; None where nothing can be said."""
        started_at = self.campaign.started_at
        if self.campaign.status is not CampaignStatus.RUNNING or not started_at:
            return None
        if not self.processed or self.campaign.plan:
            return None
        per_person = (self.now - started_at) / self.processed
        return self.now + per_person * (self.total - self.processed)


async def progress_of(engine: Engine, org: str, campaign_id: str) -> Progress:
    """Return how far a campaign has come. Raises NotFoundError."""
    return await _progress(engine, await load(engine, org, campaign_id))


async def _progress(engine: Engine, campaign: Campaign) -> Progress:
    counts, lanes = await asyncio.gather(
        statistics.read_one(engine, campaign), engine.store.get_many(lane_paths(campaign))
    )
    counts = counts.with_handed_over(handed_over(lanes, counts.attempts))
    return progress_from(campaign, counts, lanes, now=engine.clock.now())


def lane_paths(campaign: Campaign) -> list[str]:
    """Return the documents that tell who works on a campaign."""
    return [paths.lane(campaign.org, campaign.id, name) for name in working_lanes(campaign)]


def progress_from(
    campaign: Campaign, counts: Statistics, lanes: Iterable[Document | None], *, now: datetime
) -> Progress:
    """Return how far a campaign has come, by what was read of it."""
    people, waiting = _people(campaign, counts)
    return Progress(campaign, counts.by_status, people, waiting, _health(campaign, lanes, now), now)


def _people(campaign: Campaign, counts: Statistics) -> tuple[int, int]:
    """Return how many people there are, and for how many something is still to be done.

    Whoever walks through a plan is not done with between two messages.
    """
    if not campaign.plan:
        return counts.people, counts[MessageStatus.PENDING]
    under_way = 0 if campaign.has_ended else plan_counts.under_way(counts)
    return sum(plan_counts.read(counts).by_status.values()), under_way


async def in_flight(engine: Engine, campaign: Campaign) -> int:
    """Count a campaign's messages that are with the provider now."""
    return (await _progress(engine, campaign)).in_flight


def _health(campaign: Campaign, documents: Iterable[Document | None], now: datetime) -> Health:
    beats = [d.data for d in documents if d is not None and d.data.get("heartbeat_at")]
    if not beats:
        return Health(None, None, "idle")
    last = max(beats, key=lambda data: data["heartbeat_at"])
    return Health(last["heartbeat_at"], last["holder"], _pulse(campaign, beats, now))


def _pulse(campaign: Campaign, beats: list[dict[str, Any]], now: datetime) -> str:
    held = [data for data in beats if data["lease_until"] is not None]
    if campaign.status is not CampaignStatus.RUNNING or not held:
        return "idle"
    lost = any(now - data["heartbeat_at"] > _STALE for data in held)
    return "stale" if lost else "active"
