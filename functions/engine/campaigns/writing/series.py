"""Series: broadcasts that repeat themselves, their runs, and a run that is passed over."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from functions.domain.campaigns.audience import AudienceKind
from functions.domain.campaigns.campaign import Campaign, campaign_from
from functions.domain.campaigns.lifecycle import check_start_time
from functions.domain.campaigns.repeat import Repeat
from functions.domain.campaigns.series import begun
from functions.domain.campaigns.status import Action, CampaignStatus
from functions.domain.campaigns.validation import check_complete, check_not_after
from functions.domain.errors import InvalidFieldError, NotFoundError, WrongStatusError
from functions.engine import paths
from functions.engine.accounts import organisation
from functions.engine.campaigns.audience_size import audience_and_size
from functions.engine.campaigns.in_force import with_organisation
from functions.engine.campaigns.lifecycle import change, load
from functions.engine.campaigns.senders import check_named, provider_of
from functions.engine.kernel import audit_trail
from functions.engine.kernel.engine import Engine
from functions.engine.kernel.paging import page_where
from functions.engine.messages import statistics
from functions.engine.messages.statistics import Statistics
from functions.engine.ports.store import Create, Query, Where

#: Audiences that are looked up anew for each run.
_LOOKED_UP: Final = frozenset({AudienceKind.LIST, AudienceKind.SEGMENT, AudienceKind.EVERYONE})
#: The newest runs, whose messages are counted together.
COUNTED: Final = 100
_SECOND: Final = timedelta(seconds=1)
#: From when on a rule may hold: as far ahead as the first run by a rule that holds from now on.
_LONGEST_AHEAD: Final = timedelta(days=3653)


class Wanted(NamedTuple):
    """How a broadcast is to repeat itself."""

    rrule: str
    zone: str
    times: int | None = None
    until: datetime | None = None


class Series(NamedTuple):
    """A series as it stands."""

    asked: Campaign
    repeat: Repeat  #: which of the runs that is
    runs: Sequence[tuple[Campaign, Statistics]]  #: the newest first, COUNTED at most
    total: Statistics  #: of all of these


# --- Writing --------------------------------------------------------------------------------------


def check_time(
    engine: Engine, scheduled_at: datetime | None, *, of: Campaign | None = None
) -> None:
    """Refuse a start that does not lie ahead, or too far; a run may go so far from its own time.

    Raises InvalidFieldError.
    """
    if scheduled_at is None:
        sentence = "scheduled_at: is missing; or say by which rule it comes: repeat"
        raise InvalidFieldError("scheduled_at", sentence)
    now, longest = engine.clock.now(), engine.limits.schedule_ahead
    if of is not None and of.repeat is not None:
        longest += max(of.repeat.occurrence - now, timedelta())
    check_start_time(scheduled_at, now=now, field="scheduled_at", longest=longest)


def first_run(
    engine: Engine, campaign: Campaign, wanted: Wanted, scheduled_at: datetime | None
) -> Campaign:
    """Return a draft as the first run of a series: it starts at the first occurrence.

    Raises InvalidFieldError for a rule by which nothing comes, for one that says no time of day
    where `scheduled_at` does not either, and for what cannot be sent again and again.
    """
    _check_may_repeat(campaign)
    begins_at = scheduled_at or engine.clock.now() + _SECOND
    if scheduled_at is not None:
        now = engine.clock.now()
        check_start_time(scheduled_at, now=now, field="scheduled_at", longest=_LONGEST_AHEAD)
    repeat = begun(
        wanted.rrule,
        wanted.zone,
        begins_at,
        times=wanted.times,
        until=wanted.until,
        at_any_time=scheduled_at is None,
    )
    return replace(campaign, scheduled_at=repeat.occurrence, series=campaign.id, repeat=repeat)


def _check_may_repeat(campaign: Campaign) -> None:
    """Refuse a plan, and an audience that no run could look up."""
    if campaign.plan:
        sentence = f"goes with a broadcast; of a {campaign.kind} steps come again, by their repeat"
        raise InvalidFieldError("repeat", f"repeat: {sentence}")
    if campaign.audience.kind not in _LOOKED_UP:
        sentence = "is missing; each run of what repeats reads a list, a segment or everyone anew"
        raise InvalidFieldError("audience", f"audience: {sentence}")


def check_run(engine: Engine, run: Campaign) -> None:
    """Refuse a change after which a run that waits for its time could not be sent.

    Raises InvalidFieldError, as scheduling does.
    """
    _check_may_repeat(run)
    check_complete(run)
    check_named(engine, run)
    if run.scheduled_at is not None:
        check_not_after(run, run.scheduled_at)


def changed_run(run: Campaign, version: int, *, by: str, fields: Collection[str]) -> Create:
    """Return the audit trail's entry of a run that was changed while it had a version."""
    return audit_trail.entry(
        run.org,
        f"{run.id}-changed-{version}",
        action="update",
        by=by,
        at=run.updated_at or run.created_at,
        campaign=run.id,
        status=run.status,
        fields=sorted(fields),
    )


# --- Running --------------------------------------------------------------------------------------


async def renewal(engine: Engine, run: Campaign) -> Callable[[Campaign], dict[str, Any]]:
    """Return what tells the changes of a run that starts now, {} of a campaign that comes once.

    Its audience is counted anew, and it goes by its organisation's rules and by the providers of
    today: a series goes on for years. What is returned raises InvalidFieldError where the run may
    not be sent any more.
    """
    if run.repeat is None or run.started_at is not None:
        return lambda _: {}
    decided = await organisation.load(engine, run.org)
    try:
        _, total = await audience_and_size(engine, run.org, run.id, run.audience)
    except NotFoundError:
        total = 0  # nobody is left: the launch tells so, and the series goes on

    def renewed(campaign: Campaign) -> dict[str, Any]:
        own_send = campaign.own_send._replace(provider=provider_of(engine, campaign.channel))
        today = replace(campaign, own_send=own_send, total=total)
        ruled = with_organisation(engine, decided, today)
        # One that was held has its lanes already.
        names = _RENEWED - ({"lanes"} if campaign.status is CampaignStatus.PAUSED else set())
        return {name: getattr(ruled, name) for name in names}

    return renewed


_RENEWED: Final = frozenset({"own_send", "fallbacks", "rules", "lanes", "total"})


async def resume(
    engine: Engine, org: str, id_: str, *, by: str, reason: str | None = None
) -> Campaign:
    """Go on with a campaign; a run that was held starts, and makes the next one.

    Raises as lifecycle.change does.
    """
    also = await renewal(engine, await load(engine, org, id_))
    return await change(engine, org, id_, Action.RESUME, by=by, reason=reason, also=also)


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

    reason = "run_skipped" if reason is None else reason
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
    repeat = campaign.repeat
    if repeat is None:
        raise InvalidFieldError("repeat", "repeat: this campaign comes once: it has no series")
    where = (Where("series", "==", campaign.series),)
    query = Query(paths.campaigns(org), where, ("-scheduled_at",), limit=COUNTED)
    page = await page_where(engine, query)
    runs = [campaign_from(org, each.id, each.data) for each in page.documents]
    counts = await statistics.read(engine, runs)
    together = statistics.together(counts)
    return Series(campaign, repeat, list(zip(runs, counts, strict=True)), together)
