"""The calendar: the campaigns of some days, the coming runs of series, and waiting steps."""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from functions.domain.calendar.clocks import instant_of
from functions.domain.campaigns.campaign import Campaign, campaign_from
from functions.domain.campaigns.series import MOST_AHEAD, coming
from functions.domain.campaigns.status import CampaignStatus
from functions.domain.kinds import CampaignKind
from functions.engine import paths
from functions.engine.kernel.engine import Engine
from functions.engine.kernel.paging import between
from functions.engine.ports.store import Query, Where
from functions.engine.reporting.ahead.steps import waiting_steps

#: Campaigns of a kind, and runs of all series together, that are shown at most.
MOST: Final = 500
_KINDS: Final = (CampaignKind.BROADCAST, CampaignKind.JOURNEY, CampaignKind.SEQUENCE)


class EntryType(StrEnum):
    """What an entry of the calendar tells of a campaign."""

    CAMPAIGN = "campaign"  #: its start, as it was or is to be
    RUN = "run"  #: a coming run of its series, which is not made yet
    STEPS = "steps"  #: people whose next step comes on that day


class Entry(NamedTuple):
    """Something that a day brings; its campaign is what it leads to."""

    type: EntryType
    at: datetime  #: of steps: when the day begins
    campaign: Campaign
    people: int | None  #: None where nobody knows yet
    run: int | None = None  #: which run of a series


class Days(NamedTuple):
    """Days in a row, as the clocks of a zone show them."""

    first: date
    last: date
    zone: ZoneInfo

    @property
    def begins(self) -> list[datetime]:
        """When each of them begins, and when the last one ends."""
        count = (self.last - self.first).days + 2
        days = (self.first + timedelta(days=number) for number in range(count))
        return [instant_of(day, time(), self.zone) for day in days]


@dataclass(frozen=True, slots=True)
class Calendar:
    """What some days bring, in the order of time."""

    entries: Sequence[Entry]
    complete: bool  #: False: there is more, which fewer days would show


async def calendar(engine: Engine, org: str, days: Days) -> Calendar:
    """Return what some days bring: starts, coming runs, and the waiting steps of sequences."""
    begins = days.begins
    since, before = begins[0], begins[-1]
    due, begun, ahead, sequences = await asyncio.gather(
        _of_kinds(engine, org, "scheduled_at", since, before),
        _of_kinds(engine, org, "started_at", since, before),
        _scheduled(engine, org, before),
        _running(engine, org),
    )
    runs, whole = await _runs(ahead, since, before)
    steps = await waiting_steps(engine, sequences, begins)
    pages = (due, begun, ahead, sequences)
    entries = [
        *(_start_of(each) for each in (*filter(_waits, due), *begun)),
        *runs,
        *(Entry(EntryType.STEPS, day, each, people) for each, day, people in steps.found),
    ]
    return Calendar(
        sorted(entries, key=lambda entry: (entry.at, entry.campaign.id)),
        whole and steps.complete and all(len(page) < MOST for page in pages),
    )


async def _of_kinds(
    engine: Engine, org: str, field: str, since: datetime, before: datetime
) -> list[Campaign]:
    """Return the campaigns whose instant lies within a time, the earliest of each kind."""
    within = between(field, since, before)
    queries = [_query(org, field, Where("kind", "==", kind), *within) for kind in _KINDS]
    found = await asyncio.gather(*(_found(engine, org, query) for query in queries))
    return [each for page in found for each in page]


async def _scheduled(engine: Engine, org: str, before: datetime) -> list[Campaign]:
    """Return what waits to start before an instant; among it the runs that series are at."""
    status = Where("status", "==", CampaignStatus.SCHEDULED)
    within = between("scheduled_at", None, before)
    return await _found(engine, org, _query(org, "scheduled_at", status, *within))


async def _running(engine: Engine, org: str) -> list[Campaign]:
    """Return the sequences that people walk through."""
    kind = Where("kind", "==", CampaignKind.SEQUENCE)
    status = Where("status", "==", CampaignStatus.RUNNING)
    return await _found(engine, org, _query(org, "-created_at", kind, status))


def _query(org: str, order: str, *where: Where) -> Query:
    return Query(paths.campaigns(org), where, (order,), limit=MOST)


async def _found(engine: Engine, org: str, query: Query) -> list[Campaign]:
    return [campaign_from(org, each.id, each.data) for each in await engine.store.query(query)]


def _waits(campaign: Campaign) -> bool:
    """Tell whether a campaign is still to start, or waits for somebody to decide about that."""
    return campaign.started_at is None and not campaign.has_ended


def _start_of(campaign: Campaign) -> Entry:
    at = campaign.started_at or campaign.scheduled_at or campaign.created_at
    run = campaign.repeat.number if campaign.repeat else None
    return Entry(EntryType.CAMPAIGN, at, campaign, campaign.total or None, run)


async def _runs(
    ahead: Iterable[Campaign], since: datetime, before: datetime
) -> tuple[list[Entry], bool]:
    """Return the runs within a time behind those that wait, and whether these are all."""
    found: list[Entry] = []
    whole = True
    for campaign in ahead:
        await asyncio.sleep(0)  # Rules take their time; others have their turn in between.
        runs = list(coming(campaign, before=before))
        whole = whole and len(runs) < MOST_AHEAD
        people = campaign.total or None
        within = (run for run in runs if run.at >= since)
        found += [Entry(EntryType.RUN, run.at, campaign, people, run.number) for run in within]
        if len(found) >= MOST:
            return found[:MOST], False
    return found, whole
