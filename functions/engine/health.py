"""Whether Clarion is well, for everybody; and how an organisation's sending goes, for itself."""

import asyncio
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

import structlog

from functions.domain.campaign import Campaign, CampaignStatus, campaign_from
from functions.domain.message import MessageStatus
from functions.engine import overview, paths, tallies
from functions.engine.core import Engine
from functions.engine.overview import Waiting
from functions.engine.ports import Document, Query, Where

log = structlog.get_logger()

#: Checks are made every minute: three of them are missing, or one has left a campaign behind.
LATE_CHECK = timedelta(minutes=3)
LATE_CAMPAIGN = timedelta(minutes=2)
#: A campaign that ended within this time still counts for how sending goes.
LATELY = timedelta(hours=24)
#: Of how many campaigns the messages are counted.
COUNTED = 100
SHARES = (0.5, 0.95, 0.99)


class Condition(StrEnum):
    """How something is."""

    HEALTHY = "healthy"
    DEGRADED = "degraded"  #: it answers, and is behind
    UNHEALTHY = "unhealthy"  #: it does not answer
    UNKNOWN = "unknown"  #: nothing is known of it yet


@dataclass(frozen=True, slots=True)
class Health:
    """How Clarion is. It tells counts and ages, nothing of any organisation."""

    now: datetime
    store: Condition
    queue: Condition
    last_check_at: datetime | None  #: None where none was ever made
    oldest_due_at: datetime | None  #: of a campaign that nobody has started; None without one

    @property
    def check_age(self) -> timedelta | None:
        """How long ago the last check was made."""
        return None if self.last_check_at is None else self.now - self.last_check_at

    @property
    def check(self) -> Condition:
        """Whether checks are made."""
        if self.check_age is None:
            return Condition.UNKNOWN
        return Condition.HEALTHY if self.check_age <= LATE_CHECK else Condition.DEGRADED

    @property
    def overdue(self) -> timedelta:
        """For how long the oldest due campaign has waited."""
        return self.now - self.oldest_due_at if self.oldest_due_at else timedelta()

    @property
    def campaigns(self) -> Condition:
        """Whether campaigns start on time."""
        if self.store is not Condition.HEALTHY:
            return Condition.UNKNOWN
        return Condition.HEALTHY if self.overdue <= LATE_CAMPAIGN else Condition.DEGRADED

    @property
    def overall(self) -> Condition:
        """The worst of all; what is behind still serves. A check that never was is no fault yet."""
        if Condition.UNHEALTHY in {self.store, self.queue}:
            return Condition.UNHEALTHY
        behind = Condition.DEGRADED in {self.check, self.campaigns}
        return Condition.DEGRADED if behind else Condition.HEALTHY


async def health(engine: Engine) -> Health:
    """Look at the store, the queue, the last check and the oldest due campaign."""
    stored, queue = await asyncio.gather(_stored(engine), engine.queue.is_well())
    well, last, oldest = stored
    return Health(
        engine.clock.now(),
        _condition(well),
        _condition(queue),
        last.data["at"] if last else None,
        oldest.since if oldest else None,
    )


def _condition(well: bool) -> Condition:
    return Condition.HEALTHY if well else Condition.UNHEALTHY


async def _stored(engine: Engine) -> tuple[bool, Document | None, Waiting | None]:
    """Return whether the store answers, the last check, and the oldest campaign that is due."""
    try:
        return True, *await asyncio.gather(
            engine.store.get(paths.LAST_CHECK), overview.oldest_due(engine)
        )
    except Exception:
        log.exception("store_failed")
        return False, None, None


# --- One organisation ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Lateness:
    """How many were late by how much, seconds: the lateness that a share of them kept to."""

    count: int
    shares: Mapping[float, float | None]  #: by share; None where there was none


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
    found = await tallies.read(engine, recent)
    messages = Counter[MessageStatus]()
    lateness = Counter[int]()
    for tally in found:
        messages.update(tally.by_status)
        lateness.update(tally.lateness)
    return Status(
        engine.clock.now(),
        dict(zip(statuses, counts, strict=True)),
        len(recent),
        messages,
        _starts(recent),
        Lateness(lateness.total(), {s: tallies.percentile(lateness, s) for s in SHARES}),
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
    """Return the least of these that is not below this share of them (nearest rank)."""
    return ordered[math.ceil(share * len(ordered)) - 1] if ordered else None
