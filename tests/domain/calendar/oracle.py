"""A slow reading of RFC 5545 by hand: every day is looked at, and no library is asked."""

from calendar import monthrange
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from functions.domain.calendar.rules import Frequency, Rule

DAY = timedelta(days=1)


def oracle(rule: Rule, start: datetime, zone: ZoneInfo, days: int) -> list[datetime]:
    """Return the occurrences of at least so many days from a start on, each instant once."""
    shown = start.astimezone(zone).replace(tzinfo=None, fold=0, microsecond=0)
    found: set[datetime] = set()
    for period in _periods(rule, shown.date(), days):
        of_period = sorted(
            datetime.combine(day, at) for day in period for at in _times(rule, shown.time())
        )
        chosen = _at(of_period, rule.positions) if rule.positions else of_period
        found |= {instant(wall, zone) for wall in chosen if wall >= shown}
    # Of a start that clocks show a second time the first lies before it.
    ordered = sorted(at for at in found if at >= start.replace(microsecond=0))[: rule.times]
    ends_at = rule.until and (rule.until if rule.until.tzinfo else instant(rule.until, zone))
    return [at for at in ordered if ends_at is None or at <= ends_at]


def instant(wall: datetime, zone: ZoneInfo) -> datetime:
    """Return the first instant at which clocks show this; in a gap, that much later."""
    offsets = sorted(
        offset
        for hours in range(-30, 31, 6)
        if (offset := (wall + timedelta(hours=hours)).replace(tzinfo=zone).utcoffset()) is not None
    )
    possible = [(wall - offset).replace(tzinfo=UTC) for offset in offsets]
    right = [at for at in possible if at.astimezone(zone).replace(tzinfo=None, fold=0) == wall]
    before = (wall - DAY * 1.25).replace(tzinfo=zone).utcoffset()
    assert before is not None
    return min(right) if right else (wall - before).replace(tzinfo=UTC)


def _periods(rule: Rule, start: date, days: int) -> Iterator[list[date]]:
    """Yield the days that come into question, by periods that are whole."""
    first = start.replace(month=1, day=1) - 7 * DAY
    last = (start + days * DAY).replace(month=12, day=31) + 7 * DAY
    periods: dict[int, list[date]] = {}
    for number in range((last - first).days):
        day = first + number * DAY
        period = _number(rule.frequency, day) - _number(rule.frequency, start)
        if period >= 0 and period % rule.interval == 0 and _is_day(rule, day, start):
            periods.setdefault(period, []).append(day)
    yield from periods.values()


def _number(frequency: Frequency, day: date) -> int:
    match frequency:
        case Frequency.DAILY:
            return day.toordinal()
        case Frequency.WEEKLY:
            return (day.toordinal() - 1) // 7  # the first day of all was a Monday
        case Frequency.MONTHLY:
            return day.year * 12 + day.month
        case Frequency.YEARLY:
            return day.year


def _is_day(rule: Rule, day: date, start: date) -> bool:
    last = monthrange(day.year, day.month)[1]
    checks = []
    if rule.months:
        checks.append(day.month in rule.months)
    if rule.month_days:
        checks.append(bool({day.day, day.day - last - 1} & set(rule.month_days)))
    if rule.weeks:
        checks.append(_is_week(day, rule.weeks))
    if rule.days:
        checks.append(_is_weekday(rule, day))
    if not rule.days and not rule.month_days:
        checks += _by_start(rule, day, start)
    return all(checks)


def _by_start(rule: Rule, day: date, start: date) -> list[bool]:
    match rule.frequency:
        case Frequency.WEEKLY:
            return [day.weekday() == start.weekday()]
        case Frequency.MONTHLY:
            return [day.day == start.day]
        case Frequency.YEARLY if rule.weeks:
            return [day.weekday() == start.weekday()]
        case Frequency.YEARLY:
            return [day.day == start.day, bool(rule.months) or day.month == start.month]
        case _:
            return []


def _is_week(day: date, weeks: Sequence[int]) -> bool:
    year, week, _ = day.isocalendar()
    last = date(year, 12, 28).isocalendar().week
    return week in weeks or week - last - 1 in weeks


def _is_weekday(rule: Rule, day: date) -> bool:
    is_of_month = rule.frequency is Frequency.MONTHLY or bool(rule.months)
    first = day.replace(day=1) if is_of_month else day.replace(month=1, day=1)
    length = monthrange(day.year, day.month)[1] if is_of_month else _length(day.year)
    place = (day - first).days
    numbers = {0, place // 7 + 1, -((length - 1 - place) // 7) - 1}
    return any(each.weekday == day.weekday() and each.number in numbers for each in rule.days)


def _length(year: int) -> int:
    return (date(year + 1, 1, 1) - date(year, 1, 1)).days


def _times(rule: Rule, start: time) -> list[time]:
    second = 0 if rule.minutes else start.second
    return [
        time(hour, minute, second)
        for hour in rule.hours or (start.hour,)
        for minute in rule.minutes or (start.minute,)
    ]


def _at(of_period: Sequence[datetime], positions: Sequence[int]) -> list[datetime]:
    places = {each - 1 if each > 0 else len(of_period) + each for each in positions}
    return [at for place, at in enumerate(of_period) if place in places]
