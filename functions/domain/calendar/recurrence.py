"""Recurrence: when something comes next by a rule, on the clocks of a zone.

Occurrences are computed as clocks show them, and then made instants: nine o'clock stays nine
o'clock. Of a time that clocks show twice the first counts, and one that they jump over moves
forward by the jump.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, Final
from zoneinfo import ZoneInfo

from functions.domain.calendar.clocks import instant_of, shown_at
from functions.domain.calendar.rules import (
    MOST_OF_MONTH,
    MOST_OF_YEAR,
    Day,
    Frequency,
    InvalidRuleError,
    Rule,
)

_DAY: Final = timedelta(days=1)
_INSTANT: Final = timedelta(microseconds=1)
#: The calendar repeats itself exactly after so many years: in so many days, which are whole weeks.
_CYCLE_YEARS, _CYCLE = 400, 146_097 * _DAY
#: The library looks for what never comes up to the end of its time, the year 9999. It is asked so
#: close to it that it has few years to look, and enough for 29 February on a Monday.
_LAST_YEARS: Final = 9560
#: A rule that nothing comes by within this is refused.
_HORIZON: Final = 3653 * _DAY


def next_after(
    rule: Rule,
    start: datetime,
    zone: ZoneInfo,
    *,
    last: datetime | None = None,
    count: int = 0,
) -> datetime | None:
    """Return when something comes by a rule that begins at `start`; UTC, None: never again.

    That is the first instant behind `last`, or from `start` on where there has been none; `count`
    says how many there have been.
    """
    if rule.times is not None and count >= rule.times:
        return None
    after = start.replace(microsecond=0) - _INSTANT if last is None else last
    found = _first_behind(_walls(rule, shown_at(start, zone), after, zone), after, zone)
    ends_at = rule.ends_at(zone)
    return None if found is None or (ends_at is not None and found > ends_at) else found


def first(rule: Rule, start: datetime, zone: ZoneInfo) -> datetime:
    """Return the first occurrence. Raises InvalidRuleError where none comes in ten years."""
    found = next_after(rule._replace(until=None), start, zone)
    if found is None or found - start > _HORIZON:
        raise InvalidRuleError("", "nothing comes by this rule within ten years")
    ends_at = rule.ends_at(zone)
    if ends_at is not None and ends_at < found:
        raise InvalidRuleError("UNTIL", "lies before the first occurrence")
    return found


def occurrences(rule: Rule, start: datetime, zone: ZoneInfo) -> Iterator[datetime]:
    """Yield the occurrences of a rule in order, UTC; without end where the rule has none."""
    count, at = 0, next_after(rule, start, zone)
    while at is not None:
        yield at
        count += 1
        at = next_after(rule, start, zone, last=at, count=count)


def _first_behind(walls: Iterable[datetime], after: datetime, zone: ZoneInfo) -> datetime | None:
    """Return the earliest instant behind another of what clocks show in this order.

    Where clocks jump, what they jump over comes behind what they show at once after the jump.
    """
    best: datetime | None = None
    shown = datetime.max  # noqa: DTZ901  as clocks show it
    for wall in walls:
        if wall >= shown:
            break
        at = instant_of(wall.date(), wall.time(), zone)
        if at > after and (best is None or at < best):
            best, shown = at, shown_at(at, zone)
            if shown == wall:
                break
    return best


def _walls(rule: Rule, start: datetime, after: datetime, zone: ZoneInfo) -> Iterator[datetime]:
    """Yield what clocks show at a rule's occurrences, in order, from close before an instant on.

    `start` is what they show at its start. The library is asked from the period at hand on: it
    counts from the start of a rule else, however long ago that was.
    """
    shown = shown_at(after, zone)
    # What clocks jumped over within the last day may be due only now.
    jumped = (after.astimezone(zone).utcoffset() or timedelta()) - (
        (after - _DAY).astimezone(zone).utcoffset() or timedelta()
    )
    since = max(start.replace(microsecond=0), shown - max(jumped, timedelta()))
    period = _period(rule, start, since)
    cycles = (_LAST_YEARS - period.year + _CYCLE_YEARS - 1) // _CYCLE_YEARS
    moved = cycles * _CYCLE
    own, second = rule.from_start(start), 0 if rule.minutes else start.second
    for wall in _library_rule(own, second, period + moved).xafter(since + moved, inc=True):
        if not rule.weeks or _is_in_weeks(wall, rule.weeks):
            yield wall - moved


def _is_in_weeks(wall: datetime, weeks: Sequence[int]) -> bool:
    """Tell whether a day lies in one of the weeks, by the year that its own week belongs to."""
    year, week, _ = wall.isocalendar()
    last = datetime(year, 12, 28).isocalendar().week  # noqa: DTZ001  as clocks show it
    return week in weeks or week - last - 1 in weeks


def _period(rule: Rule, start: datetime, since: datetime) -> datetime:
    """Return when the period begins that `since` lies in, or the one before it that counts."""
    midnight = start.replace(hour=0, minute=0, second=0, microsecond=0)
    match rule.frequency:
        case Frequency.DAILY | Frequency.WEEKLY:
            is_week = rule.frequency is Frequency.WEEKLY
            begin = midnight - midnight.weekday() * _DAY if is_week else midnight
            length = rule.interval * (7 if is_week else 1) * _DAY
            return begin + (since - begin) // length * length
        case Frequency.MONTHLY:
            begun = start.year * 12 + start.month - 1
            months = since.year * 12 + since.month - 1 - begun
            year, month = divmod(begun + months // rule.interval * rule.interval, 12)
            return midnight.replace(year=year, month=month + 1, day=1)
        case Frequency.YEARLY:
            years = (since.year - start.year) // rule.interval * rule.interval
            return midnight.replace(year=start.year + years, month=1, day=1)


@lru_cache(maxsize=256)
def _library_rule(rule: Rule, second: int, begin: datetime) -> Any:
    """Return a rule of the library, which is imported where a rule is met."""
    from dateutil import rrule

    days = [rrule.weekday(day.weekday, day.number or None) for day in _days_alike(rule)]
    return rrule.rrule(
        getattr(rrule, rule.frequency),
        dtstart=begin,
        interval=rule.interval,
        bysetpos=_some(rule.positions),
        bymonth=_some(rule.months),
        bymonthday=_some(rule.month_days),
        # The library mistakes weeks around new year: these are asked for as well.
        byweekno=_some((*rule.weeks, 1, -1) if rule.weeks else ()),
        byweekday=days or None,
        byhour=_some(rule.hours),
        byminute=_some(rule.minutes),
        bysecond=second,
    )


def _days_alike(rule: Rule) -> Sequence[Day]:
    """Return days of the week of which all have numbers, or none.

    Of both kinds the library takes what is of either for what has to be of both.
    """
    if not any(day.number for day in rule.days):
        return rule.days
    each = range(1, (MOST_OF_MONTH if rule.counts_in_months else MOST_OF_YEAR) + 1)
    return [
        Day(day.weekday, number)
        for day in rule.days
        for number in ([day.number] if day.number else each)
    ]


def _some(numbers: Sequence[int]) -> Sequence[int] | None:
    return numbers or None
