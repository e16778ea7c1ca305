"""Series: a broadcast that repeats itself. Each run is a campaign, and makes the next one.

A run makes its successor in the commit that starts it, or that passes over it: so there is always
one run ahead, which can be seen, moved and changed like any scheduled campaign. Whoever cancels
the run that is ahead ends the series.
"""

from dataclasses import replace
from datetime import datetime

from functions.domain.calendar.recurrence import first, next_after
from functions.domain.calendar.rules import InvalidRuleError, parse_rule
from functions.domain.campaigns.campaign import Campaign
from functions.domain.campaigns.repeat import Repeat
from functions.domain.campaigns.status import Action, CampaignStatus
from functions.domain.digest import digest
from functions.domain.errors import InvalidFieldError
from functions.domain.times import zone_of


def begun(
    rrule: str,
    zone: str,
    begins_at: datetime,
    *,
    times: int | None = None,
    until: datetime | None = None,
) -> Repeat:
    """Return how a new series repeats itself, whose first run is the first from `begins_at` on.

    Raises InvalidFieldError for a rule by which nothing comes, or not in time.
    """
    try:
        occurrence = first(parse_rule(rrule), begins_at, zone_of(zone))
    except InvalidRuleError as error:
        raise InvalidFieldError("repeat.rrule", f"repeat.rrule: {error}") from None
    if until is not None and until < occurrence:
        raise InvalidFieldError("repeat.until", "repeat.until: lies before the first run")
    return Repeat(rrule, zone, begins_at, occurrence, times=times, until=until)


def goes_on(before: Campaign, after: Campaign, action: Action) -> bool:
    """Tell whether a change of a run is the one by which its series comes to the next run."""
    if before.repeat is None or before.started_at is not None:
        return False
    return after.started_at is not None or action is Action.SKIP


def successor(run: Campaign, *, now: datetime) -> Campaign | None:
    """Return the next run of a series; None where this one was its last.

    It comes after this one and after now: of several that were missed there is one late run.
    What expires does so as long after its start as in this one.
    """
    repeat = run.repeat
    if repeat is None or (repeat.times is not None and repeat.number >= repeat.times):
        return None
    zone, last = zone_of(repeat.zone), max(repeat.occurrence, now)
    at = next_after(
        parse_rule(repeat.rrule), repeat.begins_at, zone, last=last, count=repeat.number
    )
    if at is None or (repeat.until is not None and at > repeat.until):
        return None
    return replace(
        run,
        id=digest(run.series, at),
        status=CampaignStatus.SCHEDULED,
        epoch=1,
        created_at=now,
        updated_at=now,
        scheduled_at=at,
        not_after=run.not_after and run.not_after + (at - repeat.occurrence),
        started_at=None,
        paused_at=None,
        resumed_at=None,
        ended_at=None,
        reason=None,
        trouble=None,
        canary_passed=False,
        bot_ready=False,
        repeat=repeat._replace(occurrence=at, number=repeat.number + 1, following=""),
    )
