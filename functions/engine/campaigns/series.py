"""Series: broadcasts that repeat themselves, their runs, and a run that is passed over."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final, NamedTuple

from functions.domain.campaigns.audience import AudienceKind
from functions.domain.campaigns.campaign import Campaign, campaign_from
from functions.domain.campaigns.series import begun
from functions.domain.campaigns.status import Action
from functions.domain.errors import InvalidFieldError, WrongStatusError
from functions.engine import paths
from functions.engine.campaigns.lifecycle import change, load
from functions.engine.kernel.engine import Engine
from functions.engine.kernel.paging import page_where
from functions.engine.messages import statistics
from functions.engine.messages.statistics import Statistics
from functions.engine.ports.store import Query, Where

#: Audiences that are looked up anew for each run.
_LOOKED_UP: Final = frozenset({AudienceKind.LIST, AudienceKind.SEGMENT, AudienceKind.EVERYONE})
#: The newest runs, whose messages are counted together.
COUNTED: Final = 100


class Wanted(NamedTuple):
    """How a broadcast is to repeat itself."""

    rrule: str
    zone: str
    times: int | None = None
    until: datetime | None = None


class Series(NamedTuple):
    """A series as it stands."""

    asked: Campaign
    runs: Sequence[tuple[Campaign, Statistics]]  #: the newest first, COUNTED at most
    total: Statistics  #: of all of these


def first_run(engine: Engine, campaign: Campaign, wanted: Wanted, begins_at: datetime) -> Campaign:
    """Return a draft as the first run of a series: it starts at the first occurrence.

    Raises InvalidFieldError for a rule by which nothing comes, and for an audience of its own.
    """
    if campaign.audience.kind not in _LOOKED_UP:
        sentence = "repeat: goes with list_id, segment_id or everyone: each run reads them anew"
        raise InvalidFieldError("repeat", sentence)
    begins_at = max(begins_at, engine.clock.now())
    times, until = wanted.times, wanted.until
    repeat = begun(wanted.rrule, wanted.zone, begins_at, times=times, until=until)
    return replace(campaign, scheduled_at=repeat.occurrence, series=campaign.id, repeat=repeat)


async def skip(engine: Engine, org: str, id_: str, *, by: str, reason: str | None) -> Campaign:
    """Pass over a run that has not started; the next one is made in the same commit.

    Raises NotFoundError, WrongStatusError, and InvalidFieldError for what does not repeat itself.
    """

    def also(campaign: Campaign) -> dict[str, object]:
        if campaign.repeat is None:
            sentence = "repeat: this campaign comes once: cancel it, or reschedule it"
            raise InvalidFieldError("repeat", sentence)
        if campaign.started_at is not None:
            raise WrongStatusError("skip", campaign.status, already=False, ended=False)
        return {}

    return await change(engine, org, id_, Action.SKIP, by=by, reason=reason, also=also)


async def following(engine: Engine, run: Campaign) -> Campaign | None:
    """Return the run behind one that was started or passed over; None: it was the last."""
    id_ = run.repeat.following if run.repeat else ""
    return await load(engine, run.org, id_) if id_ else None


async def read(engine: Engine, org: str, id_: str) -> Series:
    """Return the series of a run, its newest runs counted together.

    Raises NotFoundError, and InvalidFieldError for what does not repeat itself.
    """
    campaign = await load(engine, org, id_)
    if not campaign.series:
        raise InvalidFieldError("repeat", "repeat: this campaign comes once: it has no series")
    where = (Where("series", "==", campaign.series),)
    query = Query(paths.campaigns(org), where, ("-scheduled_at",), limit=COUNTED)
    page = await page_where(engine, query)
    runs = [campaign_from(org, each.id, each.data) for each in page.documents]
    counts = await statistics.read(engine, runs)
    return Series(campaign, list(zip(runs, counts, strict=True)), statistics.together(counts))
