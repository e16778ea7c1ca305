"""Series: a broadcast that repeats itself. Each run is a campaign, and makes the next one.

A run makes its successor in the commit that starts it, or that passes over it: so there is always
one run ahead, which can be seen, moved and changed like any scheduled campaign. Whoever cancels
the run that is ahead ends the series.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import Final, NamedTuple

from functions.domain.calendar.recurrence import first, next_after
from functions.domain.calendar.rules import InvalidRuleError, Rule, parse_rule
from functions.domain.campaigns.campaign import Campaign
from functions.domain.campaigns.repeat import Repeat
from functions.domain.campaigns.status import Action, CampaignStatus
from functions.domain.digest import digest
from functions.domain.errors import InvalidFieldError
from functions.domain.times import zone_of

#: Coming runs of one series that are looked for.
MOST_AHEAD: Final = 100


class Coming(NamedTuple):
    """A run of a series that is not made yet."""

    number: int
    at: datetime


def begun(
    rrule: str,
    zone: str,
    begins_at: datetime,
    *,
    times: int | None = None,
    until: datetime | None = None,
    at_any_time: bool = False,
) -> Repeat:
    """Return how a new series repeats itself, whose first run is the first from `begins_at` on.

    `at_any_time`: nobody has chosen the time of day of `begins_at`, so the rule must say one.
    Raises InvalidFieldError for a rule by which nothing comes, or not in time.
    """
    try:
        rule = parse_rule(rrule)
        _check_says_time(rule, at_any_time=at_any_time)
        occurrence = first(rule, begins_at, zone_of(zone))
    except InvalidRuleError as error:
        raise InvalidFieldError("repeat.rrule", f"repeat.rrule: {error}") from None
    if until is not None and until < occurrence:
        raise InvalidFieldError("repeat.until", "repeat.until: lies before the first run")
    return Repeat(rrule, zone, begins_at, occurrence, times=times, until=until)


def _check_says_time(rule: Rule, *, at_any_time: bool) -> None:
    if at_any_time and not (rule.hours and rule.minutes):
        problem = "are missing; or give scheduled_at, whose time of day it is then"
        raise InvalidRuleError("BYHOUR and BYMINUTE", problem)


def goes_on(before: Campaign, after: Campaign, action: Action) -> bool:
    """Tell whether a change of a run is the one by which its series comes to the next run."""
    if before.repeat is None or before.started_at is not None:
        return False
    return after.started_at is not None or action is Action.SKIP


def successor(run: Campaign, *, now: datetime) -> Campaign | None:
    """Return the next run of a series; None where this one was its last.

    It comes after this one and after now: of several that were missed there is one late run.
    What expires does so as long after its time as in this one.
    """
    repeat = run.repeat
    at = repeat and _behind(repeat, max(repeat.occurrence, now))
    if repeat is None or at is None:
        return None
    return replace(
        run,
        id=digest(run.series, at),
        status=CampaignStatus.SCHEDULED,
        epoch=1,
        created_at=now,
        updated_at=now,
        scheduled_at=at,
        not_after=_not_after(run, repeat, at),
        started_at=None,
        paused_at=None,
        resumed_at=None,
        ended_at=None,
        reason=None,
        trouble=None,
        attention=False,
        canary_passed=False,
        bot_ready=False,
        repeat=repeat._replace(occurrence=at, number=repeat.number + 1, following=""),
        counts=None,
        open_tier=0,
        recall=None,
    )


def coming(run: Campaign, *, before: datetime) -> Iterator[Coming]:
    """Yield the runs behind one that waits for its time, which nobody has made yet.

    They are those before an instant, if each starts at its time, and a hundred at most.
    """
    repeat, start = run.repeat, run.scheduled_at
    if repeat is None or start is None or run.status is not CampaignStatus.SCHEDULED:
        return
    last = max(repeat.occurrence, start)
    for _ in range(MOST_AHEAD):
        at = _behind(repeat, last)
        if at is None or at >= before:
            return
        repeat, last = repeat._replace(number=repeat.number + 1), at
        yield Coming(repeat.number, at)


def _behind(repeat: Repeat, last: datetime) -> datetime | None:
    """Return when the next run behind an instant comes; None where the series ends before it."""
    if repeat.times is not None and repeat.number >= repeat.times:
        return None
    rule, zone = parse_rule(repeat.rrule), zone_of(repeat.zone)
    at = next_after(rule, repeat.begins_at, zone, last=last, count=repeat.number)
    return None if at is None or (repeat.until is not None and at > repeat.until) else at


def _not_after(run: Campaign, repeat: Repeat, at: datetime) -> datetime | None:
    """Return when the run at an instant expires; never before it starts."""
    if run.not_after is None:
        return None
    since = repeat.occurrence
    if run.not_after <= since:  # it was moved to an earlier time, and expires before its own
        since = run.scheduled_at or since
    return run.not_after + (at - since)
